"""The storage account as the datacenter and the office's agent see it: real blobs in the emulator, by account key."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import IO, TYPE_CHECKING

from deploy.rehearsal.ca import today
from deploy.rehearsal.home import Identity

if TYPE_CHECKING:
    from azure.storage.blob import BlobServiceClient

API_VERSION = "2026-06-06"  # the newest the emulator knows
PAGE_BYTES = 512
CHUNK_BYTES = 4 * 1024 * 1024  # the largest page write Azure takes
SAS_LIFETIME = timedelta(days=30)
ZEROS = bytes(CHUNK_BYTES)


class Storage:
    """One account. Errors are azure-core's own: HttpResponseError for an answer, ServiceRequestError for silence."""

    def __init__(self, who: Identity, endpoint: str, ca: Path) -> None:
        """*endpoint* is the account's blob address without a slash at the end; *ca* is the file to trust."""
        self.endpoint = endpoint
        self.account = who.storage_account
        self._key, self._ca = who.storage_key, ca

    @cached_property
    def client(self) -> BlobServiceClient:
        """The SDK's client of the account; made on first use because its import takes half a second."""
        from azure.storage.blob import BlobServiceClient

        return BlobServiceClient(
            self.endpoint, credential=self._key, api_version=API_VERSION, connection_verify=str(self._ca),
            max_single_put_size=2 * CHUNK_BYTES, max_block_size=2 * CHUNK_BYTES, retry_total=2,
        )  # fmt: skip

    def ensure_container(self, name: str) -> None:
        """Make the container *name*; nothing when it is there."""
        from azure.core.exceptions import ResourceExistsError

        try:
            self.client.create_container(name)
        except ResourceExistsError:
            return

    def put_blocks(self, container: str, name: str, data: IO[bytes] | bytes, size_bytes: int) -> str:
        """Write *data* as a block blob over whatever is there; return the blob's address."""
        blob = self.client.get_blob_client(container, name)
        blob.upload_blob(data, length=size_bytes, overwrite=True, validate_content="md5")
        return f"{self.endpoint}/{container}/{name}"

    def put_pages(self, container: str, name: str, data: IO[bytes], size_bytes: int) -> None:
        """Write *data* as a page blob; pages of zeros are not sent. *size_bytes* must be a multiple of 512."""
        blob = self.client.get_blob_client(container, name)
        blob.create_page_blob(size_bytes)
        offset = 0
        while chunk := data.read(CHUNK_BYTES):
            if chunk != ZEROS[: len(chunk)]:
                blob.upload_page(chunk, offset, len(chunk), validate_content="md5")
            offset += len(chunk)

    def begin_pages(self, container: str, name: str, size_bytes: int, *, anew: bool) -> bool:
        """Make a page blob of that length, unless one is there and *anew* is False; say whether it was made."""
        from azure.core.exceptions import ResourceNotFoundError

        blob = self.client.get_blob_client(container, name)
        try:
            there = blob.get_blob_properties()
            if not anew and there.size == size_bytes and there.blob_type == "PageBlob":
                return False
            blob.delete_blob()
        except ResourceNotFoundError:
            pass
        blob.create_page_blob(size_bytes)
        return True

    def put_range(self, container: str, name: str, data: bytes, offset: int) -> None:
        """Write whole pages, at most 4 MiB, into a page blob that is there."""
        blob = self.client.get_blob_client(container, name)
        blob.upload_page(data, offset, len(data), validate_content="md5")

    def crc64(self, container: str, name: str) -> int:
        """Return the CRC-64/NVME of a blob as it lies in the account, read in pieces."""
        from awscrt.checksums import crc64nvme

        value = 0
        for piece in self.client.get_blob_client(container, name).download_blob().chunks():
            value = crc64nvme(piece, value)
        return value

    def anywhere(self, name: str) -> tuple[str, int] | None:
        """Return container and length of a blob of that name in whatever container has one."""
        found = ((str(c.name), self.size(str(c.name), name)) for c in self.client.list_containers())
        return next(((container, size) for container, size in found if size is not None), None)

    def size(self, container: str, name: str) -> int | None:
        """Return the length of a blob in bytes, or None when it is not there."""
        from azure.core.exceptions import ResourceNotFoundError

        try:
            return int(self.client.get_blob_client(container, name).get_blob_properties().size)
        except ResourceNotFoundError:
            return None

    def names(self, container: str) -> Iterator[tuple[str, int]]:
        """Yield name and length in bytes of each blob; nothing when the container is not there."""
        from azure.core.exceptions import ResourceNotFoundError

        try:
            for blob in self.client.get_container_client(container).list_blobs():
                yield str(blob.name), int(blob.size)
        except ResourceNotFoundError:
            return

    def delete(self, container: str, name: str) -> None:
        """Delete a blob. Raises ResourceNotFoundError when it is not there."""
        self.client.get_blob_client(container, name).delete_blob()

    def empty(self) -> None:
        """Delete every container of the account."""
        for container in list(self.client.list_containers()):
            self.client.delete_container(container.name)

    def link(self, container: str, name: str) -> str:
        """Return an address with a signature that lets its bearer read one blob for 30 days."""
        from azure.storage.blob import BlobSasPermissions, generate_blob_sas

        signature = generate_blob_sas(
            self.account, container, name, account_key=self._key, permission=BlobSasPermissions(read=True),
            expiry=today() + SAS_LIFETIME,
        )  # fmt: skip
        return f"{self.endpoint}/{container}/{name}?{signature}"
