"""The media engine: survey, copy, seal, verify and reconcile. It knows files, bytes and hashes, and nothing else.

Everything here is safe to call twice. Every error is a MediaError that names the thing, the fact and the next step.
"""

from tasks.media.copying import Copied, copy
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
from tasks.media.reconcile import Blob, Confidence, Reconciled, Reread, Row, reconcile
from tasks.media.seal import Sealed, seal
from tasks.media.survey import BLOCK, PAGE, Problem, Rules, Survey, survey
from tasks.media.vendor_logs import BomLine, CopyLog, LogEntry, LoggedFile, parse_bom, parse_copy_log, parse_verbose_log
from tasks.media.verify import Fault, Verified, verify

__all__ = [
    "BLOCK",
    "PAGE",
    "Blob",
    "BomLine",
    "Confidence",
    "Copied",
    "CopyLog",
    "DeviceBusy",
    "DeviceFull",
    "DeviceGone",
    "DeviceIOError",
    "DeviceReadOnly",
    "Entry",
    "Fault",
    "Header",
    "LogEntry",
    "LoggedFile",
    "Manifest",
    "ManifestInvalid",
    "MediaError",
    "NotSealed",
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
    "StateInvalid",
    "StillWritten",
    "StrayFile",
    "Survey",
    "Verified",
    "WrongDevice",
    "copy",
    "entries",
    "parse_bom",
    "parse_copy_log",
    "parse_verbose_log",
    "read_manifest",
    "reconcile",
    "seal",
    "survey",
    "verify",
]
