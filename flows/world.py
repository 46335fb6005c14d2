"""What a pass needs of its surroundings, named once a process by whoever starts it (see deploy/wiring.py)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from states.plan import Plan
from states.quiet import QuietHours
from tasks.journal import Journal, Logbook
from tasks.ports import Clock, Site
from tasks.pulse import Pulse


@dataclass(frozen=True)
class World:
    """The journal, the clock and the sites. *retry_delays* are seconds between the tries of one verb in one pass.

    *site_of* makes a site for one pass. *quiet_of* are the quiet hours of an office, by its id.
    """

    journal: Journal
    clock: Clock
    site_of: Callable[[Plan], Site]
    actor: str
    retry_delays: tuple[float, ...] = (2.0, 10.0, 30.0)
    quiet_of: Callable[[str], QuietHours | None] = lambda _office: None
    sites_of_a_pass: Callable[[], Callable[[Plan], Site]] | None = None
    pulse: Pulse | None = None  # None where time is simulated

    def for_many(self) -> World:
        """Return this world for one pass over many runs: they share what Azure lists, and it is gone with the pass."""
        return replace(self, site_of=self.sites_of_a_pass()) if self.sites_of_a_pass else self

    def book(self, run_id: str) -> Logbook:
        """Open one run's journal for writing. Raises NotFound, JournalDamaged."""
        return Logbook(self.journal, run_id, self.clock.now, self.actor)


_factory: Callable[[], World] | None = None
_world: World | None = None


def use(factory: Callable[[], World]) -> None:
    """Say how this process gets its world; it is made when the first flow asks."""
    global _factory, _world
    _factory, _world = factory, None


def current() -> World:
    """Return this process's world. Raises RuntimeError when nobody called `use`."""
    global _world
    if _world is None:
        if _factory is None:
            raise RuntimeError("no world: call flows.world.use() first (deploy/wiring.py does)")
        _world = _factory()
    return _world
