"""Facts to plain JSON values and back, strictly: an unknown field or a wrong type is an error, never skipped.

Only what a journal needs: str, int, bool, None, aware datetimes, tuples, mappings and frozen dataclasses.
Floats are refused, because two programs may print the same float differently and a hash chain must not care.
"""

from __future__ import annotations

import dataclasses
import functools
import types
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints


class NotReadable(ValueError):
    """A value that does not fit the fact it should become."""


def to_json(value: Any) -> Any:
    """Return *value* as JSON-ready data. Times become ISO 8601 in UTC with a Z. Raises TypeError on anything else."""
    if value is None or isinstance(value, (str, int)):  # first, for that is what a payload mostly holds
        return value
    if isinstance(value, dict):
        return {str(key): to_json(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [to_json(inner) for inner in value]
    if isinstance(value, datetime):
        return utc_text(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: to_json(getattr(value, f.name)) for f in dataclasses.fields(value)}
    raise TypeError(f"a journal takes no {type(value).__name__}: {value!r}")


def from_json(kind: Any, data: Any) -> Any:
    """Return *data* as *kind* (a dataclass, or a type hint of one's field). Raises NotReadable, naming the field."""
    return _reader(kind)(data)


@functools.cache
def _reader(kind: Any) -> Callable[[Any], Any]:
    """Return what reads one kind: a fold asks for the same few kinds thousands of times."""
    origin = get_origin(kind)
    if origin in (Union, types.UnionType):
        some = _reader(next(a for a in get_args(kind) if a is not type(None)))
        return lambda data: None if data is None else some(data)
    if origin is tuple:
        each = _reader(get_args(kind)[0])
        return lambda data: tuple([each(inner) for inner in _a(list, data)])
    if origin is Literal:
        return functools.partial(_one_of, get_args(kind))
    if dataclasses.is_dataclass(kind):
        return lambda data: _record(kind, _a(dict, data))
    if kind is datetime:
        return lambda data: read_utc(_a(str, data))
    return functools.partial(_a, kind)


def utc_text(at: datetime) -> str:
    """Return an aware time as `2026-11-02T06:00:00Z` (with microseconds where there are some)."""
    if at.tzinfo is None:
        raise TypeError(f"{at!r} has no time zone; the journal keeps UTC")
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def read_utc(text: str) -> datetime:
    """Return the aware UTC time that `utc_text` wrote. Raises NotReadable."""
    try:
        at = datetime.fromisoformat(text)
        if at.tzinfo is None:
            raise NotReadable(f"{text!r} has no time zone")
        return at.astimezone(UTC)
    except NotReadable:
        raise
    except (ValueError, OverflowError):
        raise NotReadable(f"{text!r} is not a time") from None


@functools.cache
def _readers_of(kind: Any) -> dict[str, Callable[[Any], Any]]:
    return {name: _reader(hint) for name, hint in get_type_hints(kind).items()}


def _record(kind: Any, data: dict[str, Any]) -> Any:
    readers = _readers_of(kind)
    if unknown := sorted(data.keys() - readers.keys()):
        raise NotReadable(f"{kind.__name__} has no field {unknown[0]!r}")
    values = {}
    for name, inner in data.items():
        try:
            values[name] = readers[name](inner)
        except NotReadable as wrong:
            raise NotReadable(f"{kind.__name__}.{name}: {wrong}") from None
    try:
        return kind(**values)
    except TypeError as wrong:
        raise NotReadable(f"{kind.__name__}: {wrong}") from None


def _one_of(choices: tuple[Any, ...], data: Any) -> Any:
    if data in choices:
        return data
    raise NotReadable(f"{data!r} is none of {', '.join(map(repr, choices))}")


def _a(kind: type, data: Any) -> Any:
    if isinstance(data, kind) and not (kind is int and isinstance(data, bool)):
        return data
    raise NotReadable(f"{data!r} is not a {kind.__name__}")
