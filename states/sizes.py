"""Amounts of data as people write them, and back. `TB` is 10^12 bytes, `TiB` is 2^40 bytes; never a guess between."""

from __future__ import annotations

import re
from decimal import ROUND_CEILING, Decimal

_DECIMAL = {"B": 0, "KB": 1, "MB": 2, "GB": 3, "TB": 4, "PB": 5}
_BINARY = {"KIB": 1, "MIB": 2, "GIB": 3, "TIB": 4, "PIB": 5}
UNITS = {unit: 1000**power for unit, power in _DECIMAL.items()} | {unit: 1024**power for unit, power in _BINARY.items()}
LARGEST_BYTES = 2**63 - 1  # what a database column holds

_SIZE = re.compile(r"([0-9]{1,19}(?:\.[0-9]{1,9})?) ?([A-Za-z]{1,3})?", re.ASCII)
_PERCENT = re.compile(r"([0-9]{1,6}(?:\.[0-9]{1,6})?) ?%", re.ASCII)


class NotASize(ValueError):
    """A text that is no amount of data; its message says what is wrong with it."""


def parse_size(text: str) -> int:
    """Return the bytes that *text* ("1.5 TiB", "800 GB", "1024") means, rounded up. Raises NotASize.

    >>> parse_size("1.5 KiB")
    1536
    """
    found = _SIZE.fullmatch(text.strip())
    if not found:
        raise NotASize("is no size: a number, a space and a unit are expected, with a point for decimals")
    number, unit = found.groups()
    factor = UNITS.get(unit.upper()) if unit else 1
    if factor is None:
        raise NotASize(f"has the unit {unit!r}, which may be decimal or binary, or none at all")
    if not unit and "." in number:
        raise NotASize("has a fraction but no unit")
    size_bytes = int((Decimal(number) * factor).to_integral_value(ROUND_CEILING))
    if size_bytes > LARGEST_BYTES:
        raise NotASize("is more than 8 EiB")
    return size_bytes


def parse_share(text: str, of_bytes: int) -> int:
    """Return the bytes that *text* means: a size, or a percentage ("3 %") of *of_bytes*, rounded up. Raises NotASize.

    >>> parse_share("2 %", of_bytes=1000)
    20
    """
    found = _PERCENT.fullmatch(text.strip())
    if not found:
        return parse_size(text)
    size_bytes = int((Decimal(found.group(1)) * of_bytes / 100).to_integral_value(ROUND_CEILING))
    if size_bytes > LARGEST_BYTES:
        raise NotASize("is more than 8 EiB")
    return size_bytes


def show_size(size_bytes: int) -> str:
    """Return *size_bytes* as people read it, in decimal units, as devices are sold.

    >>> show_size(7_200_000_000_000)
    '7.2 TB'
    """
    for unit in ("PB", "TB", "GB", "MB", "KB"):
        if size_bytes >= UNITS[unit]:
            shown = f"{Decimal(size_bytes) / UNITS[unit]:.2f}".rstrip("0").rstrip(".")
            return f"{shown} {unit}"
    return f"{size_bytes} bytes"


def show_apart(one_bytes: int, other_bytes: int) -> tuple[str, str]:
    """Return two sizes as people read them, in bytes where rounding would hide that they differ.

    >>> show_apart(7_000_000_000_001, 7_000_000_000_000)
    ('7,000,000,000,001 bytes', '7,000,000,000,000 bytes')
    """
    one, other = show_size(one_bytes), show_size(other_bytes)
    if one != other or one_bytes == other_bytes:
        return one, other
    return f"{one_bytes:,} bytes", f"{other_bytes:,} bytes"
