"""The media engine: survey, copy, seal, verify and reconcile. It knows files, bytes and hashes, and nothing else.

Everything here is safe to call twice. Every error is a MediaError that names the thing, the fact and the next step.
"""

from tasks.media.copying import Copied, copy
from tasks.media.export import export_bagit, export_md5, export_sha256
from tasks.media.faults import (
    DeviceBusy,
    DeviceFull,
    DeviceGone,
    DeviceIOError,
    DeviceReadOnly,
    ManifestInvalid,
    MediaError,
    NotSealed,
    SealedThenChanged,
    SeedDoesNotFit,
    SourceChanged,
    SourceMissing,
    SourceUnreadable,
    StateInvalid,
    StillWritten,
    StrayFile,
    WrongDevice,
)
from tasks.media.manifest import Entry, Header, Manifest, entries, read_manifest
from tasks.media.progress import Progress
from tasks.media.reconcile import Blob, BlobType, Confidence, Reconciled, Reread, Row, reconcile
from tasks.media.seal import Sealed, seal
from tasks.media.split import Drive, Load, Placement, Split, split
from tasks.media.survey import BLOCK, PAGE, Problem, Rules, Survey, survey
from tasks.media.vendor_logs import BomLine, CopyLog, LogEntry, LoggedFile, parse_bom, parse_copy_log, parse_verbose_log
from tasks.media.verify import Fault, Verified, verify

__all__ = [
    "BLOCK",
    "PAGE",
    "Blob",
    "BlobType",
    "BomLine",
    "Confidence",
    "Copied",
    "CopyLog",
    "DeviceBusy",
    "DeviceFull",
    "DeviceGone",
    "DeviceIOError",
    "DeviceReadOnly",
    "Drive",
    "Entry",
    "Fault",
    "Header",
    "Load",
    "LogEntry",
    "LoggedFile",
    "Manifest",
    "ManifestInvalid",
    "MediaError",
    "NotSealed",
    "Placement",
    "Problem",
    "Progress",
    "Reconciled",
    "Reread",
    "Row",
    "Rules",
    "Sealed",
    "SealedThenChanged",
    "SeedDoesNotFit",
    "SourceChanged",
    "SourceMissing",
    "SourceUnreadable",
    "Split",
    "StateInvalid",
    "StillWritten",
    "StrayFile",
    "Survey",
    "Verified",
    "WrongDevice",
    "copy",
    "entries",
    "export_bagit",
    "export_md5",
    "export_sha256",
    "parse_bom",
    "parse_copy_log",
    "parse_verbose_log",
    "read_manifest",
    "reconcile",
    "seal",
    "split",
    "survey",
    "verify",
]
