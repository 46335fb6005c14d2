"""Release what a finished run left behind: the seed's containers, then the staging place, then the order's record.

Runs behind the interlock, asked on what the witnesses say now. Each deletion has an intent of its own; what a crash
left open is looked up in the world. What must not or cannot be deleted is left, and told with the reason.
"""

from __future__ import annotations

from collections.abc import Callable

from states.interlock import READY, reasons_to_keep
from states.release import Released
from states.run import Run
from states.settle import Outcome
from tasks.errors import NotAllowed, NotYet, Rejected
from tasks.file_papers import papers_of
from tasks.journal import Logbook
from tasks.left_overs import LeftOver, left_overs
from tasks.on_site import work_for
from tasks.ports import Site
from tasks.staged import staged_files
from tasks.watch_vault import listen

Refusal = str  # why a thing stays; "" when it is gone


def close(book: Logbook, site: Site) -> Outcome:
    """Delete what the interlock lets go, and return what was released. Raises NotYet while the agent is silent.

    Safe to call again after a crash at any moment: what is gone is not asked for again, and nothing goes twice.
    """
    if book.run.state == READY:
        heard = listen(book, site)
        if heard.silent:
            server = book.run.plan.server
            raise NotYet(f"the backup agent of {server} does not answer; nothing is deleted on old evidence")
        book.settle(heard.outcome("schedule-incrementals"))
    if reasons := reasons_to_keep(book.run):
        return Outcome("close", raised=(("release-refused", "; ".join(reasons)),))
    left = []
    for thing in left_overs(book.run, site, book.now()):
        refusal = thing.stays or _released(book, thing, _EFFECTS[thing.kind], site)
        if refusal:
            left.append(f"{thing.text}: {refusal}")
    return _told(book.run, tuple(left))


def _told(run: Run, left: tuple[str, ...]) -> Outcome:
    """Return what was released. Something left behind stops the run, until it is gone or somebody leaves it there."""
    gone = tuple((key, "deleted") for key in run.intents if key.startswith(("release/", "delete/")))
    raised = (("clean-up-left", "; ".join(left)),) if left else ()
    if left and "clean-up-left" not in run.waivers:
        return Outcome("close", raised=raised)
    deleted = [key for key, result in (*run.outcomes.items(), *gone) if result == "deleted"]
    names = tuple(sorted({key.partition("/container/")[2] for key in deleted if "/container/" in key}))
    staging = run.plan.own_disk.staging if run.plan.own_disk and any("/staging/" in key for key in deleted) else ""
    orders = not any(one.startswith("order ") for one in left)
    return Outcome("close", evidence=(Released(orders, left, names, staging),), raised=raised, done=gone)


def _released(
    book: Logbook, thing: LeftOver, effect: Callable[[Logbook, LeftOver, Site], Refusal], site: Site
) -> Refusal:
    """Delete one thing between an intent and its outcome; return why it stays, or "" when it is gone."""
    key = _key(book.run, thing)
    book.intend(key, "close", {"what": thing.text})
    try:
        refusal = effect(book, thing, site)
    except (NotAllowed, Rejected) as no:
        refusal = f"{no.message}; {no.next}"
    book.settle(Outcome("close", done=((key, "stays" if refusal else "deleted"),), pending=True))
    return refusal


def _key(run: Run, thing: LeftOver) -> str:
    if thing.kind == "order":
        return f"delete/{run.job_names.index(thing.name) + 1}"
    return f"release/{run.attempt}/{thing.kind}/{thing.name}"


def _delete_container(book: Logbook, thing: LeftOver, site: Site) -> Refusal:
    site.left_overs.delete_container(book.run.plan, thing.name)
    return ""


def _clear_staging(book: Logbook, thing: LeftOver, site: Site) -> Refusal:
    assert site.disks is not None
    files = staged_files(site, book.run)
    foreign = site.disks.clear_staging(work_for(book.run, book.now()), files)
    if foreign is None:
        raise NotYet(f"the office is still at work on {thing.text}")
    if foreign:
        note = f"left in {thing.name}, for it is no part of the seed: {', '.join(foreign)}"
        book.settle(Outcome("close", notes=(note,), pending=True))
    return ""


def _delete_order(book: Logbook, thing: LeftOver, site: Site) -> Refusal:
    """An order goes last, and only when its papers are filed, or somebody said that they never will be."""
    papers, history, read = papers_of(book, site, thing.name)
    if thing.name == book.run.job_name:
        book.settle(Outcome("file-papers", evidence=(*history, papers), secrets_read=read, pending=True))
    if papers.missing and "papers-missing" not in book.run.waivers:
        return f"not in the archive yet: {', '.join(papers.missing)}"
    site.orders.delete(book.run.plan, thing.name)
    return ""


_EFFECTS: dict[str, Callable[[Logbook, LeftOver, Site], Refusal]] = {
    "container": _delete_container,
    "staging": _clear_staging,
    "order": _delete_order,
}
