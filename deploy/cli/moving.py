"""`seeding migrate-journal`: the journal into another database, and back the same way."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

from deploy.cli.envelope import Answer
from deploy.cli.opening import Opened
from tasks.journal import Journal
from tasks.journal.database import place
from tasks.journal.migration import migrate


def migrate_journal(home: Path | None, to: str) -> Answer:
    """Copy the journal of a home to the database at the URL *to*. What was copied stays where it was, too."""
    opened = Opened(home)
    target = Journal(to)
    done = migrate(opened.journal, target)
    source_place, target_place = place(opened.where.journal_url), place(to)
    human = (
        f"{done.runs:,} runs with {done.lines:,} lines are in {target_place}, {done.brought:,} of them brought now; "
        f"every chain is whole on both sides.\n"
        f"Next: give every hub and command this database as SEEDING_JOURNAL, then put {source_place} away: "
        f"what is written there from now on is in no other journal."
    )
    return Answer({**asdict(done), "source": source_place, "target": target_place}, human)
