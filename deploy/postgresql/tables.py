"""tables.sql, the journal's tables and guards as PostgreSQL takes them: written from the code by `make docs`.

The product makes the same tables itself where its role may. An administrator who gives it no such role runs the file.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tasks.journal.tables import postgresql_statements

PUBLISHED = Path(__file__).with_name("tables.sql")
HEAD = """-- The journal's tables in PostgreSQL 14 or newer, and the triggers that refuse what a journal never needs.
-- Written from the code by `make docs`; never edit it. Running it again changes nothing.
"""


def text() -> str:
    """Return the file as it is published, ending in a line feed."""
    return HEAD + "".join(f"\n{statement};\n" for statement in postgresql_statements())


def main(arguments: list[str] | None = None) -> int:
    """Write tables.sql; with --check only compare, and return 1 when it is stale."""
    parser = argparse.ArgumentParser(prog="python -m deploy.postgresql.tables", description=main.__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing; fail when the file is stale")
    if not parser.parse_args(arguments).check:
        PUBLISHED.write_text(text(), encoding="utf-8", newline="\n")
    elif not PUBLISHED.is_file() or PUBLISHED.read_text("utf-8") != text():
        print("deploy/postgresql/tables.sql is stale: run `make docs`", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
