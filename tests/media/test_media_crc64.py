"""CRC-64/NVME as Azure writes it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tasks.media.crc64 import crc64, from_vendor, joined


def _bit_by_bit(data: bytes) -> int:
    """The definition: reflected, polynomial ad93d23594c93659, all ones in and out."""
    crc = (1 << 64) - 1
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x9A6C9329AC4BC9B5 if crc & 1 else 0)
    return crc ^ (1 << 64) - 1


@given(st.binary(max_size=200), st.integers(0, 200))
def test_it_is_the_crc_of_the_definition(data, cut):
    """One pass, two passes and two halves put together give what the polynomial says."""
    left, right = data[:cut], data[cut:]

    assert (
        crc64(data) == crc64(right, crc64(left)) == joined(crc64(left), crc64(right), len(right)) == _bit_by_bit(data)
    )


def test_the_vendor_writes_it_in_two_ways():
    """Hexadecimal in device lists, decimal in verbose logs; nothing or zero means that there is none."""
    assert from_vendor("0xAE8B14860A799888") == from_vendor("12577168950296156296") == crc64(b"123456789")
    assert from_vendor("") is from_vendor("0x0") is from_vendor("null") is from_vendor("0x1" + "0" * 16) is None
