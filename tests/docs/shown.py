"""What the pages show: their fences, and the commands that somebody who reads them would type."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import typer

from deploy.cli.app import app

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
COMMANDS: dict[str, Any] = typer.main.get_command(app).commands  # type: ignore[attr-defined]
USAGE_ERROR: Any = typer.BadParameter.__base__  # of anything wrong with words; typer exports only this child of it

FENCE = re.compile(r"^ *```(\w*)\n(.*?)^ *```", re.M | re.S)
SHELLS = ("console", "sh", "powershell")
BEFORE = re.compile(r"^\$ |^\.\S*[\\/](?=seeding)|^(?:[A-Z_]+=\S+ )+(?=seeding )")  # a prompt, a path, an environment


def commands_of(text: str) -> list[tuple[str, bool]]:
    """Return every `seeding ...` and `make ...` a page names, and whether it is shown as a whole command to type."""
    blocks = [line for kind, block in FENCE.findall(text) if kind in SHELLS for line in block.splitlines()]
    whole = [BEFORE.sub("", line.strip()) for line in blocks]
    inline = re.findall(r"`((?:seeding|make) [^`]+)`", FENCE.sub("", text))
    return [(c, True) for c in whole if re.match(r"(seeding|make) ", c)] + [(c, False) for c in inline]


def words_of(command: str) -> tuple[str, ...]:
    """Return the words of a command line behind `seeding`, up to its end or the next command on the same line."""
    words = shlex.split(command.replace("\\", "/"), comments=True)[1:]
    end = next((number for number, word in enumerate(words) if word.endswith(";")), None)
    return tuple(words) if end is None else (*words[:end], words[end].rstrip(";"))


def is_shape(words: tuple[str, ...]) -> bool:
    """Say whether these words are a synopsis (`[OPTIONS]`), not a line to type."""
    return any(word.startswith("[") for word in words)


def can_be_parsed(words: tuple[str, ...]) -> bool:
    """Say whether the command takes these words: nothing missing, nothing unknown."""
    try:
        COMMANDS[words[0]].make_context(words[0], list(words[1:]))
    except (USAGE_ERROR, KeyError):
        return False
    except typer.Exit:  # --help
        pass
    return True


def takes_a_run(command: Any) -> bool:
    """Say whether a command's first argument is a run."""
    return next((p.name for p in command.params if p.param_type_name == "argument"), "") == "run_id"
