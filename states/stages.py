"""The stages in which Azure walks an order, and how far one order has come. Pure."""

from __future__ import annotations

from states.facts import JobSeen

# The order in which Azure walks an import job of its own devices; a stage that is not here is never "later" than one.
STAGE_ORDER = (
    "DeviceOrdered",
    "DevicePrepared",
    "ReadyToDispatchFromAzureDC",
    "Dispatched",
    "Delivered",
    "PickedUp",
    "ReadyToReceiveAtAzureDC",
    "AtAzureDC",
    "DataCopy",
    "Completed",
)
# The same for an import job of the customer's drives. The two first both mean "waits for tracking".
DRIVE_STAGE_ORDER = (
    "Created",
    "AwaitingShipmentDetails",
    "ShippedToAzureDC",
    "AtAzureDC",
    "DataCopy",
    "PreparingToShipFromAzureDC",
    "ShippedToCustomer",
    "Completed",
)
ENDED_BADLY = (
    "CompletedWithErrors",
    "CompletedWithWarnings",
    "Cancelled",
    "Aborted",
    "Failed_IssueReportedAtCustomer",
    "Failed_IssueDetectedAtAzureDC",
)


def is_known(stage: str) -> bool:
    """Say whether this version knows that word of Azure's."""
    return stage in STAGE_ORDER or stage in DRIVE_STAGE_ORDER or stage in ENDED_BADLY


def has_come_to(job: JobSeen, stage: str, road: tuple[str, ...] = STAGE_ORDER) -> bool:
    """Say whether *job* is at *stage* of *road*, or at one that comes later, or was.

    The stage the job is at decides. Only when that is a word nobody knows, Azure's list decides: *stage* or a later
    one must have succeeded there. An earlier stage is believed against a list that claims more: it may have gone back.
    """
    later = road[road.index(stage) :]
    if is_known(job.stage):
        return job.stage in later
    return any(listed.name in later and listed.status == "Succeeded" for listed in job.stages)


def copy_is_over(job: JobSeen) -> bool:
    """Say whether the datacenter has done what it will do, well or badly: its copy log is written then."""
    return job.stage.startswith("Completed") or has_come_to(job, "Completed")
