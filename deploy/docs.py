"""The parts of docs/ that the code knows: `python -m deploy.docs` writes them, `--check` says which page is stale.

A page is written by hand but for what stands between two markers. So the tables cannot disagree with the code, and
the explanation around them stays a person's. Reads code, writes pages; asks nobody and changes nothing else.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from deploy import docs_errors as errors
from deploy import docs_inventory as inventory
from deploy import docs_own_disks as own_disks
from deploy import docs_tables as tables
from deploy.azure import roles
from states import diagram
from states.own_disk import OWN_DISK_PLAYBOOK

DOCS = Path(__file__).parents[1] / "docs"


def pages() -> dict[str, Mapping[str, Callable[[], str]]]:
    """Return what the code writes: page, then marker, then how its text is made."""
    return {
        "lifecycle.md": {
            "states": diagram.table,
            "diagram": lambda: f"```mermaid\n{diagram.mermaid()}\n```",
            "edges": diagram.edges_table,
            "endings": tables.endings,
            "guards": tables.guards,
            "playbook": tables.playbook,
        },
        "errors.md": {"codes": errors.codes, "faults": errors.faults, "unseen": errors.unseen},
        "conditions.md": {"catalogue": tables.catalogue},
        "deadlines.md": {"clocks": tables.clocks, "out of sight": tables.clocks_out_of_sight},
        "exit-codes.md": {"exit codes": tables.exit_codes, "problem codes": tables.problem_codes},
        "azure-roles.md": {"needs": roles.table},
        "inventory.md": {"every key": inventory.keys},
        "commands.md": {"commands": tables.commands},
        "journal-format.md": {"evidence": tables.evidence},
        "own-disks.md": {
            "parcels": own_disks.parcels,
            "own-disk playbook": lambda: tables.playbook(OWN_DISK_PLAYBOOK),
            "drive words": own_disks.drive_words,
        },
    }


def written(text: str, sections: Mapping[str, Callable[[], str]]) -> str:
    """Return a page's *text* with each marked section made anew. Raises LookupError when a marker is not there."""
    for name, make in sections.items():
        begin, end = f"<!-- from the code: {name} -->", f"<!-- end of {name} -->"
        between = re.compile(f"{re.escape(begin)}\n.*?{re.escape(end)}", re.DOTALL)
        fresh = f"{begin}\n{make()}\n{end}"
        text, found = between.subn(lambda _match, fresh=fresh: fresh, text)  # type: ignore[misc]
        if found != 1:
            raise LookupError(f"{begin} ... {end} stands {found} times in the page, not once")
    return text


def stale(docs: Path) -> list[str]:
    """Return what is wrong with the pages below *docs*, one sentence a page; nothing when all are fresh."""
    wrong = []
    for name, sections in pages().items():
        try:
            before = (docs / name).read_text("utf-8")
            if written(before, sections) != before:
                wrong.append(f"docs/{name} is stale: run `make docs`")
        except (OSError, LookupError) as trouble:
            wrong.append(f"docs/{name} cannot be checked: {trouble}")
    return wrong


def main(arguments: list[str] | None = None) -> int:
    """Write what the code knows into docs/; with --check only compare, and return 1 when a page is stale."""
    parser = argparse.ArgumentParser(prog="python -m deploy.docs", description=main.__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing; fail when a page is stale")
    parser.add_argument("--docs", type=Path, default=DOCS, help="the folder of the pages")
    given = parser.parse_args(arguments)
    if given.check:
        wrong = stale(given.docs)
        print("\n".join(wrong), file=sys.stderr, end="\n" if wrong else "")
        return 1 if wrong else 0
    for name, sections in pages().items():
        page = given.docs / name
        page.write_text(written(page.read_text("utf-8"), sections), encoding="utf-8", newline="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
