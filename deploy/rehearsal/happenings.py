"""What every word on the agenda does: the one table the world's clock reads."""

from __future__ import annotations

from deploy.rehearsal import import_life, life, mishaps, office_agent
from deploy.rehearsal.world import Happening

HAPPENINGS: dict[str, Happening] = {
    **life.HAPPENINGS,
    **import_life.HAPPENINGS,
    "backup": office_agent.scheduled_backup,
    "backup-ends": office_agent.backup_ends,
    "mishap": mishaps.strike,
}
