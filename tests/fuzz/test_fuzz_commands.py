"""Whatever is typed, a command ends with a documented exit code and a sentence, never with a traceback."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from fakes import journal_file
from hypothesis import given
from hypothesis import strategies as st
from trials import tries
from typer.main import get_command
from typer.testing import CliRunner

from deploy.cli.app import app
from deploy.cli.envelope import Exit

# What starts servers, waits for something or reaches for Azure is tried elsewhere; these only read, write and refuse.
COMMANDS = (
    "status", "explain", "deadlines", "report", "custody", "validate", "plan", "start", "hold", "resume", "waive",
    "copy", "seal", "verify", "reconcile", "reopen", "reorder", "record",
)  # fmt: skip
ODD = (
    "", " ", "-", "--", "-1", "0", "9" * 400, "..", "../../etc/passwd", "/", "/dev/null", "\x00", "\n", "ünï", "\u202e",
    "a" * 5000, "lyon", "perth-2026-11", "perth", "2026-13", "CODE=", "=x", "*", "%s", "{run}", "'; DROP", "-h",
    "--home", "--json", "--yes", "--all", "--check", "--serial", "--reason", "--out", "x.html", "x.csv", "delivered",
)  # fmt: skip


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("home")
    (place / "journal.db").write_bytes(journal_file("delivered"))
    return place


def test_the_commands_are_commands() -> None:
    """A renamed command would be tried as nonsense for ever."""
    assert set(COMMANDS) <= set(get_command(app).commands)  # type: ignore[attr-defined]


@pytest.mark.parametrize("command", COMMANDS)
@given(words=st.lists(st.one_of(st.sampled_from(ODD), st.text(max_size=12)), max_size=5))
@tries(6)
def test_a_command_ends_in_order_whatever_follows_it(
    command: str, words: list[str], home: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """In a folder of its own, so that what it writes is nowhere else."""
    with pytest.MonkeyPatch.context() as patched:
        patched.chdir(tmp_path_factory.mktemp("here"))
        patched.setenv("SEEDING_HOME", str(home))
        told = CliRunner().invoke(app, [command, *words])

    assert told.exception is None or isinstance(told.exception, SystemExit), repr(told.exception)
    assert told.exit_code in {int(code) for code in Exit}
    assert "Traceback" not in told.output
    if "--json" in words and told.exit_code != Exit.USAGE and told.stdout.startswith("{"):
        json.loads(told.stdout)
