"""The site of docs/: it builds without a warning and asks nobody; a page for each situation says what it must."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from shown import FENCE, ROOT

from deploy.cli.faults import chosen_by
from deploy.codes import every_code

DOCS = ROOT / "docs"
HOW_TO = sorted(page for page in (DOCS / "how-to").glob("*.md") if page.name != "index.md")
PARTS = ["Look", "Do", "What happens then", "It is over when", "Practise"]
FETCHES = re.compile(  # what a browser would fetch by itself: no link to click
    r"""<(?:script|img|iframe|source|video)\b[^>]*\bsrc=["']([^"']+)"""
    r"""|<link\b(?=[^>]*\brel=["'](?:stylesheet|preload|icon|preconnect)["'])[^>]*\bhref=["']([^"']+)"""
    r"""|url\(["']?([^"')]+)|@import ["']([^"']+)"""
)


def fetched(text: str) -> list[str]:
    """The addresses on other machines that a browser would ask for this text's sake."""
    found = ["".join(groups) for groups in FETCHES.findall(text)]
    return [address for address in found if re.match(r"(?:[a-z]+:)?//", address)]


def listed(index: Path) -> set[Path]:
    """The pages that an index page lists, and the pages that the indexes among them list."""
    names = re.findall(r"^- \[[^\]]+\]\(([a-z0-9/-]+\.md)\)", index.read_text("utf-8"), re.M)
    pages = {index.parent / name for name in names}
    return pages | {page for inner in pages if inner.name == "index.md" for page in listed(inner)}


@pytest.mark.slow
def test_the_site_builds_without_a_warning_and_asks_nobody(tmp_path: Path) -> None:
    """Links, anchors and code blocks are sound, every page has its place, and all a page needs lies beside it."""
    options = ["-E", "-W", "--keep-going", "-q", "-b", "html", "-d", str(tmp_path / "doctrees")]
    command = [sys.executable, "-m", "sphinx", *options, str(DOCS), str(tmp_path / "site")]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)

    assert (done.returncode, done.stderr) == (0, "")
    written = [path for path in (tmp_path / "site").rglob("*") if path.suffix in (".html", ".css")]
    assert len(written) > 50
    assert {path.name: asked for path in written if (asked := fetched(path.read_text("utf-8")))} == {}
    assert "<svg viewBox" in (tmp_path / "site" / "lifecycle.html").read_text("utf-8")


def test_what_a_browser_would_fetch_is_found() -> None:
    """The check rings for a script, a style and a font of somebody else, and not for a link."""
    theirs = [
        '<script src="https://cdn.example/x.js">',
        '<link rel="stylesheet" href="//cdn.example/x.css">',
        "@font-face { src: url(https://cdn.example/x.woff2) }",
        '@import "https://cdn.example/x.css";',
    ]

    assert [len(fetched(text)) for text in theirs] == [1, 1, 1, 1]
    assert fetched('<a href="https://example.org">x</a> <script src="_static/furo.js">') == []


def test_every_page_has_its_place_on_the_site() -> None:
    """A page nobody lists is one nobody finds; the build would fail, minutes later."""
    assert {page for page in DOCS.rglob("*.md")} - listed(DOCS / "index.md") == {DOCS / "index.md"}


@pytest.mark.parametrize("page", HOW_TO, ids=lambda page: page.stem)
def test_a_situation_has_its_codes_its_parts_and_a_rehearsal(page: Path) -> None:
    """What it is called in the product, what to look at, do and expect, how it ends, and how to practise it."""
    text = page.read_text("utf-8")
    named = set(re.findall(r"\]\(\.\./(?:conditions|errors)\.md#([a-z-]+)\)", text))
    heads = re.findall(r"^## (\w[\w ]*)", FENCE.sub("", text), re.M)
    played = [code for codes in re.findall(r"seeding rehearse --fault (\S+)", text) for code in codes.split(",")]

    assert named and named <= set(every_code())
    assert list(dict.fromkeys(part for head in heads for part in PARTS if head.startswith(part))) == PARTS
    assert set(played) <= named and (chosen_by(",".join(played)) if page.stem != "move-the-hub" else not played)


def test_the_runbook_knows_its_alarms() -> None:
    """Every code of the alarm table exists, and is named on the page it leads to."""
    rows = re.findall(r"^\| (`.+`) \| \[.+?\]\((how-to/.+?\.md)\)", (DOCS / "runbook.md").read_text("utf-8"), re.M)
    alarms = {code: DOCS / page for codes, page in rows for code in re.findall(r"`([a-z-]+)`", codes)}

    assert len(alarms) > 25 and set(alarms) <= set(every_code())
    assert [code for code, page in alarms.items() if f"#{code})" not in page.read_text("utf-8")] == []
