"""CRC-64/NVME, the checksum that Azure writes in the device's file lists and in verbose copy logs.

Values are unsigned 64-bit integers; as text 16 hexadecimal digits.
"""

from __future__ import annotations

from functools import cache
from typing import Any


def crc64(data: Any, before: int = 0) -> int:
    """Return the CRC-64/NVME of bytes-like *data* that follows data whose CRC is *before*.

    >>> f"{crc64(b'123456789'):016x}"
    'ae8b14860a799888'
    """
    return int(_library().crc64nvme(data, before))


def joined(first: int, second: int, second_bytes: int) -> int:
    """Return the CRC of two pieces laid end to end, from the CRC of each and the length of the second in bytes."""
    return int(_library().combine_crc64nvme(first, second, second_bytes))


def from_vendor(text: str) -> int | None:
    """Read a CRC as the vendor writes it, `0x…` or decimal; None for an empty, zero or unreadable one.

    >>> from_vendor("0xAE8B14860A799888") == from_vendor("12577168950296156296")
    True
    """
    try:
        value = int(text.strip(), 16 if text.strip().lower().startswith("0x") else 10)
    except ValueError:
        return None
    return value if 0 < value < 1 << 64 else None


@cache
def _library() -> Any:
    """Load the native library when the first CRC is made: it takes a tenth of a second, and checking needs none."""
    from awscrt import checksums

    return checksums
