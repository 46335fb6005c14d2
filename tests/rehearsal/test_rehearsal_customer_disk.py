"""Import jobs of the customer's own drives over the wire: their stages, clocks, secrets and mishaps of the parcel."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

import pytest
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from own_drives import ACCOUNT, KEY, Share, copied, create, entry, job_body, prepared, ship, statuses

PAGES = bytes(range(256)) * 8
JOB = "import-lyon"
STAGES = [
    "Created", "AwaitingShipmentDetails", "ShippedToAzureDC", "AtAzureDC", "DataCopy", "PreparingToShipFromAzureDC",
    "ShippedToCustomer", "Completed",
]  # fmt: skip


@pytest.fixture
def drive(rehearsal):
    """One prepared drive."""
    return prepared(rehearsal, "WD-1", Share("lyon-seed/sql/a.AIBBlob", PAGES))


def stages(job):
    return {stage.stage_name.value: stage.stage_status.value for stage in job.properties.details.job_stages}


def refused(code, call, *arguments):
    with pytest.raises(HttpResponseError) as told:
        call(*arguments)
    assert told.value.error.code == code
    return str(told.value)


def test_a_job_walks_all_its_stages_and_is_over_only_when_the_drives_are_back(rehearsal, drive):
    """Created first; completed last, after the copy has long ended; the drive is locked and holds what it held."""
    create(rehearsal, JOB, drive)
    seen = [rehearsal.job(JOB).properties.status.value]
    while seen[-1] != "Completed":
        if seen[-1] == "AwaitingShipmentDetails":
            ship(rehearsal, JOB)
        else:
            rehearsal.control.jump_to_next()
        status = rehearsal.job(JOB).properties.status.value
        seen += [status] if status != seen[-1] else []
    job = rehearsal.job(JOB)

    assert seen == STAGES and statuses(job) == {"WD-1": ("Completed", "")}
    assert set(stages(job).values()) == {"Succeeded"} and job.properties.is_deletable
    assert (drive / "volume" / "lyon-seed" / "sql" / "a.AIBBlob").read_bytes() == PAGES
    assert json.loads((drive / "bitlocker.json").read_text())["locked"] is True
    assert job.properties.details.return_to_customer_package_details.tracking_id.startswith("BACK")


def test_without_a_tracking_number_the_service_deletes_the_job(rehearsal, drive):
    """Fourteen days after it was created, not a moment before; the drives are still with the customer."""
    create(rehearsal, JOB, drive)
    born = rehearsal.control.now()
    rehearsal.control.jump(born + timedelta(days=13, hours=23))
    assert rehearsal.job(JOB).properties.status == "AwaitingShipmentDetails"
    rehearsal.control.jump(born + timedelta(days=14))

    with pytest.raises(ResourceNotFoundError):
        rehearsal.job(JOB)
    assert rehearsal.control.next() is None and drive.is_dir()


def test_the_record_of_a_finished_job_goes_after_ninety_days(rehearsal, drive):
    """So whoever wants the record has to keep it."""
    create(rehearsal, JOB, drive)
    ship(rehearsal, JOB)
    ended = rehearsal.control.jump_until(f"{JOB}: Completed")["at"]
    gone = rehearsal.control.jump_until("record was removed")["at"]

    assert datetime.fromisoformat(gone) - datetime.fromisoformat(ended) == timedelta(days=90)
    with pytest.raises(ResourceNotFoundError):
        rehearsal.job(JOB)


def test_keys_and_account_numbers_are_never_echoed(rehearsal, drive):
    """Not by GET in any form, not by the list, not by the control interface; only listCredentials gives them out."""
    create(rehearsal, JOB, drive)
    path = f"{rehearsal.path}/providers/Microsoft.DataBox/jobs"
    shown = [rehearsal.raw("GET", where)[1] for where in (path, f"{path}/{JOB}", f"{path}/{JOB}?$expand=details")]
    shown += [rehearsal.control.orders(), rehearsal.control.drives()]
    (given,) = rehearsal.databox.jobs.list_credentials(rehearsal.group, JOB)

    assert "WD-1" in json.dumps(shown) and KEY not in json.dumps(shown) and ACCOUNT not in json.dumps(shown)
    assert given.job_secrets.disk_secrets[0].bit_locker_key == KEY
    assert given.job_secrets.carrier_account_number == ACCOUNT


WRONG = [
    ({"importDiskDetailsCollection": {}}, "1 to 10 drives"),
    ({"importDiskDetailsCollection": {f"S{n}": {} for n in range(11)}}, "1 to 10 drives"),
    ({"importDiskDetailsCollection": {"S": {"manifestFile": "\\m", "manifestHash": "x", "bitLockerKey": KEY}}}, "MD5"),
    ({"importDiskDetailsCollection": {"S": {"manifestFile": "\\m", "bitLockerKey": KEY}}}, "manifestHash"),
    ({"returnToCustomerPackageDetails": {"carrierName": "Oxcart", "carrierAccountNumber": ACCOUNT}}, "not supported"),
    ({"returnToCustomerPackageDetails": {"carrierName": "DHL"}}, "carrierAccountNumber"),
    ({"shippingAddress": None}, "Shipping address"),
]


@pytest.mark.parametrize(("details", "told"), WRONG, ids=[told for _, told in WRONG])
def test_a_job_that_lacks_something_is_refused_without_repeating_a_secret(rehearsal, details, told):
    """400 with the field, at the PUT."""
    good = {"S": {"manifestFile": "\\m", "manifestHash": "0" * 32, "bitLockerKey": KEY}}
    body = job_body(rehearsal, good, **details)
    if details.get("shippingAddress", 1) is None:
        del body["properties"]["details"]["shippingAddress"]
    message = refused("SsemUserErrorInvalidInput", rehearsal.databox.jobs.begin_create, rehearsal.group, JOB, body)

    assert told in message and KEY not in message and ACCOUNT not in message


def test_a_shipped_job_is_not_shipped_again_and_not_cancelled(rehearsal, drive):
    """Before it can be cancelled; after, neither; and the numbers stand on the job."""
    create(rehearsal, JOB, drive)
    assert rehearsal.job(JOB).properties.is_cancellable
    ship(rehearsal, JOB)
    again = {"deliverToDcPackageDetails": {"carrierName": "UPS", "trackingId": "OTHER"}}
    refused(
        "SsemUserErrorOperationNotAllowed", rehearsal.databox.jobs.mark_devices_shipped, JOB, rehearsal.group, again
    )
    refused("SsemUserErrorOperationNotAllowed", rehearsal.databox.jobs.cancel, rehearsal.group, JOB, {"reason": "no"})
    job = rehearsal.job(JOB)

    assert job.properties.status == "ShippedToAzureDC" and not job.properties.is_cancellable
    assert job.properties.details.deliver_to_dc_package_details.tracking_id == "JD0001"
    assert rehearsal.control.stats()["shipment_marks"] == {JOB: 1}


def test_a_job_can_be_cancelled_before_it_is_shipped(rehearsal, drive):
    """Then nothing more happens to it."""
    create(rehearsal, JOB, drive)
    rehearsal.databox.jobs.cancel(rehearsal.group, JOB, {"reason": "we bought a bigger line"})

    assert rehearsal.job(JOB).properties.status == "Cancelled" and rehearsal.control.next() is None


def test_a_lost_parcel_stays_shipped_until_it_is_found(rehearsal, drive):
    """After 14 days its drives count as not received, the job is still shipped; found, it goes on to its end."""
    create(rehearsal, JOB, drive)
    rehearsal.control.add_faults({"world": "parcel-lost", "job": JOB, "when": "ShippedToAzureDC"})
    ship(rehearsal, JOB)
    rehearsal.control.jump_until("not received within 14 days")
    lost = rehearsal.job(JOB)
    rehearsal.control.add_faults({"world": "parcel-found", "job": JOB})
    found = copied(rehearsal, JOB)

    assert lost.properties.status == "ShippedToAzureDC"
    assert statuses(lost) == {"WD-1": ("DriveNotReceived", "DriveNotReceived")}
    assert statuses(found) == {"WD-1": ("Completed", "")}


def test_an_invalid_return_account_keeps_the_drives_until_it_is_corrected(rehearsal, drive):
    """Stuck in preparing to ship, with a reason; a PATCH of the way back lets them go."""
    create(rehearsal, JOB, drive)
    rehearsal.control.add_faults({"world": "return-refused", "job": JOB})
    ship(rehearsal, JOB)
    stuck = copied(rehearsal, JOB)
    assert rehearsal.control.next() is None
    back = {"returnToCustomerPackageDetails": {"carrierName": "FedEx", "carrierAccountNumber": "GOOD-1"}}
    rehearsal.databox.jobs.begin_update(rehearsal.group, JOB, {"properties": {"details": back}}).result()
    rehearsal.control.jump_until(f"{JOB}: Completed")
    over = rehearsal.job(JOB)

    assert stuck.properties.status == "PreparingToShipFromAzureDC"
    assert stages(stuck)["PreparingToShipFromAzureDC"] == "WaitingForCustomerAction"
    assert stuck.properties.error.code == "SsemUserErrorInvalidReturnCarrier"
    assert over.properties.error is None
    assert over.properties.details.return_to_customer_package_details.carrier_name == "FedEx"


def test_an_account_that_cannot_be_reached_halts_the_copy_and_resumes(rehearsal, drive):
    """The copy waits for the customer; Resume starts it again and all is well."""
    create(rehearsal, JOB, drive)
    rehearsal.control.add_faults({"world": "account-not-accessible", "job": JOB})
    ship(rehearsal, JOB)
    rehearsal.control.jump_until("the copy has halted")
    halted = rehearsal.job(JOB)
    rehearsal.databox.mitigate(JOB, rehearsal.group, {"serialNumberCustomerResolutionMap": {"WD-1": "Resume"}})
    done = copied(rehearsal, JOB)

    assert stages(halted)["DataCopy"] == "WaitingForCustomerAction" and halted.properties.details.actions
    assert statuses(halted)["WD-1"][0] == "StorageAccountNotAccessible"
    assert statuses(done) == {"WD-1": ("Completed", "")} and stages(done)["DataCopy"] == "Succeeded"


def test_a_halted_copy_that_nobody_answers_ends_with_errors(rehearsal, drive):
    """Fourteen days later the drive is sent back as it came."""
    create(rehearsal, JOB, drive)
    rehearsal.control.add_faults({"world": "account-not-accessible", "job": JOB})
    ship(rehearsal, JOB)
    rehearsal.control.jump_until(f"{JOB}: CompletedWithErrors")
    job = rehearsal.job(JOB)

    assert statuses(job)["WD-1"][0] == "StorageAccountNotAccessible"
    assert stages(job)["DataCopy"] == "SucceededWithErrors"


def test_an_extra_drive_in_the_parcel_comes_back_with_the_job(rehearsal, drive):
    """It is no part of the job, is not looked at, and does no harm."""
    extra = prepared(rehearsal, "WD-9", Share("lyon-seed/x", PAGES))
    create(rehearsal, JOB, drive)
    rehearsal.control.add_faults({"world": "drive-extra", "job": JOB, "serial": "WD-9"})
    ship(rehearsal, JOB)
    rehearsal.control.jump_until(f"{JOB}: Completed")

    assert statuses(rehearsal.job(JOB)) == {"WD-1": ("Completed", "")}
    assert rehearsal.summary(JOB)["extra_drives"] == ["WD-9"] and extra.is_dir()


FAILS = [
    ("drive-missing", {}, "DriveNotReceived"),
    ("drive-fails", {}, "HardwareError"),
    ("drive-fails", {"status": "DriveNotDetected"}, "DriveNotDetected"),
    ("drive-fails", {"status": "DriveCorrupted"}, "DriveCorrupted"),
]


@pytest.mark.parametrize(("mishap", "more", "status"), FAILS)
def test_a_drive_that_fails_keeps_no_other_from_being_copied(rehearsal, drive, mishap, more, status):
    """One drive of two: the other one's blobs are there, and the job ends with errors."""
    second = prepared(rehearsal, "WD-2", Share("lyon-seed/b.AIBBlob", PAGES))
    rehearsal.control.add_faults({"world": mishap, "job": JOB, "serial": "WD-1", "when": "AtAzureDC", **more})
    create(rehearsal, JOB, drive, second)
    ship(rehearsal, JOB)
    job = copied(rehearsal, JOB)
    rehearsal.control.jump_until(f"{JOB}: CompletedWithErrors")

    assert statuses(job) == {"WD-1": (status, status), "WD-2": ("Completed", "")}
    assert stages(job)["DataCopy"] == "SucceededWithErrors"


def test_mishaps_of_drives_that_could_never_strike_are_refused(rehearsal, drive):
    """A job of Microsoft's disks, a serial of no drive, a status of no meaning, a parcel that is not on its way."""
    from deploy.rehearsal.control import Refused

    rehearsal.order("seed-berlin", "DataBoxDisk")
    create(rehearsal, JOB, drive)
    rows = [
        {"world": "parcel-lost", "job": "seed-berlin"},
        {"world": "parcel-lost", "job": JOB},
        {"world": "drive-fails", "job": JOB, "serial": "NOBODY"},
        {"world": "drive-fails", "job": JOB, "serial": "WD-1", "status": "Sulking"},
        {"world": "drive-fails", "job": JOB},
    ]
    for row in rows:
        with pytest.raises(Refused):
            rehearsal.control.add_faults(row)


def test_a_drive_on_the_desk_says_what_it_is_and_is_added_once(rehearsal):
    """The folder and its description are made as asked; adding it again changes nothing; nonsense is refused."""
    from deploy.rehearsal.control import Refused

    row = {"serial": "WD-7", "capacity_bytes": 8 * 10**12, "bus": "USB", "sector_bytes": 4096}
    (added,) = rehearsal.control.add_drives([row])
    (again,) = rehearsal.control.add_drives([{**row, "bus": "SATA"}])
    (listed,) = rehearsal.control.drives()

    assert added == again == listed and {key: added[key] for key in row} == row
    assert added["path"] == f"{rehearsal.known['drives']}/WD-7"
    for wrong in ({"serial": "../x", "capacity_bytes": 1}, {"serial": "A"}, {**row, "serial": "B", "colour": "red"}):
        with pytest.raises(Refused):
            rehearsal.control.add_drives([wrong])


def test_import_jobs_are_not_limited_to_five(rehearsal, drive):
    """The limit of active orders is for Microsoft's devices."""
    for number in range(6):
        create(rehearsal, f"{JOB}{number}", drive)

    assert len(list(rehearsal.databox.jobs.list_by_resource_group(rehearsal.group))) == 6
    assert entry(drive)["manifestHash"] in json.dumps(
        rehearsal.raw("GET", f"{rehearsal.path}/providers/Microsoft.DataBox/jobs/{JOB}0")[1]
    )
