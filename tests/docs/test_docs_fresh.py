"""The pages the code writes: a stale one is named, and what people wrote around them stays."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from deploy.cli.envelope import Exit
from deploy.docs import DOCS, main, pages, stale, written
from deploy.docs_tables import MEANS
from states.conditions import CATALOGUE
from states.lines import KINDS
from tasks.journal.store import HEADS, LINES, LOOKS, RUNS

SECTIONS = [(page, name) for page, sections in pages().items() for name in sections]


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """A copy of docs/ to break."""
    return Path(shutil.copytree(DOCS, tmp_path / "docs"))


def broken(page: Path, name: str) -> str:
    """Return the page's text with one small letter of a section made a capital."""
    text = page.read_text("utf-8")
    begin = text.index(f"<!-- from the code: {name} -->") + len(f"<!-- from the code: {name} -->")
    letter = re.compile("[a-z]").search(text, begin)
    assert letter
    return f"{text[: letter.start()]}{letter[0].upper()}{text[letter.end() :]}"


def test_no_page_is_stale():
    """What is committed says what the code says; `make docs` mends it otherwise."""
    assert stale(DOCS) == []


@pytest.mark.parametrize(("page", "name"), SECTIONS)
def test_one_wrong_letter_is_noticed(copied, capsys, page, name):
    """A table that no longer agrees with the code ends the check with 1 and the page's name."""
    (copied / page).write_text(broken(copied / page, name), encoding="utf-8")

    assert main(["--check", "--docs", str(copied)]) == 1
    assert capsys.readouterr().err == f"docs/{page} is stale: run `make docs`\n"


def test_writing_mends_a_stale_page_and_nothing_else(copied):
    """After writing, the folder is what it was, byte by byte."""
    (copied / "lifecycle.md").write_text(broken(copied / "lifecycle.md", "states"), encoding="utf-8")

    assert main(["--docs", str(copied)]) == 0
    assert {p.name: p.read_bytes() for p in copied.glob("*.md")} == {p.name: p.read_bytes() for p in DOCS.glob("*.md")}


def test_a_persons_words_around_a_table_stay():
    """Only what stands between the markers is written anew."""
    page = "Mine.\n<!-- from the code: x -->\nold\n<!-- end of x -->\nMine, too: \\1 \\n.\n"

    fresh = written(page, {"x": lambda: "new \\g<0>"})

    assert fresh == "Mine.\n<!-- from the code: x -->\nnew \\g<0>\n<!-- end of x -->\nMine, too: \\1 \\n.\n"


@pytest.mark.parametrize("harm", ["lost", "twice"])
def test_a_page_whose_markers_are_not_there_once_is_named(copied, harm):
    """A section that silently is not written any more would never be stale."""
    page = copied / "exit-codes.md"
    text, marker = page.read_text("utf-8"), "<!-- from the code: exit codes -->"
    section = text[text.index(marker) : text.index("<!-- end of exit codes -->") + len("<!-- end of exit codes -->")]
    page.write_text(text.replace(marker, "") if harm == "lost" else f"{text}\n{section}\n", encoding="utf-8")

    assert [line.partition(":")[0] for line in stale(copied)] == ["docs/exit-codes.md cannot be checked"]


def test_a_page_that_is_gone_is_named(copied):
    """A deleted page is no fresh page."""
    (copied / "commands.md").unlink()

    assert stale(copied)[0].startswith("docs/commands.md cannot be checked")


def test_every_condition_has_an_anchor():
    """Messages and pages link to docs/conditions.md#code."""
    page = (DOCS / "conditions.md").read_text("utf-8")

    assert [code for code in CATALOGUE if f'<a id="{code}"></a>' not in page] == []


def test_every_exit_code_is_explained():
    """A new exit code comes with its sentence."""
    assert set(MEANS) == set(Exit)


def test_the_journals_columns_and_kinds_are_all_described():
    """Somebody without our code meets nothing that the page does not name."""
    page = (DOCS / "journal-format.md").read_text("utf-8")
    columns = {column.name for table in (LINES, HEADS, RUNS, LOOKS) for column in table.columns}

    kinds = page.split("## Kinds of lines")[1].split("**Intent")[0]

    assert sorted(name for name in columns | {"lines", "heads", "runs", "looks"} if f"`{name}`" not in page) == []
    assert re.findall(r"^\| `([a-z-]+)` \|", kinds, re.M) == [*KINDS]
