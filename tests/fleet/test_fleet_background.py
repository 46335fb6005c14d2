"""Long work at an office, in a process of its own: one at a time, started again when it dies, answered once."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path
from threading import Thread

import pytest
from test_fleet_questions import WORK

from tasks.media import Progress
from tasks.office.afar.background import Job, is_held
from tasks.office.afar.questions import Question, Reply

pytestmark = pytest.mark.slow

# A stand-in for deploy.at_work: counts its starts, and does what the file `how` beside the folders says.
WORKER = """
import os, signal, sys, time
from pathlib import Path
from tasks.media import Progress
from tasks.office.afar.background import serve
from tasks.office.afar.questions import Reply
folder = Path(sys.argv[1])
def work(question, tell):
    with (folder.parent / "starts").open("a") as starts:
        starts.write(question.verb + "\\n")
    how = (folder.parent / "how").read_text()
    begun = len((folder.parent / "starts").read_text().splitlines())
    if how == "die" or (how == "die once" and begun == 1):
        print("a cable was pulled", flush=True)
        os.kill(os.getpid(), signal.SIGKILL)
    tell(Progress("copy", 1, 2, 10, 20))
    while (folder.parent / "hold").exists():
        time.sleep(0.02)
    return Reply({"answer": begun})
sys.exit(0 if serve(folder, work) else 1)
"""


@pytest.fixture
def office(tmp_path: Path) -> Path:
    """The folder of an office's long work, and how its processes behave."""
    (tmp_path / "how").write_text("well")
    (tmp_path / "worker.py").write_text(WORKER)
    return tmp_path


def test_two_who_ask_for_the_same_work_get_one_process_and_one_answer(office: Path) -> None:
    """Late work collapses: whoever comes second finds the first at it, and waits."""
    (office / "hold").touch()
    replies: list[Reply | None] = []
    askers = [Thread(target=lambda: replies.append(asked(office, "copy"))) for _ in range(2)]
    for asker in askers:
        asker.start()
    wait_for(lambda: (office / "starts").exists())
    (office / "hold").unlink()
    for asker in askers:
        asker.join()

    assert [reply.data for reply in replies if reply] == [{"answer": 1}] * 2
    assert starts(office) == ["copy"]


def test_the_work_goes_on_when_nobody_waits_and_its_answer_is_kept_until_it_is_taken_away(office: Path) -> None:
    """A worker that dies, or loses patience, stops nothing; the same question asked later is new work."""
    (office / "hold").touch()
    impatient = asked(office, "copy", seconds=0.0)
    (office / "hold").unlink()
    kept = asked(office, "copy")
    job(office, "copy").take_away()
    anew = asked(office, "copy")

    assert (impatient, kept, anew) == (None, Reply({"answer": 1}), Reply({"answer": 2}))


def test_a_process_that_is_killed_is_started_again(office: Path) -> None:
    """It goes on from its checkpoints; that it died once is nobody's business."""
    (office / "how").write_text("die once")

    assert asked(office, "copy") == Reply({"answer": 2})


def test_a_process_that_keeps_dying_becomes_an_answer_with_its_last_words(office: Path) -> None:
    """Trying for ever would hide it."""
    (office / "how").write_text("die")
    reply = asked(office, "copy")

    assert reply and "died 3 times: a cable was pulled" in reply.data["error"]["message"]
    assert starts(office) == ["copy"] * 3


def test_an_office_has_one_long_work_at_a_time(office: Path) -> None:
    """Two copies would halve each other's speed, and a verify beside a copy reads what is not there yet."""
    (office / "hold").touch()
    first, second = asked(office, "copy", seconds=0.0), asked(office, "verify", seconds=1.0)
    begun = starts(office)
    (office / "hold").unlink()
    both = asked(office, "copy"), asked(office, "verify")

    assert (first, second, begun) == (None, None, ["copy"]) and all(both)


def test_how_far_it_is_can_be_seen_from_outside(office: Path) -> None:
    """What the process tells reaches whoever waits for it."""
    (office / "hold").touch()
    seen: list[Progress] = []
    asked(office, "copy", seconds=1.0, tell=seen.append)
    (office / "hold").unlink()
    asked(office, "copy")

    assert seen[0] == Progress("copy", 1, 2, 10, 20)
    wait_for(lambda: not is_held(job(office, "copy").folder / "lock"))


def job(office: Path, verb: str) -> Job:
    return Job(office, Question(verb, WORK, {}))


def asked(
    office: Path, verb: str, seconds: float = 30.0, tell: Callable[[Progress], None] = lambda at: None
) -> Reply | None:
    return job(office, verb).wait([sys.executable, str(office / "worker.py")], tell, seconds)


def starts(office: Path) -> list[str]:
    return (office / "starts").read_text().splitlines()


def wait_for(look: Callable[[], bool], seconds: float = 30) -> None:
    until = time.monotonic() + seconds
    while not look():
        assert time.monotonic() < until
        time.sleep(0.02)
