"""Faults on purpose: at the door (refused, cut before, cut after) and in the world (lost, halted, late, cancelled)."""

from __future__ import annotations

import pytest
from azure.core.exceptions import (
    ClientAuthenticationError,
    HttpResponseError,
    ServiceRequestError,
    ServiceResponseError,
)
from azure.mgmt.databox import DataBoxManagementClient

from deploy.rehearsal.control import Refused
from deploy.rehearsal.mishaps import MISHAPS

CUT = (ServiceRequestError, ServiceResponseError)


def impatient(rehearsal):
    return rehearsal.client(DataBoxManagementClient, retry_total=0)


def place(rehearsal, name="seed-berlin"):
    return impatient(rehearsal).jobs.begin_create(rehearsal.group, name, rehearsal.body(), polling=False)


def test_a_scripted_answer_comes_instead_of_the_effect(rehearsal):
    """`after` lets some pass, `times` counts down, and then all is well again."""
    row = {"method": "PUT", "path_regex": "/jobs/", "after": 1, "times": 2, "status": 429}
    rehearsal.control.add_faults({**row, "body": {"error": {"code": "X", "message": "busy"}}})
    place(rehearsal, "one")
    for _ in range(2):
        with pytest.raises(HttpResponseError) as refused:
            place(rehearsal, "two")
        assert refused.value.status_code == 429
    place(rehearsal, "two")

    assert rehearsal.control.stats()["orders"] == {"one": 1, "two": 1}


def test_the_client_retries_what_the_cloud_asks_it_to(rehearsal):
    """503 with retry-after-ms is repeated by the SDK itself; the effect is done once."""
    row = {"method": "PUT", "path_regex": "/jobs/", "times": 2, "status": 503, "headers": {"retry-after-ms": "1"}}
    rehearsal.control.add_faults(row)

    assert rehearsal.order("seed-berlin").name == "seed-berlin"
    assert rehearsal.control.stats()["orders"] == {"seed-berlin": 1}


def test_a_line_cut_after_the_effect_leaves_the_effect(rehearsal):
    """The caller hears nothing, yet the order exists: it has to look before it asks again."""
    rehearsal.control.add_faults({"method": "PUT", "path_regex": "/jobs/", "drop": "after-effect"})
    with pytest.raises(CUT):
        place(rehearsal)

    assert rehearsal.job("seed-berlin").properties.status == "DeviceOrdered"
    with pytest.raises(HttpResponseError, match="JobAlreadyExists"):
        place(rehearsal)
    assert rehearsal.control.stats()["orders"] == {"seed-berlin": 1}


def test_a_line_cut_before_the_effect_leaves_nothing(rehearsal):
    """The same silence for the caller, and no order."""
    rehearsal.control.add_faults({"method": "PUT", "path_regex": "/jobs/", "drop": "before-effect"})
    with pytest.raises(CUT):
        place(rehearsal)

    assert rehearsal.control.orders() == []
    place(rehearsal)


def test_the_login_can_fail_too(rehearsal):
    """Rows match every path but the control interface's own."""
    rehearsal.control.add_faults({"path_regex": "/oauth2/", "status": 400, "times": 9})
    with pytest.raises(ClientAuthenticationError):
        rehearsal.credential_with(rehearsal.known["client_secret"]).get_token("https://storage.azure.com/.default")

    rehearsal.control.clear_faults()
    assert rehearsal.credential_with(rehearsal.known["client_secret"]).get_token("https://storage.azure.com/.default")


@pytest.mark.parametrize(
    "row",
    [{}, {"status": 500, "drop": "after-effect"}, {"drop": "sometimes"}, {"status": 500, "pathregex": "x"},
     {"status": 500, "path_regex": "("}, {"world": "earthquake"}, {"world": "device-lost"},
     {"world": "device-lost", "job": "nobody"}, {"world": "copy-halted", "job": "x", "when": "DataCopy"}],
)  # fmt: skip
def test_a_row_that_could_never_strike_is_refused(rehearsal, row):
    """A misspelt fault is an error, not a test that passes by luck."""
    with pytest.raises(Refused):
        rehearsal.control.add_faults(row)
    assert rehearsal.control.get("faults") == {"faults": []}


ENDS = {
    "device-lost": "Aborted",
    "device-damaged": "Failed_IssueDetectedAtAzureDC",
    "order-cancelled-by-service": "Cancelled",
    "delay": "Completed",
    "unknown-stage": "Completed",
}  # what is not here leaves no order


@pytest.mark.parametrize(
    "mishap", [name for name, row in MISHAPS.items() if row.does and "job" in row.needs and not row.own_drives]
)
def test_every_mishap_of_an_order_can_wait_for_a_stage(rehearsal, mishap):
    """Armed before the order exists, it strikes when its order gets there, once, and the world goes on."""
    extra = {"days": 3, "stage": "SomethingNew"}
    row = {"world": mishap, "job": "seed-berlin", "when": "DataCopy"}
    rehearsal.control.add_faults({**row, **{name: extra[name] for name in MISHAPS[mishap].needs if name in extra}})
    (device,) = rehearsal.delivered("seed-berlin", "DataBoxDisk")
    (device / "BlockBlob" / "data").mkdir()
    (device / "BlockBlob" / "data" / "f").write_bytes(b"x")
    rehearsal.sent("seed-berlin")
    for _ in range(8):
        rehearsal.control.jump_to_next()

    ended = [order["status"] for order in rehearsal.control.orders()]
    assert ended == ([ENDS[mishap]] if mishap in ENDS else [])
    assert rehearsal.control.next() is None
    assert rehearsal.control.stats()["orders"] == {"seed-berlin": 1}


def test_files_can_be_made_to_fail_at_the_upload(rehearsal):
    """As many as asked for, by their path; the others arrive."""
    rehearsal.control.add_faults(
        {"world": "complete-with-errors", "job": "seed-berlin", "count": 2, "path_regex": "data/[abc]"}
    )
    (device,) = rehearsal.delivered("seed-berlin", "DataBoxDisk")
    (device / "BlockBlob" / "data").mkdir()
    for name in "abcd":
        (device / "BlockBlob" / "data" / name).write_bytes(b"x")
    rehearsal.sent("seed-berlin")

    assert rehearsal.ingested("seed-berlin").properties.status == "CompletedWithErrors"
    left = set(rehearsal.blobs.get_container_client("data").list_blob_names())
    assert len(left) == 2 and "d" in left


def test_a_lost_device_never_arrives(rehearsal):
    """The folder is gone at once, the flag is set, and days later the order is aborted."""
    (device,) = rehearsal.delivered("seed-berlin", "DataBoxDisk")
    rehearsal.control.hand_over("seed-berlin")
    rehearsal.control.jump_until("PickedUp")
    rehearsal.control.add_faults({"world": "device-lost", "job": "seed-berlin"})
    lost = rehearsal.job("seed-berlin").properties
    rehearsal.control.jump_until("Aborted")

    assert not device.exists() and lost.all_devices_lost and lost.delayed_stage == "PickedUp"
    assert lost.details.job_stages[4].delay_information[0].status == "Active"
    assert rehearsal.job("seed-berlin").properties.status == "Aborted"


def test_a_halted_copy_waits_for_the_customer_and_goes_on(rehearsal):
    """Error, actions and stage say so; `mitigate` with Resume finishes it."""
    rehearsal.control.add_faults({"world": "copy-halted", "job": "seed-berlin"})
    rehearsal.delivered("seed-berlin", "DataBoxDisk")
    rehearsal.sent("seed-berlin")
    rehearsal.control.jump_until("halted")
    halted = rehearsal.job("seed-berlin").properties
    rehearsal.databox.mitigate("seed-berlin", rehearsal.group, {"customerResolutionCode": "Resume"})
    ended = rehearsal.ingested("seed-berlin").properties

    assert halted.error.code == "SsemUserCopyErrorWaitingForAction" and "Resume" in halted.details.actions
    assert halted.details.job_stages[6].stage_status == "WaitingForCustomerAction"
    assert ended.status == "Completed" and ended.error is None
    assert ended.details.last_mitigation_action_on_job.customer_resolution == "Resume"


def test_a_halted_copy_nobody_cares_for_ends_with_errors(rehearsal):
    """After 14 days the device is given up; the same happens at once with MoveToCleanUpDevice."""
    for name in ("one", "two"):
        rehearsal.control.add_faults({"world": "copy-halted", "job": name})
        rehearsal.delivered(name, "DataBoxDisk")
        rehearsal.sent(name)
        rehearsal.control.jump_until("halted")
    rehearsal.databox.mitigate("two", rehearsal.group, {"customerResolutionCode": "MoveToCleanUpDevice"})

    assert rehearsal.job("two").properties.status == "CompletedWithErrors"
    rehearsal.control.jump_until("nobody chose")
    assert rehearsal.job("one").properties.status == "CompletedWithErrors"


def test_an_order_that_does_not_wait_cannot_be_mitigated(rehearsal):
    """Nor can anything be chosen that is not on the list."""
    rehearsal.order("seed-berlin")
    for code in ("Resume", "Pray"):
        with pytest.raises(HttpResponseError):
            rehearsal.databox.mitigate("seed-berlin", rehearsal.group, {"customerResolutionCode": code})


def test_a_delay_moves_the_road_and_is_announced(rehearsal):
    """The next stage comes that much later; the job names the delayed stage."""
    rehearsal.order("seed-berlin")
    before, _ = rehearsal.control.next()
    rehearsal.control.add_faults({"world": "delay", "job": "seed-berlin", "days": 4})
    after, _ = rehearsal.control.next()

    assert (after - before).days == 4
    assert rehearsal.job("seed-berlin").properties.delayed_stage == "DeviceOrdered"


def test_a_stage_nobody_has_heard_of_is_passed_on(rehearsal):
    """The enum is open: a client must keep the word and not fall over."""
    rehearsal.order("seed-berlin")
    rehearsal.control.add_faults({"world": "unknown-stage", "job": "seed-berlin", "stage": "HeldByCustoms"})

    assert rehearsal.job("seed-berlin").properties.status == "HeldByCustoms"


def test_a_mere_word_moves_no_device(rehearsal):
    """A delivered device is where it was: it can be handed over, and its copy ends as ever."""
    rehearsal.order("seed-berlin")
    rehearsal.control.jump_until(": Delivered")
    rehearsal.control.add_faults({"world": "unknown-stage", "job": "seed-berlin", "stage": "HeldByCustoms"})
    rehearsal.control.prepare_to_ship(rehearsal.control.orders()[0]["devices"][0]["serial"])
    rehearsal.control.hand_over("seed-berlin")
    rehearsal.control.jump_until(": DataCopy")
    rehearsal.control.add_faults({"world": "unknown-stage", "job": "seed-berlin", "stage": "HeldByCustoms"})
    rehearsal.control.jump_until(": Completed")

    listed = {s.stage_name: s.stage_status for s in rehearsal.job("seed-berlin").properties.details.job_stages}
    assert listed["DataCopy"] == listed["Completed"] == "Succeeded"
