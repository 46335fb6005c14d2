"""What gates, customs and carriers want of a parcel of own drives, as values. The facts live in a versioned data file.

`deploy/data` reads `countries.yaml` into these classes. A country or region that no rule names has no rule we know of.
"""

from __future__ import annotations

from dataclasses import dataclass

from states.origin import Origin


@dataclass(frozen=True)
class Gate:
    """A datacenter's gate that turns parcels away: what must be on them, and who gives it."""

    wants: str
    given_by: str
    countries: frozenset[str]
    regions: frozenset[str]
    origin: Origin


@dataclass(frozen=True)
class WayBack:
    """By whom drives come back from these countries, on the customer's account. `preferred` is "" where none is."""

    carriers: tuple[str, ...]
    preferred: str
    countries: frozenset[str]
    origin: Origin


@dataclass(frozen=True)
class Customs:
    """The papers of a parcel that crosses a customs border."""

    papers: tuple[str, ...]
    unions: tuple[frozenset[str], ...]  # countries without a customs border between them
    origin: Origin

    def between(self, country: str, other: str) -> bool:
        """Say whether a customs border lies between the two countries."""
        return country != other and not any({country, other} <= union for union in self.unions)


@dataclass(frozen=True)
class ParcelRules:
    """Every rule for parcels of own drives."""

    gates: tuple[Gate, ...]
    ways_back: tuple[WayBack, ...]
    customs: Customs

    def gate(self, region: str, country: str) -> Gate | None:
        """Return the rule of the gate of an Azure region in that country, or None."""
        return next((g for g in self.gates if region in g.regions or country in g.countries), None)

    def way_back(self, country: str) -> WayBack | None:
        """Return by whom drives come back from a datacenter in that country; None where nobody says."""
        return next((way for way in self.ways_back if country in way.countries), None)
