"""The adapters against the rehearsal Azure: real TLS, real sign-in, real storage, a real copy."""

from __future__ import annotations

import dataclasses
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from scripted_azure import PLAN, REQUEST

from states.plan import Item
from tasks.azure.account import BlobAccount
from tasks.azure.clients import AzureClients, AzureSettings
from tasks.azure.databox import DataBoxOrders
from tasks.azure.doctor import checks
from tasks.azure.vault import RecoveryServicesVault
from tasks.errors import AlreadyExists, NotAllowed, NotFound, NotYet, Rejected, Transient

JOB = "syd1"
IMAGE = bytes(range(256)) * 8  # 2,048 bytes: four pages


def settings_of(world, **changed):
    known = {
        "credential": "client-secret",
        "tenant_id": world["tenant_id"],
        "client_id": world["client_id"],
        "client_secret": lambda: world["client_secret"],
        "authority": world["authority"],
        "instance_discovery": False,
        "arm_url": world["arm"],
        "blob_url": world["blob"],
        "ca_file": world["ca"],
        "retry_total": 0,
    }
    return AzureSettings(**{**known, **changed})


@pytest.fixture(scope="module")
def world(running_rehearsal):
    """Where the rehearsal is and who we are there."""
    return running_rehearsal.known


@pytest.fixture(scope="module")
def shared_clients(world):
    clients = AzureClients(settings_of(world))
    yield clients
    clients.close()


@pytest.fixture
def control(running_rehearsal):
    """The world's own door; each test finds its first day, and lists with two entries a page."""
    running_rehearsal.control.reset(page_size=2)
    return running_rehearsal.control


@pytest.fixture
def plan(world):
    here = {name: world[name] for name in ("subscription_id", "resource_group", "location", "vault", "storage_account")}
    return dataclasses.replace(PLAN, country="NL", server="SYDNEY-BACKUP", items=(Item("mail", 4096),), **here)


@pytest.fixture
def request_(plan):
    address = dataclasses.replace(REQUEST.address, country="NL", city="Utrecht", postal_code="3511 AB", state="")
    return dataclasses.replace(REQUEST, plan=plan, address=address)


@pytest.fixture
def orders(shared_clients, control):
    return DataBoxOrders(shared_clients)


def until(control, orders, plan, stage):
    """Let time pass until the order is at *stage*; return it as seen then."""
    for _ in range(200):
        seen = orders.find(plan, JOB)
        if seen.stage == stage:
            return seen
        control.jump_to_next()
    raise AssertionError(f"the order never came to {stage}")


def write_seed(world, serial):
    """Put one image on the delivered device, as a backup agent would."""
    page_folder = Path(world["devices"]) / serial / "PageBlob" / "sydney-mail"
    page_folder.mkdir()
    (page_folder / "seed-0001.vhd").write_bytes(IMAGE)
    return [{"container": "sydney-mail", "blob": "seed-0001.vhd", "bytes": len(IMAGE)}]


def test_an_order_from_first_question_to_deleted_record(world, control, orders, plan, request_, shared_clients):
    """The whole life of one order, through every method of the port, and its bytes in the account at the end."""
    assert orders.objections(request_) == () and orders.find(plan, JOB) is None
    orders.create(request_)
    seen = orders.find(plan, JOB)
    assert (seen.job_name, seen.sku, seen.stage, seen.cancellable) == (JOB, "DataBoxDisk", "DeviceOrdered", True)
    assert orders.tags(plan, JOB) == request_.tags
    with pytest.raises(AlreadyExists):
        orders.create(request_)
    with pytest.raises(NotYet):
        orders.serials(plan, JOB)
    with pytest.raises(Rejected):
        orders.delete(plan, JOB)

    until(control, orders, plan, "Delivered")
    (serial, *_) = orders.serials(plan, JOB)
    assert (Path(world["devices"]) / serial).is_dir()
    write_seed(world, serial)
    now = control.now()
    booked = orders.book_pickup(plan, JOB, now + timedelta(hours=2), now + timedelta(hours=8), "front desk")
    assert booked.confirmation and booked.ready_by.tzinfo is not None
    with pytest.raises(Rejected):
        orders.cancel(plan, JOB, "too late")
    handed = control.hand_over(JOB)

    done = until(control, orders, plan, "Completed")
    assert done.tracking_back == handed["tracking"] and done.bytes_copied >= len(IMAGE) and done.deletable
    assert [s.name for s in done.stages][-1] == "Completed" and all(s.at for s in done.stages)
    account = BlobAccount(shared_clients, plan.storage_account)
    assert "sydney-mail" in account.containers()
    (image,) = account.blobs(["sydney-mail", "no-such-container"])
    assert (image.name, image.bytes, image.kind) == ("seed-0001.vhd", len(IMAGE), "page")
    assert account.read("sydney-mail", "seed-0001.vhd", 255, 2) == b"\xff\x00"
    assert account.read("sydney-mail", "seed-0001.vhd", 4096, 2) == b""
    assert all(b"Succeeded" in log for log in account.logs(JOB, "copy"))
    assert len(account.logs(JOB, "copy")) >= 1 and any(b"seed-0001" in log for log in account.logs(JOB, "verbose"))

    orders.delete(plan, JOB)
    orders.delete(plan, JOB)
    assert orders.find(plan, JOB) is None
    assert control.stats()["orders"] == {JOB: 1} and control.stats()["pickups"] == {JOB: 1}


def test_a_cancelled_order_is_cancelled_once(control, orders, plan, request_):
    """Cancelling again changes nothing."""
    orders.create(request_)

    orders.cancel(plan, JOB, "no longer needed")
    orders.cancel(plan, JOB, "no longer needed")

    assert orders.find(plan, JOB).stage == "Cancelled" and control.stats()["cancels"] == {JOB: 1}


def test_an_order_whose_answer_was_lost_is_found_and_not_made_twice(control, orders, plan, request_):
    """The connection breaks after Azure accepted: we are told to look, and the order is there, once."""
    control.add_faults({"method": "PUT", "path_regex": "/jobs/", "times": 1, "drop": "after-effect"})

    with pytest.raises(Transient):
        orders.create(request_)

    assert orders.find(plan, JOB) is not None and control.stats()["orders"] == {JOB: 1}


@pytest.mark.parametrize("fault", [{"drop": "after-effect"}, {"status": 503}])
def test_a_pickup_is_never_booked_twice_by_the_sdk(world, control, plan, request_, fault):
    """With the SDK's own retries switched on, a POST whose answer is lost still is one POST."""
    orders = DataBoxOrders(AzureClients(settings_of(world, retry_total=3)))
    orders.create(request_)
    until(control, orders, plan, "Delivered")
    control.add_faults({"method": "POST", "path_regex": "bookShipmentPickUp", "times": 1, **fault})
    now = control.now()

    with pytest.raises(Transient):
        orders.book_pickup(plan, JOB, now, now + timedelta(hours=8), "front desk")

    assert control.stats()["pickups"].get(JOB, 0) == (1 if "drop" in fault else 0)


def test_a_stage_nobody_knows_is_kept_as_it_is(control, orders, plan, request_):
    """Azure may invent stages; ours must not fall over them."""
    orders.create(request_)
    control.add_faults({"world": "unknown-stage", "job": JOB, "stage": "HeldAtCustoms"})

    assert orders.find(plan, JOB).stage == "HeldAtCustoms"


def test_a_lost_device_and_a_delay_are_seen(control, orders, plan, request_):
    """What the fault catalogue needs to know arrives in the facts."""
    orders.create(request_)
    control.add_faults({"world": "delay", "job": JOB, "days": 3, "code": "HighDemandDelay"})
    control.add_faults({"world": "device-lost", "job": JOB})

    seen = orders.find(plan, JOB)

    assert seen.all_devices_lost and "HighDemandDelay" in seen.delays


def test_too_many_orders_are_objected_to_before_they_are_placed(control, orders, plan, request_):
    """The limit of active orders is found by asking, not by ordering."""
    for number in range(5):
        orders.create(dataclasses.replace(request_, job_name=f"other{number}"))

    assert orders.objections(request_) != ()


@pytest.mark.parametrize(
    "wrong", [{"resource_group": "mistyped"}, {"subscription_id": "1" * 8 + "-1111" * 3 + "-" + "1" * 12}]
)
def test_a_mistyped_place_is_not_an_empty_place(orders, plan, wrong):
    """Asking in the wrong group or subscription fails, rather than saying that there is no order."""
    with pytest.raises(NotFound):
        orders.find(dataclasses.replace(plan, **wrong), JOB)


def test_the_doctor_finds_nothing_to_mend(control, shared_clients, plan):
    """A rehearsal is ready for its plan: credential, providers, vault, account and access."""
    assert [finding for finding in checks(shared_clients, plan) if finding.severity != "ok"] == []


def test_the_doctor_names_a_wrong_secret(world, plan, control):
    """A secret that the login refuses is the only finding."""
    clients = AzureClients(settings_of(world, client_secret=lambda: "wrong-secret"))

    (only,) = checks(clients, plan)

    assert (only.check, only.severity) == ("credential", "blocks") and "wrong-secret" not in str(only)


def test_a_certificate_nobody_vouches_for_is_not_trusted(world, plan, control):
    """Without the rehearsal's CA nothing is signed in to, and nothing is sent."""
    orders = DataBoxOrders(AzureClients(settings_of(world, ca_file=None)))

    with pytest.raises((Transient, NotAllowed)):
        orders.find(plan, JOB)


@pytest.mark.parametrize(("agent", "engine"), [("dpm", "dpm"), ("dpm", "mabs"), ("mars", "dpm")])
def test_the_vault_shows_the_seed_after_the_agent_has_moved_it(
    world, control, orders, plan, request_, shared_clients, agent, engine
):
    """Before: waiting and without a point. After ingestion and the agent's next backup: protected, with a point."""
    plan = dataclasses.replace(plan, agent=agent)
    vault = RecoveryServicesVault(shared_clients)
    assert vault.seen(plan).items == ()
    orders.create(request_)
    until(control, orders, plan, "Delivered")
    (serial, *_) = orders.serials(plan, JOB)
    item = {"name": "mail", "bytes": len(IMAGE), "daily_change_bytes": 512}
    wizard = {"kind": agent, "engine": engine, "order": JOB, "server": plan.server, "items": [item]}
    control.post("offices/sydney/configure", wizard)
    control.post("offices/sydney/seeded", {"items": [{"name": "mail", "images": write_seed(world, serial)}]})
    (waiting,) = vault.seen(plan).items
    assert (waiting.points, waiting.latest, waiting.protected) == (0, None, False)
    control.hand_over(JOB)
    landed: datetime = until(control, orders, plan, "Completed").stages[-1].at

    control.jump_until("online backup completed, Job Completed")

    seen = vault.seen(plan)
    (item_seen,) = seen.items
    assert seen.server and seen.server.registered and bool(seen.server.policy) == (agent == "mars")
    assert seen.last_job and seen.last_job.status == "Completed" and item_seen.counted == 1
    assert (item_seen.name, item_seen.points, item_seen.protected) == ("mail", 1, True)
    assert item_seen.latest >= landed
    for _ in range(3):
        control.jump_until("online backup completed")
    assert vault.seen(plan).items[0].points == 4  # pages of two: the list is read to its end
