"""Scenarios of Microsoft's devices, from the order to the account: sydney has a Data Box, lyon a Data Box Disk."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

from deploy.rehearse import set_the_wizard
from deploy.scenarios.endings import (
    AGAIN,
    GIVEN_UP,
    REORDER,
    RESUME,
    by_itself,
    called_the_carrier,
    chosen_in_the_portal,
    person,
    resumed,
    tagged_as_ours,
)
from deploy.scenarios.harms import (
    azure_answers,
    blob_deleted_before_the_comparison,
    blob_of_another_kind,
    byte_flipped,
    byte_flipped_after_preparing,
    copy_log_comes,
    copy_log_put_away,
    foreign_file,
    link_in_the_source,
    name_taken,
    not_mounted,
    nothing,
    order_has,
    reported_damaged,
    source_gone,
    wizard_forgotten,
)
from deploy.scenarios.scenario import Deed, Ending, Scenario
from deploy.scenarios.stage import Stage


def at(state: str) -> Deed:
    """Return what plays on until the run is in *state*."""
    return lambda stage: stage.until(state)


def asked(words: str) -> Deed:
    """Return what plays on until the run asks something with these words."""
    return lambda stage: stage.until_question(words)


def foreign_file_removed(stage: Stage) -> None:
    """Move the pictures away."""
    (stage.device / "holiday.jpg").unlink()


def mounted(stage: Stage) -> None:
    """Put the device where the server looks for it."""
    stage.device.with_suffix(".away").rename(stage.device)


def wizard_set(stage: Stage) -> None:
    """Choose the order in the backup console."""
    set_the_wizard(stage.rehearsal, stage.now_run, stage.serial)


def link_removed(stage: Stage) -> None:
    """Take the link out of the source."""
    (stage.source / "shortcut").unlink()


def role_given(stage: Stage) -> None:
    """Give the credential its role; Azure refuses nothing any more."""
    stage.control.clear_faults()


def keeps(days: int) -> Deed:
    """Return what lets the device lie at the office for so many days."""
    return lambda stage: stage.let_pass(timedelta(days=days))


def source_mounted(stage: Stage) -> None:
    """Mount the volume of the source."""
    stage.source.with_suffix(".away").rename(stage.source)


NOT_THERE = (22, 23, 24, 25, 26, 27, 28, 29, 30, 45, 46)  # unlock, share or mount: all the server sees is no device
ORDER = ("PUT", "/jobs/[^/]+$")
SECRETS = ("POST", "/listCredentials")  # asked for a Data Box alone: an order of disks names them without secrets
PLANNED: Deed = nothing
ARRIVED, READY = asked("which serial number"), asked("Prepare to ship")
BOX, DISK = partial(Scenario, office="sydney"), partial(Scenario, office="lyon")
# fmt: off
ORDERS = (
    DISK((6,), "not-allowed", "the role does not permit to order", PLANNED,
         azure_answers(403, "AuthorizationFailed", "No permission for jobs/write.", *ORDER),
         "planned", RESUME, resumed("ordered"), says="AuthorizationFailed"),
    DISK((10,), "not-allowed", "the provider Microsoft.DataBox is not registered", PLANNED,
         azure_answers(409, "MissingSubscriptionRegistration", "Register it.", *ORDER),
         "planned", RESUME, resumed("ordered"), says="MissingSubscriptionRegistration"),
    DISK((6,), "order-refused", "the subscription's offer does not allow the order", PLANNED,
         azure_answers(400, "SsemUserErrorSubscriptionNotAllowed", "This offer cannot order.", *ORDER),
         "planned", RESUME, resumed("ordered"), says="This offer"),
    DISK((), "cannot-reach", "Azure is busy with another operation", PLANNED,
         azure_answers(409, "AnotherOperationInProgress", "Try again.", *ORDER),
         "planned", "wait", by_itself("ordered"), says="AnotherOperationInProgress"),
    DISK((), "order-foreign", "somebody else's order has the run's name", PLANNED, name_taken,
         "planned", "give it the tags", person(tagged_as_ours, "ordered")),
    BOX((21,), "not-allowed", "the role does not permit to read the device's passwords", at("ordered"),
        azure_answers(403, "AuthorizationFailed", "No permission for listCredentials/action.", *SECRETS, times=99),
        "ordered", RESUME, resumed("delivered", role_given), says="listCredentials"),
    DISK((15,), "order-delayed", "Azure has no device for three weeks", at("ordered"), order_has("delay", days=20),
         "ordered", "90 days", by_itself("delivered"), says="HighDemandDelay"),
    DISK((16,), "order-cancelled", "Azure cancels the order after ninety days", at("ordered"),
         order_has("order-cancelled-by-service"), "ordered", REORDER, AGAIN),
    DISK((), "order-gone", "somebody deletes the order", at("ordered"), order_has("order-deleted"),
         "ordered", REORDER, AGAIN),
    DISK((104,), "order-stage-unknown", "Azure shows a stage nobody knows", at("ordered"),
         order_has("unknown-stage", stage="AwaitingDrone"), "ordered", "the run goes on looking",
         by_itself("delivered"), says="AwaitingDrone"),
)
AT_THE_OFFICE = (
    DISK((19, 20), "device-damaged", "the office opens the box and the device is damaged", ARRIVED, reported_damaged,
         "ordered", REORDER, AGAIN),
    BOX((19,), "order-failed", "the device does not start, and Azure takes it back", ARRIVED,
        order_has("device-damaged"), "ordered", REORDER, AGAIN, says="Failed_IssueReportedAtCustomer"),
    BOX(NOT_THERE, "device-not-usable", "the device is not where the server looks for it", ARRIVED, not_mounted,
        "ordered", RESUME, resumed("delivered", mounted), answering=False),
    DISK((59,), "device-not-usable", "the device holds files that are not ours", ARRIVED, foreign_file,
         "ordered", RESUME, resumed("delivered", foreign_file_removed), says="holiday.jpg"),
    BOX((32, 33), "agent-refuses", "nobody chose the order in the backup console", ARRIVED, wizard_forgotten,
        "delivered", RESUME, resumed("copied", wizard_set)),
    DISK((42,), "source-not-readable", "the source cannot be read", at("ordered"), source_gone,
         "delivered", RESUME, resumed("copied", source_mounted)),
    DISK((42,), "source-not-readable", "the source holds a link, which is no file", at("ordered"), link_in_the_source,
         "delivered", RESUME, resumed("copied", link_removed), says="is a link"),
    DISK((43, 60, 69), "fees-begin", "the office keeps the device for two weeks", READY, keeps(days=14),
         "delivered", "hand the device over", by_itself("shipped"), answering=False),
    DISK((69,), "device-due", "the office keeps the device for eleven weeks", READY, keeps(days=77),
         "delivered", "hand the device over", by_itself("shipped"), answering=False),
    BOX((71,), "certificate-ends", "the office keeps the device for ten months", READY, keeps(days=300),
        "delivered", "hand the device over", by_itself("shipped"), answering=False),
)
ON_THE_WAY_BACK = (
    DISK((), "pickup-not-booked", "Azure does not book the pick-up", at("delivered"),
         azure_answers(400, "SsemUserErrorPickupNotAvailable", "No pick-up here.", "POST", "bookShipmentPickUp"),
         "copied", "call the carrier", by_itself("shipped")),
    DISK((), "pickup-uncertain", "the answer to the booking is lost", at("delivered"),
         lambda stage: stage.control.add_faults(
             {"method": "POST", "path_regex": "bookShipmentPickUp", "drop": "after-effect"}),
         "copied", "ask the carrier", person(called_the_carrier, "shipped")),
    DISK((70,), "device-lost", "the carrier loses the device on its way back", at("shipped"), order_has("device-lost"),
         "shipped", REORDER, AGAIN),
    DISK((70,), "device-lost", "the carrier loses the device, and the run is given up", at("shipped"),
         order_has("device-lost"), "shipped", REORDER, GIVEN_UP),
    DISK((79,), "order-failed", "the datacenter finds the device damaged", at("shipped"), order_has("device-damaged"),
         "shipped", REORDER, AGAIN, says="Failed_IssueDetectedAtAzureDC"),
)
AT_THE_DATACENTER = (
    DISK((73, 74), "copy-halted", "the datacenter halts the upload", at("shipped"), order_has("copy-halted"),
         "shipped", "choose Resume", person(chosen_in_the_portal, "ingested")),
    DISK((75, 107), "ingestion-incomplete", "some files are not uploaded", at("shipped"),
         order_has("complete-with-errors"), "shipped", REORDER, AGAIN, says="CompletedWithErrors"),
    DISK((76,), "ingestion-incomplete", "the order completes with warnings", at("shipped"),
         order_has("complete-with-warnings"), "shipped", REORDER, AGAIN, says="CompletedWithWarnings"),
    DISK((78,), "ingestion-incomplete", "a byte changes after the device was prepared", at("copied"),
         byte_flipped_after_preparing, "shipped", REORDER, AGAIN, says="CompletedWithErrors"),
    DISK((78, 86), "account-differs", "a byte changes before the device is prepared, and its checksums agree", READY,
         byte_flipped, "shipped", REORDER, AGAIN, says="the manifest says"),
    DISK((86,), "account-differs", "a blob is missing though Azure says Completed", at("shipped"),
         blob_deleted_before_the_comparison, "shipped", REORDER, AGAIN, says="missing"),
    BOX((77,), "account-differs", "a blob arrives as a block blob", at("shipped"), blob_of_another_kind,
        "shipped", REORDER, AGAIN),
    DISK((87,), "order-gone", "the order's record vanishes while the device travels", at("shipped"),
         order_has("order-deleted"), "shipped", REORDER, AGAIN),
    DISK((88,), "copy-log-missing", "the copy log comes later than Completed", at("shipped"), copy_log_put_away,
         "shipped", "the run looks again", Ending("goes on by itself", copy_log_comes, "ingested")),
    DISK((84,), "order-delayed", "the upload takes three weeks", at("shipped"), order_has("delay", days=20),
         "shipped", "wait", by_itself("ingested")),
)
# fmt: on
DATA_BOX = (*ORDERS, *AT_THE_OFFICE, *ON_THE_WAY_BACK, *AT_THE_DATACENTER)
