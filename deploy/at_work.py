"""The process that does one piece of long work at an office: `python -m deploy.at_work --home HOME FOLDER`.

The office's worker starts it and does not wait for ever; it goes on when the worker is gone. It needs no server. See
tasks/office/afar/background.py.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from deploy.office import hands_by
from deploy.settings import settings
from tasks.office.afar.background import Tell, serve
from tasks.office.afar.questions import Question, Reply, answered


def main() -> int:
    """Do the work of a folder; 0 when it is answered, 1 when another process is at it."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("folder", type=Path)
    given = parser.parse_args()
    where = settings(given.home)

    def work(question: Question, tell: Tell) -> Reply | None:
        return answered(question, lambda: hands_by(where, question.inventory, lambda _work, at: tell(at)))

    return 0 if serve(given.folder, work) else 1


if __name__ == "__main__":
    sys.exit(main())
