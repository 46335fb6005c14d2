"""What a plan of the own-disk mode must have; asking for it elsewhere is a mistake of ours."""

from __future__ import annotations

from states.plan import OwnDisk, Plan
from tasks.errors import SeedingError


def disk_office(plan: Plan) -> OwnDisk:
    """Return the plan's own-disk part. Raises SeedingError for a plan without one."""
    if plan.own_disk is None:
        raise SeedingError(f"the plan of {plan.office} has no own-disk part", next="seeding validate")
    return plan.own_disk
