"""Compare what was sealed with what the storage account holds, before anybody calls the seed ingested."""

from __future__ import annotations

from states.facts import Reconciled, Sealed
from states.settle import Outcome
from tasks import media
from tasks.errors import NotYet
from tasks.journal import Logbook
from tasks.layout import blob_of
from tasks.ports import Site

EXAMPLES = 5


def reconcile(book: Logbook, site: Site) -> Outcome:
    """Return manifest against blobs and the datacenter's checksums, file by file. A difference blocks the run."""
    run, sealed = book.run, book.run.get(Sealed)
    if sealed is None:
        raise NotYet(f"{run.run_id} has no sealed manifest")
    manifest = site.archive.open(run.run_id, sealed.manifest)
    containers = sorted({blob_of(entry.path)[0] for entry in media.entries(manifest)})
    verbose = [line for log in site.account.logs(run.job_name, "verbose") for line in media.parse_verbose_log(log)]
    report = media.reconcile(
        manifest,
        blobs=(media.Blob(b.container, b.name, b.bytes, b.kind, b.md5) for b in site.account.blobs(containers)),
        verbose=verbose,
        locate=blob_of,
        reread=media.Reread("sample", site.account.read),
    )
    faults = tuple(f"{row.path}: {row.verdict}, {row.detail}" for row in report.rows if row.verdict != "same")
    seen = Reconciled(
        digest=sealed.digest,
        same=report.counts.get("same", 0),
        faults=faults[:EXAMPLES],
        faulty=len(faults),
        reread=report.confidence,
    )
    raised = (("account-differs", f"{len(faults)} differ: {'; '.join(faults[:EXAMPLES])}"),) if faults else ()
    return Outcome("reconcile", evidence=(seen,), raised=raised)
