"""Every call the product makes to Azure, the permission it needs, and who may make it: one table, many readers.

`roles.bicep` and the table in docs/azure-roles.md are written from it. A test watches the adapters on the wire: a call
without a row fails it, and so does a row without a call.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

HUB, SUBSCRIPTION, OFFICE, AUDITOR = "hub", "hub-subscription", "office", "auditor"

_READS = (HUB, AUDITOR)
_SUB = "/subscriptions/{}"
_GROUP = f"{_SUB}/resourceGroups/{{}}"
_BOX, _STORAGE, _VAULTS = "Microsoft.DataBox", "Microsoft.Storage/storageAccounts", "Microsoft.RecoveryServices/Vaults"
_CONTAINERS = "backupFabrics/protectionContainers"
_CONTAINER = "/backupFabrics/{}/protectionContainers/{}"
_BLOBS = f"{_STORAGE}/blobServices/containers"
_SECRETS = "Microsoft.KeyVault/vaults/secrets"


@dataclass(frozen=True)
class Need:
    """One kind of call: method and path, `{}` for each name in it, and the permission it takes.

    A path begins with `blob:`, `key-vault:` or `graph:` where it does not go to Resource Manager. `data` marks an
    action on data, which a role lists apart. Without roles the permission is none that a role of Azure could give.
    """

    method: str
    path: str
    action: str
    why: str
    roles: tuple[str, ...] = (HUB,)
    data: bool = False

    def covers(self, method: str, path: str) -> bool:
        """Say whether a request is of this kind. Resource Manager does not mind upper or lower case."""
        return method == self.method and self._pattern.fullmatch(path) is not None

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        return re.compile(re.escape(self.path).replace(r"\{\}", "[^/]+"), re.IGNORECASE)


def _job(method: str, tail: str, action: str, why: str, roles: tuple[str, ...] = (HUB,)) -> Need:
    return Need(method, f"{_GROUP}/providers/{_BOX}/jobs{tail}", f"{_BOX}/jobs/{action}", why, roles)


def _asked(question: str, why: str) -> Need:
    path = f"{_GROUP}/providers/{_BOX}/locations/{{}}/{question}"
    return Need("POST", path, f"{_BOX}/locations/{question}/action", why)


def _vault(tail: str, action: str, why: str) -> Need:
    return Need("GET", f"{_GROUP}/providers/{_VAULTS}/{{}}{tail}", f"{_VAULTS}/{action}", why, _READS)


def _account(method: str, tail: str, action: str, why: str, roles: tuple[str, ...] = _READS) -> Need:
    return Need(method, f"{_GROUP}/providers/{_STORAGE}/{{}}{tail}", f"{_STORAGE}/{action}", why, roles)


def _below_subscription(method: str, tail: str, action: str, why: str) -> Need:
    return Need(method, f"{_SUB}{tail}", action, why, (SUBSCRIPTION,))


NEEDS = (
    _job("GET",    "/{}",                    "read",                      "look at an order",                 _READS),
    _job("GET",    "",                       "read",                      "look at a group's orders at once", _READS),
    _job("PUT",    "/{}",                    "write",                     "order"),
    _job("PATCH",  "/{}",                    "write",                     "mark an adopted order as the run's"),
    _job("DELETE", "/{}",                    "delete",                    "clean up an order that is over"),
    _job("POST",   "/{}/cancel",             "cancel/action",             "cancel"),
    _job("POST",   "/{}/bookShipmentPickUp", "bookShipmentPickUp/action", "book the pick-up"),
    _job("POST",   "/{}/markDevicesShipped", "markDevicesShipped/action", "own drives are on their way"),
    _job("POST",   "/{}/listCredentials",    "listCredentials/action",    "the devices' serial numbers"),
    _asked("validateInputs",      "ask before ordering"),
    _asked("availableSkus",       "ask before ordering"),
    _asked("regionConfiguration", "carriers for the way back"),
    _vault("", "read", "`seeding doctor`"),
    _vault("/backupProtectedItems", "backupProtectedItems/read", "the items"),
    _vault("/backupEngines", "backupEngines/read", "DPM and MABS servers"),
    _vault("/backupProtectionContainers", "backupProtectionContainers/read", "MARS servers"),
    _vault("/backupJobs", "backupJobs/read", "a server's last job"),
    _vault("/backupPolicies/{}", "backupPolicies/read", "a policy's schedule"),
    _vault(_CONTAINER, f"{_CONTAINERS}/read", "a MARS server's policy"),
    _vault(f"{_CONTAINER}/protectedItems/{{}}", f"{_CONTAINERS}/protectedItems/read", "how many points it has"),
    _vault(f"{_CONTAINER}/protectedItems/{{}}/recoveryPoints",
           f"{_CONTAINERS}/protectedItems/recoveryPoints/read", "recovery points"),
    _account("GET", "", "read", "`seeding doctor`, freeze watch"),
    _account("GET", "/managementPolicies/default", "managementPolicies/read", "freeze watch: lifecycle"),
    _account("GET", "/blobServices/default/containers", "blobServices/containers/read", "freeze watch: holds"),
    _account("DELETE", "/blobServices/default/containers/{}", "blobServices/containers/delete", "clean up", (HUB,)),
    _below_subscription("POST", f"/providers/{_BOX}/locations/{{}}/validateAddress",
                        f"{_BOX}/locations/validateAddress/action", "ask before ordering"),
    _below_subscription("GET", f"/providers/{_STORAGE}", f"{_STORAGE}/read", "where an account was moved to"),
    _below_subscription("GET", "/providers/Microsoft.Authorization/locks",
                        "Microsoft.Authorization/locks/read", "freeze watch: locks"),
    _below_subscription("GET", "/resourceGroups/{}/providers/Microsoft.Authorization/locks",
                        "Microsoft.Authorization/locks/read", "the same, where the subscription's are not shown"),
    _below_subscription("GET", "/providers/Microsoft.Insights/eventtypes/management/values",
                        "Microsoft.Insights/eventtypes/values/read", "freeze watch: who changed what"),
    _below_subscription("GET", "/providers/{}",
                        "Microsoft.Resources/subscriptions/providers/read", "`seeding doctor`"),
    Need("GET", "blob:/", f"{_BLOBS}/read", "list the containers"),
    Need("GET", "blob:/{}", f"{_BLOBS}/blobs/read", "what arrived", data=True),
    Need("GET", "blob:/{}/{}", f"{_BLOBS}/blobs/read", "the datacenter's logs, samples", data=True),
    Need("GET", "key-vault:/secrets/{}", f"{_SECRETS}/getSecret/action", "own drives: keys", (HUB, OFFICE), data=True),
    Need("PUT", "key-vault:/secrets/{}", f"{_SECRETS}/setSecret/action", "keep a new key", (OFFICE,), data=True),
    Need("GET", "graph:/v1.0/applications", "Application.Read.All, a permission of Microsoft Graph",
         "freeze watch: the agents' apps", ()),
)  # fmt: skip


def actions(role: str, *, data: bool) -> tuple[str, ...]:
    """Return the actions (or data actions) of a role, sorted, each once."""
    return tuple(sorted({need.action for need in NEEDS if role in need.roles and need.data is data}))
