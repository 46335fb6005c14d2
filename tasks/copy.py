"""Write the seed to the device: our copier for files, the backup agent for its own format."""

from __future__ import annotations

from states.settle import Outcome
from tasks.journal import Logbook
from tasks.on_site import work_for
from tasks.ports import Site


def copy(book: Logbook, site: Site) -> Outcome:
    """Return what was written to the device, item by item."""
    copied = site.office.copy(work_for(book.run, book.now()))
    if copied is None:
        return Outcome("copy", pending=True)
    left_out = [f"{item.name}: {path}" for item in copied.items for path in item.left_out]
    text = f"{len(left_out)} not copied: {'; '.join(left_out[:5])}"
    return Outcome("copy", evidence=(copied,), raised=(("copy-left-out", text),) if left_out else ())
