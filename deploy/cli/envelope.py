"""What every command answers: one envelope with --json, human text otherwise, and an exit code that scripts can use."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, NoReturn

from states.codec import NotReadable
from states.lines import BrokenChain
from states.refused import Refused
from tasks.errors import SeedingError


class Exit(IntEnum):
    """The exit codes; docs/exit-codes.md says the same to operators."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    WITH_GAPS = 3
    NEEDS_PERSON = 4
    NOT_NOW = 5
    REFUSED = 20


@dataclass(frozen=True)
class Trouble:
    """One problem of a command: a code to search for, what is the matter, and what to do next."""

    code: str
    message: str
    next: str = ""


@dataclass(frozen=True)
class Answer:
    """What a command found or did. `human` is printed without --json; `data` is the envelope's."""

    data: Any = None
    human: str | Callable[[], None] = ""
    problems: tuple[Trouble, ...] = ()
    exit: Exit = Exit.DONE

    def show(self) -> None:
        """Print what people read."""
        if callable(self.human):
            self.human()
        elif self.human:
            print(self.human)
        sys.stdout.flush()


def emit(command: str, answer: Answer, *, as_json: bool) -> NoReturn:
    """Print the answer and leave with its exit code."""
    if as_json:
        problems = [{"code": p.code, "message": p.message, "next": p.next} for p in answer.problems]
        ok = answer.exit in (Exit.DONE, Exit.WITH_GAPS)
        envelope = {"ok": ok, "command": command, "data": answer.data, "problems": problems}
        sys.stdout.write(json.dumps(envelope, ensure_ascii=False, default=str) + "\n")
    else:
        answer.show()
        for problem in answer.problems:
            print(f"{problem.code}: {problem.message}", file=sys.stderr)
            if problem.next:
                print(f"  next: {problem.next}", file=sys.stderr)
    sys.stdout.flush()
    raise SystemExit(int(answer.exit))


def run(command: str, work: Callable[[], Answer], *, as_json: bool) -> NoReturn:
    """Do the work of a command and emit what came of it; every error of ours becomes a problem with an exit code."""
    try:
        answer = work()
    except Refused as refused:
        troubles = tuple(Trouble("refused", reason, f"seeding explain {refused.run_id}") for reason in refused.reasons)
        answer = Answer(problems=troubles, exit=Exit.REFUSED)
    except BrokenChain as broken:
        answer = Answer(problems=(Trouble("journal-damaged", str(broken), "restore the journal"),), exit=Exit.FAILED)
    except SeedingError as wrong:
        answer = Answer(problems=troubles_of(wrong), exit=Exit(wrong.exit_code))
    except NotReadable as wrong:
        trouble = Trouble("journal-damaged", str(wrong), "seeding custody --check")
        answer = Answer(problems=(trouble,), exit=Exit.FAILED)
    emit(command, answer, as_json=as_json)


def troubles_of(wrong: SeedingError) -> tuple[Trouble, ...]:
    """Return an error as problems: an inventory's error holds many, each with its place."""
    many = getattr(wrong, "problems", ())
    if many:
        return tuple(Trouble(p.code, f"{p.where}: {p.message}", p.next) for p in many)
    return (Trouble(wrong.code, wrong.message, wrong.next),)
