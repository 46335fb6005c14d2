"""Every door through which text or bytes of others come in, with good examples to spoil.

A door takes bytes and either understands them or raises one of KNOWN: an error with a code and a next step. Anything
else that leaves it is a bug, whatever the bytes were.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from fakes import journal_file
from stories import lines_to

from deploy.cli.media_work import blobs_of
from deploy.inventory import load
from states.codec import NotReadable
from states.lines import BrokenChain
from tasks.errors import SeedingError
from tasks.journal import Journal
from tasks.journal.export import signed, verified
from tasks.journal.glance import Glance
from tasks.media import (
    Header,
    MediaError,
    copy,
    entries,
    parse_bom,
    parse_copy_log,
    parse_verbose_log,
    read_manifest,
    seal,
    verify,
)
from tasks.media.state import State
from tasks.office.agent import document_of
from tasks.office.answer import read_answer
from tasks.office.disks.reread import check_drive, file_hash

KNOWN = (SeedingError, MediaError, NotReadable, BrokenChain)
ROOT = Path(__file__).parents[2]
_KEY = Ed25519PrivateKey.from_private_bytes(b"1" * 32)


@dataclass(frozen=True)
class Door:
    """One door: its good examples, and what goes through it."""

    name: str
    examples: Callable[[], tuple[bytes, ...]]
    enter: Callable[[bytes, Path], object]
    mended: Callable[[bytes], bytes] = bytes  # the same with its checksum made right again, to come further in


def tried(door: Door, data: bytes) -> BaseException | None:
    """Send *data* through; return the known error it met, None when it was understood. Raises what is a bug."""
    with tempfile.TemporaryDirectory(dir=_fast()) as folder:
        try:
            door.enter(data, Path(folder))
        except KNOWN as told:
            return told
    return None


@cache
def _fast() -> str | None:
    memory = Path("/dev/shm")
    return str(memory) if memory.is_dir() else None


def _file(data: bytes, folder: Path, name: str) -> Path:
    place = folder / name
    place.write_bytes(data)
    return place


@cache
def _seed() -> tuple[bytes, bytes]:
    """A manifest with small files and one of several blocks, and the state that the copy of them left."""
    with tempfile.TemporaryDirectory() as folder:
        source, device, state = (Path(folder) / name for name in ("source", "device", "state"))
        (source / "odd names").mkdir(parents=True)
        for name, size in {"a": 0, "odd names/tab\there": 700, "odd names/\u00fcber": 5000, "big": 40 << 20}.items():
            (source / name).write_bytes(bytes(size))
        copy(source, device / "PageBlob", state=state, ranges=True)
        header = Header("lyon/2026-11", 1, {"files": "PageBlob"}, "SN1", "test 0", "2026-11-22T10:00:00Z")
        seal(device, ["PageBlob"], device / "manifest.txt", header=header, state=state, ranges=True)
        return (device / "manifest.txt").read_bytes(), next(state.glob("copy-*.state")).read_bytes()


def _with_its_digest(data: bytes) -> bytes:
    """A forger can count, too."""
    body, mark, _ = data.rpartition(b"digest\t")
    return body + mark + b"sha256:" + hashlib.sha256(body).hexdigest().encode() + b"\n" if mark else data


def _verified(data: bytes, folder: Path) -> None:
    """A manifest that can be read is also followed, on a device where nothing lies; no path may lead off it."""
    manifest = _file(data, folder, "m")
    read = read_manifest(manifest)
    (folder / "device").mkdir()
    for found in verify(folder / "device", manifest, workers=1).faults:
        assert ".." not in found.path.split("/") and not found.path.startswith("/")
    for entry in entries(manifest):
        inside = (folder / "device" / entry.path.decode("utf-8", "surrogateescape")).resolve()
        assert inside.is_relative_to((folder / "device").resolve())
    assert all((folder / "device" / one).resolve().is_relative_to((folder / "device").resolve())
               for one in (*read.folders, *read.header.items.values()))  # fmt: skip


@cache
def _answers() -> tuple[bytes, ...]:
    """The documents of the samples, each as a script would have printed it."""
    samples = sorted((ROOT / "tests/office/samples").glob("[dm]*/*.json"))
    return tuple(json.dumps(json.loads(place.read_bytes())["document"]).encode() for place in samples)


def _agent(data: bytes, folder: Path) -> None:
    read_answer(document_of(data, "facts"))


def _journal(data: bytes, folder: Path) -> None:
    place = _file(data, folder, "journal.db")
    for row in Glance(place).rows():
        Glance(place).run(row.run_id)
    journal = Journal(f"sqlite:///{place}", make=False)
    try:
        for run_id in journal.known_ids():
            journal.check(run_id)
    finally:
        journal.close()


def _state(data: bytes, folder: Path) -> None:
    state = State(_file(data, folder, "copy.state"))
    try:
        list(state.packs())
        list(state.large())
        list(state.checkpoints())
    finally:
        state.close()


def _drive(data: bytes, folder: Path) -> None:
    """A drive's manifest whose hash is right, for it is the hash of whatever lies there."""
    place = _file(data, folder, "manifest.xml")
    check_drive(folder, place.name, file_hash(place), "SN1")


def _examples(pattern: str) -> Callable[[], tuple[bytes, ...]]:
    return cache(lambda: tuple(place.read_bytes() for place in sorted(ROOT.glob(pattern))))


_COPY_LOG = b"""<?xml version="1.0" encoding="utf-8"?>
<CopyLog Summary="Summary"><Status>Succeeded</Status><TotalFiles_Blobs>45</TotalFiles_Blobs>
<FilesErrored>1</FilesErrored>
<Summary><ValidationErrors><None Count="44" Description="Validated" /></ValidationErrors></Summary>
<ErroredEntity Path="a\\b &amp; c"><Category>UploadErrorCloudHttp</Category><ErrorCode>409</ErrorCode>
<ErrorMessage>conflict</ErrorMessage><Type>File</Type></ErroredEntity></CopyLog>"""
_BOM = (
    b'<file size="12" crc64="0x1">\\seed\\a.bin</file>\n<file size="0" crc64="0x0" name_encoding="Base64">XGE=</file>'
)
_VERBOSE = b'<File CloudFormat="BlockBlob" Path="seed/a" Size="12" crc64="0x1"/>'
_DRIVE = (b'<?xml version="1.0"?><DriveManifest Version="2011-MM-DD"><Drive><DriveId>SN1</DriveId><BlobList><Blob>'
          b"<BlobPath>c/a</BlobPath><FilePath>\\a</FilePath><Length>3</Length><PageRangeList><PageRange Offset=\"0\" "
          b'Length="3" Hash="900150983CD24FB0D6963F7D28E17F72"/></PageRangeList></Blob></BlobList></Drive>'
          b"</DriveManifest>")  # fmt: skip
_LISTING = json.dumps([{"name": "a", "container": "c", "properties": {"contentLength": 3, "blobType": "BlockBlob",
                        "contentSettings": {"contentMd5": "kAFQmDzST7DWlj99KOF/cg=="}}}]).encode()  # fmt: skip

DOORS = (
    Door("inventory", _examples("deploy/offices/*.yaml"), lambda data, at: load(_file(data, at, "offices.yaml"))),
    Door("manifest", lambda: _seed()[:1], _verified, _with_its_digest),
    Door("copy-log", lambda: (_COPY_LOG,), lambda data, at: parse_copy_log(data)),
    Door("verbose-log", lambda: (_VERBOSE,), lambda data, at: parse_verbose_log(data)),
    Door("bom", lambda: (_BOM,), lambda data, at: parse_bom(data)),
    Door("agent", _answers, _agent),
    Door("journal", lambda: (journal_file("closed"),), _journal),
    Door("copy-state", lambda: _seed()[1:], _state),
    Door("listing", lambda: (_LISTING,), lambda data, at: blobs_of(_file(data, at, "l.json"), "c")),
    Door("drive-manifest", lambda: (_DRIVE,), _drive),
    Door("export", lambda: (signed(lines_to("closed"), _KEY),), lambda data, at: verified(data, _KEY.public_key())),
)
