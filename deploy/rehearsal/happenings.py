"""What every word on the agenda does: the one table the world's clock reads."""

from __future__ import annotations

from deploy.rehearsal import life, mishaps, office_agent
from deploy.rehearsal.world import Happening

HAPPENINGS: dict[str, Happening] = {
    **life.HAPPENINGS,
    "backup": office_agent.scheduled_backup,
    "mishap": mishaps.strike,
}
