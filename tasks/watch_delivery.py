"""Watch the device on its way to the office, and learn its serial number."""

from __future__ import annotations

from states.facts import Delivered, DevicesNamed, Evidence
from states.run import Run
from states.settle import Outcome
from states.stages import has_come_to
from tasks.errors import NotYet
from tasks.job import THE_JOB, look_at_job
from tasks.journal import Logbook
from tasks.ports import Site


def watch_delivery(book: Logbook, site: Site) -> Outcome:
    """Return the job, and once it is Delivered the serial numbers Azure sent. Safe to call at any time."""
    run = book.run
    look = look_at_job(run, site, book.now())
    evidence: list[Evidence] = list(look.evidence)
    secrets: tuple[str, ...] = ()
    if look.job and _unsettled(run) and has_come_to(look.job, "Delivered"):
        try:
            evidence.append(DevicesNamed(site.orders.serials(run.plan, run.job_name)))
            secrets = (f"credentials of order {run.job_name}, to learn the devices' serial numbers",)
        except NotYet:
            pass  # Azure makes the secrets a little later than the stage; the next look asks again
    return Outcome("watch-delivery", evidence=tuple(evidence), raised=look.found, secrets_read=secrets, source=THE_JOB)


def _unsettled(run: Run) -> bool:
    """Say whether Azure is to be asked for the devices: it has not named them, or the label says something else.

    Reading them again costs a line in Azure's audit, so it is not done at every look.
    """
    named, told = run.get(DevicesNamed), run.get(Delivered)
    return named is None or (told is not None and told.serial not in named.serials)
