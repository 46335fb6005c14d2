"""What one GET of a Data Box job becomes: complete, tolerant, and without secrets."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scripted_azure import PLAN, Answer, clients_of

from states.codec import to_json
from states.facts import Stage
from tasks.azure.databox import DataBoxOrders
from tasks.azure.seen import job_seen, moment, secret_serials

SECRETS = ("hide-passkey", "hide-password", "hide-sig", "hide-key")
FULL = {
    "id": "/subscriptions/s/resourceGroups/seeding/providers/Microsoft.DataBox/jobs/syd1",
    "name": "syd1",
    "type": "Microsoft.DataBox/jobs",
    "location": "australiaeast",
    "sku": {"name": "DataBoxDisk"},
    "properties": {
        "transferType": "ImportToAzure",
        "status": "DataCopy",
        "isCancellable": False,
        "isDeletable": None,
        "allDevicesLost": True,
        "deliveryInfo": {"scheduledDateTime": "0001-01-01T00:00:00+00:00"},
        "error": {"code": "SsemUserCopyErrorWaitingForAction", "message": "stuck"},
        "details": {
            "jobDetailsType": "DataBoxDisk",
            "passkey": "hide-passkey",
            "devicePassword": "hide-password",
            "reverseShipmentLabelSasKey": "https://a.blob.core.windows.net/l?sig=hide-sig",
            "jobStages": [
                {"stageName": "DeviceOrdered", "stageStatus": "Succeeded", "stageTime": "2026-01-02T03:04:05.1234567Z"},
                {
                    "stageName": "DataCopy",
                    "stageStatus": "WaitingForCustomerAction",
                    "delayInformation": [
                        {"status": "Active", "errorCode": "LargeNumberOfFilesDelay"},
                        {"status": "Resolved", "errorCode": "HighDemandDelay"},
                        {"status": "Active", "errorCode": "LargeNumberOfFilesDelay"},
                    ],
                },
                {"stageName": "BrandNewStage", "stageStatus": "BrandNewStatus", "stageTime": None},
                None,
            ],
            "deliveryPackage": {"trackingId": "OUT1", "carrierName": "c"},
            "returnPackage": {"trackingId": None},
            "actions": ["Resume", "None"],
            "copyProgress": [
                {"serialNumber": "A1", "bytesCopied": 5, "actions": ["Resume", "BrandNewAction"]},
                {"serialNumber": "B2", "bytesCopied": None, "error": {"code": "Later"}},
                {"storageAccountName": "a", "bytesProcessed": 7},
            ],
            "copyLogDetails": [{"copyLogDetailsType": "DataBoxDisk", "errorLogLink": "https://a?sig=hide-sig"}],
        },
    },
}


def read(azure, body):
    azure.on("GET", "/jobs/syd1", Answer(200, body))
    return DataBoxOrders(clients_of(azure)).find(PLAN, "syd1")


def test_everything_an_observer_needs_is_read(azure):
    """Stages, delays, tracking, errors, actions and bytes, each as Azure spells it."""
    seen = read(azure, FULL)

    assert (seen.job_name, seen.sku, seen.stage) == ("syd1", "DataBoxDisk", "DataCopy")
    assert seen.stages == (
        Stage("DeviceOrdered", "Succeeded", datetime(2026, 1, 2, 3, 4, 5, 123456, tzinfo=UTC)),
        Stage("DataCopy", "WaitingForCustomerAction"),
        Stage("BrandNewStage", "BrandNewStatus"),
    )
    assert seen.delays == ("LargeNumberOfFilesDelay",)
    assert (seen.tracking_out, seen.tracking_back) == ("OUT1", "")
    assert (seen.error_code, seen.actions) == ("SsemUserCopyErrorWaitingForAction", ("Resume", "BrandNewAction"))
    assert seen.all_devices_lost and not seen.cancellable and not seen.deletable
    assert seen.bytes_copied == 12


def test_no_secret_is_copied(azure):
    """A fact goes to the journal, so no passkey, password or SAS link may be in it."""
    written = json.dumps(to_json(read(azure, FULL)))

    assert not [secret for secret in SECRETS if secret in written]


def test_a_secret_of_the_credentials_is_not_copied():
    """Serial numbers only, whatever else the answer holds."""
    secrets = {"passKey": "hide-passkey", "diskSecrets": [{"diskSerialNumber": "A1", "bitLockerKey": "hide-key"}]}

    assert secret_serials({"jobName": "syd1", "jobSecrets": secrets}) == ("A1",)


@pytest.mark.parametrize("properties", [None, {}, {"status": None, "details": None}, {"status": "Brand New"}])
def test_a_bare_job_is_read_without_complaint(azure, properties):
    """Old API shapes and explicit nulls give an empty view, not an error."""
    seen = read(azure, {"id": None, "name": "syd1", "sku": None, "properties": properties})

    assert seen.job_name == "syd1" and seen.stages == () and seen.bytes_copied == 0


NAMES = [*FULL["properties"], *FULL["properties"]["details"], "properties", "stageName", "delayInformation", "code"]
ANY_JSON = st.recursive(
    st.sampled_from([None, True, 5, 0.5, "", "Resume", "2026-01-01"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=5),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from(NAMES), ANY_JSON), st.dictionaries(st.sampled_from(NAMES), ANY_JSON))
def test_no_shape_of_json_breaks_the_reader(properties, details):
    """Whatever Azure sends one day, the answer is a fact the journal can hold."""
    to_json(job_seen({"sku": details, "properties": {**properties, "details": details}}))


@pytest.mark.parametrize(
    "value", [None, "", "soon", "0001-01-01T00:00:00", "0001-01-01T00:00:00+00:00", "2001-01-01T00:00:00Z", 5]
)
def test_azures_dates_for_never_are_none(value):
    """Sentinels are not times."""
    assert moment(value) is None


@pytest.mark.parametrize("value", ["2026-03-01T10:00:00", "2026-03-01T10:00:00.0000000Z", "2026-03-01T20:00:00+10:00"])
def test_times_become_aware_utc(value):
    """With seven digits, with an offset, or with no zone at all."""
    assert moment(value) == datetime(2026, 3, 1, 10, tzinfo=UTC)
