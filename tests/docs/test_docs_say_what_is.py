"""Links lead somewhere, commands exist, and the README keeps its promise about line 30."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
from shown import COMMANDS, FENCE, PAGES, ROOT, commands_of

from states.conditions import CATALOGUE
from states.playbook import PLAYBOOK

NAMES = [str(page.relative_to(ROOT)) for page in PAGES]
AHEAD = dict[str, str]()
TARGETS = set(re.findall(r"^([a-z_.-]+):", (ROOT / "Makefile").read_text("utf-8"), re.M))

FROM_THE_CODE = re.compile(r"<!-- from the code: .*?<!-- end of ", re.S)  # checked at its source, below


def anchors(text: str) -> set[str]:
    """Return what a link into this page may name: its headings as GitHub spells them, and explicit anchors."""
    heads = re.findall(r"^#+ (.+)$", FENCE.sub("", text), re.M)
    slugs = {re.sub(r"[^\w\- ]", "", head.lower()).strip().replace(" ", "-") for head in heads}
    return slugs | set(re.findall(r'<a id="([^"]+)"', text))


def dead_links(page: Path, text: str) -> list[str]:
    """Return the links of *text*, standing at *page*, that lead nowhere on this disk."""
    dead = []
    for link in re.findall(r"\]\(([^)\s]+)\)", FENCE.sub("", text)):
        if re.match(r"[a-z]+:", link):
            continue
        name, _, anchor = link.partition("#")
        target = (page.parent / name) if name else page
        if not target.exists() or (anchor and anchor not in anchors(target.read_text("utf-8"))):
            dead.append(link)
    return dead


def wrong_with(command: str, *, whole: bool) -> str:
    """Return what is wrong with a command line that a page shows; "" when it could be typed."""
    program, *words = shlex.split(command, comments=True)
    if program == "make":
        targets = [word for word in words if "=" not in word]
        return next((f"no target {word}" for word in targets if word not in TARGETS), "")
    if words[0].startswith("-"):
        return "" if words[0] in ("--help", "-h") else f"no option {words[0]}"
    if words[0] not in COMMANDS:
        return f"no command {words[0]}"
    params = COMMANDS[words[0]].params
    known = {opt for param in params for opt in (*param.opts, *param.secondary_opts)} | {"--help", "-h"}
    given = [word.partition("=")[0] for word in words[1:] if word.startswith("--")]
    if unknown := [word for word in given if word not in known]:
        return f"{words[0]} has no option {unknown[0]}"
    needed = [p.opts[0] for p in params if p.required and p.param_type_name == "option"]
    missing = [opt for opt in needed if opt not in given] if whole and "[OPTIONS]" not in words else []
    return f"{words[0]} needs {missing[0]}" if missing else ""


@pytest.mark.parametrize("name", NAMES)
def test_links_lead_somewhere(name):
    """No page sends a reader to a file or heading that is not there."""
    page = ROOT / name

    assert dead_links(page, page.read_text("utf-8")) == []


def test_a_dead_link_is_found():
    """The check rings for a missing file, a missing heading and a missing anchor, and for nothing else."""
    text = "[a](gone.md) [b](glossary.md#gone) [c](#gone) [d](conditions.md#held) [e](https://example.org/gone)"

    assert dead_links(ROOT / "docs" / "lifecycle.md", text) == ["gone.md", "glossary.md#gone", "#gone"]


def known(name: str) -> Any:
    """Return a page's name as a test parameter, marked when the page is known to be ahead of the code."""
    return pytest.param(name, marks=pytest.mark.xfail(strict=True, reason=AHEAD[name])) if name in AHEAD else name


@pytest.mark.parametrize("name", map(known, NAMES))
def test_commands_that_pages_name_exist(name):
    """Whatever a page tells somebody to type is a command, with options it has and all it needs."""
    found = commands_of(FROM_THE_CODE.sub("", (ROOT / name).read_text("utf-8")))

    assert [f"{c}: {wrong}" for c, whole in found if (wrong := wrong_with(c, whole=whole))] == []


@pytest.mark.parametrize(
    ("command", "wrong"),
    [
        ("seeding sow sydney", "no command sow"),
        ("seeding status --everything", "status has no option --everything"),
        ("seeding hold sydney", "hold needs --reason"),
        ("make hay", "no target hay"),
        ("seeding hold sydney --reason 'the office moves'", ""),
    ],
)
def test_a_command_that_cannot_be_typed_is_found(command, wrong):
    """The check rings for a command, an option or a target that is not there."""
    text = f"```sh\n{command}\n```\n"

    assert [wrong_with(c, whole=whole) for c, whole in commands_of(text)] == [wrong]


def test_every_remedy_can_be_typed():
    """What a run in trouble tells somebody to type is a command, with all it needs."""
    remedies = {code: row.remedy.format(run="sydney") for code, row in CATALOGUE.items()}
    named = [
        (code, command)
        for code, remedy in remedies.items()
        for command in re.findall(r"`(seeding [^`]+)`", remedy) or [remedy]
        if command.startswith("seeding ")
    ]

    assert len(named) > 20
    assert [f"{code}: {wrong}" for code, command in named if (wrong := wrong_with(command, whole=True))] == []


def test_every_question_of_a_run_names_a_command_that_can_be_typed():
    """A person who is asked is told what to type, and can."""
    commands = [row.command.format(run="sydney") for rows in PLAYBOOK.values() for row in rows if row.kind == "ask"]

    assert [f"{c}: {wrong}" for c in commands if (wrong := wrong_with(c, whole=True))] == []


def named_in_code(text: str) -> set[str]:
    """Return the `seeding ...` commands that the texts of a source file name."""
    return set(re.findall(r"`seeding ([a-z][a-z-]*)", text))


def test_every_command_that_a_text_of_the_code_names_exists():
    """Errors say what to type next; a source that names a command nobody wrote is found."""
    sources = [path for folder in ("states", "tasks", "flows", "deploy") for path in (ROOT / folder).rglob("*.py")]

    assert named_in_code('f"use `seeding drives format`"') - set(COMMANDS) == {"drives"}
    unknown = {path.name: named_in_code(path.read_text("utf-8")) - set(COMMANDS) for path in sources}
    assert {name: gone for name, gone in unknown.items() if gone} == {}


def test_by_line_30_the_readme_has_shown_a_whole_seeding():
    """A reader meets the first command and what it prints at once."""
    lines = (ROOT / "README.md").read_text("utf-8").splitlines()[:30]

    assert "make rehearse" in lines
    assert any(line.startswith("sydney") and "reached" in line for line in lines)
