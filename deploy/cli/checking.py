"""`seeding doctor`: is everything a run needs in place? Reads only."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from deploy.cli import hub
from deploy.cli.envelope import Answer, Exit, Trouble
from deploy.cli.opening import Seen
from deploy.data import limits
from deploy.inventory import Office, load
from deploy.settings import Settings, settings
from states.conditions import row_of
from states.planning import job_name
from tasks.errors import InvalidInput, SeedingError
from tasks.findings import Finding
from tasks.journal import Journal


def doctor(home: Path | None, office: str) -> Answer:
    """Return the findings of every check. Exit code 1 when one of them would stop a run.

    With *office* its backup agent is asked too, by its command on this machine. Where the hub sent only the page of one
    office, this is that office's server: Azure is not asked from there.
    """
    where = settings(home)
    rows: list[dict[str, str]] = []
    source = where.inventory if where.inventory.exists() or not where.page.exists() else where.page
    inventory = load(source)
    rows.append(_row("inventory", "ok", f"{source}: {len(inventory.offices)} offices"))
    if source == where.inventory:
        rows.append(_journal(where.home, where.journal_url))
        rows += _hub(home)
    rows += _private(where.home)
    rows.append(_row("limits", "ok", f"version {limits().version}"))
    chosen = [entry for entry in inventory.offices if not office or entry.id == office]
    if not chosen:
        raise InvalidInput(f"{source} has no office {office}", next="seeding validate")
    for entry in chosen:
        found = _agent(entry) if office else ()
        found += _azure(where, entry) if source == where.inventory else ()
        rows += [_row(f"{entry.id}: {one.check}", one.severity, one.message, one.next) for one in found]
    bad = tuple(Trouble(row["check"], row["message"], row["next"]) for row in rows if row["severity"] != "ok")
    blocks = any(row["severity"] == "blocks" for row in rows)
    human = "\n".join(f"{row['severity']:6} {row['check']}: {row['message']}" for row in rows)
    return Answer({"findings": rows}, human, bad, Exit.FAILED if blocks else (Exit.WITH_GAPS if bad else Exit.DONE))


def _hub(home: Path | None) -> list[dict[str, str]]:
    """Return what the hub noticed of itself; nothing while there is no journal."""
    try:
        opened = Seen(home)
        found = hub.troubles(opened.where, len(opened.shown.rows(open_only=True)))
    except SeedingError:
        return []  # the row about the journal says it
    return [_row(one.code, row_of(one.code).severity.replace("warn", "warns"), one.message, one.next) for one in found]


def _agent(entry: Office) -> tuple[Finding, ...]:
    from deploy.office import backup_agent
    from tasks.office.doctor import checks

    path = entry.device_path or ""
    return checks(backup_agent(entry).witness, entry.plan(job_name(entry.id)), "" if "{" in path else path)


def _azure(where: Settings, entry: Office) -> tuple[Finding, ...]:
    from deploy.wiring import azure_settings
    from tasks.azure.clients import AzureClients
    from tasks.azure.doctor import checks

    clients = AzureClients(azure_settings(where, entry))
    found = checks(clients, entry.plan(job_name(entry.id)))
    clients.close()
    return found


def _journal(home: Path, url: str) -> dict[str, str]:
    if url.startswith("sqlite") and not (home / "journal.db").exists():
        return _row("journal", "ok", f"none yet in {home}; `seeding start` makes it")
    try:
        journal = Journal(url)
        chains = [journal.check(run_id) for run_id in journal.known_ids()]
    except (SeedingError, ValueError) as wrong:
        return _row("journal", "blocks", str(wrong), "restore the journal from a copy; do not write on")
    return _row("journal", "ok", f"{len(chains)} chains are whole, {sum(chains):,} lines")


def _private(home: Path) -> list[dict[str, str]]:
    """Warn where others of this machine can look into the home. Windows has no such bits: its access list decides."""
    if os.name != "posix" or not home.exists() or not stat.S_IMODE(home.stat().st_mode) & 0o077:
        return []
    return [_row("home", "warns", f"others of this machine may look into {home}", f"chmod 700 {home}")]


def _row(check: str, severity: str, message: str, next: str = "") -> dict[str, str]:
    return {"check": check, "severity": severity, "message": message, "next": next}
