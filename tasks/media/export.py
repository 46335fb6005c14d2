"""Hand the manifest on in other people's formats: text that `sha256sum -c` checks, and BagIt tag files (RFC 8493)."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path

from blake3 import blake3

from tasks.media.faults import ManifestInvalid, SealedThenChanged, device_fault
from tasks.media.manifest import Entry, entries, read_manifest
from tasks.media.progress import Meter, Tell

_BLOCK = 32 << 20


def export_sha256(device: Path, manifest: Path, out: Path, *, progress: Tell | None = None) -> int:
    """Write *out* for `cd DEVICE && sha256sum -c OUT` and return the number of files.

    Every file is read again; its bytes must still be the sealed ones, or SealedThenChanged is raised.
    """
    sealed = read_manifest(manifest)
    meter = Meter("export", sealed.files, sealed.bytes, progress)

    def line(entry: Entry) -> bytes:
        digest = _sha256(device, entry)
        meter.add(1, entry.size)
        return checksum_line(digest, entry.path)

    return _write(out, manifest, line)


def export_md5(manifest: Path, out: Path) -> int:
    """Write *out* for `cd DEVICE && md5sum -c OUT` from the manifest alone and return the number of files.

    Raises ManifestInvalid when the manifest has no MD5 for a file.
    """
    return _write(out, manifest, lambda entry: checksum_line(_md5(entry), entry.path))


def export_bagit(manifest: Path, folder: Path) -> int:
    """Write BagIt tag files into *folder* and return the number of files they list.

    The device's root is the payload: put it, or a link to it, at *folder*/data and any BagIt tool can check it.
    """
    sealed = read_manifest(manifest)
    folder.mkdir(parents=True, exist_ok=True)
    count = _write(
        folder / "manifest-md5.txt", manifest, lambda e: _md5(e).encode() + b"  data/" + _bagit_name(e.path) + b"\n"
    )
    _durable(folder / "bagit.txt", b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n")
    info = (
        f"Source-Organization: {sealed.header.run}\nExternal-Identifier: {sealed.header.serial}\n"
        f"External-Description: sealed manifest {sealed.digest}\nPayload-Oxum: {sealed.bytes}.{sealed.files}\n"
    )
    _durable(folder / "bag-info.txt", info.encode("utf-8", "replace"))
    tags = ("bagit.txt", "bag-info.txt", "manifest-md5.txt")
    lines = [f"{hashlib.md5((folder / t).read_bytes(), usedforsecurity=False).hexdigest()}  {t}\n" for t in tags]
    _durable(folder / "tagmanifest-md5.txt", "".join(lines).encode())
    return count


def checksum_line(digest: str, path: bytes) -> bytes:
    r"""Return one line as GNU coreutils write it: a name with \, newline or return is escaped behind a leading \."""
    if not any(byte in path for byte in b"\\\n\r"):
        return digest.encode() + b"  " + path + b"\n"
    escaped = path.replace(b"\\", b"\\\\").replace(b"\n", b"\\n").replace(b"\r", b"\\r")
    return b"\\" + digest.encode() + b"  " + escaped + b"\n"


def _bagit_name(path: bytes) -> bytes:
    return path.replace(b"%", b"%25").replace(b"\r", b"%0D").replace(b"\n", b"%0A")


def _md5(entry: Entry) -> str:
    if entry.md5 is None:
        raise ManifestInvalid(f"{entry.text} has no MD5", next_step="seal with MD5, or export with SHA-256")
    return entry.md5.hex()


def _sha256(device: Path, entry: Entry) -> str:
    sha, blocks = hashlib.sha256(), []
    try:
        with (device / entry.native).open("rb", buffering=0) as file:
            while piece := file.read(_BLOCK if entry.size > _BLOCK else entry.size + 1):
                sha.update(piece)
                blocks.append(blake3(piece).digest())
    except OSError as error:
        raise device_fault(error, f"cannot read {entry.text} on the device") from error
    found = blocks[0] if len(blocks) == 1 else blake3(b"".join(blocks)).digest()
    if found != entry.blake3:
        raise SealedThenChanged(f"{entry.text} has other bytes than were sealed", paths=[entry.text])
    return sha.hexdigest()


def _write(out: Path, manifest: Path, line: Callable[[Entry], bytes]) -> int:
    count, aside = 0, out.with_name(out.name + ".partial")
    with aside.open("wb") as file:
        for entry in entries(manifest):
            file.write(line(entry))
            count += 1
        file.flush()
        os.fsync(file.fileno())
    aside.replace(out)
    return count


def _durable(place: Path, data: bytes) -> None:
    with place.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
