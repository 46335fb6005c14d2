"""What the hand-held media commands do: call the engine, tell how far it is, turn its answers into envelopes."""

from __future__ import annotations

import base64
import binascii
import json
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from deploy.cli.envelope import Answer, Exit, Trouble
from deploy.clocks import SystemClock
from tasks import media
from tasks.errors import InvalidInput
from tasks.media.progress import progress_line

_SHOWN = 50
_SHOWN_PATH = 200  # characters


@dataclass(frozen=True)
class CopyOrder:
    """The words of `seeding copy`."""

    source: Path
    device: Path
    folder: str
    state: Path | None
    check: str
    md5: bool
    ranges: bool
    workers: int | None


@dataclass(frozen=True)
class SealOrder:
    """The words of `seeding seal`."""

    device: Path
    folders: tuple[str, ...]
    manifest: Path | None
    state: Path | None
    run: str
    attempt: int
    serial: str
    items: tuple[str, ...]
    ranges: bool
    reopen: bool


@dataclass(frozen=True)
class ReconcileOrder:
    """The words of `seeding reconcile`."""

    manifest: Path
    blobs: Path
    folder: str
    container: str
    copy_log: Path | None
    bom: Path | None


def copied(order: CopyOrder, *, quiet: bool) -> Answer:
    """Survey if asked, then copy. Skipped links and special files make it done with gaps."""
    return _guarded(lambda: _copied(order, quiet))


def _copied(order: CopyOrder, quiet: bool) -> Answer:
    problems = _surveyed(order)
    if problems:
        return Answer(problems=problems, exit=Exit.USAGE)
    if not order.device.is_dir():
        raise media.DeviceGone(f"there is no device at {order.device}")
    done = media.copy(
        order.source, order.device / order.folder, state=_state(order.device, order.state), md5=order.md5,
        ranges=order.ranges, workers=order.workers, progress=None if quiet else Teller("copied"),
    )  # fmt: skip
    gaps = tuple(Trouble("skipped", f"{path} is no file and was not copied", "check that nobody misses it")
                 for path in done.skipped[:_SHOWN])  # fmt: skip
    reused = f", {done.reused_bytes:,} of them were there already" if done.reused_bytes else ""
    human = f"{done.files:,} files, {done.bytes:,} bytes are on the device{reused}\nnext: seeding seal {order.device}"
    return Answer(asdict(done), human, gaps, Exit.WITH_GAPS if gaps else Exit.DONE)


def _surveyed(order: CopyOrder) -> tuple[Trouble, ...]:
    rules = {"page": media.PAGE, "block": media.BLOCK, "none": None}
    if order.check not in rules:
        raise InvalidInput(f"--check {order.check} is none of {', '.join(rules)}")
    chosen = rules[order.check]
    if chosen is None:
        return ()
    container = order.folder.partition("/")[2] or None
    return tuple(Trouble(p.code, f"{p.path} {p.message}".strip(), p.next)
                 for p in media.survey(order.source, chosen, container=container).problems)  # fmt: skip


def sealed(order: SealOrder, *, quiet: bool) -> Answer:
    """Seal, and give the digest."""
    return _guarded(lambda: _sealed(order, quiet))


def _sealed(order: SealOrder, quiet: bool) -> Answer:
    items = dict(item.partition("=")[::2] for item in order.items)
    if not all(items.values()):
        raise InvalidInput("--item is NAME=FOLDER", next="seeding seal --help")
    header = media.Header(order.run, order.attempt, items, order.serial, f"offline-seeding {_version()}", _now())
    done = media.seal(
        order.device, order.folders, _manifest(order.device, order.manifest), header=header,
        state=_state(order.device, order.state), ranges=order.ranges, reopen=order.reopen,
        progress=None if quiet else Teller("hashed"),
    )  # fmt: skip
    human = f"{done.files:,} files, {done.bytes:,} bytes\nmanifest: {done.manifest}\ndigest:   {done.digest}"
    return Answer({**asdict(done), "manifest": str(done.manifest)}, human)


def verified(device: Path, manifest: Path | None, *, quiet: bool) -> Answer:
    """Verify; every difference is a problem, and any makes it failed."""

    def work() -> Answer:
        teller = None if quiet else Teller("verified")
        found = media.verify(device, _manifest(device, manifest), progress=teller)
        next_step = "copy or seal the device again, and find out who wrote to it"
        faults = tuple(Trouble(f.kind, f"{f.path} {f.message}", next_step) for f in found.faults)
        data = {"files": found.files, "bytes": found.bytes, "faults": len(faults), "past_cache": found.past_cache}
        human = f"{found.files:,} files, {found.bytes:,} bytes read, {len(faults):,} differences"
        if not found.past_cache:
            human += "\nread from memory: this file system has no way past its cache"
        return Answer(data, human, faults, Exit.FAILED if faults else Exit.DONE)

    return _guarded(work)


def reconciled(order: ReconcileOrder) -> Answer:
    """Reconcile; every row that is not `same` is a problem."""

    def work() -> Answer:
        inside = order.folder.strip("/") + "/"

        def locate(path: str) -> tuple[str, str, media.BlobType]:
            container, _, name = path.removeprefix(inside).partition("/")
            return container, name, "block" if path.startswith("BlockBlob/") else "page"

        found = media.reconcile(
            order.manifest, blobs=blobs_of(order.blobs, order.container), locate=locate,
            copy_log=media.parse_copy_log(order.copy_log.read_bytes()) if order.copy_log else None,
            bom=media.parse_bom(order.bom.read_bytes()) if order.bom else None,
        )  # fmt: skip
        rows = [row for row in found.rows if row.verdict != "same"]
        troubles = tuple(Trouble(r.verdict, f"{r.path} {r.detail}", "order what is missing again") for r in rows)
        data = {"counts": found.counts, "items": found.items, "confidence": asdict(found.confidence)}
        human = ", ".join(f"{count:,} {verdict}" for verdict, count in found.counts.items())
        ok = Exit.DONE if found.ok else Exit.FAILED
        return Answer(data, f"{human}\n{found.confidence}", troubles, ok)

    return _guarded(work)


def blobs_of(listing: Path, container: str) -> list[media.Blob]:
    """Read a listing of blobs as `az storage blob list` prints it; *container* where the rows name none."""
    try:
        rows = json.loads(listing.read_text("utf-8-sig"))
        return [_blob(row, container) for row in rows]
    except (OSError, ArithmeticError, LookupError, ValueError, TypeError, AttributeError, RecursionError) as error:
        raise InvalidInput(f"{listing} is no listing of blobs: {error}", next="az storage blob list -o json") from error


def _blob(row: dict[str, Any], container: str) -> media.Blob:
    facts = row.get("properties", row)
    md5 = (facts.get("contentSettings") or facts).get("contentMd5")
    kind = "page" if "page" in str(facts.get("blobType", facts.get("type", ""))).casefold() else "block"
    size = int(facts.get("contentLength", facts.get("size")))
    return media.Blob(row.get("container") or container, row["name"], size, kind, _md5(md5))  # type: ignore[arg-type]


def _md5(text: str | None) -> bytes | None:
    try:
        return base64.b64decode(text, validate=True) if text else None
    except binascii.Error:
        return None


def _guarded(work: Callable[[], Answer]) -> Answer:
    """Turn the engine's errors into problems: exit code 4 when a person must go to the device, else 1.

    Raises InvalidInput when a path that was given cannot be used.
    """
    try:
        return work()
    except media.MediaError as error:
        rest = tuple(Trouble(error.code, path, error.next) for path in error.paths[1:_SHOWN])
        return Answer(problems=(Trouble(error.code, error.message, error.next), *rest), exit=Exit(error.exit_code))
    except OSError as error:  # a place that cannot even be looked at: too long a name, a folder closed to us
        where = str(error.filename)[:_SHOWN_PATH]
        raise InvalidInput(f"{where}: {error.strerror}", next="look at the path, and at who may read it") from None


def _manifest(device: Path, manifest: Path | None) -> Path:
    return manifest or device / "seeding-manifest.txt"


def _state(device: Path, state: Path | None) -> Path:
    return state or device / ".seeding-state"


def _now() -> str:
    return SystemClock().now().isoformat(timespec="seconds").replace("+00:00", "Z")


def _version() -> str:
    try:
        return version("offline-seeding")
    except PackageNotFoundError:
        return "unknown"


class Teller:
    """Tells on stderr how far it is: one line that is rewritten on a terminal, a plain line now and then elsewhere."""

    PLAIN_EVERY_SECONDS = 10.0

    def __init__(self, what: str) -> None:
        self._what, self._terminal, self._last = what, sys.stderr.isatty(), time.monotonic()

    def __call__(self, at: media.Progress) -> None:
        """Show one moment."""
        now, done = time.monotonic(), at.bytes >= at.bytes_total
        if self._terminal:
            sys.stderr.write(f"\r\x1b[K{progress_line(self._what, at)}" + ("\n" if done else ""))
            sys.stderr.flush()
        elif done or now - self._last >= self.PLAIN_EVERY_SECONDS:
            self._last = now
            print(progress_line(self._what, at), file=sys.stderr, flush=True)
