"""File the order's papers with the custody record: its history, the erasure certificate, the chain of custody.

Azure keeps them for a while only, and as links that expire: what is filed is the bytes.
"""

from __future__ import annotations

from states.facts import JobFiled
from states.interlock import READY
from states.release import PapersFiled
from states.settle import Outcome
from tasks.job import filed
from tasks.journal import Logbook
from tasks.ports import Site

HISTORY = "order-history"


def file_papers(book: Logbook, site: Site) -> Outcome:
    """Return which papers are in the archive and which are missing. Safe to repeat: a filed paper stays."""
    run = book.run
    papers, history, read = papers_of(book, site, run.job_name)
    waits = papers.missing and run.state == READY
    raised = (("papers-missing", f"order {run.job_name}: {', '.join(papers.missing)}"),) if waits else ()
    return Outcome("file-papers", evidence=(*history, papers), raised=raised, secrets_read=read)


def papers_of(book: Logbook, site: Site, job_name: str) -> tuple[PapersFiled, tuple[JobFiled, ...], tuple[str, ...]]:
    """Put the papers of an order into the archive; return what is filed, its history, and which links were read."""
    run = book.run
    known, past = run.get(PapersFiled), run.get(JobFiled)
    names = [name for name in known.names if name.startswith(f"{job_name}-")] if known else []
    if past and past.job_name == job_name and past.file not in names:
        names.append(past.file)
    job = site.orders.find(run.plan, job_name)
    history = filed(run, site, job) if job else ()
    names += [one.file for one in history if one.file not in names]
    missing = [] if any(f"{job_name}-job" in name for name in names) else [HISTORY]
    fresh = []
    for paper in site.left_overs.papers(run.plan, job_name):
        label = paper.name.removeprefix(f"{job_name}-").partition(".")[0]
        if any(name.startswith(f"{job_name}-{label}") for name in names):
            continue
        if paper.content is None:
            missing.append(label)
            continue
        site.archive.put(run.run_id, paper.name, paper.content)
        fresh.append(paper.name)
    read = (f"links to the papers of {job_name}, to file {', '.join(fresh)}",) if fresh else ()
    return PapersFiled(tuple(sorted({*names, *fresh})), tuple(missing)), history, read
