"""An office as a page of inventory that `read` understands again: how its own worker gets to know it."""

from __future__ import annotations

import dataclasses
from typing import Any

from deploy.inventory.keys import keys_of
from deploy.inventory.offices import Office


def page_of(office: Office) -> dict[str, Any]:
    """Return an inventory with this office alone, defaults applied, as plain data: no secret may stand in one."""
    return {"version": "1", "offices": [_mapping(office)]}


def _mapping(entry: Any) -> dict[str, Any]:
    said = {word: (getattr(entry, field.name), field.default) for word, field in keys_of(type(entry)).items()}
    return {word: _value(value) for word, (value, default) in said.items() if value != default}


def _value(value: Any) -> Any:
    if dataclasses.is_dataclass(value):
        return _mapping(value)
    if isinstance(value, tuple):
        return [_value(inner) for inner in value]
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:.9f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)
