"""The storage account that the datacenter fills: the adapter behind `ports.Account`. Only reads, never writes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any, Literal

from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.storage.blob import BlobServiceClient

from tasks.azure.clients import AzureClients
from tasks.azure.errors import code_of, ours, status_of
from tasks.errors import Transient
from tasks.ports import BlobSeen

LogKind = Literal["copy", "verbose"]

# Where the datacenter writes its logs: container, and how a log of an order is named there. The serial has no
# underscore; without that rule the logs of an order `syd1_2` would count as logs of `syd1`.
LOGS: dict[LogKind, tuple[tuple[str, str], ...]] = {
    "copy":    (("databoxcopylog", r"{order}_[^_/]+_CopyLog_[^/]*\.xml"),
                ("waies",          r"(?:.*/)?{order}_.*_error\.xml")),
    "verbose": (("databoxcopylog", r"{order}_[^_/]+_VerboseLog_[^/]*\.xml"),
                ("waies",          r"(?:.*/)?{order}_.*_verbose\.xml")),
}  # fmt: skip
KINDS: dict[str, Literal["block", "page", "append"]] = {
    "BlockBlob": "block", "PageBlob": "page", "AppendBlob": "append",
}  # fmt: skip
NO_SUCH_CONTAINER = frozenset({"ContainerNotFound", "ContainerBeingDeleted"})
LONG_AGO = datetime(1, 1, 1, tzinfo=UTC)


class BlobAccount:
    """One storage account, read with the process's credential (it needs the role Storage Blob Data Reader)."""

    def __init__(self, clients: AzureClients, account: str) -> None:
        """Take the clients and the account's name or resource id. Contacts nobody."""
        self._clients = clients
        self._account = account

    def blobs(self, containers: Iterable[str]) -> Iterator[BlobSeen]:
        """Yield the blobs of these containers, page by page as they are asked for; sizes in bytes.

        A container that does not exist yields nothing. Raises NotAllowed, Transient.
        """
        for container in containers:
            for blob in self._listing(container):
                yield _blob_seen(container, blob)

    def containers(self) -> tuple[str, ...]:
        """Return the names of all containers, sorted. Raises NotAllowed, Transient."""
        with ours(f"list the containers of {self._account}"):
            return tuple(sorted(str(found.name) for found in self._service().list_containers()))

    def logs(self, job_name: str, kind: LogKind) -> tuple[bytes, ...]:
        """Return the datacenter's logs of that order, oldest first, whole; empty while there are none.

        A verbose log has a line per file, so it may be hundreds of megabytes.
        """
        found = [
            (blob.last_modified or LONG_AGO, container, str(blob.name), int(blob.size or 0))
            for container, pattern in LOGS[kind]
            for blob in self._listing(container)
            if re.fullmatch(pattern.format(order=re.escape(job_name)), str(blob.name), re.IGNORECASE)
        ]
        return tuple(self._whole(container, name, size) for _, container, name, size in sorted(found))

    def read(self, container: str, name: str, offset: int, length: int) -> bytes:
        """Return up to *length* bytes from *offset*; fewer at the end, none beyond it. Raises NotFound."""
        with ours(f"read {container}/{name} in {self._account}"):
            try:
                blob = self._service().get_blob_client(container, name)
                return whole(blob.download_blob(offset=offset, length=length), name) if length > 0 else b""
            except HttpResponseError as error:
                if status_of(error) == 416:  # the blob ends before the offset
                    return b""
                raise

    def _service(self) -> BlobServiceClient:
        return self._clients.blobs(self._account)

    def _listing(self, container: str) -> Iterator[Any]:
        with ours(f"list the blobs of {container} in {self._account}"):
            try:
                yield from self._service().get_container_client(container).list_blobs()
            except ResourceNotFoundError as missing:
                if code_of(missing) not in NO_SUCH_CONTAINER:
                    raise

    def _whole(self, container: str, name: str, size_bytes: int) -> bytes:
        with ours(f"read the log {name} in {self._account}"):
            text = whole(self._service().get_blob_client(container, name).download_blob(), name)
        if len(text) != size_bytes:
            raise _cut(name, len(text), size_bytes)
        return text


def whole(download: Any, name: str) -> bytes:
    """Return every byte of a download. Raises Transient when fewer came than its answer promised.

    The SDK does not look: half a log would pass for a log, and half a blob for another blob.
    """
    content: bytes = download.readall()
    if len(content) != download.size:
        raise _cut(name, len(content), download.size)
    return content


def _cut(name: str, came: int, promised: int) -> Transient:
    told = f"{came:,} bytes of {name} came, {promised:,} were promised"
    return Transient(told, next="the next pass reads it again")


def _blob_seen(container: str, blob: Any) -> BlobSeen:
    kind = str(getattr(blob.blob_type, "value", blob.blob_type))
    md5 = blob.content_settings.content_md5 if blob.content_settings else None
    return BlobSeen(
        container=container,
        name=str(blob.name),
        bytes=int(blob.size or 0),
        kind=KINDS.get(kind, "block"),
        md5=bytes(md5) if md5 else None,
    )
