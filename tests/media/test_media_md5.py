"""MD5 that can be saved and gone on with."""

from __future__ import annotations

import hashlib
import random

from hypothesis import given
from hypothesis import strategies as st

from tasks.media.md5 import new_md5, resume_md5

DATA = random.Random(3).randbytes(5000)


@given(st.integers(0, len(DATA)), st.integers(0, len(DATA)))
def test_it_goes_on_from_any_byte(first, second):
    """Saved anywhere, twice, the digest is that of one pass."""
    first, second = sorted((first, second))
    one = new_md5()
    one.update(DATA[:first])
    two = resume_md5(one.save(), first)
    assert two is not None
    two.update(bytearray(DATA[first:second]))
    three = resume_md5(two.save(), second)
    assert three is not None
    three.update(DATA[second:])

    assert three.digest() == hashlib.md5(DATA).digest()


@given(st.integers(0, 10**9), st.integers(0, 7))
def test_a_damaged_state_is_never_believed(at, bit):
    """One flipped bit in a saved state, and it is thrown away."""
    md5 = new_md5()
    md5.update(DATA)
    saved = bytearray(md5.save() or b"")
    saved[at % len(saved)] ^= 1 << bit

    assert resume_md5(bytes(saved), len(DATA)) is None


def test_a_state_of_another_offset_is_never_believed():
    """A state is of use at the very byte it was saved at, nowhere else."""
    md5 = new_md5()
    md5.update(DATA)

    assert resume_md5(md5.save(), len(DATA) - 64) is None
    assert resume_md5(None, 0) is None
    assert resume_md5(b"", 0) is None
