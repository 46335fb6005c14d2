"""Preparing drives with the vendor's tool: AzureOfflineBackupDiskPrep.exe on the Windows copy computer.

`Conversation` is a state machine over what the tool prints: it answers the questions it knows, asks the guard before
agreeing to a format, and stops at anything it does not know. It starts nothing; `run_tool` does. The tool makes the
Azure import job itself. NOT YET RUN AGAINST THE REAL TOOL: see `tool_words`.
"""

from __future__ import annotations

import os
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from typing import IO

from tasks.errors import InvalidInput, NotYet
from tasks.office.disks import tool_words
from tasks.office.disks.faults import ToolRefused
from tasks.office.disks.tool_words import (
    CARRIER,
    CARRIERS,
    CREATED,
    DISK,
    FAILED,
    FAILURES,
    LISTED,
    NO_JOB,
    PROMPTS,
    RESULTS,
)
from tasks.redaction import redacted

# Where the backup agent brings it along; to another copy computer the whole folder is copied by hand.
PROGRAM = (
    r"C:\Program Files\Microsoft Azure Recovery Services Agent\Utils\AzureOfflineBackupDiskPrep"
    r"\AzureOfflineBackupDiskPrep.exe"
)


@dataclass(frozen=True)
class ToolAnswers:
    """What the tool is told. `drives` maps the serials, in the order they are to be filled, to their letters."""

    contact_name: str
    contact_number: str
    email: str
    address: str
    country: str
    postal_code: str
    job_name: str = ""
    drives: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class ToolResult:
    """What the tool said at its end. `job_created` is the tool's word; the job itself is found in Azure by name."""

    disks: tuple[str, ...]
    job_name: str
    storage_account: str
    resource_group: str
    country: str
    region: str
    datacenter: str = ""
    carriers: tuple[str, ...] = ()
    job_created: bool = False


MayFormat = Callable[[str, str], bool]
"""Asked (serial, letter) right before the tool is told to format; looks at the drive itself, answers or raises."""


def command_line(program: Sequence[str], staging: str, registered_staging: str) -> tuple[str, ...]:
    """Return the tool's command line. Raises ToolRefused unless *staging* is, to the letter, what the policy has.

    With another spelling of the same folder the tool finds no import job. No secret stands on it: the tool makes
    each drive's key itself, and the person signs in at a browser.
    """
    if staging != registered_staging:
        raise ToolRefused(
            f"the staging path {staging!r} is not spelled as it was registered, {registered_staging!r}",
            next="use exactly the registered path; from another machine it must be the same UNC path",
        )
    if not staging or '"' in staging or any(ord(char) < 32 for char in staging):
        raise InvalidInput(f"{staging!r} is no path of a staging folder")
    return (*program, f"s:{staging}")


@dataclass
class Conversation:
    """One talk with the tool: `heard` takes what it printed; `pending` is asked when it has gone quiet."""

    answers: ToolAnswers
    may_format: MayFormat
    sign_in: Callable[[], bool] = lambda: False  # a person signs in at the browser; True when that is done
    lines: list[str] = field(default_factory=list)
    _rest: str = ""
    _given: list[str] = field(default_factory=list)
    _jobs: dict[str, str] = field(default_factory=dict)

    def heard(self, text: str) -> None:
        """Take a piece of output. Raises the error of `tool_words.FAILURES` that stops the tool."""
        *whole, self._rest = (self._rest + text).split("\n")
        for line in whole:
            self._line(line.rstrip("\r"))

    def pending(self) -> str | None:
        """Return the line to type, or None while nothing is asked. Raises ToolRefused for an unknown question.

        Only right when the tool has been quiet for a moment: half a line of a result looks like a question.
        """
        for prompt in PROMPTS:
            if self._rest and prompt.words.search(self._rest):
                answer = self._answer(prompt.question)
                self.lines.append(self._rest)
                self._rest = ""
                return answer
        if tool_words.LOOKS_LIKE_A_QUESTION.search(self._rest):
            raise ToolRefused(
                f"the tool asks something unknown: {redacted(self._rest.strip())[:200]!r}",
                next="run it by hand to its end: the run then reads back what is on the drives",
            )
        return None

    def ended(self, exit_code: int) -> ToolResult:
        """Return the result after the tool's end. Raises ToolRefused when it failed or left anything out."""
        if self._rest:
            self._line(self._rest)
        result = read_result(self.lines)
        missing = [name for name in RESULTS if name != "datacenter" and not getattr(result, name)]
        if exit_code or missing or not result.job_created:
            why = f"exit code {exit_code}" if exit_code else f"it did not print {', '.join(missing) or 'a created job'}"
            raise ToolRefused(f"the tool did not end well: {why}", next="look for the import job in Azure by its name")
        if result.job_name != self.answers.job_name:
            raise ToolRefused(f"the tool made the job {result.job_name}, planned is {self.answers.job_name}",
                              next="do not ship; find out which policy the staging folder belongs to")  # fmt: skip
        if set(result.disks) != set(self._given):
            raise ToolRefused(
                f"the tool says it prepared {', '.join(result.disks) or 'nothing'}, it was given "
                f"{', '.join(self._given) or 'nothing'}",
                next="compare the serials with the labels before anything is shipped",
            )
        return result

    def _line(self, line: str) -> None:
        self.lines.append(line)
        failed = FAILED.match(line)
        if failed or NO_JOB.words.search(line):
            failure = next(one for one in FAILURES if one.words.search(line))
            said = redacted((failed[1] if failed else line).strip())[:300] or "without a reason"
            raise failure.kind(f"the disk preparation tool stops: {said}", next=failure.next)
        if listed := LISTED.match(line):
            self._jobs[listed[2]] = listed[1]

    def _answer(self, question: tool_words.Question) -> str:
        known = self.answers
        match question:
            case "job":
                return self._job()
            case "letter":
                return self._letter()
            case "format":
                return self._format()
            case "more":
                return "y" if len(self._given) < len(known.drives) else self._no_more()
            case "sign-in":
                if not self.sign_in():
                    raise ToolRefused(
                        "the tool wants a person to sign in, and nobody did", next="sign in at the copy computer"
                    )
                return ""
            case _:
                return str(getattr(known, question.replace("-", "_")))

    def _job(self) -> str:
        if self.answers.job_name not in self._jobs:
            listed = ", ".join(self._jobs) or "none"
            raise ToolRefused(f"the tool lists the import jobs {listed}, not {self.answers.job_name}",
                              next="check the job name in the backup policy")  # fmt: skip
        return self._jobs[self.answers.job_name]

    def _letter(self) -> str:
        if len(self._given) == len(self.answers.drives):
            self._no_more()
        serial = list(self.answers.drives)[len(self._given)]
        self._given.append(serial)
        return self.answers.drives[serial].rstrip(":\\")

    def _format(self) -> str:
        serial = self._given[-1] if self._given else ""
        if not serial or not self.may_format(serial, self.answers.drives[serial]):
            raise ToolRefused(f"formatting drive {serial or '(none chosen)'} is not agreed to, or it is another drive",
                              next="check serial and letter, then approve with the serial")  # fmt: skip
        return "y"

    def _no_more(self) -> str:
        raise ToolRefused(f"the tool wants more than the {len(self._given)} planned drives",
                          next="plan another drive for this job, then start the tool again")  # fmt: skip


def read_result(lines: Sequence[str]) -> ToolResult:
    """Return what these lines of the tool's output say; what they do not say is "" or empty."""
    facts, disks, carriers = dict.fromkeys(RESULTS, ""), list[str](), list[str]()
    in_carriers = created = False
    for line in lines:
        for name, shape in RESULTS.items():
            if found := shape.match(line):
                facts[name] = found[1]
        if found := DISK.match(line):
            disks.append(found[1])
        if in_carriers and (found := CARRIER.match(line)):
            carriers.append(found[1])
        in_carriers = bool(CARRIERS.match(line)) or (in_carriers and bool(CARRIER.match(line)))
        created = created or bool(CREATED.search(line))
    return ToolResult(disks=tuple(disks), carriers=tuple(carriers), job_created=created, **facts)


def run_tool(command: Sequence[str], talk: Conversation, *, settle_seconds: float = 1.0) -> ToolResult:
    """Run the tool to its end and answer it, each time it was quiet for *settle_seconds*.

    Raises NotYet (it does not start) and what `Conversation` raises, which stops it. The tool formats and copies
    for days: only a refusal or its own end ends it.
    """
    try:
        tool = subprocess.Popen(
            list(command), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, bufsize=0
        )
    except OSError as error:
        raise NotYet(
            f"{command[0]} cannot be started here: {error.strerror}", next="run it on the copy computer"
        ) from None
    try:
        assert tool.stdin is not None and tool.stdout is not None
        _converse(tool.stdin, tool.stdout, talk, settle_seconds)
        return talk.ended(tool.wait())
    except BaseException:
        tool.kill()
        tool.wait()
        raise
    finally:
        for pipe in (tool.stdin, tool.stdout):
            if pipe is not None:
                pipe.close()


def _converse(typed: IO[bytes], printed: IO[bytes], talk: Conversation, settle_seconds: float) -> None:
    pieces: SimpleQueue[bytes] = SimpleQueue()
    threading.Thread(target=_listen, args=(printed, pieces), daemon=True).start()
    while True:
        try:
            piece = pieces.get(timeout=settle_seconds)
        except Empty:
            answer = talk.pending()
            if answer is not None:
                with suppress(BrokenPipeError):  # then it has ended, and its last words say why
                    typed.write(answer.encode() + os.linesep.encode())
                    typed.flush()
            continue
        if not piece:
            return
        talk.heard(piece.decode("utf-8", "replace"))


def _listen(printed: IO[bytes], pieces: SimpleQueue[bytes]) -> None:
    """Hand on what is printed, and b"" at the end."""
    with suppress(OSError, ValueError):
        while piece := printed.read(4096):
            pieces.put(piece)
    pieces.put(b"")
