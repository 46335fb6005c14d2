"""Draw the sample to be restored from the vault one day: before the copy, where the agent keeps its own format."""

from __future__ import annotations

from states.settle import Outcome
from tasks.errors import NotYet
from tasks.journal import Logbook
from tasks.on_site import work_for
from tasks.ports import Site
from tasks.sample import BY_HAND


def draw_sample(book: Logbook, site: Site) -> Outcome:
    """Return files drawn at random from the sources, with their hashes. The same run draws the same ones again."""
    drawn = site.samples.draw(work_for(book.run, book.now()), BY_HAND)
    if drawn is None:
        raise NotYet(f"the office of {book.run.run_id} is still drawing the sample")
    return Outcome("draw-sample", evidence=(drawn,))
