"""Book the carrier's pick-up: at most once an attempt.

Azure offers no way to ask whether a pick-up is booked. So when a crash leaves an intent open, nobody books again:
the run goes on and says that a person should ask the carrier.
"""

from __future__ import annotations

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from states.facts import PickupBooked
from states.settle import Outcome
from tasks.errors import NotAllowed, NotFound, NotYet, Rejected, Transient
from tasks.journal import Logbook
from tasks.ports import Site

CONFIRMED = "confirmation "
UNKNOWN = "unknown"  # an outcome nobody saw; whoever did see it may still say so


def book_pickup(book: Logbook, site: Site) -> Outcome:
    """Return the carrier's confirmation. Raises Transient only when surely nothing was booked."""
    run, key = book.run, f"pickup/{book.run.attempt}"
    before = run.outcomes.get(key, "")
    if before.startswith(CONFIRMED):  # booked before the run was reopened: it still stands
        return Outcome("book-pickup", (PickupBooked(before.removeprefix(CONFIRMED)),))
    if not book.intend(key, "book-pickup", {"job": run.job_name}):
        return _uncertain(key, run.job_name)
    start, end = next_working_day(book.now(), run.plan.time_zone)
    location = ", ".join(filter(None, (site.address.company, site.address.street, site.address.city)))
    try:
        booked = site.orders.book_pickup(run.plan, run.job_name, start, end, location)
    except Rejected as refused:
        text = f"Azure refuses to book for {run.job_name}: {refused.message}"
        return Outcome("book-pickup", (PickupBooked(""),), (("pickup-not-booked", text),), ((key, "refused"),))
    except Transient as failed:
        if failed.maybe_done:
            return _uncertain(key, run.job_name)
        _not_sent(book, key)
        raise
    except (NotAllowed, NotFound, NotYet):
        _not_sent(book, key)
        raise
    return Outcome("book-pickup", evidence=(booked,), done=((key, f"{CONFIRMED}{booked.confirmation}"),))


def _not_sent(book: Logbook, key: str) -> None:
    book.settle(Outcome("book-pickup", done=((key, "not sent"),), pending=True))


def next_working_day(now: datetime, time_zone: str) -> tuple[datetime, datetime]:
    """Return 9 to 17 o'clock of the next weekday at the office, as aware times."""
    zone = ZoneInfo(time_zone)
    day = now.astimezone(zone).date() + timedelta(days=1)
    while day.weekday() >= 5:
        day += timedelta(days=1)
    return datetime.combine(day, time(9), zone), datetime.combine(day, time(17), zone)


def _uncertain(key: str, job_name: str) -> Outcome:
    text = f"whether {job_name} was booked is not known; it is not booked again"
    return Outcome("book-pickup", (PickupBooked(""),), (("pickup-uncertain", text),), ((key, UNKNOWN),))
