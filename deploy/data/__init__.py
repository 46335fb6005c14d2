"""Facts that change without us: limits, borders, clocks and countries, as versioned files with their sources.

A number that Microsoft may change belongs in one of these files, never in code. Reading them touches no network.
"""

from __future__ import annotations

import functools
from datetime import date, timedelta
from importlib import resources
from typing import Any

import yaml

from states.agents import OldestVersion
from states.limits import Boundary, ClockRule, Device, Limits, Origin, PlanningMarks
from states.parcel_rules import Customs, Gate, ParcelRules, WayBack
from states.sizes import parse_size
from states.slots import OrderSlots

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@functools.cache
def limits() -> Limits:
    """Return `limits.yaml` and the parcel rules of `countries.yaml`, read once. Raises KeyError or ValueError."""
    data = read_data("limits.yaml")
    boundaries = tuple(
        Boundary(row["name"], frozenset(row["countries"]), origin_of(row)) for row in data["commerce_boundaries"]
    )
    return Limits(
        version=data["version"],
        devices=tuple(_device(row, boundaries) for row in data["devices"]),
        boundaries=boundaries,
        orders=OrderSlots(
            data["orders"]["active"], tuple(boundary.countries for boundary in boundaries), origin_of(data["orders"])
        ),
        regions=dict(data["regions"]["countries"]),
        clocks=tuple(_clock(row) for row in data["clocks"]),
        parcels=_parcels(read_data("countries.yaml")["parcels"], boundaries),
        planning=PlanningMarks(
            daily_change_warn_percent=data["planning"]["daily_change_warn_percent"],
            daily_change_block_percent=data["planning"]["daily_change_block_percent"],
            mars_volume_bytes=parse_size(str(data["planning"]["mars_volume"])),
            origin=origin_of(data["planning"]),
        ),
    )


@functools.cache
def oldest_versions() -> tuple[OldestVersion, ...]:
    """Return `agents.yaml`: the oldest backup software that will do. Raises KeyError or ValueError when damaged."""
    return tuple(
        OldestVersion(row["product"], row["mode"], str(row["version"]), row["name"], origin_of(row))
        for row in read_data("agents.yaml")["oldest"]
    )


@functools.cache
def countries() -> dict[str, str]:
    """Return the ISO 3166-1 two-letter codes with their English short names."""
    return dict(read_data("countries.yaml")["countries"])


@functools.cache
def country_mistakes() -> dict[str, str]:
    """Return codes people write by mistake (UK) with the right ones (GB)."""
    return dict(read_data("countries.yaml")["often_meant"])


def read_data(name: str) -> dict[str, Any]:
    """Return a data file of this folder as YAML has it. Raises FileNotFoundError."""
    text = resources.files(__package__).joinpath(name).read_text("utf-8")
    data: dict[str, Any] = yaml.load(text, Loader=_LOADER)  # noqa: S506 - a safe loader, and our own file
    return data


def _parcels(data: dict[str, Any], boundaries: tuple[Boundary, ...]) -> ParcelRules:
    unions = {boundary.name: boundary.countries for boundary in boundaries}
    customs = data["customs"]
    return ParcelRules(
        gates=tuple(
            Gate(row["wants"], row["given_by"], frozenset(row["countries"]), frozenset(row["regions"]), origin_of(row))
            for row in data["gates"]
        ),
        ways_back=tuple(
            WayBack(
                carriers=tuple(row["carriers"]),
                preferred=row.get("preferred", ""),
                countries=frozenset(row["countries"]).union(*(unions[name] for name in row.get("boundaries", ()))),
                origin=origin_of(row),
            )
            for row in data["ways_back"]
        ),
        customs=Customs(
            papers=tuple(customs["papers"]),
            unions=tuple(unions[name] for name in customs["boundaries"]),
            origin=origin_of(customs),
        ),
    )


def _device(row: dict[str, Any], boundaries: tuple[Boundary, ...]) -> Device:
    retired = row.get("retired") or {}
    inside = frozenset().union(*(b.countries for b in boundaries if b.name in retired.get("boundaries", ())))
    return Device(
        name=row["name"],
        sku=row["sku"],
        model=row.get("model", ""),
        mode=row["mode"],
        usable_bytes=parse_size(str(row["usable"])),
        devices_per_order=row["devices_per_order"],
        files=row.get("files", 0),
        containers=row.get("containers", 0),
        seeding=row["seeding"],
        retired_on=retired.get("since"),
        retired_in=frozenset(retired.get("countries", ())) | inside,
        origin=origin_of(row),
    )


def _clock(row: dict[str, Any]) -> ClockRule:
    length = timedelta(days=row.get("days", 0), hours=row.get("hours", 0))
    return ClockRule(
        row["name"], length, row["started_by"], row["consequence"], row["owner"], row["harm"],
        timedelta(days=row.get("warn_days", 0)), dict(row.get("charges_usd") or {}), origin_of(row),
    )  # fmt: skip


def origin_of(row: dict[str, Any]) -> Origin:
    """Return where a row was read, and when it was last compared. Raises KeyError, ValueError."""
    checked_on = row["checked_on"]
    if not isinstance(checked_on, date):
        raise ValueError(f"checked_on: {checked_on!r} is no date")
    return Origin(row["source"], checked_on)
