"""The logs the datacenter leaves in the account: a sequence of elements, not one well-formed document."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import IO
from xml.sax.saxutils import escape, quoteattr

from deploy.rehearsal.device import printable

DESCRIPTIONS = {
    "UploadErrorWin32": "File system error.",
    "UploadErrorCloudHttp": "The storage service refused the blob.",
    "UploadErrorDataValidationError": "The checksum differs from the one in the manifest.",
}


@dataclass(frozen=True)
class Errored:
    """A file or container that did not arrive as it was: `category` is Azure's word, `code` what the cloud answered."""

    path: str
    category: str
    code: str
    message: str
    kind: str = "File"
    cloud_format: str | None = None


def summary(files: int, errored: int) -> str:
    """Return the log's last element for *files* in all, *errored* of them not uploaded as they were."""
    status = "Failed" if errored else "Succeeded"
    return (
        f'<CopyLog Summary="Summary">\n  <Status>{status}</Status>\n  <TotalFiles>{files}</TotalFiles>\n'
        f"  <FilesErrored>{errored}</FilesErrored>\n</CopyLog>\n"
    )


def drive_summary(serial: str, files: int, errors: list[Errored]) -> str:
    """Return the last element of an own drive's log: *files* in all, and the errors counted by category."""
    counts = Counter(entry.category for entry in errors)
    told = "".join(
        f'      <{category} Count="{count}" Description="{DESCRIPTIONS.get(category, "Unknown error.")}" />\n'
        for category, count in sorted(counts.items())
    )
    status = "Failed" if errors else "Succeeded"
    return (
        f'<CopyLog Summary="Summary">\n  <DriveLogVersion>2021-08-01</DriveLogVersion>\n'
        f"  <DriveId>{escape(serial)}</DriveId>\n  <Status>{status}</Status>\n"
        f"  <TotalFiles_Blobs>{files}</TotalFiles_Blobs>\n  <FilesErrored>{len(errors)}</FilesErrored>\n  <Summary>\n"
        f'    <ValidationErrors>\n      <None Count="{files}" />\n    </ValidationErrors>\n'
        f"    <CopyErrors>\n{told}    </CopyErrors>\n  </Summary>\n</CopyLog>\n"
    )


def errored_entity(entry: Errored) -> str:
    """Return one ErroredEntity element; its path is written the way a Windows device writes paths."""
    path = quoteattr(printable(entry.path).replace("/", "\\"))
    cloud = f" CloudFormat={quoteattr(entry.cloud_format)}" if entry.cloud_format else ""
    return (
        f"<ErroredEntity Path={path}{cloud}>\n  <Category>{entry.category}</Category>\n"
        f"  <ErrorCode>{escape(entry.code)}</ErrorCode>\n  <ErrorMessage>{escape(entry.message)}</ErrorMessage>\n"
        f"  <Type>{entry.kind}</Type>\n</ErroredEntity>\n"
    )


def write_verbose_line(out: IO[bytes], cloud_format: str, path: str, size_bytes: int, crc64: int) -> None:
    """Append one uploaded file; the checksum is CRC-64/NVME as a decimal number."""
    line = f'<File CloudFormat="{cloud_format}" Path={quoteattr(path)} Size="{size_bytes}" crc64="{crc64}"></File>\n'
    out.write(line.encode())
