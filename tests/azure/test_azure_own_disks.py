"""Import jobs of the customer's own drives over the real SDK client: what is sent, what is shown, what stays hidden."""

from __future__ import annotations

import dataclasses
import json
import logging

import pytest
import requests
from scripted_azure import ACCOUNT_NUMBER, BITLOCKER_KEY, OWN_DISKS, Answer, clients_of, refusal

from states.codec import to_json
from states.facts import DriveCopy
from tasks.azure.databox import DataBoxOrders
from tasks.azure.seen import job_seen
from tasks.errors import InvalidInput, NotYet, Rejected, SeedingError, Transient
from tasks.ports import ImportDisk, Objection, ReturnCarrier

PLAN = OWN_DISKS.plan
JOB = r"/jobs/syd1\?"
SECRETS = (BITLOCKER_KEY, ACCOUNT_NUMBER)
SENT = {"carrierName": "DHL", "trackingId": "JD1"}


def job(stage="AwaitingShipmentDetails", **details):
    inner = {"jobDetailsType": "DataBoxCustomerDisk", **details}
    body = {"status": stage, "details": inner}
    return {"id": "/x/syd1", "name": "syd1", "sku": {"name": "DataBoxCustomerDisk"}, "properties": body}


def region(azure, *carriers):
    address = {"datacenterAddressType": "DatacenterAddressInstruction", "communicationInstruction": "call"}
    address["supportedCarriersForReturnShipment"] = list(carriers) or None
    azure.on("POST", "regionConfiguration", Answer(200, {"datacenterAddressResponse": address}))


def test_the_import_job_names_every_drive_and_the_way_back(azure):
    """Serial, manifest, hash and key of each drive, the return carrier's account, and a backup of the manifests."""
    azure.on("PUT", JOB, Answer(202))

    DataBoxOrders(clients_of(azure)).create(OWN_DISKS)

    details = json.loads(azure.asked[0].body)["properties"]["details"]
    drive = {"manifestFile": "\\DriveManifest.xml", "manifestHash": "AB" * 16, "bitLockerKey": BITLOCKER_KEY}
    assert details["importDiskDetailsCollection"]["WD-1"] == drive
    assert sorted(details["importDiskDetailsCollection"]) == ["WD-1", "WD-2"]
    assert details["returnToCustomerPackageDetails"] == {"carrierName": "DHL", "carrierAccountNumber": ACCOUNT_NUMBER}
    assert details["enableManifestBackup"] is True and details["shippingAddress"]["country"] == "AU"


WRONG = [
    ({"disks": ()}, "no drive"),
    ({"disks": OWN_DISKS.disks * 6}, "12 drives"),
    ({"disks": OWN_DISKS.disks[:1] * 2}, "named twice"),
    ({"disks": (ImportDisk("WD-9", "\\m.xml", "", ""),)}, "WD-9 has no manifest hash; drive WD-9 has no BitLocker key"),
    ({"return_carrier": None}, "no return carrier"),
    ({"return_carrier": ReturnCarrier("DHL", "")}, "no account number"),
]


@pytest.mark.parametrize(("changed", "told"), WRONG, ids=[told for _, told in WRONG])
def test_an_import_job_that_lacks_something_is_never_sent(azure, changed, told):
    """Everything that is missing is said at once, without the secrets that are there."""
    with pytest.raises(InvalidInput, match=told) as refused:
        DataBoxOrders(clients_of(azure)).create(dataclasses.replace(OWN_DISKS, **changed))

    assert azure.asked == [] and not [secret for secret in SECRETS if secret in str(refused.value)]


@pytest.mark.parametrize("status", [400, 409, 500])
def test_a_refusal_that_repeats_the_secrets_is_not_passed_on(azure, caplog, status):
    """Azure may quote what it was sent; key and account number reach no message, no cause and no log."""
    caplog.set_level(logging.DEBUG)
    azure.on("PUT", JOB, refusal(status, "SsemUserErrorX", f"{BITLOCKER_KEY} and the account {ACCOUNT_NUMBER} are bad"))

    with pytest.raises(SeedingError) as told:
        DataBoxOrders(clients_of(azure)).create(OWN_DISKS)

    shown = repr(told.value) + str(told.value) + repr(OWN_DISKS) + caplog.text
    assert "are bad" in str(told.value) and told.value.__suppress_context__
    assert not [secret for secret in SECRETS if secret in shown]


def test_a_parcel_is_marked_once_and_job_and_group_are_not_mixed_up(azure):
    """One POST to this job in this group; the second call sees the same numbers and sends nothing."""
    azure.on("GET", JOB, Answer(200, job()), Answer(200, job("ShippedToAzureDC", deliverToDcPackageDetails=SENT)))
    azure.on("POST", "/resourceGroups/seeding/.*/jobs/syd1/markDevicesShipped", Answer(204))
    orders = DataBoxOrders(clients_of(azure))

    orders.mark_shipped(PLAN, "syd1", "DHL", " JD1 ")
    orders.mark_shipped(PLAN, "syd1", "DHL", "JD1")

    assert [json.loads(sent.body) for sent in azure.sent("POST")] == [{"deliverToDcPackageDetails": SENT}]


REFUSED = [
    (job("ShippedToAzureDC", deliverToDcPackageDetails={**SENT, "trackingId": "JD2"}), Rejected),
    (job("ShippedToAzureDC", deliverToDcPackageDetails={**SENT, "carrierName": "UPS"}), Rejected),
    (job("Cancelled"), Rejected),
    (job("CompletedWithErrors"), Rejected),
    (job("AtAzureDC"), NotYet),
]


@pytest.mark.parametrize(("body", "kind"), REFUSED)
def test_other_numbers_and_later_stages_are_not_written_over(azure, body, kind):
    """A job that has numbers, is over, or is on its way without showing them, is left alone."""
    azure.on("GET", JOB, Answer(200, body))

    with pytest.raises(kind):
        DataBoxOrders(clients_of(azure)).mark_shipped(PLAN, "syd1", "DHL", "JD1")
    assert azure.sent("POST") == []


def test_a_parcel_without_numbers_is_not_marked(azure):
    """Nothing is asked of Azure either."""
    with pytest.raises(InvalidInput):
        DataBoxOrders(clients_of(azure)).mark_shipped(PLAN, "syd1", "DHL", "  ")
    assert azure.asked == []


@pytest.mark.parametrize("fault", [Answer(503, ""), requests.exceptions.ReadTimeout("gone")])
def test_a_mark_whose_answer_was_lost_is_sent_once(azure, fault):
    """The SDK would send the POST again; we look first, at the next call."""
    azure.on("GET", JOB, Answer(200, job())).on("POST", "markDevicesShipped", fault)

    with pytest.raises(Transient):
        DataBoxOrders(clients_of(azure)).mark_shipped(PLAN, "syd1", "DHL", "JD1")
    assert len(azure.sent("POST")) == 1


def test_the_carriers_for_the_way_back_are_the_regions(azure):
    """Asked for this region and SKU; a region that names none gives none."""
    region(azure, "DHL", "FedEx")
    orders = DataBoxOrders(clients_of(azure))

    assert orders.return_carriers(PLAN) == ("DHL", "FedEx")
    asked = json.loads(azure.asked[0].body)["datacenterAddressRequest"]
    assert asked == {"storageLocation": "australiaeast", "skuName": "DataBoxCustomerDisk"}


@pytest.mark.parametrize("answer", [{}, {"datacenterAddressResponse": None}, {"datacenterAddressResponse": {"x": 1}}])
def test_a_region_that_says_nothing_of_carriers_names_none(azure, answer):
    """Missing, null and strange answers are an empty list, not an error."""
    azure.on("POST", "regionConfiguration", Answer(200, answer))

    assert DataBoxOrders(clients_of(azure)).return_carriers(PLAN) == ()


def validated(azure, request):
    """The objections to *request* from validators that have none of their own."""
    azure.on("POST", "validateAddress", Answer(200, {"properties": {"validationStatus": "Valid"}}))
    azure.on("POST", "validateInputs", Answer(200, {"properties": {"status": "AllValidToProceed"}}))
    offer = {"sku": {"name": "DataBoxCustomerDisk"}, "enabled": True}
    azure.on("POST", "availableSkus", Answer(200, {"value": [offer], "nextLink": None}))
    return DataBoxOrders(clients_of(azure)).objections(request)


@pytest.mark.parametrize(
    ("accepted", "codes"), [(["dhl"], []), ([], []), (["UPS", "FedEx"], ["ReturnCarrierNotSupported"])]
)
def test_a_return_carrier_the_region_does_not_take_is_objected_to(azure, accepted, codes):
    """Found by asking, before the job exists; names are compared without case, and an empty list forbids nothing."""
    region(azure, *accepted)

    assert [objection.code for objection in validated(azure, OWN_DISKS)] == codes


def test_an_import_job_can_be_asked_about_before_its_drives_are_written(azure):
    """Weeks of copying are not spent before the address is known to be wrong; and nothing secret is asked with."""
    region(azure, "UPS")
    early = dataclasses.replace(OWN_DISKS, disks=(), return_carrier=ReturnCarrier("DHL", ""))

    assert [type(one) for one in validated(azure, early)] == [Objection]
    assert not [sent for sent in azure.asked if BITLOCKER_KEY in (sent.body or "")]


def test_every_drive_is_seen_with_its_own_state():
    """Status words as Azure spells them, also new ones; entries without a serial are no drives."""
    progress = [
        {"serialNumber": "WD-1", "copyStatus": "Completed", "bytesProcessed": 7},
        {"serialNumber": "WD-2", "copyStatus": "BrandNewTrouble", "bytesProcessed": None, "error": {"code": "E"}},
        {"serialNumber": None, "copyStatus": "InProgress"},
        None,
    ]
    seen = job_seen(job("DataCopy", copyProgress=progress, deliverToDcPackageDetails=SENT))

    assert seen.drives == (DriveCopy("WD-1", "Completed", 7), DriveCopy("WD-2", "BrandNewTrouble", 0, "E"))
    assert (seen.bytes_copied, seen.error_code, seen.tracking_back, seen.tracking_out) == (7, "E", "JD1", "")


def test_a_secret_in_the_job_is_not_copied(azure):
    """Should Azure ever echo keys and account numbers, a fact does not hold them; the serials need no secret call."""
    disks = {"WD-2": {"bitLockerKey": BITLOCKER_KEY}, "WD-1": None}
    back = {"carrierName": "DHL", "carrierAccountNumber": ACCOUNT_NUMBER, "trackingId": "OUT1"}
    azure.on("GET", JOB, Answer(200, job(importDiskDetailsCollection=disks, returnToCustomerPackageDetails=back)))
    orders = DataBoxOrders(clients_of(azure))
    written = json.dumps(to_json(orders.find(PLAN, "syd1")))

    assert orders.serials(PLAN, "syd1") == ("WD-1", "WD-2") and azure.sent("POST") == []
    assert "OUT1" in written and not [secret for secret in SECRETS if secret in written]
