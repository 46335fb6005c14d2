"""How things go wrong, whatever brings the device: on the wire, with the order, at the office, in the account."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from deploy.scenarios.stage import Stage, flip_one_byte
from states.facts import Copied, DrivesPrepared
from tasks import answers
from tasks.order import request_for

PERSON = "stand-in"
SOMEBODY = "somebody@example.com"
LOGS = "databoxcopylog"
Harm = Callable[[Any], object]


def nothing(stage: Stage) -> None:
    """Time alone is the fault."""


def order_has(name: str, /, **more: object) -> Harm:
    """Return what lets a mishap of that name befall the run's order; with `when=` once it has come to that stage."""
    return lambda stage: stage.control.add_faults({"world": name, "job": stage.now_run.job_name, **more})


def drive_has(status: str) -> Harm:
    """Return what lets the datacenter report one of the run's own drives with that word."""

    def happen(stage: Stage) -> None:
        ready = stage.now_run.get(DrivesPrepared)
        serial = ready.drives[0].serial if ready else ""
        order_has("drive-fails", serial=serial, status=status)(stage)

    return happen


def server_has(name: str, /, **more: object) -> Harm:
    """Return what lets a mishap of that name befall the office's backup server."""
    return lambda stage: stage.control.add_faults({"world": name, "office": stage.office, **more})


def somebody_does(name: str, /, **more: object) -> Harm:
    """Return what lets somebody tamper with the account, the order or the agent's app."""
    return lambda stage: stage.control.add_faults({"world": name, "by": SOMEBODY, **more})


def azure_answers(status: int, code: str, message: str, method: str, path: str, times: int = 1) -> Harm:
    """Return what makes Azure answer these requests with an error."""
    body = {"error": {"code": code, "message": message}}
    row = {"method": method, "path_regex": path, "times": times, "status": status, "body": body}
    return lambda stage: stage.control.add_faults(row)


# ---- Orders ----------------------------------------------------------------------------------------------------


def name_taken(stage: Stage) -> None:
    """Somebody else's order has the run's name."""
    site = stage.world.site_of(stage.now_run.plan)
    site.orders.create(replace(request_for(stage.now_run, site), tags={"owner": SOMEBODY}))


# ---- The device at the office ----------------------------------------------------------------------------------


def reported_damaged(stage: Stage) -> None:
    """The office opens the box and finds the device damaged."""
    answers.delivered(stage.book, stage.serial, PERSON, intact=False)


def not_mounted(stage: Stage) -> None:
    """The device is not where the office's server looks for it."""
    stage.be_the_office()
    stage.device.rename(stage.device.with_suffix(".away"))


def foreign_file(stage: Stage) -> None:
    """Somebody keeps holiday pictures on the device."""
    (stage.device / "holiday.jpg").write_text("the only copy")
    stage.be_the_office()


def wizard_forgotten(stage: Stage) -> None:
    """The device is confirmed, and nobody chose it in the backup console."""
    answers.delivered(stage.book, stage.serial, PERSON)


def source_gone(stage: Stage) -> None:
    """The volume of the source is not mounted."""
    stage.source.rename(stage.source.with_suffix(".away"))


def link_in_the_source(stage: Stage) -> None:
    """The source holds a link, which is no file."""
    (stage.source / "shortcut").symlink_to("elsewhere")


def byte_flipped(stage: Stage) -> None:
    """A byte of the device changes and nobody notices."""
    flip_one_byte(stage.biggest_file)


def byte_flipped_after_preparing(stage: Stage) -> None:
    """A byte of the device changes after its own checksums were made."""
    byte_flipped(stage)
    stage.be_the_office()


# ---- The account -----------------------------------------------------------------------------------------------


def blob_deleted(stage: Stage) -> None:
    """Somebody deletes a blob of the seed from the account."""
    copied = stage.now_run.get(Copied)
    assert copied is not None
    container = stage.containers.get_container_client(copied.items[0].folder.rpartition("/")[2])
    container.delete_blob(next(iter(container.list_blobs())).name)


def blob_deleted_before_the_comparison(stage: Stage) -> None:
    """Azure says Completed, and a blob is gone before we look."""
    stage.let_happen(": Completed")
    blob_deleted(stage)


def blob_of_another_kind(stage: Stage) -> None:
    """A page blob is put in as a block blob, with the same bytes, before we look."""
    stage.let_happen(": Completed")
    copied = stage.now_run.get(Copied)
    assert copied is not None
    container = stage.containers.get_container_client(copied.items[0].folder.rpartition("/")[2])
    blob = container.get_blob_client(next(iter(container.list_blobs())).name)
    content = blob.download_blob().readall()
    blob.delete_blob()
    blob.upload_blob(content)


def copy_log_put_away(stage: Stage) -> None:
    """The datacenter has finished, and its logs are not in the account yet."""
    stage.let_happen(": Completed")
    container = stage.containers.get_container_client(LOGS)
    stage.kept = {b.name: container.download_blob(b.name).readall() for b in container.list_blobs()}
    for name in stage.kept:
        container.delete_blob(name)


def copy_log_comes(stage: Stage) -> None:
    """The logs are there; nobody types anything."""
    container = stage.containers.get_container_client(LOGS)
    for name, text in stage.kept.items():
        container.upload_blob(name, text)
    stage.until("ingested")


def way_back_corrected(stage: Stage) -> None:
    """A carrier and an account that Azure takes stand on the import job."""
    back = {"returnToCustomerPackageDetails": {"carrierName": "FedEx", "carrierAccountNumber": "GOOD-1"}}
    job, group = stage.now_run.job_name, stage.rehearsal.azure["resource_group"]
    stage.portal.jobs.begin_update(group, job, {"properties": {"details": back}}, polling=False)
