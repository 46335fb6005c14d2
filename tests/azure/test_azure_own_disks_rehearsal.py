"""The adapters and an import job of own drives against the rehearsal Azure, from the first question to the log."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from own_drives import ACCOUNT, KEY, Share, encrypt, entry, prepared
from scripted_azure import OWN_DISKS
from test_azure_rehearsal import settings_of

from states.facts import DriveCopy
from tasks.azure.account import BlobAccount
from tasks.azure.clients import AzureClients
from tasks.azure.databox import DataBoxOrders
from tasks.errors import AlreadyExists, NotFound, Rejected
from tasks.ports import ImportDisk, ReturnCarrier

JOB = "syd1"
PAGES = bytes(range(256)) * 8


@pytest.fixture
def request_(rehearsal):
    """The import job of two drives that lie prepared on the desk."""
    places = [prepared(rehearsal, serial, Share(f"syd-seed/{serial}", PAGES)) for serial in ("WD-1", "WD-2")]
    here = {
        name: rehearsal.known[name] for name in ("subscription_id", "resource_group", "location", "storage_account")
    }
    said = [(place.name, entry(place)) for place in places]
    disks = tuple(ImportDisk(s, e["manifestFile"], e["manifestHash"], e["bitLockerKey"]) for s, e in said)
    plan = dataclasses.replace(OWN_DISKS.plan, **here)
    return dataclasses.replace(OWN_DISKS, plan=plan, disks=disks, return_carrier=ReturnCarrier("DHL", ACCOUNT))


@pytest.fixture
def clients(rehearsal):
    made = AzureClients(settings_of(rehearsal.known))
    yield made
    made.close()


def test_an_import_job_from_first_question_to_the_log(rehearsal, clients, request_):
    """Every method of the port that own drives need; the fact holds each drive, and no secret."""
    orders, plan = DataBoxOrders(clients), request_.plan
    assert orders.objections(request_) == () and orders.return_carriers(plan) == ("DHL", "FedEx", "UPS")
    orders.create(request_)
    with pytest.raises(AlreadyExists):
        orders.create(request_)
    assert orders.serials(plan, JOB) == ("WD-1", "WD-2") and orders.tags(plan, JOB) == request_.tags
    orders.mark_shipped(plan, JOB, "DHL", "JD1")
    orders.mark_shipped(plan, JOB, "DHL", "JD1")
    with pytest.raises(Rejected):
        orders.mark_shipped(plan, JOB, "DHL", "JD2")
    shipped = orders.find(plan, JOB)
    assert (shipped.stage, shipped.tracking_back, shipped.drives) == ("ShippedToAzureDC", "JD1", ())
    rehearsal.control.jump_until(f"{JOB}: Completed")
    done = orders.find(plan, JOB)

    assert done.drives == tuple(DriveCopy(serial, "Completed", len(PAGES)) for serial in ("WD-1", "WD-2"))
    assert done.tracking_out.startswith("BACK") and KEY not in repr(done) and ACCOUNT not in repr(done)
    assert rehearsal.control.stats()["shipment_marks"] == {JOB: 1}
    account = BlobAccount(clients, plan.storage_account)
    assert [seen.kind for seen in account.blobs(["syd-seed"])] == ["page", "page"]
    assert len(account.logs(JOB, "copy")) == len(account.logs(JOB, "verbose")) == 2


def test_a_wrong_key_is_seen_on_its_drive_alone(rehearsal, clients, request_):
    """The other drive is copied; the reason is in the job's error code."""
    encrypt(Path(rehearsal.known["drives"]) / "WD-2", "-".join(["000000"] * 8))
    orders = DataBoxOrders(clients)
    orders.create(request_)
    orders.mark_shipped(request_.plan, JOB, "DHL", "JD1")
    rehearsal.control.jump_until(f"{JOB}: PreparingToShip")
    seen = orders.find(request_.plan, JOB)

    assert seen.drives == (
        DriveCopy("WD-1", "Completed", len(PAGES)),
        DriveCopy("WD-2", "OtherUserError", 0, "BitLockerKeyInvalid"),
    )
    assert seen.error_code == "BitLockerKeyInvalid" and seen.status_of("DataCopy") == "SucceededWithErrors"


def test_a_job_that_azure_deleted_cannot_be_marked_as_shipped(rehearsal, clients, request_):
    """Fourteen days without numbers; the drives would arrive for no job."""
    orders = DataBoxOrders(clients)
    orders.create(request_)
    rehearsal.control.jump_until("no tracking number came")

    assert orders.find(request_.plan, JOB) is None
    with pytest.raises(NotFound):
        orders.mark_shipped(request_.plan, JOB, "DHL", "JD1")


def test_a_carrier_the_region_does_not_take_is_objected_to_and_refused(rehearsal, clients, request_):
    """Found by asking; who orders anyway is told by Azure, without the account number."""
    wrong = dataclasses.replace(request_, return_carrier=ReturnCarrier("Oxcart", ACCOUNT))
    orders = DataBoxOrders(clients)

    assert [one.code for one in orders.objections(wrong)] == ["ReturnCarrierNotSupported"]
    with pytest.raises(Rejected) as told:
        orders.create(wrong)
    assert ACCOUNT not in str(told.value)
