"""A rehearsal Azure for tests: started once as its own process, reached only through real clients and its own door."""

from __future__ import annotations

import contextlib
import io
import json
import ssl
import subprocess
import sys
from collections.abc import Iterator
from email.message import Message
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from azure.identity import ClientSecretCredential
from azure.mgmt.databox import DataBoxManagementClient
from azure.mgmt.recoveryservices import RecoveryServicesClient
from azure.mgmt.recoveryservicesbackup import RecoveryServicesBackupClient
from azure.storage.blob import BlobServiceClient

from deploy.rehearsal import agent
from deploy.rehearsal.control import Control

ARM_SCOPE = "https://management.azure.com/.default"


class Rehearsal:
    """One running rehearsal: `known` is the line it printed, `control` its control client, and the SDK's clients."""

    def __init__(self, known: dict[str, str], process: subprocess.Popen[str]) -> None:
        self.known, self.process = known, process
        self.control = Control(known["control"], known["ca"])
        self.group, self.vault_name = known["resource_group"], known["vault"]

    @cached_property
    def credential(self) -> ClientSecretCredential:
        return self.credential_with(self.known["client_secret"])

    def credential_with(self, secret: str) -> ClientSecretCredential:
        return ClientSecretCredential(
            self.known["tenant_id"], self.known["client_id"], secret, authority=self.known["authority"],
            disable_instance_discovery=True, connection_verify=self.known["ca"],
        )  # fmt: skip

    @cached_property
    def databox(self) -> DataBoxManagementClient:
        return self.client(DataBoxManagementClient)

    @cached_property
    def backup(self) -> RecoveryServicesBackupClient:
        return self.client(RecoveryServicesBackupClient)

    @cached_property
    def vaults(self) -> RecoveryServicesClient:
        return self.client(RecoveryServicesClient)

    def client(self, kind: Any, **options: Any) -> Any:
        usual = {"base_url": self.known["arm"], "connection_verify": self.known["ca"], "polling_interval": 0}
        scopes = {"credential_scopes": [ARM_SCOPE], "retry_backoff_factor": 0}
        return kind(self.credential, self.known["subscription_id"], **{**usual, **scopes, **options})

    @cached_property
    def blobs(self) -> BlobServiceClient:
        return BlobServiceClient(
            self.known["blob"], credential=self.credential, api_version="2026-06-06",
            connection_verify=self.known["ca"],
        )  # fmt: skip

    @cached_property
    def trust(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=self.known["ca"])

    @property
    def account_id(self) -> str:
        return f"{self.path}/providers/Microsoft.Storage/storageAccounts/{self.known['storage_account']}"

    @property
    def path(self) -> str:
        return f"/subscriptions/{self.known['subscription_id']}/resourceGroups/{self.group}"

    def body(self, sku: str = "DataBox", **details: Any) -> dict[str, Any]:
        """An order as the SDK would send it."""
        return {
            "location": self.known["location"],
            "sku": {"name": sku},
            "properties": {
                "transferType": "ImportToAzure",
                "details": {
                    "jobDetailsType": sku,
                    "contactDetails": {"contactName": "Ops", "phone": "123", "emailList": ["ops@example.com"]},
                    "shippingAddress": {
                        "streetAddress1": "1 Example Road", "city": "Berlin", "country": "DE", "postalCode": "10115",
                    },
                    "dataImportDetails": [
                        {
                            "accountDetails": {
                                "dataAccountType": "StorageAccount", "storageAccountId": self.account_id,
                            },
                            "logCollectionLevel": "Verbose",
                        }
                    ],
                    **details,
                },
            },
        }  # fmt: skip

    def order(self, name: str, sku: str = "DataBox", **details: Any) -> Any:
        """Place an order and return it as accepted."""
        return self.databox.jobs.begin_create(self.group, name, self.body(sku, **details)).result()

    def delivered(self, name: str, sku: str = "DataBox", **details: Any) -> list[Path]:
        """Place an order, let it arrive, and return its device folders."""
        self.order(name, sku, **details)
        self.control.jump_until(f"{name}: Delivered")
        return [Path(box["path"]) for box in self.summary(name)["devices"]]

    def sent(self, name: str) -> None:
        """Seal the order's devices and hand them over."""
        for box in self.summary(name)["devices"]:
            self.control.prepare_to_ship(box["serial"])
        self.control.hand_over(name)

    def ingested(self, name: str) -> Any:
        """Let the datacenter finish; return the order as it is then."""
        self.control.jump_until(f"{name}: Completed")
        return self.job(name)

    def job(self, name: str) -> Any:
        return self.databox.jobs.get(self.group, name, expand="details")

    def summary(self, name: str) -> dict[str, Any]:
        return next(order for order in self.control.orders() if order["job"] == name)

    def agent(self, verb: str, office: str = "berlin", **options: Any) -> dict[str, Any]:
        """What the stand-in agent prints."""
        command = [verb, "--control", self.known["control"], "--ca", self.known["ca"], "--office", office]
        for name, value in options.items():
            text = json.dumps(value) if isinstance(value, (list, dict)) else str(value)
            command += [f"--{name.replace('_', '-')}", text]
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            code = agent.main(command)
        answer: dict[str, Any] = json.loads(printed.getvalue())
        assert code == (1 if "error" in answer else 0)
        return answer

    def raw(
        self, method: str, path: str, body: Any = None, version: str | None = "2023-12-01", token: str | None = None
    ) -> tuple[int, Any, Message]:
        """Send a request without any SDK; return status, JSON (or None) and headers."""
        link = "&" if "?" in path else "?"
        url = self.known["arm"] + path + (f"{link}api-version={version}" if version else "")
        request = Request(url, None if body is None else json.dumps(body).encode(), method=method)
        bearer = self.credential.get_token(ARM_SCOPE).token if token is None else token
        if bearer:
            request.add_header("Authorization", f"Bearer {bearer}")
        try:
            with urlopen(request, context=self.trust) as answer:
                text, status, headers = answer.read(), answer.status, answer.headers
        except HTTPError as error:
            text, status, headers = error.read(), error.code, error.headers
        return status, json.loads(text) if text else None, headers


def launch(home: Path, *options: str, **popen: Any) -> Rehearsal:
    """Start a rehearsal on *home*; it polls without waiting and ends when its stdin ends."""
    command = [sys.executable, "-m", "deploy.rehearsal", "--home", str(home), "--retry-after", "0", *options]
    process = subprocess.Popen(
        [*command, "--exit-with-parent"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, **popen
    )
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line, "the rehearsal did not start"
    return Rehearsal(json.loads(line), process)


def running(home: Path) -> Iterator[Rehearsal]:
    """Yield a rehearsal and end it afterwards."""
    started = launch(home)
    yield started
    assert started.process.stdin is not None
    started.process.stdin.close()
    started.process.wait(30)
    assert started.process.stdout is not None
    started.process.stdout.close()
