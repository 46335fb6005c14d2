"""`seeding doctor`: is everything a run needs in place? Reads only."""

from __future__ import annotations

from pathlib import Path

from deploy.cli.envelope import Answer, Exit, Trouble
from deploy.data import limits
from deploy.inventory import load
from deploy.settings import settings
from states.planning import job_name
from tasks.errors import InvalidInput, SeedingError
from tasks.journal import Journal


def doctor(home: Path | None, office: str) -> Answer:
    """Return the findings of every check. Exit code 1 when one of them would stop a run."""
    where = settings(home)
    rows: list[dict[str, str]] = []
    inventory = load(where.inventory)
    rows.append(_row("inventory", "ok", f"{where.inventory}: {len(inventory.offices)} offices"))
    rows.append(_journal(where.home, where.journal_url))
    rows.append(_row("limits", "ok", f"version {limits().version}"))
    chosen = [entry for entry in inventory.offices if not office or entry.id == office]
    if not chosen:
        raise InvalidInput(f"{where.inventory} has no office {office}", next="seeding validate")
    from deploy.wiring import azure_settings
    from tasks.azure.clients import AzureClients
    from tasks.azure.doctor import checks

    for entry in chosen:
        clients = AzureClients(azure_settings(where, entry))
        for finding in checks(clients, entry.plan(job_name(entry.id))):
            rows.append(_row(f"{entry.id}: {finding.check}", finding.severity, finding.message, finding.next))
        clients.close()
    bad = tuple(Trouble(row["check"], row["message"], row["next"]) for row in rows if row["severity"] != "ok")
    blocks = any(row["severity"] == "blocks" for row in rows)
    human = "\n".join(f"{row['severity']:6} {row['check']}: {row['message']}" for row in rows)
    return Answer({"findings": rows}, human, bad, Exit.FAILED if blocks else (Exit.WITH_GAPS if bad else Exit.DONE))


def _journal(home: Path, url: str) -> dict[str, str]:
    if url.startswith("sqlite") and not (home / "journal.db").exists():
        return _row("journal", "ok", f"none yet in {home}; `seeding start` makes it")
    try:
        journal = Journal(url)
        chains = [journal.check(run_id) for run_id in journal.known_ids()]
    except (SeedingError, ValueError) as wrong:
        return _row("journal", "blocks", str(wrong), "restore the journal from a copy; do not write on")
    return _row("journal", "ok", f"{len(chains)} chains are whole, {sum(chains):,} lines")


def _row(check: str, severity: str, message: str, next: str = "") -> dict[str, str]:
    return {"check": check, "severity": severity, "message": message, "next": next}
