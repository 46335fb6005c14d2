"""Inventories for tests: one that is sound, and ways to spoil it."""

from __future__ import annotations

from pathlib import Path

from deploy.cli.validate import validate
from deploy.inventory import Problem

SOUND = """\
version: 1
offices:
  - id: perth
    country: AU
    time_zone: Australia/Perth
    mode: data-box
    sku: DataBoxDisk
    address: {street: 1 Quay, city: Perth, postal_code: "6000"}
    contacts: {name: Backup, phone: "+61 8 5550 0100", emails: [backup@contoso.example]}
    agent: {kind: dpm, server: PER-DPM01}
    azure:
      subscription_id: 00000000-0000-4000-8000-000000000001
      tenant_id: 00000000-0000-4000-8000-000000000002
      resource_group: seeding
      location: australiaeast
      storage_account: contososeed
      vault: contoso-vault
    items:
      - {name: files, size: 2 TiB, daily_change: 1 %}
"""


def spoilt(old: str, new: str) -> str:
    """Return the sound inventory with *old*, which must be there once, replaced."""
    assert SOUND.count(old) == 1, old
    return SOUND.replace(old, new)


def problems_of(folder: Path, text: str | bytes) -> tuple[Problem, ...]:
    """Write *text* as an inventory into *folder* and return everything `seeding validate` says about it."""
    path = folder / "offices.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return validate(path)[1]


def found(problems: tuple[Problem, ...]) -> list[tuple[str, int]]:
    """Return code and line of each problem."""
    return [(problem.code, problem.line) for problem in problems]
