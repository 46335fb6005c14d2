"""DataBoxOrders over the real SDK client, with answers scripted on the wire."""

from __future__ import annotations

import dataclasses
import json
from datetime import UTC, datetime

import pytest
import requests
from scripted_azure import OWN_DISKS, PLAN, REQUEST, Answer, clients_of, refusal

from states.facts import PickupBooked
from tasks.azure.databox import DataBoxOrders
from tasks.azure.details import DETAILS
from tasks.errors import AlreadyExists, InvalidInput, NotFound, NotYet, Rejected, Transient

JOB = r"/jobs/syd1\?"
NINE, FIVE = datetime(2026, 11, 2, 9, tzinfo=UTC), datetime(2026, 11, 2, 17, tzinfo=UTC)


def job(stage="Delivered", details=None, **properties):
    body = {"status": stage, "details": {"jobDetailsType": "DataBoxDisk", **(details or {})}, **properties}
    return Answer(200, {"id": "/x/syd1", "name": "syd1", "sku": {"name": "DataBoxDisk"}, "properties": body})


def test_an_order_is_put_once_and_nobody_waits_for_it(azure):
    """Ordering sends one PUT with the whole order and returns at the 202, without polling."""
    azure.on("PUT", JOB, Answer(202, "", {"Location": "https://management.azure.com/op/1", "Retry-After": "10"}))

    DataBoxOrders(clients_of(azure)).create(REQUEST)

    (put,) = azure.asked
    body = json.loads(put.body)
    assert body["tags"] == {"run": "r1", "key": "order-1"}
    assert body["sku"] == {"name": "DataBoxDisk"} and body["location"] == "australiaeast"
    details = body["properties"]["details"]
    assert details["jobDetailsType"] == "DataBoxDisk" and details["expectedDataSizeInTeraBytes"] == 7
    account = details["dataImportDetails"][0]["accountDetails"]["storageAccountId"]
    assert account.endswith("/resourceGroups/seeding/providers/Microsoft.Storage/storageAccounts/sydseed")
    assert details["shippingAddress"]["country"] == "AU"


def test_a_storage_account_in_another_group_is_named_by_its_id(azure):
    """A plan that holds a resource id orders into exactly that account."""
    azure.on("PUT", JOB, Answer(202))
    elsewhere = "/subscriptions/s/resourceGroups/other/providers/Microsoft.Storage/storageAccounts/shared"
    plan = dataclasses.replace(PLAN, storage_account=elsewhere)

    DataBoxOrders(clients_of(azure)).create(dataclasses.replace(REQUEST, plan=plan))

    assert elsewhere in azure.asked[0].body


@pytest.mark.parametrize("sku", sorted(DETAILS))
def test_every_sku_of_the_table_can_be_ordered(azure, sku):
    """Each builder names its own kind of details, which Azure compares with the SKU."""
    azure.on("PUT", JOB, Answer(202))

    DataBoxOrders(clients_of(azure)).create(dataclasses.replace(OWN_DISKS, plan=dataclasses.replace(PLAN, sku=sku)))

    assert json.loads(azure.asked[0].body)["properties"]["details"]["jobDetailsType"] == sku


def test_an_unknown_sku_is_refused_before_anything_is_sent(azure):
    """What this version cannot order never reaches Azure."""
    request = dataclasses.replace(REQUEST, plan=dataclasses.replace(PLAN, sku="DataBoxHeavy"))

    with pytest.raises(InvalidInput, match="DataBoxHeavy"):
        DataBoxOrders(clients_of(azure)).create(request)
    assert azure.asked == []


def test_a_name_that_is_taken_is_told_apart(azure):
    """Azure says 400, not 409, when an order of that name exists."""
    azure.on("PUT", JOB, refusal(400, "SsemUserErrorJobAlreadyExists"))

    with pytest.raises(AlreadyExists):
        DataBoxOrders(clients_of(azure)).create(REQUEST)


@pytest.mark.parametrize(
    "fault",
    [
        Answer(503, {"error": {"code": "ServerBusy", "message": "busy"}}),
        Answer(429, "slow down", {"Retry-After": "1"}),
        requests.exceptions.ReadTimeout("the order may stand"),
        requests.exceptions.ConnectionError("gone"),
    ],
)
def test_effects_are_sent_once_whatever_goes_wrong(azure, fault):
    """An order, a pick-up and a cancellation are never sent again by the SDK; the caller looks first."""
    azure.on("GET", JOB, job(isCancellable=True))
    azure.on("PUT", JOB, fault).on("POST", "bookShipmentPickUp", fault).on("POST", "cancel", fault)
    orders = DataBoxOrders(clients_of(azure))

    for effect in (
        lambda: orders.create(REQUEST),
        lambda: orders.book_pickup(PLAN, "syd1", NINE, FIVE, "front desk"),
        lambda: orders.cancel(PLAN, "syd1", "changed our mind"),
    ):
        with pytest.raises(Transient):
            effect()
    assert [len(azure.sent("PUT")), len(azure.sent("POST", "book")), len(azure.sent("POST", "cancel"))] == [1, 1, 1]


def test_looking_is_tried_again(azure):
    """A GET that was throttled for a moment is repeated by the SDK, after the pause Azure asked for."""
    azure.on("GET", JOB, Answer(429, "", {"Retry-After": "2"}), job("Dispatched"))

    seen = DataBoxOrders(clients_of(azure)).find(PLAN, "syd1")

    assert seen.stage == "Dispatched" and azure.slept == [2.0]
    assert "expand=details" in azure.asked[0].url


def test_a_long_pause_is_handed_back_instead_of_slept(azure):
    """A pass must end in seconds, so ten minutes of Retry-After become a Transient that says ten minutes."""
    azure.on("GET", JOB, Answer(429, "", {"Retry-After": "600"}))

    with pytest.raises(Transient) as told:
        DataBoxOrders(clients_of(azure)).find(PLAN, "syd1")
    assert told.value.after_seconds == 600 and azure.slept == [] and len(azure.asked) == 1


@pytest.mark.parametrize("code", ["ResourceNotFound", "SsemUserErrorEntityNotFound"])
def test_a_missing_order_is_none(azure, code):
    """Both of Azure's 404s, the gateway's and the provider's, mean that there is no such order."""
    azure.on("GET", JOB, refusal(404, code))

    assert DataBoxOrders(clients_of(azure)).find(PLAN, "syd1") is None


@pytest.mark.parametrize("answer", [refusal(404, "ResourceGroupNotFound"), Answer(404, "<html>proxy</html>")])
def test_a_missing_group_is_not_a_missing_order(azure, answer):
    """Nothing may be ordered again because somebody mistyped the resource group, or a proxy answered."""
    azure.on("GET", JOB, answer)

    with pytest.raises(NotFound):
        DataBoxOrders(clients_of(azure)).find(PLAN, "syd1")


def test_tags_come_back_as_text(azure):
    """The order's tags, by which a run knows its own."""
    answer = job()
    azure.on("GET", JOB, Answer(200, {**answer.body, "tags": {"run": "r1", "odd": None}}))

    assert DataBoxOrders(clients_of(azure)).tags(PLAN, "syd1") == {"run": "r1", "odd": ""}


def test_tags_of_no_order_are_not_found(azure):
    """Asking for the tags of an order that is not there says so."""
    azure.on("GET", JOB, refusal(404, "ResourceNotFound"))

    with pytest.raises(NotFound, match="syd1"):
        DataBoxOrders(clients_of(azure)).tags(PLAN, "syd1")


def test_disks_named_by_the_job_need_no_secret(azure):
    """Where the job lists its disks, listCredentials (which Azure audits) is not called."""
    azure.on("GET", JOB, job(details={"disksAndSizeDetails": {"B2": 8, "A1": 8}}))

    assert DataBoxOrders(clients_of(azure)).serials(PLAN, "syd1") == ("A1", "B2")
    assert azure.sent("POST") == []


@pytest.mark.parametrize(
    ("secrets", "serials"),
    [
        (
            {
                "jobSecretsType": "DataBoxDisk",
                "passKey": "pk-secret",
                "diskSecrets": [{"diskSerialNumber": "A1", "bitLockerKey": "bk-secret"}, None],
            },
            ("A1",),
        ),
        (
            {
                "jobSecretsType": "DataBox",
                "podSecrets": [{"deviceSerialNumber": "POD7", "devicePassword": "pw-secret"}],
            },
            ("POD7",),
        ),
    ],
)
def test_serials_are_taken_out_of_the_secrets_and_the_rest_is_dropped(azure, secrets, serials):
    """Of a listCredentials answer only the serial numbers leave the adapter."""
    azure.on("GET", JOB, job(details={"disksAndSizeDetails": None}))
    azure.on("POST", "listCredentials", Answer(200, {"value": [{"jobName": "syd1", "jobSecrets": secrets}]}))

    assert DataBoxOrders(clients_of(azure)).serials(PLAN, "syd1") == serials


@pytest.mark.parametrize("answer", [refusal(400, "SsemUserErrorSecretsNotGenerated"), Answer(200, {"value": []})])
def test_secrets_that_do_not_exist_yet_mean_later(azure, answer):
    """Before the device is prepared there is no serial; that is no failure."""
    azure.on("GET", JOB, job("DeviceOrdered")).on("POST", "listCredentials", answer)

    with pytest.raises(NotYet):
        DataBoxOrders(clients_of(azure)).serials(PLAN, "syd1")


def test_a_pickup_is_booked(azure):
    """The carrier's confirmation comes back with an aware time."""
    azure.on("GET", JOB, job())
    answer = {"confirmationNumber": "C9", "readyByTime": "2026-11-02T09:30:00.1234567+00:00"}
    azure.on("POST", "bookShipmentPickUp", Answer(200, answer))

    booked = DataBoxOrders(clients_of(azure)).book_pickup(PLAN, "syd1", NINE, FIVE, "front desk")

    assert booked == PickupBooked("C9", datetime(2026, 11, 2, 9, 30, 0, 123456, tzinfo=UTC))
    sent = json.loads(azure.sent("POST")[0].body)
    assert sent == {
        "startTime": "2026-11-02T09:00:00Z",
        "endTime": "2026-11-02T17:00:00Z",
        "shipmentLocation": "front desk",
    }


def test_no_pickup_before_delivery_or_after_it(azure):
    """State is read first: nothing is booked for a box that is not there or is gone."""
    gone = job("PickedUp", details={"jobStages": [{"stageName": "PickedUp", "stageStatus": "Succeeded"}]})
    azure.on("GET", JOB, job("Dispatched"), gone)
    orders = DataBoxOrders(clients_of(azure))

    for refused in (NotYet, Rejected):
        with pytest.raises(refused):
            orders.book_pickup(PLAN, "syd1", NINE, FIVE, "front desk")
    assert azure.sent("POST") == []


def test_cancelling_twice_sends_one_post(azure):
    """An order that is cancelled already is left alone."""
    azure.on("GET", JOB, job("DeviceOrdered", isCancellable=True), job("Cancelled", isCancellable=False))
    azure.on("POST", "cancel", Answer(204))
    orders = DataBoxOrders(clients_of(azure))

    orders.cancel(PLAN, "syd1", "no longer needed")
    orders.cancel(PLAN, "syd1", "no longer needed")

    assert [json.loads(a.body) for a in azure.sent("POST")] == [{"reason": "no longer needed"}]


def test_too_late_to_cancel_is_azures_word(azure):
    """The flag isCancellable decides, not a table of ours."""
    azure.on("GET", JOB, job("DevicePrepared", isCancellable=False))

    with pytest.raises(Rejected, match="DevicePrepared"):
        DataBoxOrders(clients_of(azure)).cancel(PLAN, "syd1", "why not")
    assert azure.sent("POST") == []


def test_deleting_is_safe_to_repeat_and_refused_too_early(azure):
    """A finished record goes, a missing one is fine, an open order stays."""
    azure.on("GET", JOB, job("Completed", isDeletable=True), refusal(404, "ResourceNotFound"), job(isDeletable=False))
    azure.on("DELETE", JOB, Answer(202, "", {"Location": "https://management.azure.com/op/1"}))
    orders = DataBoxOrders(clients_of(azure))

    orders.delete(PLAN, "syd1")
    orders.delete(PLAN, "syd1")
    with pytest.raises(Rejected):
        orders.delete(PLAN, "syd1")
    assert len(azure.sent("DELETE")) == 1


def validators(azure, address=None, inputs=None, skus=None):
    azure.on("POST", "validateAddress", Answer(200, {"properties": address or {"validationStatus": "Valid"}}))
    azure.on("POST", "validateInputs", Answer(200, {"properties": inputs or {"status": "AllValidToProceed"}}))
    offers = [{"sku": {"name": "DataBoxDisk"}, "enabled": True}] if skus is None else skus
    azure.on("POST", "availableSkus", Answer(200, {"value": offers, "nextLink": None}))
    return DataBoxOrders(clients_of(azure))


def test_a_good_order_has_no_objections(azure):
    """Three questions, no objection; a check that Azure skipped is none."""
    skipped = {"validationType": "ValidateCreateOrderLimit", "status": "Skipped", "error": None}
    orders = validators(
        azure, inputs={"status": "CertainInputValidationsSkipped", "individualResponseDetails": [skipped, None]}
    )

    assert orders.objections(REQUEST) == ()
    assert len(azure.asked) == 3


def test_every_objection_is_collected(azure):
    """Address, inputs and SKU each object; all are told at once, in Azure's words."""
    address = {"validationType": "ValidateAddress", "validationStatus": "Ambiguous", "error": None}
    address["alternateAddresses"] = [{"streetAddress1": "1 George St", "country": "AU", "postalCode": "2000"}]
    limit = {"code": "OrderLimitReached", "message": "5 orders are open"}
    failed = {"validationType": "ValidateCreateOrderLimit", "status": "Invalid", "error": limit}
    reason = {"disabledReason": "Region", "disabledReasonMessage": "not in this region"}
    orders = validators(
        azure,
        address,
        {"status": "InputsRevisitRequired", "individualResponseDetails": [failed]},
        [{"sku": {"name": "DataBoxDisk"}, "enabled": False, "properties": reason}],
    )

    found = {one.code: one.message for one in orders.objections(REQUEST)}

    assert found == {
        "ValidateAddressAmbiguous": "ValidateAddress: Ambiguous; Azure knows 1 George St",
        "OrderLimitReached": "5 orders are open",
        "SkuDisabledRegion": "not in this region",
    }


def test_a_refusal_without_a_reason_is_still_an_objection(azure):
    """An overall verdict is not lost because no single check carries it."""
    orders = validators(azure, inputs={"status": "InputsRevisitRequired", "individualResponseDetails": None}, skus=[])

    assert [one.code for one in orders.objections(REQUEST)] == ["InputsRevisitRequired", "SkuNotOffered"]
