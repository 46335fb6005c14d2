"""Compare what was sealed with what the storage account holds, before anybody calls the seed ingested."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from states.facts import Reconciled, Sealed
from states.run import Run
from states.settle import Outcome
from tasks import media
from tasks.errors import NotYet
from tasks.journal import Logbook
from tasks.layout import locator
from tasks.media_errors import on_media
from tasks.ports import Site

EXAMPLES = 5
REREAD_BLOCKS = 8  # of up to 32 MiB each: the hub's line must bear it; the checksums cover every byte


def reconcile(book: Logbook, site: Site) -> Outcome:
    """Return manifest against blobs and the datacenter's checksums, file by file. A difference blocks the run."""
    run, sealed = book.run, book.run.get(Sealed)
    if sealed is None:
        raise NotYet(f"{run.run_id} has no sealed manifest")
    manifest = site.archive.open(run.run_id, sealed.kept or sealed.manifest)
    report = _compared(run, site, manifest)
    if not report.ok:  # a reorder hangs on it: believed when the account says so twice
        report = _compared(run, site, manifest)
    faults = tuple(f"{row.path}: {row.verdict}, {row.detail}" for row in report.rows if row.verdict != "same")
    seen = Reconciled(
        digest=sealed.digest,
        same=report.counts.get("same", 0),
        faults=faults[:EXAMPLES],
        faulty=len(faults),
        reread=str(report.confidence),
    )
    raised = (("account-differs", f"{len(faults)} differ: {'; '.join(faults[:EXAMPLES])}"),) if faults else ()
    return Outcome("reconcile", evidence=(seen,), raised=raised)


def _compared(run: Run, site: Site, manifest: Path) -> media.Reconciled:
    with on_media():
        locate = locator(run.plan)
        containers = sorted({locate(entry.native)[0] for entry in media.entries(manifest)})
        return media.reconcile(
            manifest,
            blobs=_blobs(site, containers),
            bom=_checksums(site, run.job_names if run.plan.mode == "own-disk" else (run.job_name,)),
            locate=locate,
            reread=media.Reread(site.account.read, samples=REREAD_BLOCKS),
        )


def _blobs(site: Site, containers: list[str]) -> Iterator[media.Blob]:
    for seen in site.account.blobs(containers):
        kind: Literal["block", "page"] = "page" if seen.kind == "page" else "block"
        yield media.Blob(seen.container, seen.name, seen.bytes, kind, seen.md5)


def _checksums(site: Site, job_names: tuple[str, ...]) -> list[media.BomLine] | None:
    """Return the datacenter's CRC-64 of every file it uploaded, the last word on each; None without a verbose log.

    With own disks a later attempt brings only what an earlier one did not, so all their logs count.
    """
    logs = [log for name in job_names for log in site.account.logs(name, "verbose")]
    lines = {f.path: media.BomLine(f.path, f.size, f.crc64) for log in logs for f in media.parse_verbose_log(log)}
    return list(lines.values()) or None
