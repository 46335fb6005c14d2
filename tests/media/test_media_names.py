"""Names: any bytes go through a manifest's text and come back; nothing leaves its folder."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.media import ManifestInvalid
from tasks.media.names import checked, from_text, to_text


@given(st.binary(max_size=60))
def test_any_bytes_come_back(path):
    """Whatever bytes a name has, the manifest's text leads back to them."""
    assert from_text(to_text(path)) == path


@given(st.binary(max_size=60))
def test_the_text_never_breaks_a_line_or_a_column(path):
    """A name with newlines or tabs is still one field of one line of UTF-8."""
    text = to_text(path)

    assert not set(text) & {"\n", "\t", "\r"}
    assert text.encode("utf-8").decode("utf-8") == text


@given(st.text(alphabet=r"\abntrx0f1é", max_size=8))
def test_there_is_one_spelling_only(text):
    """A text is either the one spelling of its bytes or refused: two lines can never mean the same file."""
    try:
        path = from_text(text)
    except ManifestInvalid:
        return

    assert to_text(path) == text


@pytest.mark.parametrize("path", [b"", b"/etc/passwd", b"a//b", b"../x", b"a/../b", b"a/.", b"a/", b"a\0b"])
def test_a_path_cannot_leave_its_folder(path):
    """A manifest cannot make the checker look outside the device."""
    with pytest.raises(ManifestInvalid):
        checked(path)
