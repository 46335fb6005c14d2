"""Stop the online job that a backup agent runs right now: the brake against a full upload over the office's line."""

from __future__ import annotations

from dataclasses import replace

from states.codec import utc_text
from states.facts import Evidence
from states.incremental import full_uploads
from states.landing import AgentSeen, JobRunning, JobStopped
from states.refused import Refused
from states.run import Run
from states.settle import Outcome
from tasks.errors import NotYet
from tasks.journal import Logbook
from tasks.on_site import work_for
from tasks.ports import Site
from tasks.watch_vault import THE_WITNESSES

FROM = ("ingested", "vaulted", "incremental-scheduled")


def stop_job(book: Logbook, site: Site) -> Run:
    """Stop what runs and return the run. One that looked like a full upload stays a condition until `resume`.

    Each job's intent is in the journal before the agent is asked. Safe to call twice. Raises Refused when nothing
    runs, NotYet when the agent does not answer or is still stopping.
    """
    run = book.run
    if run.state not in FROM:
        raise Refused(run.run_id, run.state, "stop-job", (f"it can be done only while the run is {' or '.join(FROM)}",))
    agent = _answer(book, site.office.agent(work_for(run, book.now())))
    book.settle(_outcome((agent,)))
    if not agent.running and not _open(book):
        nothing = f"no online job runs on {run.plan.server}; nothing was stopped"
        raise Refused(run.run_id, run.state, "stop-job", (nothing,))
    uploads = full_uploads(book.run)
    for job in agent.running:
        book.intend(_key(book, job), "stop-job", {"item": job.item, "bytes": str(job.bytes)})
    after = _answer(book, site.office.stop_online_job(work_for(book.run, book.now()))) if agent.running else agent
    if after.running:
        raise NotYet(f"the job on {run.plan.server} is still stopping", next=f"seeding stop-job {run.run_id}")
    stopped = [JobStopped(job.item, job.started, job.bytes, book.actor) for job in agent.running if uploads]
    outcome = _outcome((after, *stopped[-1:]), raised=tuple(("full-upload", why) for why in uploads[:1]))
    return book.settle(replace(outcome, done=tuple((key, "stopped") for key in _open(book))))


def _answer(book: Logbook, agent: AgentSeen | None) -> AgentSeen:
    if agent is None:
        server = book.run.plan.server
        raise NotYet(f"{server} is at work on its answer", next=f"seeding stop-job {book.run.run_id}")
    return agent


def _outcome(evidence: tuple[Evidence, ...], raised: tuple[tuple[str, str], ...] = ()) -> Outcome:
    """Pending: this is no look at both witnesses, so it clears nothing."""
    return Outcome("stop-job", evidence, raised, pending=True, source=THE_WITNESSES)


def _key(book: Logbook, job: JobRunning) -> str:
    return f"stop-job/{book.run.attempt}/{utc_text(job.started)}"


def _open(book: Logbook) -> list[str]:
    return [key for key in book.run.intents if key.startswith("stop-job/")]
