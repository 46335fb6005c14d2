"""What the hub may ask an office, and how question and answer look as JSON on their way.

An answer is what the `Office` and `DiskOffice` ports return, through states/codec; an error keeps its class and code.
No secret travels in either direction: the office finds keys where its own page of the inventory names them.
"""

from __future__ import annotations

import hashlib
import json
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from states.codec import NotReadable, from_json, to_json
from states.facts import Copied, DeviceChecked, DrivesPrepared, DrivesSeen, Sealed, Verified
from states.landing import AgentSeen
from states.lines import canonical
from states.release import SampleDrawn, SampleRestored
from tasks.errors import NotYet, SeedingError, Transient
from tasks.ports import DiskOffice, DriveWork, Office, OnSite, SampleOffice, Staged

SCHEMA = "seeding-office-1"


@dataclass(frozen=True)
class Hands:
    """The adapters an office works with. *disks* is None for an office without own drives."""

    office: Office
    samples: SampleOffice
    disks: DiskOffice | None = None

    @property
    def drives(self) -> DiskOffice:
        """The own-disk work. Raises SeedingError where there is none."""
        if self.disks is None:
            raise SeedingError("this office has no own drives", next="correct its mode in the inventory")
        return self.disks


@dataclass(frozen=True)
class Verb:
    """One kind of question: how it is done, what comes back, what comes with it, and whether it may take hours."""

    do: Callable[[Hands, OnSite, Any], Any]
    answer: Any
    given: Any = None
    long: bool = False


# fmt: off
VERBS: dict[str, Verb] = {
    "check-device":    Verb(lambda my, work, _: my.office.check_device(work), DeviceChecked),
    "copy":            Verb(lambda my, work, _: my.office.copy(work), Copied, long=True),
    "seal":            Verb(lambda my, work, copied: my.office.seal(work, copied), Sealed, Copied, long=True),
    "verify":          Verb(lambda my, work, sealed: my.office.verify(work, sealed), Verified, Sealed, long=True),
    "manifest":        Verb(lambda my, work, sealed: my.office.manifest(work, sealed), bytes, Sealed),
    "agent":           Verb(lambda my, work, _: my.office.agent(work), AgentSeen),
    "stop-online-job": Verb(lambda my, work, _: my.office.stop_online_job(work), AgentSeen),
    "draw-sample":     Verb(lambda my, work, count: my.samples.draw(work, count), SampleDrawn, int, long=True),
    "restore-sample":  Verb(lambda my, work, drawn: my.samples.restore(work, drawn),
                            SampleRestored, SampleDrawn, long=True),
    "staging-free":    Verb(lambda my, work, _: my.drives.staging_free(work), int),
    "staged-bytes":    Verb(lambda my, work, files: my.drives.staged_bytes(work, files), int, tuple[Staged, ...]),
    "clear-staging":   Verb(lambda my, work, files: my.drives.clear_staging(work, files),
                            tuple[str, ...], tuple[Staged, ...]),
    "check-drives":    Verb(lambda my, work, serials: my.drives.check_drives(work, serials),
                            DrivesSeen, tuple[str, ...]),
    "prepare-drives":  Verb(lambda my, work, wanted: my.drives.prepare_drives(work, wanted, lambda _serial: None),
                            DrivesPrepared, DriveWork, long=True),
}
# fmt: on


@dataclass(frozen=True)
class Question:
    """One piece of work for an office. *inventory* is the office's own page of it; *given* is what the verb needs."""

    verb: str
    work: OnSite
    inventory: dict[str, Any]
    given: Any = None

    @property
    def office(self) -> str:
        """The office's id."""
        return self.work.plan.office

    @property
    def key(self) -> str:
        """Run, attempt, verb and a digest of the content: the same for the same question whenever it is asked."""
        work = {name: value for name, value in to_json(self.work).items() if name not in ("now", "mark")}
        content = canonical({**to_data(self), "work": work})
        digest = hashlib.sha256(content.encode("utf-8", "surrogatepass")).hexdigest()
        return f"{self.work.run_id}/{self.work.attempt}/{self.verb}/{digest[:12]}"


@dataclass(frozen=True)
class Reply:
    """An answer on its way: its JSON, and the bytes that do not fit into it (a manifest)."""

    data: dict[str, Any]
    content: bytes = b""


def to_text(question: Question) -> str:
    """Return the question as JSON text in ASCII: servers refuse what file names may hold, half characters."""
    return json.dumps(to_data(question))


def to_data(question: Question) -> dict[str, Any]:
    """Return the question as JSON data."""
    return {
        "schema": SCHEMA,
        "verb": question.verb,
        "work": to_json(question.work),
        "given": to_json(question.given),
        "inventory": question.inventory,
    }


def read_question(text: str) -> Question:
    """Return the question that `to_text` wrote. Raises SeedingError for one of another version."""
    data = json.loads(text)
    verb = VERBS.get(data.get("verb", ""))
    if data.get("schema") != SCHEMA or verb is None:
        raise SeedingError(_VERSIONS.format(data.get("verb")), next=_SAME)
    try:
        given = None if verb.given is None else from_json(verb.given, data["given"])
        return Question(data["verb"], from_json(OnSite, data["work"]), data["inventory"], given)
    except (NotReadable, KeyError) as wrong:
        raise SeedingError(f"{_VERSIONS.format(data['verb'])}: {wrong}", next=_SAME) from None


def answered(question: Question, hands: Callable[[], Hands]) -> Reply | None:
    """Do what is asked with the adapters that *hands* makes. None while the office is still at work.

    Every error is an answer: ours as it is, a bug without what it may quote. Raises nothing.
    """
    try:
        found = VERBS[question.verb].do(hands(), question.work, question.given)
    except SeedingError as wrong:
        kind = next((kind for kind, cls in _KINDS.items() if isinstance(wrong, cls)), "failed")
        return failed(wrong.message, wrong.next, wrong.code, kind)
    except Exception as bug:
        last = traceback.extract_tb(bug.__traceback__)[-1]
        return failed(f"{type(bug).__name__} at {Path(last.filename).name}:{last.lineno}", "report this")
    if found is None:
        return None
    if isinstance(found, bytes):
        return Reply({"answer": {"bytes": len(found), "sha256": hashlib.sha256(found).hexdigest()}}, found)
    return Reply({"answer": to_json(found)})


def failed(message: str, next: str, code: str = "unexpected", kind: str = "failed") -> Reply:
    """Return an error as an answer."""
    return Reply({"error": {"kind": kind, "code": code, "message": message, "next": next}})


def answer_of(question: Question, reply: Reply) -> Any:
    """Return what the office answered, or raise what it raised. Raises SeedingError for what is no answer."""
    if error := reply.data.get("error"):
        cls = _KINDS.get(error["kind"], SeedingError)
        raise cls(error["message"], next=error["next"], code=error["code"])
    kind, answer = VERBS[question.verb].answer, reply.data["answer"]
    if kind is bytes:
        if hashlib.sha256(reply.content).hexdigest() != answer["sha256"]:
            raise SeedingError(f"the {question.verb} of {question.office} did not arrive whole", next="report this")
        return reply.content
    try:
        return from_json(kind, answer)
    except NotReadable as wrong:
        raise SeedingError(f"{_VERSIONS.format(question.verb)}: {wrong}", next=_SAME) from None


_VERSIONS = "{} cannot be read: hub and office seem to run different versions"
_SAME = "bring them to the same version"
_KINDS: dict[str, type[SeedingError]] = {"not-yet": NotYet, "transient": Transient}
