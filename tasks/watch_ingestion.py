"""Watch the datacenter: the job to its end, then its copy log. `Completed` alone is not enough."""

from __future__ import annotations

from states.facts import CopyLogRead, Evidence
from states.settle import Outcome
from states.stages import copy_is_over
from tasks.job import THE_JOB, Found, look_at_job, merged
from tasks.journal import Logbook
from tasks.media import ManifestInvalid, parse_copy_log
from tasks.ports import Site


def watch_ingestion(book: Logbook, site: Site) -> Outcome:
    """Return the job, and the copy log once the job has ended. The log itself goes to the archive."""
    run = book.run
    look = look_at_job(run, site, book.now())
    evidence: list[Evidence] = list(look.evidence)
    problems: list[Found] = list(look.found)
    if look.job and copy_is_over(look.job):
        logs = site.account.logs(run.job_name, "copy")
        try:
            read = read_copy_logs(logs) if logs else None
        except ManifestInvalid as wrong:  # nothing is kept of it: a log that can be read may take its place
            read = None
            problems.append(("copy-log-missing", f"order {run.job_name}: {wrong.message}"))
        if read:
            evidence.append(read)
            for number, text in enumerate(logs, start=1):
                site.archive.put(run.run_id, f"{run.job_name}-copylog-{number}.xml", text)
            if read.examples:
                problems.append(("ingestion-incomplete", f"the copy log lists {'; '.join(read.examples)}"))
        elif not logs:
            problems.append(("copy-log-missing", f"order {run.job_name}"))
    return Outcome("watch-ingestion", evidence=tuple(evidence), raised=merged(problems), source=THE_JOB)


def read_copy_logs(logs: tuple[bytes, ...]) -> CopyLogRead:
    """Return what the logs of all devices of an order say together."""
    parsed = [parse_copy_log(text) for text in logs]
    entries = [entry for log in parsed for entry in log.entries]
    renamed = [entry for entry in entries if entry.category.endswith("Renamed")]
    unclean = [log for log in parsed if not log.clean]
    return CopyLogRead(
        status="Succeeded" if not unclean else unclean[0].status or "without a status",
        files=sum(log.total_files or 0 for log in parsed),
        errored=max(len(entries) - len(renamed), sum(log.errored or 0 for log in parsed)),
        renamed=len(renamed),
        examples=tuple(f"{entry.path} ({entry.category})" for entry in entries[:5]),
    )
