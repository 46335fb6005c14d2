"""Parcels of own drives and their tracking numbers: one parcel, one number, one import job. Pure."""

from __future__ import annotations

import unicodedata

from states.facts import HandedOver
from states.run import Run


def same_parcel(one: HandedOver, other: HandedOver) -> bool:
    """Say whether two hand-overs name one parcel: the same number, of a carrier that may be spelled longer or shorter.

    >>> same_parcel(HandedOver("jo", "DHL", "JD 0001-22"), HandedOver("ann", "dhl express", "jd000122"))
    True
    """
    number, carrier, other_carrier = _bare(one.tracking), _bare(one.carrier), _bare(other.carrier)
    if not number or number != _bare(other.tracking):
        return False
    return carrier.startswith(other_carrier) or other_carrier.startswith(carrier)


def parcels_of(run: Run) -> tuple[HandedOver, ...]:
    """Return every parcel the run gave to a carrier, those of earlier attempts first; a corrected number is none."""
    now = run.get(HandedOver)
    return (*run.parcels, now) if now else run.parcels


def _bare(text: str) -> str:
    """Return the letters and digits of *text* alone, capitals made small."""
    return "".join(letter for letter in unicodedata.normalize("NFKC", text).casefold() if letter.isalnum())
