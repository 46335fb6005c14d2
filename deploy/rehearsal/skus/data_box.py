"""The Data Box: one appliance with a share per storage format, sealed in its own web page before it leaves."""

from __future__ import annotations

import secrets
from typing import Any, ClassVar

from deploy.rehearsal.records import Device, Order
from deploy.rehearsal.skus.base import Sku, outcomes, password


class DataBox(Sku):
    """80 TB usable, or a next-generation model named in `sku.model`; cancellable only until it is prepared."""

    name: ClassVar[str] = "DataBox"
    cancellable_in: ClassVar[tuple[str, ...]] = ("DeviceOrdered",)
    prepare_to_ship: ClassVar[bool] = True
    usable_terabytes: ClassVar[int] = 80
    maximum_terabytes: ClassVar[int] = 100
    accounts_allowed: ClassVar[int] = 10

    def devices(self, details: dict[str, Any], account: str) -> list[Device]:
        """Return the one appliance of the order."""
        serial = "BOX" + "".join(secrets.choice("0123456789ABCDEF") for _ in range(9))
        secret = details.get("devicePassword") or password()
        return [Device(serial=serial, terabytes=self.usable_terabytes, secret=secret)]

    def folders(self, account: str) -> dict[str, str]:
        """Return the account's three shares."""
        return {
            "PageBlob": f"{account}_PageBlob",
            "BlockBlob": f"{account}_BlockBlob",
            "AzureFile": f"{account}_AzFile",
        }

    def secrets(self, order: Order, account: str) -> dict[str, Any]:
        """Return the device password, and a user and password per share."""
        shares = [self._share(order, account, kind, share) for kind, share in self.folders(account).items()]
        pod = {
            "deviceSerialNumber": order.devices[0].serial,
            "devicePassword": order.devices[0].secret,
            "networkConfigurations": [{"name": "DATA1", "macAddress": "00-15-5D-00-00-01"}],
            "encodedValidationCertPubKey": "",
            "accountCredentialDetails": [
                {
                    "accountName": account,
                    "dataAccountType": "StorageAccount",
                    "accountConnectionString": "",
                    "shareCredentialDetails": shares,
                }
            ],
        }
        return {"jobSecretsType": self.name, "dcAccessSecurityCode": None, "error": None, "podSecrets": [pod]}

    def progress(self, order: Order, account_id: str) -> list[dict[str, Any]]:
        """Return one entry for the storage account."""
        return [
            {
                "storageAccountName": done.account,
                "transferType": "ImportToAzure",
                "dataAccountType": "StorageAccount",
                "accountId": account_id,
                "bytesProcessed": done.done_bytes,
                "totalBytesToProcess": done.total_bytes,
                "filesProcessed": done.done_files,
                "totalFilesToProcess": done.total_files,
                "invalidFilesProcessed": done.invalid_files,
                "invalidFileBytesUploaded": done.invalid_bytes,
                "renamedContainerCount": done.renamed_containers,
                "filesErroredOut": done.errored_files,
                "directoriesErroredOut": 0,
                "invalidDirectoriesProcessed": 0,
                "isEnumerationInProgress": False,
                "error": None,
                "actions": order.actions,
            }
            for _, done in outcomes(order)
        ]

    def logs(self, order: Order) -> list[dict[str, Any]]:
        """Return where the copy logs of the account lie."""
        return [
            {
                "copyLogDetailsType": self.name,
                "accountName": done.account,
                "copyLogLink": done.log_link,
                "copyVerboseLogLink": done.verbose_link,
            }
            for _, done in outcomes(order)
            if done.finished
        ]

    def _share(self, order: Order, account: str, kind: str, share: str) -> dict[str, Any]:
        return {
            "shareName": share,
            "shareType": kind,
            "userName": account,
            "password": order.secrets["share"],
            "supportedAccessProtocols": ["SMB", "NFS"],
        }
