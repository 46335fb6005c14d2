"""What a finished seed leaves behind in Azure: the adapter behind `ports.LeftOvers`. The only one that deletes data.

Containers are deleted through Resource Manager, not through the blob service: there, locks are honoured. It takes the
action Microsoft.Storage/storageAccounts/blobServices/containers/delete, which Storage Account Contributor has.
"""

from __future__ import annotations

from azure.core.exceptions import ResourceNotFoundError
from azure.storage.blob import BlobClient

from states.plan import Plan
from tasks.azure.account import whole
from tasks.azure.clients import AzureClients
from tasks.azure.details import resource_place
from tasks.azure.errors import code_of, ours
from tasks.azure.seen import mapping, text
from tasks.errors import NotYet
from tasks.ports import Paper

ORDER_MISSING = frozenset({"ssemusererrorentitynotfound", "resourcenotfound"})
ERASURE, CUSTODY = "erasure-certificate", "chain-of-custody"
LARGEST_PAPER_BYTES = 64 * 1024 * 1024


class AzureLeftOvers:
    """The containers of a seed, and the papers of its order."""

    def __init__(self, clients: AzureClients) -> None:
        """Take the process's clients. Contacts nobody."""
        self._clients = clients

    def papers(self, plan: Plan, job_name: str) -> tuple[Paper, ...]:
        """Return erasure certificate and chain of custody, fetched at once: Azure gives them as links that expire.

        Own drives are not erased by the service but sent back, so there is nothing to fetch. Raises Transient.
        """
        if plan.mode == "own-disk":
            return ()
        with ours(f"read the papers of {job_name}"):
            try:
                job = self._clients.databox(plan.subscription_id).jobs.get(
                    plan.resource_group, job_name, expand="details"
                )
            except ResourceNotFoundError as missing:
                if code_of(missing).lower() not in ORDER_MISSING:
                    raise
                return (Paper(f"{job_name}-{ERASURE}", None), Paper(f"{job_name}-{CUSTODY}", None))
            details = mapping(mapping(job.as_dict(), "properties"), "details")
        erasure = mapping(details, "deviceErasureDetails")
        certificate = text(erasure, "erasureOrDestructionCertificateSasKey") or text(
            erasure, "secureErasureCertificateSasKey"
        )
        links = {ERASURE: certificate, CUSTODY: text(details, "chainOfCustodySasKey")}
        return tuple(self._paper(f"{job_name}-{name}", link) for name, link in links.items())

    def delete_container(self, plan: Plan, container: str) -> None:
        """Delete the container with all its blobs; one that is gone is no error. Raises NotAllowed, Rejected."""
        group, account = resource_place(plan, plan.storage_account)
        with ours(f"delete the container {container} of {account}"):
            try:
                self._clients.storage(plan.subscription_id).blob_containers.delete(group, account, container)
            except ResourceNotFoundError:
                return

    def _paper(self, name: str, link: str) -> Paper:
        if not link:
            return Paper(name, None)
        with ours(f"read {name}", secrets=(link,)), self._at(link) as blob:
            content = whole(blob.download_blob(offset=0, length=LARGEST_PAPER_BYTES), name)
        ending = "pdf" if content.startswith(b"%PDF") else "txt"
        return Paper(f"{name}.{ending}", content)

    def _at(self, link: str) -> BlobClient:
        try:
            return BlobClient.from_blob_url(link, **self._clients.blob_wire())
        except ValueError:  # neither the link nor the SDK's word about it may be repeated: it opens the paper
            raise NotYet(
                "Azure names no address that a paper could be read at", next="the next look asks again"
            ) from None
