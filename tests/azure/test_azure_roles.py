"""The roles hold exactly what the adapters were seen to do on the wire, and the published Bicep holds the roles.

What this does not show: that Azure asks for these very actions. No subscription was at hand, nor a compiler of Bicep.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from azure.core.pipeline.transport import RequestsTransport
from own_drives import ACCOUNT, Share, entry, prepared
from rehearsal_host import Rehearsal
from scripted_azure import OWN_DISKS, PLAN, REQUEST

from deploy.azure.needs import AUDITOR, HUB, NEEDS, OFFICE, Need, actions
from deploy.azure.roles import PUBLISHED, ROLES, text
from states.plan import Item, Plan
from tasks.azure.account import BlobAccount
from tasks.azure.clients import AzureClients, AzureSettings
from tasks.azure.databox import DataBoxOrders
from tasks.azure.doctor import checks
from tasks.azure.key_vault import KeyVaultSecrets
from tasks.azure.left_overs import AzureLeftOvers
from tasks.azure.shared import Shared
from tasks.azure.surroundings import AzureSurroundings
from tasks.azure.vault import RecoveryServicesVault
from tasks.ports import ImportDisk, OrderRequest, ReturnCarrier

ADAPTERS = (DataBoxOrders, BlobAccount, RecoveryServicesVault, AzureSurroundings, AzureLeftOvers, KeyVaultSecrets)
VAULT = "https://contoso-keys.vault.azure.net"
KEPT = "-".join(["001122"] * 8)
IMAGE = bytes(range(256)) * 8


class Wire(RequestsTransport):
    """The SDK's own transport, which also notes method and place of each request that is sent."""

    def __init__(self, known: dict[str, str]) -> None:
        super().__init__(connection_verify=known["ca"])
        self.seen: set[tuple[str, str]] = set()
        self._known = known

    def send(self, request: Any, **options: Any) -> Any:
        url = str(request.url)
        if "sig=" not in url and "/v2.0/" not in url:  # a link carries its own right, and signing in needs none
            self.seen.add((str(request.method), self.place(url)))
        return super().send(request, **options)

    def place(self, url: str) -> str:
        """The path as the table of needs writes it: of Azure's own hosts, not of the rehearsal's."""
        path = unquote(urlsplit(url).path)
        if url.startswith(self._known["blob"]):
            return "blob:" + (path.removeprefix(urlsplit(self._known["blob"]).path).rstrip("/") or "/")
        if "/vaults/" in path and "/secrets/" in path:
            return "key-vault:/secrets/" + path.partition("/secrets/")[2].strip("/")
        return f"graph:{path}" if path.startswith("/v1.0/") else path


class Watched:
    """An adapter that also notes which of its methods were called."""

    def __init__(self, adapter: Any, called: set[tuple[str, str]]) -> None:
        self._adapter, self._called = adapter, called

    def __getattr__(self, name: str) -> Any:
        self._called.add((type(self._adapter).__name__, name))
        return getattr(self._adapter, name)


class Tour:
    """Every method of every adapter, once at least, on a rehearsal Azure that is told to make each of them ask."""

    def __init__(self, rehearsal: Rehearsal) -> None:
        known = rehearsal.known
        self.rehearsal, self.wire = rehearsal, Wire(known)
        self.called: set[tuple[str, str]] = set()
        self.clients = AzureClients(
            AzureSettings(
                credential="client-secret", tenant_id=known["tenant_id"], client_id=known["client_id"],
                client_secret=lambda: known["client_secret"], authority=known["authority"], instance_discovery=False,
                arm_url=known["arm"], graph_url=known["graph"], blob_url=known["blob"], ca_file=known["ca"],
                key_vault_url=known["key_vault"], retry_total=0,
            ),
            transport=self.wire,
        )  # fmt: skip
        here = {
            name: known[name] for name in ("subscription_id", "resource_group", "location", "vault", "storage_account")
        }
        items = (Item("mail", 4096),)
        self.plan: Plan = dataclasses.replace(PLAN, country="NL", server="SYDNEY-BACKUP", items=items, **here)
        self.orders = self.watched(DataBoxOrders(self.clients))

    def watched(self, adapter: Any) -> Any:
        return Watched(adapter, self.called)

    def request(self, job: str) -> OrderRequest:
        address = dataclasses.replace(REQUEST.address, country="NL", city="Utrecht", postal_code="3511 AB", state="")
        return dataclasses.replace(REQUEST, job_name=job, plan=self.plan, address=address)

    def cancelled(self) -> None:
        self.orders.create(self.request("syd2"))
        self.orders.cancel(self.plan, "syd2", "not needed")
        self.orders.delete(self.plan, "syd2")

    def shared(self) -> None:
        """A fleet pass lists the orders of a group once there is a second one."""
        pass_over_two = DataBoxOrders(self.clients, Shared())
        known = pass_over_two.find(self.plan, "syd1")
        for job in ("syd1", "syd2"):
            pass_over_two.find(self.plan, job, known)

    def landed(self) -> None:
        """An order's whole way, its seed written by MARS, looked at from every side on the way."""
        control, plan, orders = self.rehearsal.control, dataclasses.replace(self.plan, agent="mars"), self.orders
        orders.objections(self.request("syd1"))
        orders.create(self.request("syd1"))
        orders.tag(plan, "syd1", {"run": "another"})
        orders.tags(plan, "syd1")
        orders.clock_gap()
        control.jump_until("syd1: Delivered")
        serial = orders.serials(plan, "syd1")[0]
        DataBoxOrders(self.clients)._serials_in_secrets(plan, "syd1").__next__()  # where the job names none itself
        folder = next(iter(self.rehearsal.summary("syd1")["devices"]))["path"]
        images = self._write_seed(folder)
        item = {"name": "mail", "bytes": len(IMAGE), "daily_change_bytes": 512}
        wizard = {"kind": "mars", "engine": "dpm", "order": "syd1", "server": plan.server, "items": [item]}
        control.post("offices/sydney/configure", wizard)
        control.post("offices/sydney/seeded", {"items": [{"name": "mail", "images": images}]})
        now = control.now()
        orders.book_pickup(plan, "syd1", now + timedelta(hours=2), now + timedelta(hours=8), f"desk {serial}")
        control.hand_over("syd1")
        control.jump_until("syd1: Completed")
        orders.find(plan, "syd1")
        orders.record(plan, "syd1")
        control.jump_until("online backup completed, Job Completed")
        for agent in ("mars", "dpm"):
            self.watched(RecoveryServicesVault(self.clients)).seen(dataclasses.replace(plan, agent=agent))

    def _write_seed(self, folder: str) -> list[dict[str, Any]]:
        place = Path(folder) / "PageBlob" / "sydney-mail"
        place.mkdir()
        (place / "seed-0001.vhd").write_bytes(IMAGE)
        return [{"container": "sydney-mail", "blob": "seed-0001.vhd", "bytes": len(IMAGE)}]

    def account(self) -> None:
        account = self.watched(BlobAccount(self.clients, self.plan.storage_account))
        account.containers()
        list(account.blobs(["sydney-mail"]))
        account.logs("syd1", "copy")
        account.read("sydney-mail", "seed-0001.vhd", 0, 4)

    def around(self) -> None:
        around, control = self.watched(AzureSurroundings(self.clients)), self.rehearsal.control
        around.account(self.plan, ("sydney-mail",))
        around.account(dataclasses.replace(self.plan, storage_account="elsewhere"), ())
        subscription = f"^/subscriptions/{self.plan.subscription_id}/providers/Microsoft.Authorization/locks"
        no = {"status": 403, "times": 1, "body": {"error": {"code": "AuthorizationFailed", "message": "no"}}}
        control.add_faults({"path_regex": subscription, **no})
        around.account(self.plan, ())
        around.apps(self.plan)
        around.who(self.plan, ("account",), control.now() - timedelta(days=1), control.now())
        checks(self.clients, self.plan)

    def own_disks(self) -> None:
        places = [prepared(self.rehearsal, serial, Share(f"syd-seed/{serial}", IMAGE)) for serial in ("WD-1", "WD-2")]
        said = [(place.name, entry(place)) for place in places]
        disks = tuple(ImportDisk(s, e["manifestFile"], e["manifestHash"], e["bitLockerKey"]) for s, e in said)
        here = {
            name: getattr(self.plan, name)
            for name in ("subscription_id", "resource_group", "location", "storage_account")
        }
        plan, back = dataclasses.replace(OWN_DISKS.plan, **here), ReturnCarrier("DHL", ACCOUNT)
        request = dataclasses.replace(OWN_DISKS, job_name="own1", plan=plan, disks=disks, return_carrier=back)
        self.orders.return_carriers(plan)
        self.orders.create(request)
        self.orders.mark_shipped(plan, "own1", "DHL", "JD1")
        vault = self.watched(KeyVaultSecrets(self.clients, VAULT))
        vault.keep("bitlocker-wd-1", KEPT)
        vault.read("bitlocker-wd-1")

    def cleaned_up(self) -> None:
        left = self.watched(AzureLeftOvers(self.clients))
        left.papers(self.plan, "syd1")
        left.delete_container(self.plan, "sydney-mail")


@pytest.fixture(scope="module")
def tour(running_rehearsal: Rehearsal) -> Iterator[Tour]:
    """The tour, made once."""
    running_rehearsal.control.reset()
    made = Tour(running_rehearsal)
    for part in (made.cancelled, made.landed, made.shared, made.account, made.around, made.own_disks, made.cleaned_up):
        part()
    yield made
    made.clients.close()


def test_the_tour_calls_every_method_of_every_adapter(tour: Tour) -> None:
    """An adapter's new method is called here too, or this fails: nothing goes unwatched."""
    wanted = {
        (kind.__name__, name)
        for kind in ADAPTERS
        for name, member in vars(kind).items()
        if callable(member) and not name.startswith("_")
    }

    assert wanted - tour.called == set()


def test_every_call_on_the_wire_has_its_permission(tour: Tour) -> None:
    """A call that the table does not know would be refused to the hub in production, weeks after the order."""
    assert sorted(call for call in tour.wire.seen if not any(need.covers(*call) for need in NEEDS)) == []


def test_no_permission_is_superfluous(tour: Tour) -> None:
    """Each row of the table was seen on the wire: who loses the hub's credential loses no more than that."""
    unused = [need for need in NEEDS if not any(need.covers(*call) for call in tour.wire.seen)]

    assert [f"{need.method} {need.path}" for need in unused] == []


def test_a_call_without_a_permission_is_found() -> None:
    """The check rings: another method, a longer path and another provider are not covered."""
    job = "/subscriptions/s/resourceGroups/g/providers/Microsoft.DataBox/jobs/j"
    known = [call for call in (("GET", job), ("GET", job.lower())) if any(need.covers(*call) for need in NEEDS)]
    others = [("PATCH", f"{job}/x"), ("POST", f"{job}/mitigate"), ("POST", f"{job}/cancel/x")]

    assert len(known) == 2
    assert [call for call in others if any(need.covers(*call) for need in NEEDS)] == []


def test_an_auditor_only_reads_and_reads_no_data() -> None:
    """Nothing of the auditor's role changes anything, shows a secret, or shows a byte of a backup."""
    assert [action for action in actions(AUDITOR, data=False) if not action.endswith("/read")] == []
    assert actions(AUDITOR, data=True) == ()
    assert set(actions(AUDITOR, data=False)) < set(actions(HUB, data=False))


def test_an_office_has_nothing_but_its_keys() -> None:
    """Nothing at all of Resource Manager; secrets of a Key Vault are data."""
    assert actions(OFFICE, data=False) == ()
    assert {action.rsplit("/", 2)[0] for action in actions(OFFICE, data=True)} == {"Microsoft.KeyVault/vaults/secrets"}


def test_no_role_may_give_rights_take_keys_or_has_a_wildcard() -> None:
    """Least privilege: no roles or locks are written, no account keys listed, no vault changed, nothing is `*`."""
    everything = [(role, action) for role in ROLES for data in (False, True) for action in actions(role, data=data)]
    bad = re.compile(
        r"\*|listKeys|listAccountSas|Microsoft\.Authorization/(?!locks/read)|Vaults/.*(write|delete)", re.I
    )

    assert [pair for pair in everything if bad.search(pair[1])] == []


def lists_of(bicep: str, role: str) -> dict[str, list[str]]:
    """The lists of one role in the Bicep file, read as text."""
    block = bicep.partition(f"'offline-seeding', '{role}')")[2].partition("\nresource ")[0]
    found = re.findall(r"^ +(\w+): \[\n((?: +'[^'\n]+'\n)*) +\]|^ +(\w+): \[\]", block, re.M)
    return {name or empty: re.findall(r"'([^']+)'", inside) for name, inside, empty in found}


@pytest.mark.parametrize("role", ROLES)
def test_the_published_bicep_gives_what_the_table_says(role: str) -> None:
    """Read as text: there is no compiler here. Four lists a role, each entry a quoted string of its own line."""
    lists = lists_of(PUBLISHED.read_text("utf-8"), role)

    assert {name: lists[name] for name in ("actions", "notActions", "dataActions", "notDataActions")} == {
        "actions": list(actions(role, data=False)),
        "notActions": [],
        "dataActions": list(actions(role, data=True)),
        "notDataActions": [],
    }


def test_the_bicep_is_well_formed_as_far_as_text_shows() -> None:
    """Brackets and quotes pair, one resource and one output a role, no symbol twice, nothing Bicep does not have."""
    bicep = PUBLISHED.read_text("utf-8")
    code = [line for line in bicep.splitlines() if not line.startswith("//")]
    bare = re.sub(r"'[^'\n]*'", "", "\n".join(code))

    assert bicep == text()
    assert all(line.count("'") % 2 == 0 for line in code) and '"' not in bare
    assert [bare.count(pair[0]) - bare.count(pair[1]) for pair in ("[]", "{}", "()")] == [0, 0, 0]
    symbols = re.findall(r"^resource (\w+) ", bicep, re.M)
    assert len(symbols) == len(set(symbols)) == len(ROLES)
    assert re.findall(r"^output \w+ string = (\w+)\.id$", bicep, re.M) == symbols


def test_a_need_is_one_line_of_the_table() -> None:
    """No call stands twice, and none is hidden by another row."""
    rows: list[Need] = list(NEEDS)

    assert len({(need.method, need.path) for need in rows}) == len(rows)
