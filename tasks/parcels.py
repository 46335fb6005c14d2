"""Who else has a parcel's number: the one question of a run that the whole journal must answer."""

from __future__ import annotations

from states.facts import Evidence, HandedOver
from states.parcels import parcels_of, same_parcel
from tasks.journal import Logbook


def holders(book: Logbook, parcel: HandedOver) -> tuple[str, ...]:
    """Return whose parcel has that number already: other runs, open or over, and earlier attempts of this one."""

    def named(fact: Evidence) -> bool:
        return isinstance(fact, HandedOver) and same_parcel(fact, parcel)

    others = [run for run in book.others("handed-over", named) if any(map(named, parcels_of(run)))]
    mine = [f"an earlier attempt of {book.run.run_id}"] if any(map(named, book.run.parcels)) else []
    return (*mine, *(run.run_id for run in others))


def taken(parcel: HandedOver, whose: tuple[str, ...]) -> str:
    """Return the sentence about a number that others have."""
    return (
        f"{parcel.carrier} {parcel.tracking} is the parcel of {', '.join(whose)}: one parcel brings the drives of one "
        "job; read the label again, or correct the other run's number"
    )
