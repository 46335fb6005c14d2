"""A device on somebody's desk: a folder of real files, and the checksums its own web page wrote beside it.

Nothing of ours is ever put on the device itself, except what a real one carries from the start.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from deploy.rehearsal.records import Device, Order
from deploy.rehearsal.skus.base import Sku
from deploy.rehearsal.storage import PAGE_BYTES

READ_BYTES = 4 * 1024 * 1024
CONTAINER_NAME = re.compile(r"[a-z0-9](?:-?[a-z0-9]){2,62}")
LONGEST_CONTAINER = 63


@dataclass(frozen=True)
class Found:
    """A file on a device: `format` is PageBlob, BlockBlob or AzureFile; `inside` its path in that folder."""

    path: Path
    format: str
    folder: str
    inside: str
    size_bytes: int
    regular: bool

    @property
    def on_device(self) -> str:
        """The path from the root of the device, with slashes."""
        return f"{self.folder}/{self.inside}"


def make(devices: Path, order: Order, sku: Sku, device: Device, account: str) -> None:
    """Put the empty device on the desk: its folders, and its papers beside it. Safe to call twice."""
    root = devices / device.serial
    for name in (*sku.folders(account).values(), *sku.furniture()):
        (root / name).mkdir(parents=True, exist_ok=True)
    papers = {"job": order.name, "sku": order.sku["name"], "serial": device.serial, "terabytes": device.terabytes}
    _papers(devices, device.serial).write_text(json.dumps(papers), "utf-8")


def erase(devices: Path, serial: str) -> None:
    """Remove the device and its papers. Safe to call twice."""
    shutil.rmtree(devices / serial, ignore_errors=True)
    _papers(devices, serial).unlink(missing_ok=True)
    shutil.rmtree(devices / f"{serial}.bom", ignore_errors=True)


def files(root: Path, folders: dict[str, str]) -> Iterator[Found]:
    """Yield every file in the format folders of the device at *root*, in the order of their names. Links stay links."""
    for cloud_format, folder in folders.items():
        base = root / folder
        for here, below, names in os.walk(base):
            below.sort()
            linked = [name for name in below if (Path(here) / name).is_symlink()]
            for name in sorted([*names, *linked]):
                path = Path(here) / name
                inside = path.relative_to(base).as_posix()
                status = path.lstat()
                regular = path.is_file() and not path.is_symlink()
                yield Found(path, cloud_format, folder, inside, status.st_size, regular)


def crc64(path: Path) -> int:
    """Return the CRC-64/NVME of a file, read in pieces. Raises OSError when it cannot be read."""
    from awscrt.checksums import crc64nvme

    value = 0
    with path.open("rb") as stream:
        while piece := stream.read(READ_BYTES):
            value = crc64nvme(piece, value)
    return value


def problems(found: Found) -> str | None:
    """Return the device's error code when it would not be sealed with this file on it."""
    if not found.regular:
        return "REPARSE_POINT_ERROR"
    container, slash, _ = found.inside.partition("/")
    if found.format == "PageBlob" and found.size_bytes % PAGE_BYTES:
        return "ERROR_BLOB_OR_FILE_SIZE_ALIGNMENT"
    if slash and found.format != "AzureFile":
        return container_problem(container)
    return None


def container_problem(name: str) -> str | None:
    """Return the device's error code for a folder name that cannot be a container, else None."""
    if (CONTAINER_NAME.fullmatch(name) and len(name) <= LONGEST_CONTAINER) or name == "$root":
        return None
    if not 3 <= len(name) <= LONGEST_CONTAINER:
        return "ERROR_CONTAINER_OR_SHARE_NAME_LENGTH"
    if re.fullmatch(r"[a-z0-9-]+", name):
        return "ERROR_CONTAINER_OR_SHARE_NAME_IMPROPER_DASH"
    return "ERROR_CONTAINER_OR_SHARE_NAME_ALPHA_NUMERIC_DASH"


def seal(devices: Path, serial: str, folders: dict[str, str]) -> list[dict[str, str]]:
    """Compute every file's checksum and write the bill of materials beside the device; return what forbids sealing.

    The answer is empty when the device is sealed. A change on the device after that shows as a wrong checksum at the
    datacenter. Safe to call twice: the second call replaces the first one's list.
    """
    found = list(files(devices / serial, folders))
    refused = [{"code": code, "path": printable(f.on_device)} for f in found if (code := problems(f))]
    if refused:
        return refused
    lines = {f.on_device: [f.size_bytes, crc64(f.path)] for f in found}
    papers = _read(devices, serial)
    _papers(devices, serial).write_text(json.dumps({**papers, "bom": lines}), "utf-8")
    _write_lists(devices / f"{serial}.bom", lines)
    return []


def bill(devices: Path, serial: str) -> dict[str, tuple[int, int]] | None:
    """Return path to (size in bytes, CRC-64) as sealed, or None when the device never was."""
    lines = _read(devices, serial).get("bom")
    return None if lines is None else {path: (size, crc) for path, (size, crc) in lines.items()}


def lists(devices: Path, serial: str) -> list[Path]:
    """Return the bill-of-materials files of a sealed device, one per share that holds files."""
    return sorted((devices / f"{serial}.bom").glob("*.xml"))


def printable(name: str) -> str:
    """Return *name* with bytes that are not text written out, so that it can be sent and shown."""
    return name.encode("utf-8", "backslashreplace").decode("utf-8")


def _write_lists(folder: Path, lines: dict[str, Any]) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for share in {path.partition("/")[0] for path in lines}:
        with (folder / f"{share}-BOM.xml").open("w", encoding="utf-8") as out:
            for path, (size, crc) in lines.items():
                top, _, inside = path.partition("/")
                if top == share:
                    shown = escape("\\" + printable(inside).replace("/", "\\"))
                    out.write(f'<file size="{size}" crc64="0x{crc:016x}">{shown}</file>\n')


def _papers(devices: Path, serial: str) -> Path:
    return devices / f"{serial}.json"


def _read(devices: Path, serial: str) -> dict[str, Any]:
    papers = _papers(devices, serial)
    return json.loads(papers.read_text("utf-8")) if papers.exists() else {}
