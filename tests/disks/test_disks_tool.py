"""The vendor's tool, driven by its own questions: it is answered, guarded, and never believed without its results.

The transcripts are invented from the documented order of the questions; see `samples/README.md`.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tasks.errors import InvalidInput, NotYet, SeedingError
from tasks.office.disks import Conversation, ToolAnswers, ToolRefused, ToolResult, command_line, read_result, run_tool

HERE = Path(__file__).parent
TWO = {"WD-1001": "E:", "WD-1002": "F:"}
ANSWERS = ToolAnswers("Kim Lee", "+61 2 5550 100", "backup@example.com", "1 George St, Sydney", "Australia", "2000",
                      "sydney-import-1", TWO)  # fmt: skip
ONE = replace(ANSWERS, drives={"WD-1001": "E:"})


def talk(answers: ToolAnswers = ANSWERS, *, may_format=lambda _serial, _letter: True, signs=True) -> Conversation:
    return Conversation(answers, may_format, lambda: signs)


def run(sample: str, conversation: Conversation) -> ToolResult:
    program = (sys.executable, "-S", str(HERE / "pretended_tool.py"), str(HERE / f"samples/{sample}.txt"))
    return run_tool((*program, "s:\\\\nas\\seed"), conversation, settle_seconds=0.05)


def test_two_drives_are_prepared_and_the_results_read_back():
    """Every question answered as expected, each format asked for with serial and letter."""
    agreed: list[tuple[str, str]] = []
    result = run("two-drives", talk(may_format=lambda *what: not agreed.append(what)))

    assert agreed == [("WD-1001", "E:"), ("WD-1002", "F:")]
    assert result == ToolResult(
        disks=("WD-1001", "WD-1002"), job_name="sydney-import-1", storage_account="seedsydney01",
        resource_group="rg backup", country="Australia", region="australiaeast",
        datacenter="Azure Import, 1 Example Rd, Sydney", carriers=("DHL", "FedEx"), job_created=True,
    )  # fmt: skip


def test_the_staging_path_must_be_spelled_as_it_was_registered():
    """Row 49: with another spelling the tool lists no import job."""
    assert command_line(["tool.exe"], "\\\\nas\\seed", "\\\\nas\\seed") == ("tool.exe", "s:\\\\nas\\seed")
    for other in ("\\\\NAS\\seed", "\\\\nas\\seed\\", "S:\\seed"):
        with pytest.raises(ToolRefused, match=r"is not spelled as it was registered"):
            command_line(["tool.exe"], other, "\\\\nas\\seed")
    with pytest.raises(InvalidInput):
        command_line(["tool.exe"], 'a"b', 'a"b')


# fmt: off
REFUSALS = {
    "no-job":           (ANSWERS, "stops: No import jobs were found"),
    "failed":           (ANSWERS, "stops: BitLocker is not enabled"),
    "unknown-question": (ANSWERS, "the tool asks something unknown: 'Do you accept"),
    "another-disk":     (ONE,     "says it prepared WD-9999, it was given WD-1001"),
    "too-few-drives":   (ANSWERS, "wants more than the 2 planned drives"),
}
# fmt: on


@pytest.mark.parametrize("sample", REFUSALS)
def test_what_is_not_as_it_should_be_stops_the_tool_with_what_helps(sample):
    """No guess is typed into a tool that formats disks."""
    answers, words = REFUSALS[sample]

    with pytest.raises(SeedingError, match=words) as refused:
        run(sample, talk(answers))
    assert refused.value.next


def test_no_format_without_the_guards_word():
    """Row 51: a wrong letter must not cost a disk; the tool is stopped before it is told yes."""
    with pytest.raises(ToolRefused, match=r"formatting drive WD-1001 is not agreed to"):
        run("two-drives", talk(may_format=lambda _serial, _letter: False))


def test_signing_in_is_a_persons_task():
    """The tool opens a browser; nobody there, nothing happens."""
    with pytest.raises(ToolRefused, match=r"wants a person to sign in"):
        run("two-drives", talk(signs=False))


def test_a_job_that_is_not_listed_is_not_chosen():
    """Nor is any other: the data would go to another office's job."""
    with pytest.raises(ToolRefused, match=r"lists the import jobs paris-import-1, sydney-import-1, not oslo-import-1"):
        run("two-drives", talk(replace(ANSWERS, job_name="oslo-import-1")))


@pytest.mark.parametrize(
    "without", ["Import job name", "Storage account", "The import job was created", "Azure region"]
)
def test_a_result_with_anything_missing_is_no_result(without):
    """The exit code alone proves nothing."""
    lines = (HERE / "samples/two-drives.txt").read_text("utf-8").splitlines()
    conversation = talk()
    conversation.lines = [line for line in lines if not line.startswith(without)]

    with pytest.raises(ToolRefused, match=r"the tool did not end well"):
        conversation.ended(0)


def test_a_failing_exit_and_another_jobs_name_are_refused():
    """Whatever was printed before."""
    lines = (HERE / "samples/two-drives.txt").read_text("utf-8").splitlines()
    failing, other = talk(), talk(replace(ANSWERS, job_name="oslo-import-1"))
    failing.lines, other.lines = list(lines), list(lines)

    with pytest.raises(ToolRefused, match=r"exit code 3"):
        failing.ended(3)
    with pytest.raises(ToolRefused, match=r"made the job sydney-import-1, planned is oslo-import-1"):
        other.ended(0)


def test_half_a_line_is_not_taken_for_a_question_that_was_answered():
    """Output comes in any pieces; the answer is typed once."""
    conversation = talk()
    for piece in ("  2) sydney-imp", "ort-1\r", "\nSelect the imp", "ort job:", " "):
        conversation.heard(piece)

    assert conversation.pending() == "2"
    assert conversation.pending() is None


def test_nothing_printed_gives_nothing_and_a_missing_program_is_not_yet():
    """An empty result names what it lacks; a tool that is not there is for the copy computer."""
    assert read_result([]) == ToolResult((), "", "", "", "", "")
    with pytest.raises(NotYet, match=r"cannot be started here"):
        run_tool(("/no/such/tool.exe", "s:x"), talk())
