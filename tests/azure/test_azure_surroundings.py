"""What the freeze watch reads and the clean-up deletes, with the real clients against the rehearsal on the wire."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from rehearsal_host import Rehearsal
from scripted_azure import PLAN

from states.freeze import AccountSeen
from states.plan import Plan
from tasks.azure.clients import AzureClients, AzureSettings
from tasks.azure.left_overs import AzureLeftOvers
from tasks.azure.surroundings import AzureSurroundings
from tasks.errors import NotAllowed, Rejected

ANN = "ann@example.com"
MINE, THEIRS = "sydney-mail", "holiday-photos"
FORBIDDEN = {"status": 403, "times": 99, "body": {"error": {"code": "AuthorizationFailed", "message": "no"}}}


@pytest.fixture(scope="module")
def clients(running_rehearsal: Rehearsal) -> Iterator[AzureClients]:
    """The product's own clients, signed in at the rehearsal."""
    known = running_rehearsal.known
    made = AzureClients(
        AzureSettings(
            credential="client-secret", tenant_id=known["tenant_id"], client_id=known["client_id"],
            client_secret=lambda: known["client_secret"], authority=known["authority"], instance_discovery=False,
            arm_url=known["arm"], graph_url=known["graph"], blob_url=known["blob"], ca_file=known["ca"], retry_total=0,
        )
    )  # fmt: skip
    yield made
    made.close()


@pytest.fixture
def plan(rehearsal: Rehearsal) -> Plan:
    """A plan whose seed is block blobs, for the rehearsal's account."""
    here = {name: rehearsal.known[name] for name in ("subscription_id", "resource_group", "vault", "storage_account")}
    return replace(PLAN, agent="files", **here)


@pytest.fixture
def around(clients: AzureClients) -> AzureSurroundings:
    """The adapter."""
    return AzureSurroundings(clients)


def seen(around: AzureSurroundings, plan: Plan) -> AccountSeen:
    """Return one look."""
    return around.account(plan, (MINE,))


def test_an_account_that_is_as_it_should_be_shows_no_trouble(around: AzureSurroundings, plan: Plan) -> None:
    """Nothing is read into an ordinary account."""
    found = seen(around, plan)

    assert replace(found, keys_made=()) == AccountSeen(group=plan.resource_group)
    assert len(found.keys_made) == 2


@pytest.mark.parametrize("row, expected", [
    ({"world": "firewall", "action": "Deny", "bypass": "None"}, {"default_action": "Deny", "bypass": "None"}),
    ({"world": "firewall", "public": "SecuredByPerimeter"}, {"public_access": "SecuredByPerimeter"}),
    ({"world": "lock", "level": "ReadOnly"}, {"locks": ("ReadOnly keep",)}),
    ({"world": "key-policy", "days": 90}, {"key_days": 90}),
    ({"world": "lifecycle-rule", "name": "tidy"}, {"rules": ("tidy",)}),
    ({"world": "lifecycle-rule", "name": "tidy", "prefixes": ["sydney"]}, {"rules": ("tidy",)}),
    ({"world": "lifecycle-rule", "name": "tidy", "prefixes": ["holiday-photos/2019"]}, {"rules": ()}),
    ({"world": "lifecycle-rule", "name": "tidy", "blobs": "appendBlob"}, {"rules": ()}),
    ({"world": "account-moved", "group": "elsewhere"}, {"group": "elsewhere"}),
    ({"world": "account-deleted"}, {"group": ""}),
])  # fmt: skip
def test_every_change_of_the_account_is_seen(
    around: AzureSurroundings, plan: Plan, rehearsal: Rehearsal, row: dict, expected: dict
) -> None:
    """Firewall, locks, rules, moves: as Azure spells them, and only what concerns the seed."""
    rehearsal.control.add_faults(row)

    found = seen(around, plan)

    assert {name: getattr(found, name) for name in expected} == expected and found.unread == ()


def test_an_immutable_container_is_seen_when_it_is_the_seeds(
    around: AzureSurroundings, plan: Plan, rehearsal: Rehearsal
) -> None:
    """Somebody else's immutable container is nobody's trouble."""
    for name in (MINE, THEIRS):
        put(rehearsal, name)
        rehearsal.control.add_faults({"world": "container-immutable", "container": name})

    assert seen(around, plan).immutable == (MINE,)


@pytest.mark.parametrize("path, gap", [
    ("Microsoft.Authorization/locks", "locks"),
    ("managementPolicies", "lifecycle rules"),
    ("blobServices/default/containers", "immutability"),
])  # fmt: skip
def test_what_may_not_be_read_is_a_gap_and_no_error(
    around: AzureSurroundings, plan: Plan, rehearsal: Rehearsal, path: str, gap: str
) -> None:
    """A reader without that role still watches the rest."""
    rehearsal.control.add_faults({**FORBIDDEN, "method": "GET", "path_regex": path})

    assert seen(around, plan).unread == (gap,)


def test_a_change_is_attributed_to_whom_the_activity_log_names(
    around: AzureSurroundings, plan: Plan, rehearsal: Rehearsal
) -> None:
    """Each aspect to its own operations; without the right to read the log, to nobody."""
    start = rehearsal.control.now()
    rehearsal.control.add_faults(
        {"world": "keys-rotated", "by": ANN}, {"world": "lock", "level": "ReadOnly", "by": "bob"}
    )
    changed, until = ("key 1", "locks", "network rules"), start + timedelta(days=1)

    who = around.who(plan, changed, start - timedelta(hours=1), until)
    early = around.who(plan, changed, start - timedelta(hours=2), start - timedelta(hours=1))
    rehearsal.control.add_faults({**FORBIDDEN, "path_regex": "Microsoft.Insights"})

    assert {what: by for what, (by, _) in who.items()} == {"key 1": ANN, "locks": "bob"}
    assert who["key 1"][1] == start and early == {}
    assert around.who(plan, changed, start, until) == {}


def test_the_agents_app_registrations_are_seen_with_the_end_of_their_certificates(
    around: AzureSurroundings, plan: Plan, rehearsal: Rehearsal
) -> None:
    """And where the directory may not be read, that is known."""
    now = rehearsal.control.now()
    rehearsal.control.add_faults({"world": "certificates-end", "days": 5})
    (app,) = around.apps(plan) or ()
    rehearsal.control.add_faults({"world": "apps-deleted"})
    none_left = around.apps(plan)
    rehearsal.control.add_faults({**FORBIDDEN, "path_regex": "/v1.0/applications"})

    assert app.name.startswith("AzureOfflineBackup_") and app.ends == now + timedelta(days=5)
    assert none_left == () and around.apps(plan) is None


def test_a_container_goes_once_and_a_second_time_is_no_error(
    clients: AzureClients, plan: Plan, rehearsal: Rehearsal
) -> None:
    """After a crash the same deletion may be asked for again."""
    put(rehearsal, MINE)
    put(rehearsal, THEIRS)
    left_overs = AzureLeftOvers(clients)

    left_overs.delete_container(plan, MINE)
    left_overs.delete_container(plan, MINE)

    assert rehearsal.control.stats()["container_deletes"] == {MINE: 1}
    assert [c.name for c in rehearsal.blobs.list_containers()] == [THEIRS]


@pytest.mark.parametrize("row, error, word", [
    ({"world": "lock", "level": "CanNotDelete"}, Rejected, "ScopeLocked"),
    ({"world": "container-immutable", "container": MINE}, Rejected, "immutability"),
    ({**FORBIDDEN, "method": "DELETE", "path_regex": "/containers/"}, NotAllowed, "AuthorizationFailed"),
])  # fmt: skip
def test_a_lock_a_policy_or_a_missing_role_keeps_the_container_and_says_so(
    clients: AzureClients, plan: Plan, rehearsal: Rehearsal, row: dict, error: type, word: str
) -> None:
    """The reason goes to a person; nothing is forced."""
    put(rehearsal, MINE)
    rehearsal.control.add_faults(row)

    with pytest.raises(error, match=word):
        AzureLeftOvers(clients).delete_container(plan, MINE)
    assert rehearsal.control.stats()["container_deletes"] == {}


def test_the_papers_of_an_order_are_fetched_whole_once_azure_has_filed_them(
    clients: AzureClients, plan: Plan, rehearsal: Rehearsal
) -> None:
    """Bytes, not links: a link expires. Before the erasure there are none, and after a deletion neither."""
    left_overs = AzureLeftOvers(clients)
    rehearsal.delivered("syd1")
    early = left_overs.papers(plan, "syd1")
    rehearsal.sent("syd1")
    rehearsal.ingested("syd1")
    rehearsal.control.jump_until("devices erased")
    filed = left_overs.papers(plan, "syd1")

    assert [paper.content for paper in early] == [None, None]
    assert [paper.name for paper in filed] == ["syd1-erasure-certificate.txt", "syd1-chain-of-custody.txt"]
    assert b"NIST SP 800-88" in (filed[0].content or b"") and b"Completed" in (filed[1].content or b"")
    assert all(paper.content is None for paper in left_overs.papers(plan, "gone"))


def put(rehearsal: Rehearsal, container: str) -> None:
    """Put a blob into a new container of that name."""
    client = rehearsal.blobs.get_container_client(container)
    client.create_container()
    client.upload_blob("a", b"x")
