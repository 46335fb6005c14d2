"""Ordering, over the wire, with the real client: what is accepted, what is refused, and how often it was done."""

from __future__ import annotations

import pytest
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.mgmt.databox import DataBoxManagementClient

PICK_UP = {"startTime": "2026-11-06T08:00:00Z", "endTime": "2026-11-06T12:00:00Z", "shipmentLocation": "Reception"}


def code_of(action, *args, **kwargs):
    with pytest.raises(HttpResponseError) as refused:
        action(*args, **kwargs)
    return refused.value.error.code


@pytest.mark.parametrize("sku", ["DataBox", "DataBoxDisk"])
def test_an_order_is_accepted_and_read_back(rehearsal, sku):
    """The create is a Location-header operation that ends in the job itself."""
    job = rehearsal.order("seed-berlin", sku)

    assert job.properties.status == "DeviceOrdered"
    assert job.properties.details.job_details_type == sku
    assert job.properties.is_cancellable and not job.properties.is_deletable
    assert rehearsal.control.stats()["orders"] == {"seed-berlin": 1}


def test_the_wire_of_a_create_is_202_empty_with_a_location(rehearsal):
    """No Azure-AsyncOperation, no provisioningState: hop by hop to the job's own address."""
    rehearsal.control.reset(lro_polls=1, retry_after=7)
    path = rehearsal.path + "/providers/Microsoft.DataBox/jobs/seed-berlin"
    status, body, headers = rehearsal.raw("PUT", path, rehearsal.body())
    hops = []
    while status == 202:
        assert body is None and headers["Retry-After"] == "7"
        hops.append(headers["Location"].split("?")[0].removeprefix(rehearsal.known["arm"]))
        status, body, headers = rehearsal.raw("GET", hops[-1])

    assert len(hops) == 3 and hops[0] == hops[1] and "/operationResults/" in hops[0] and hops[2] == path
    assert status == 200 and body["name"] == "seed-berlin"


def test_a_name_is_ordered_once(rehearsal):
    """A second order is refused with 400, in any case of letters, and no second device is made."""
    rehearsal.order("seed-berlin")

    assert code_of(rehearsal.order, "SEED-Berlin") == "SsemUserErrorJobAlreadyExists"
    assert rehearsal.control.stats()["orders"] == {"seed-berlin": 1}


def test_only_five_orders_of_a_kind_may_be_active(rehearsal):
    """The sixth is refused; another kind is counted for itself."""
    for number in range(5):
        rehearsal.order(f"seed-{number}")

    assert code_of(rehearsal.order, "seed-5") == "SsemUserErrorActiveOrderLimitReached"
    assert rehearsal.order("disk-0", "DataBoxDisk").name == "disk-0"


BREAKAGES = {
    "no location": lambda body: body.pop("location"),
    "no sku": lambda body: body.pop("sku"),
    "unknown sku": lambda body: body["sku"].update(name="DataCrate"),
    "no transfer type": lambda body: body["properties"].pop("transferType"),
    "details of another kind": lambda body: body["properties"]["details"].update(jobDetailsType="DataBoxDisk"),
    "nobody to call": lambda body: body["properties"]["details"].pop("contactDetails"),
    "no mail address": lambda body: body["properties"]["details"]["contactDetails"].update(emailList=[]),
    "no address": lambda body: body["properties"]["details"].pop("shippingAddress"),
    "no country": lambda body: body["properties"]["details"]["shippingAddress"].pop("country"),
    "nothing to fill": lambda body: body["properties"]["details"].update(dataImportDetails=[]),
    "somebody else's account": lambda body: body["properties"]["details"]["dataImportDetails"][0][
        "accountDetails"
    ].update(storageAccountId="/subscriptions/x"),
    "a weak share password": lambda body: body["properties"]["details"]["dataImportDetails"][0][
        "accountDetails"
    ].update(sharePassword="password"),
}


@pytest.mark.parametrize("name", BREAKAGES)
def test_an_order_that_lacks_something_is_refused(rehearsal, name):
    """400 in ARM's shape, and nothing was ordered."""
    body = rehearsal.body()
    BREAKAGES[name](body)
    status, answer, _ = rehearsal.raw("PUT", rehearsal.path + "/providers/Microsoft.DataBox/jobs/seed-berlin", body)

    assert status == 400 and answer["error"]["code"] and answer["error"]["details"] == [None]
    assert rehearsal.control.stats()["orders"] == {}


@pytest.mark.parametrize("name", ["ab", "x" * 25, "seed berlin"])
def test_a_bad_name_is_refused(rehearsal, name):
    """3 to 24 letters, digits, dots, hyphens, underscores."""
    path = rehearsal.path + "/providers/Microsoft.DataBox/jobs/" + name.replace(" ", "%20")

    assert rehearsal.raw("PUT", path, rehearsal.body())[0] == 400


def test_disks_are_counted_by_size_or_by_wish(rehearsal):
    """preferredDisks wins; else the expected size decides; more than five are refused."""
    rehearsal.order("by-wish", "DataBoxDisk", preferredDisks={"8": 2, "4": 1})
    rehearsal.order("by-size", "DataBoxDisk", expectedDataSizeInTeraBytes=20)
    rehearsal.control.jump_until("by-size: DevicePrepared")

    assert sorted(rehearsal.job("by-wish").properties.details.disks_and_size_details.values()) == [4, 8, 8]
    assert len(rehearsal.job("by-size").properties.details.disks_and_size_details) == 3
    assert code_of(rehearsal.order, "too-many", "DataBoxDisk", preferredDisks={"8": 6}) == "SsemUserErrorInvalidInput"


def test_a_list_comes_in_pages(rehearsal):
    """The client follows nextLink until it is null, in the group and in the subscription."""
    rehearsal.control.reset(page_size=2)
    for number in range(5):
        rehearsal.order(f"seed-{number}", "DataBoxDisk")

    names = [job.name for job in rehearsal.databox.jobs.list_by_resource_group(rehearsal.group)]
    assert names == [f"seed-{number}" for number in range(5)]
    assert len(list(rehearsal.databox.jobs.list())) == 5


def test_only_an_expanded_get_shows_the_stages(rehearsal):
    """Plain GET has the inputs alone; the list has everything."""
    rehearsal.order("seed-berlin")
    plain = rehearsal.databox.jobs.get(rehearsal.group, "seed-berlin").properties.details

    assert plain.contact_details and plain.job_stages is None
    assert len(rehearsal.job("seed-berlin").properties.details.job_stages) == 8
    assert next(iter(rehearsal.databox.jobs.list())).properties.details.job_stages


def test_secrets_come_when_the_device_is_prepared(rehearsal):
    """Before that a 400 that is worth another try; and a job never shows them."""
    rehearsal.order("seed-berlin")
    listed = lambda: list(rehearsal.databox.jobs.list_credentials(rehearsal.group, "seed-berlin"))  # noqa: E731
    assert code_of(listed) == "SsemUserErrorSecretsNotGenerated"

    rehearsal.control.jump_until("DevicePrepared")
    pod = listed()[0].job_secrets.pod_secrets[0]
    share = pod.account_credential_details[0].share_credential_details[0]

    assert share.share_name.endswith("_PageBlob") and share.password and pod.device_password
    shown = str(rehearsal.job("seed-berlin").as_dict())
    assert share.password not in shown and pod.device_password not in shown


def test_what_the_customer_chose_as_secrets_is_used_and_never_sent_back(rehearsal):
    """Passkey and share password come back from listCredentials alone."""
    rehearsal.order("seed-berlin", "DataBoxDisk", passkey="Chosen-Passkey-22+")
    rehearsal.control.jump_until("DevicePrepared")
    secrets = next(iter(rehearsal.databox.jobs.list_credentials(rehearsal.group, "seed-berlin"))).job_secrets

    assert secrets.pass_key == "Chosen-Passkey-22+" and secrets.is_passkey_user_defined
    assert "Chosen-Passkey" not in str(rehearsal.job("seed-berlin").as_dict())


@pytest.mark.parametrize(("sku", "stage"), [("DataBox", "DeviceOrdered"), ("DataBoxDisk", "DevicePrepared")])
def test_an_order_can_be_cancelled_until_its_device_is_on_the_way(rehearsal, sku, stage):
    """Cancelled, the list of stages shrinks, the order may be deleted, and the reason is kept."""
    rehearsal.order("seed-berlin", sku)
    while rehearsal.job("seed-berlin").properties.status != stage:
        rehearsal.control.jump_to_next()
    rehearsal.databox.jobs.cancel(rehearsal.group, "seed-berlin", {"reason": "moved"})
    properties = rehearsal.job("seed-berlin").properties

    assert [s.stage_name for s in properties.details.job_stages] == ["DeviceOrdered", "Cancelled"]
    assert properties.cancellation_reason == "moved" and properties.is_deletable and not properties.is_cancellable
    assert rehearsal.control.next() is None


def test_it_is_too_late_to_cancel_a_prepared_box(rehearsal):
    """The flag says so before the refusal does, and nothing is counted."""
    rehearsal.order("seed-berlin")
    rehearsal.control.jump_until("DevicePrepared")

    assert not rehearsal.job("seed-berlin").properties.is_cancellable
    cancel = rehearsal.databox.jobs.cancel
    assert code_of(cancel, rehearsal.group, "seed-berlin", {"reason": "x"}) == "SsemUserErrorOperationNotAllowed"
    assert rehearsal.control.stats()["cancels"] == {}


def test_only_a_finished_order_is_deleted(rehearsal):
    """Deleting is an operation of its own that ends in 204; then the order is gone."""
    rehearsal.order("seed-berlin")
    delete = rehearsal.databox.jobs.begin_delete
    assert code_of(delete, rehearsal.group, "seed-berlin") == "SsemUserErrorOperationNotAllowed"

    rehearsal.databox.jobs.cancel(rehearsal.group, "seed-berlin", {"reason": "x"})
    delete(rehearsal.group, "seed-berlin").result()

    with pytest.raises(ResourceNotFoundError):
        rehearsal.job("seed-berlin")
    assert rehearsal.control.stats()["deletes"] == {"seed-berlin": 1}


def test_contact_address_and_tags_can_be_changed_while_they_matter(rehearsal):
    """PATCH takes its list of fields and no others, and no address once the device is on the way."""
    rehearsal.order("seed-berlin")
    address = {"streetAddress1": "2 New Road", "city": "Potsdam", "country": "DE", "postalCode": "14467"}
    update = rehearsal.databox.jobs.begin_update
    changed = update(
        rehearsal.group, "seed-berlin", {"tags": {"run": "7"}, "properties": {"details": {"shippingAddress": address}}}
    ).result()

    assert changed.tags == {"run": "7"} and changed.properties.details.shipping_address.city == "Potsdam"
    rehearsal.control.jump_until("Dispatched")
    refused = code_of(update, rehearsal.group, "seed-berlin", {"properties": {"details": {"shippingAddress": address}}})
    assert refused == "SsemUserErrorOperationNotAllowed"
    path = rehearsal.path + "/providers/Microsoft.DataBox/jobs/seed-berlin"
    assert rehearsal.raw("PATCH", path, {"properties": {"details": {"passkey": "x"}}})[0] == 400


def test_a_pick_up_is_booked_only_while_the_device_is_here(rehearsal):
    """A confirmation number each time: the service does not notice a second booking, so callers must."""
    rehearsal.order("seed-berlin")
    book = rehearsal.databox.jobs.book_shipment_pick_up
    assert code_of(book, rehearsal.group, "seed-berlin", PICK_UP) == "SsemUserErrorOperationNotAllowed"

    rehearsal.control.jump_until("Delivered")
    booked = book(rehearsal.group, "seed-berlin", PICK_UP)

    assert booked.confirmation_number.startswith("PU")
    assert rehearsal.control.stats()["pickups"] == {"seed-berlin": 1}


def test_boxes_are_not_shipped_by_the_customer(rehearsal):
    """markDevicesShipped is for the customer's own disks."""
    rehearsal.delivered("seed-berlin")
    mark = rehearsal.databox.jobs.mark_devices_shipped
    sent = {"deliverToDcPackageDetails": {"carrierName": "UPS", "trackingId": "1Z"}}

    assert code_of(mark, "seed-berlin", rehearsal.group, sent) == "SsemUserErrorOperationNotAllowed"
    assert rehearsal.control.stats()["shipment_marks"] == {}


def test_an_older_client_is_understood(rehearsal):
    """The rehearsal answers the api-versions between its first and last date."""
    rehearsal.order("seed-berlin")
    older = rehearsal.client(DataBoxManagementClient, api_version="2019-09-01")

    assert older.jobs.get(rehearsal.group, "seed-berlin").name == "seed-berlin"
