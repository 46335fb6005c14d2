"""Own disks: the import job, created once the drives are ready: it needs each one's serial, key and manifest hash.

Idempotent by its name, as an order is: see tasks/order.py. Where the vendor's tool prepared the drives it made the
job as well: then that job is looked for, and taken when it is tagged for this run or names exactly its drives.
"""

from __future__ import annotations

from states.facts import DrivesPrepared
from states.settle import Outcome
from tasks.disk_site import disk_office
from tasks.errors import NotYet
from tasks.journal import Logbook
from tasks.order import is_ours, place
from tasks.ports import ImportDisk, Site


def create_import_job(book: Logbook, site: Site) -> Outcome:
    """Return the import job as Azure shows it. Raises what `tasks.order.place` raises."""
    prepared, disks = book.run.get(DrivesPrepared), site.disks
    if prepared is None or disks is None:
        raise NotYet(f"{book.run.run_id} has no prepared drives")
    if prepared.job_made:
        return _the_tools(book, site, prepared)
    carriers = site.orders.return_carriers(book.run.plan)
    carrier = disk_office(book.run.plan).return_carrier
    if carriers and carrier.lower() not in {name.lower() for name in carriers}:
        text = f"return carrier {carrier}: Azure accepts {', '.join(carriers)} there"
        return Outcome("create-import-job", raised=(("order-refused", text),))

    def with_keys() -> tuple[ImportDisk, ...]:
        return tuple(
            ImportDisk(drive.serial, drive.manifest_file, drive.manifest_hash, disks.key(drive.serial))
            for drive in prepared.drives
        )

    secrets = (
        f"BitLocker keys of {', '.join(drive.serial for drive in prepared.drives)}, for the import job",
        f"account number at {carrier}, for the way back of the drives",
    )
    return place("create-import-job", book, site, disks=with_keys, secrets=secrets)


def _the_tools(book: Logbook, site: Site, prepared: DrivesPrepared) -> Outcome:
    run = book.run
    job = site.orders.find(run.plan, run.job_name)
    if job is None:
        raise NotYet(f"the disk preparation tool made the import job {run.job_name}, and Azure does not show it yet")
    ours = {drive.serial for drive in prepared.drives}
    if not is_ours(run, site) and (named := set(site.orders.serials(run.plan, run.job_name))) != ours:
        text = f"{run.job_name} names the drives {', '.join(sorted(named))}; prepared are {', '.join(sorted(ours))}"
        return Outcome("create-import-job", raised=(("order-foreign", text),))
    note = f"the tool's job {run.job_name} has no return carrier: put it and your account number there, in the portal"
    return Outcome("create-import-job", evidence=(job,), notes=(note,))
