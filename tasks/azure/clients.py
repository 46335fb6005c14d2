"""The real Azure SDK clients, built once per process from one frozen settings value.

A rehearsal differs from production in `AzureSettings` only: endpoints, CA file and credential.
Secrets are read when a credential is built and never kept in a field that has a repr. Never hand a client or a
credential to Prefect as a parameter or a result: it pickles, secret included.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, Protocol, TypeVar

from azure.core import PipelineClient
from azure.core.exceptions import ClientAuthenticationError
from azure.core.pipeline.policies import BearerTokenCredentialPolicy, RetryPolicy
from azure.identity import (
    ClientSecretCredential,
    DefaultAzureCredential,
    ManagedIdentityCredential,
    WorkloadIdentityCredential,
)
from azure.keyvault.secrets import SecretClient
from azure.mgmt.databox import DataBoxManagementClient
from azure.mgmt.recoveryservices import RecoveryServicesClient
from azure.mgmt.recoveryservicesbackup import RecoveryServicesBackupClient
from azure.mgmt.storage import StorageManagementClient
from azure.storage.blob import BlobServiceClient

from tasks.azure.bounded import BoundedTransport, Bounds, ClockGap
from tasks.azure.throttle import LONGEST_NAP_SECONDS, ShortNaps, Throttle
from tasks.errors import InvalidInput, Transient

CredentialKind = Literal["default", "client-secret", "managed-identity", "workload-identity"]

GRAPH = "https://graph.microsoft.com"

_T = TypeVar("_T")


@dataclass(frozen=True)
class AzureSettings:
    """Where Azure is and who we are there. Printing it shows no secret.

    `credential="client-secret"` takes the secret from the environment variable named `client_secret_env`, or from
    the callable `client_secret`. `arm_url=None` is the public cloud. `blob_url` has `{account}` where the storage
    account's name goes. `instance_discovery=False` is for an authority that the public cloud does not know.
    """

    credential: CredentialKind = "default"
    tenant_id: str = ""
    client_id: str = ""
    client_secret_env: str = "AZURE_CLIENT_SECRET"  # the variable's name, never its value  # noqa: S105
    client_secret: Callable[[], str] | None = field(default=None, repr=False, compare=False)
    token_file: str = ""
    authority: str | None = None
    instance_discovery: bool = True
    arm_url: str | None = None
    arm_scopes: tuple[str, ...] = ("https://management.azure.com/.default",)
    graph_url: str = GRAPH
    graph_scope: str = f"{GRAPH}/.default"
    blob_url: str = "https://{account}.blob.core.windows.net"
    key_vault_url: str | None = None  # with {vault} where its name goes; None is the address the inventory names
    blob_api_version: str = "2026-06-06"  # the newest is ahead of the storage emulator
    ca_file: str | None = None
    connection_timeout_seconds: int = 10
    read_timeout_seconds: int = 60  # of silence
    answer_seconds: float = 300  # from an answer's first byte to its last
    answer_bytes: int = 64 * 1024 * 1024  # of one answer: a blob is read in pieces of at most half of it
    retry_total: int = 3
    blob_nap_seconds: int = 1  # before the first retry of the blob service; the next naps are twice as long each
    polling_interval_seconds: int = 30


class TokenSource(Protocol):
    """What every azure-identity credential can do."""

    def get_token(self, *scopes: str, **options: Any) -> Any:
        """Return an access token for these scopes."""


class SignIn:
    """The credential of a process, made anew once Azure has refused its token, or nobody could sign in.

    The SDK remembers too much: a token that Azure does not take is offered until its time is up, and a broken answer
    of the login service is believed for as long as the credential lives.
    """

    def __init__(self, make: Callable[[], TokenSource]) -> None:
        """Make no credential before the first token is asked for."""
        self._make = make
        self._made: TokenSource | None = None

    def get_token(self, *scopes: str, **options: Any) -> Any:
        """Return an access token for these scopes.

        Raises InvalidInput when the settings are incomplete, Transient when the login service wants to be left alone.
        """
        try:
            return self.made().get_token(*scopes, **options)
        except ClientAuthenticationError as failed:
            self.forget()
            if isinstance(failed.__cause__, Transient):
                raise failed.__cause__ from None
            raise

    def made(self) -> TokenSource:
        """Return the credential behind this one. Raises InvalidInput when its settings are incomplete."""
        made = self._made = self._made or self._make()
        return made

    def forget(self) -> None:
        """Sign in afresh the next time. Safe while other threads ask."""
        self._made = None


class BriefRetry(RetryPolicy[Any, Any]):
    """The SDK's own retry, except that it never sleeps longer than LONGEST_NAP_SECONDS because a server says so."""

    def is_retry(self, settings: dict[str, Any], response: Any) -> bool:
        """Return whether to send again at once; a long Retry-After is left to the caller."""
        wait_seconds = self.get_retry_after(response) or 0.0
        return wait_seconds <= LONGEST_NAP_SECONDS and bool(super().is_retry(settings, response))

    def get_retry_after(self, response: Any) -> float | None:
        """Return the seconds the server asks for; None also for a header that is neither number nor date."""
        try:
            return super().get_retry_after(response)
        except ValueError:  # the SDK lets a proxy's nonsense escape
            return None


class AzureClients:
    """All SDK clients of this process: each is built at its first use and then shared by all threads."""

    def __init__(
        self,
        settings: AzureSettings,
        *,
        credential: TokenSource | None = None,
        transport: Any = None,
        now: Callable[[], datetime] | None = None,
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        """Take the settings and this process's clocks: *now* (aware UTC) and *seconds* (it only goes forward).

        *credential* and *transport* replace the real ones in tests. Contacts nobody.
        """
        self.settings = settings
        self.gap = ClockGap(now)
        self._sign_in = SignIn(lambda: credential or self._credential())
        self._transport = transport
        self._throttle = Throttle(seconds)
        self._built: dict[tuple[str, str], Any] = {}
        self._lock = threading.RLock()

    def credential(self) -> TokenSource:
        """Return the one credential. Raises InvalidInput when its settings are incomplete."""
        self._sign_in.made()
        return self._sign_in

    def databox(self, subscription_id: str) -> DataBoxManagementClient:
        """Return the Data Box client of a subscription."""
        return self._once("databox", subscription_id, lambda: self._arm(DataBoxManagementClient, subscription_id))

    def backup(self, subscription_id: str) -> RecoveryServicesBackupClient:
        """Return the client for a vault's contents."""
        return self._once("backup", subscription_id, lambda: self._arm(RecoveryServicesBackupClient, subscription_id))

    def vaults(self, subscription_id: str) -> RecoveryServicesClient:
        """Return the client for the vaults themselves."""
        return self._once("vaults", subscription_id, lambda: self._arm(RecoveryServicesClient, subscription_id))

    def storage(self, subscription_id: str) -> StorageManagementClient:
        """Return the client for the storage accounts' own settings."""
        return self._once("storage", subscription_id, lambda: self._arm(StorageManagementClient, subscription_id))

    def graph(self) -> PipelineClient[Any, Any]:
        """Return a plain client of the tenant's directory (Microsoft Graph)."""
        return self._once("graph", "", self._graph)

    def blobs(self, account: str) -> BlobServiceClient:
        """Return the blob client of a storage account, named by its name or by its resource id."""
        name = account.rstrip("/").rsplit("/", 1)[-1]
        return self._once("blobs", name, lambda: self._blob_service(name))

    def secrets(self, vault_url: str) -> SecretClient:
        """Return the client of a Key Vault, named by its address."""
        return self._once("secrets", vault_url, lambda: self._key_vault(vault_url))

    def close(self) -> None:
        """Close every connection. Safe to call twice; a closed client is built again when asked for."""
        with self._lock:
            for client in self._built.values():
                client.close()
            self._built.clear()

    def _once(self, kind: str, name: str, build: Callable[[], _T]) -> _T:
        with self._lock:
            if (kind, name) not in self._built:
                self._built[kind, name] = build()
            built: _T = self._built[kind, name]
            return built

    def _arm(self, client: Callable[..., _T], subscription_id: str) -> _T:
        retry = BriefRetry(retry_total=self.settings.retry_total)
        return client(
            self.credential(),
            subscription_id,
            base_url=self.settings.arm_url,
            credential_scopes=list(self.settings.arm_scopes),
            polling_interval=self.settings.polling_interval_seconds,
            retry_policy=retry,
            per_retry_policies=[self._throttle],
            **self.wire(),
        )

    def _graph(self) -> PipelineClient[Any, Any]:
        signed = BearerTokenCredentialPolicy(self.credential(), self.settings.graph_scope)
        policies = [BriefRetry(retry_total=self.settings.retry_total), signed]
        return PipelineClient(self.settings.graph_url, policies=policies, **self.wire())

    def _blob_service(self, account: str) -> BlobServiceClient:
        url = self.settings.blob_url.format(account=account)
        return BlobServiceClient(url, credential=self.credential(), **self.blob_wire())

    def _key_vault(self, vault_url: str) -> SecretClient:
        elsewhere = self.settings.key_vault_url
        name = vault_url.removeprefix("https://").partition(".")[0]
        return SecretClient(
            elsewhere.format(vault=name) if elsewhere else vault_url,
            self.credential(),
            api_version="7.5",
            verify_challenge_resource=elsewhere is None,  # a rehearsal's host is not below vault.azure.net
            retry_policy=BriefRetry(retry_total=self.settings.retry_total),
            **self.wire(),
        )

    def wire(self) -> dict[str, Any]:
        """Return what a client that is made elsewhere needs to be told about the connection: a bounded one."""
        told = wire_options(self.settings)
        bounds = Bounds(self.settings.answer_seconds, self.settings.answer_bytes)
        return {**told, "transport": self._transport or BoundedTransport(bounds, self.heard, **told)}

    def heard(self, answer: Any) -> None:
        """Take what an answer says beside its content: what time it is in Azure, and whether our token is good."""
        self.gap.note(answer.headers.get("Date"))
        if answer.status_code == 401:
            self._sign_in.forget()

    def blob_wire(self) -> dict[str, Any]:
        """Return `wire` for a client of the blob service: that SDK waits 15 s before its first retry unless told."""
        nap = self.settings.blob_nap_seconds
        patience = {"initial_backoff": nap, "increment_base": 2 * nap, "random_jitter_range": nap}
        told = {**self.wire(), **patience, "retry_total": self.settings.retry_total}
        return {**told, "api_version": self.settings.blob_api_version}

    def _credential(self) -> TokenSource:
        return build_credential(self.settings, transport=ShortNaps(self.wire()["transport"]))


def wire_options(settings: AzureSettings) -> dict[str, Any]:
    """Return what every client and credential is told about the connection (seconds, CA file)."""
    options: dict[str, Any] = {
        "connection_timeout": settings.connection_timeout_seconds,
        "read_timeout": settings.read_timeout_seconds,
    }
    return options | ({"connection_verify": settings.ca_file} if settings.ca_file else {})


def build_credential(
    settings: AzureSettings, environ: Mapping[str, str] = os.environ, *, transport: Any = None
) -> TokenSource:
    """Return a new credential of the kind the settings name. Raises InvalidInput, naming the missing setting."""
    options = wire_options(settings) | {"disable_instance_discovery": not settings.instance_discovery}
    if transport is not None:
        options["transport"] = transport
    options["retry_total"] = settings.retry_total
    if settings.authority:
        options["authority"] = settings.authority
    try:
        return _credential(settings, environ, options)
    except ValueError as wrong:  # a tenant that is no id, an authority without https
        raise InvalidInput(f"the Azure credential is not usable: {wrong}", next="mend the Azure settings") from None


def _credential(settings: AzureSettings, environ: Mapping[str, str], options: dict[str, Any]) -> TokenSource:
    who = {"client_id": settings.client_id} if settings.client_id else {}
    match settings.credential:
        case "client-secret":
            return _with_secret(settings, environ, options)
        case "managed-identity":
            return ManagedIdentityCredential(
                client_id=settings.client_id or None
            )  # answers on the host itself: no authority, no CA
        case "workload-identity":
            tenant = {"tenant_id": settings.tenant_id} if settings.tenant_id else {}
            token = {"token_file_path": settings.token_file} if settings.token_file else {}
            return WorkloadIdentityCredential(**who, **tenant, **token, **options)
        case _:
            managed = {"managed_identity_client_id": settings.client_id} if settings.client_id else {}
            return DefaultAzureCredential(**managed, **options)


def _with_secret(settings: AzureSettings, environ: Mapping[str, str], options: dict[str, Any]) -> TokenSource:
    secret = settings.client_secret() if settings.client_secret else environ.get(settings.client_secret_env, "")
    named = {"tenant_id": settings.tenant_id, "client_id": settings.client_id}
    missing = [name for name, value in named.items() if not value]
    if not secret:
        missing.append(f"the environment variable {settings.client_secret_env}")
    if missing:
        raise InvalidInput(
            f"the Azure credential `client-secret` lacks {', '.join(missing)}",
            next="set it, then run `seeding doctor`",
        )
    return ClientSecretCredential(client_secret=secret, **named, **options)
