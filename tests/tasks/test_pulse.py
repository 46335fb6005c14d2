"""The hub's pulse on a real folder: marks are left and read, and a disk that takes nothing is noticed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tasks.pulse import MARK, PROBE, Pulse


def test_a_pass_leaves_a_mark_that_the_next_look_believes(tmp_path: Path) -> None:
    """Right after a pass all is well; a mark of long ago is a pass that is overdue; the probe is gone."""
    pulse = Pulse(tmp_path)
    pulse.beat()
    quiet = [code for code, _ in pulse.look(3) if code != "disk-filling"]
    row = json.loads((tmp_path / MARK).read_text())
    row["at"], row["uptime_seconds"] = "2026-01-01T00:00:00Z", 0.0
    row["boot"] = "an earlier start"
    (tmp_path / MARK).write_text(json.dumps(row))

    assert quiet == [] and "pass-overdue" in [code for code, _ in pulse.look(3)]
    assert [path.name for path in tmp_path.iterdir()] == [MARK]


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"at": "yesterday", "uptime_seconds": 1, "boot": ""}'])
def test_a_damaged_mark_is_none(tmp_path: Path, text: str) -> None:
    """A look never fails because of what it finds."""
    (tmp_path / MARK).write_text(text)
    assert not {"pass-overdue", "clock-jumped"} & {code for code, _ in Pulse(tmp_path).look(1)}


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_disk_that_does_not_take_what_is_written_is_named(tmp_path: Path) -> None:
    """A real write to a real device that has no room, seen when it is to be made durable."""
    (tmp_path / PROBE).symlink_to("/dev/full")

    assert ("journal-not-durable", f"{tmp_path}: No space left on device") in Pulse(tmp_path).look(0)
