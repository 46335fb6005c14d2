"""Secrets in an Azure Key Vault: the store behind a place of keys that the inventory names by the vault's address."""

from __future__ import annotations

from dataclasses import dataclass

from azure.core.exceptions import ResourceNotFoundError

from tasks.azure.clients import AzureClients
from tasks.azure.errors import code_of, ours


@dataclass(frozen=True)
class KeyVaultSecrets:
    """The secrets of one vault, as `tasks.office.disks.Secrets`. Contacts nobody until it is asked.

    The credential needs the role Key Vault Secrets User to read and Key Vault Secrets Officer to keep new keys.
    """

    clients: AzureClients
    vault_url: str

    def read(self, name: str) -> str:
        """Return a secret's newest version, or "" when there is none of that name. Raises NotAllowed and Transient."""
        with ours(f"read the secret {name} in {self.vault_url}"):
            try:
                return self.clients.secrets(self.vault_url).get_secret(name).value or ""
            except ResourceNotFoundError as missing:
                if code_of(missing) == "SecretNotFound":
                    return ""
                raise

    def keep(self, name: str, text: str) -> None:
        """Keep a new secret. Raises Rejected (a deleted one of that name is not purged yet), NotAllowed, Transient."""
        with ours(f"keep the secret {name} in {self.vault_url}", (text,)):
            self.clients.secrets(self.vault_url).set_secret(name, text)
