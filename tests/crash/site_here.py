"""The site of a rehearsal's office as deploy/wiring.py makes it, but the stand-in agent answers in this process."""

from __future__ import annotations

from pathlib import Path

from deploy import wiring
from deploy.inventory import load
from deploy.scenarios.agent_here import asked_here
from deploy.settings import settings
from states.plan import Plan
from tasks.ports import Site


def site_of(home: Path, plan: Plan) -> Site:
    """Return the site of the plan's office, in the rehearsal's *home*."""
    inventory = load(settings(home).inventory_at_home)
    site, entry = wiring.site(settings(home), inventory, plan), inventory.office(plan.office)
    assert entry is not None
    return asked_here(site, entry)
