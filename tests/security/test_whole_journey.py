"""A whole seeding of both modes, with nothing to protect it but itself: any umask, every log line kept, secrets marked.

One journey for all tests here. The rehearsal's Azure makes the secrets; whatever the product wrote or said is searched.
"""

from __future__ import annotations

import faulthandler
import json
import logging
import os
import stat
import sys
import tempfile
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path
from typing import Any

import canary
import pytest
from journey_host import Journey, begun
from rehearsal_host import ARM_SCOPE, Rehearsal

from deploy.cli.looking import custody, explained, status
from deploy.inventory import load
from deploy.wiring import _clients, azure_settings
from flows.pages import timeline
from states.run import Run

pytestmark = pytest.mark.slow
GOAL = "incremental-scheduled"


@dataclass
class Played:
    """What is left of the journey: its home and its runs, all that was said, and the secrets that were about."""

    home: Path
    temporary: Path
    runs: list[Run] = field(default_factory=list)
    said: dict[str, bytes] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict)


@contextmanager
def careless(temporary: Path) -> Iterator[StringIO]:
    """No umask, every logger at its most talkative, temporary files where they can be searched."""
    spoken, root = StringIO(), logging.getLogger()
    handler, level, before, place = logging.StreamHandler(spoken), root.level, os.umask(0), tempfile.tempdir
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    tempfile.tempdir = str(temporary)
    try:
        with redirect_stdout(spoken), redirect_stderr(spoken):
            yield spoken
    finally:
        os.umask(before)
        root.removeHandler(handler)
        root.setLevel(level)
        tempfile.tempdir = place


@pytest.fixture(scope="module")
def played(running_rehearsal: Rehearsal, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    """An office of each mode, from order to incrementals, in a home that others may enter."""
    running_rehearsal.control.reset()
    before = dict(os.environ)
    found = Played(tmp_path_factory.mktemp("home"), tmp_path_factory.mktemp("temporary"))
    found.home.chmod(0o755)
    with careless(found.temporary) as spoken:
        journey = Journey(begun(running_rehearsal, found.home, ("lyon", "nairobi"), 1 << 20), running_rehearsal)
        found.runs = journey.play()
        found.said["what was shown"] = shown(found)
        found.said["crash dumps"] = crash_dumps(journey)
        found.said["logs and output"] = spoken.getvalue().encode()
    found.secrets = secrets_of(journey)
    yield found
    journey.rehearsal.journal.close()
    os.environ.clear()
    os.environ.update(before)


def shown(found: Played) -> bytes:
    """What commands and pages show of the runs, as people and as programs read it."""
    from datetime import UTC, datetime

    from states.playbook import next_step

    answers = [status(found.home, all_runs=True), custody(found.home, "", check=False)]
    answers += [explained(found.home, run.run_id) for run in found.runs]
    pages = [timeline(run, next_step(run, datetime.now(UTC), {}), datetime.now(UTC)) for run in found.runs]
    return "\n".join([*(f"{answer.data}\n{answer.human}" for answer in answers), *pages, repr(found.runs)]).encode()


def crash_dumps(journey: Journey) -> bytes:
    """What Python leaves of a crash: tracebacks with the locals' reprs, and faulthandler's, from within an adapter."""
    with tempfile.TemporaryFile() as native:
        try:
            for run in journey.rehearsal.runs():
                dumped(journey.world.site_of(run.plan), run)
        except RuntimeError as crash:
            faulthandler.dump_traceback(native)
            tracing = traceback.TracebackException.from_exception(crash, capture_locals=True)
            native.seek(0)
            return "".join(tracing.format()).encode() + native.read()
    raise AssertionError("nothing crashed")


def dumped(site: Any, run: Run) -> None:
    """Die with everything of a site in hand that holds secrets in own-disk mode: store of keys, import job, carrier."""
    if site.disks is None:
        return
    serial = load_serials(run)[0]
    key = site.disks.keys.get(serial)
    carrier = site.return_carrier() if callable(site.return_carrier) else site.return_carrier
    raise RuntimeError(f"a bug at {run.run_id} with {key!r}, {carrier!r} in hand")


def load_serials(run: Run) -> tuple[str, ...]:
    from states.facts import DrivesReserved

    reserved = run.get(DrivesReserved)
    assert reserved is not None
    return reserved.serials


def secrets_of(journey: Journey) -> dict[str, str]:
    """Every secret of the journey: what Azure made, what the environment held, and the tokens that were used."""
    azure, where = journey.azure, journey.rehearsal.where
    found = {"client secret": azure.known["client_secret"]}
    kept = json.loads((Path(azure.known["ca"]).parents[1] / "identity.json").read_text("utf-8"))
    found["storage key"], found["token key"] = kept["storage_key"], kept["token_key"]
    for name in os.environ:
        if name.startswith(("SEEDING_KEY_", "SEEDING_RETURN")):
            found[name] = os.environ[name]
    entry = load(where.inventory).offices[0]
    found["token"] = _clients(azure_settings(where, entry), where).credential().get_token(ARM_SCOPE).token
    found |= passwords(azure.control.get("world"), "")
    for run in journey.rehearsal.runs():
        if run.plan.mode == "data-box":
            details = azure.job(run.job_name).as_dict()["properties"]["details"]
            found[f"{run.job_name} link"] = details["chainOfCustodySasKey"].partition("sig=")[2].partition("&")[0]
    return found


def passwords(value: Any, where: str) -> dict[str, str]:
    """What the rehearsal's own memory has as secrets of its orders: share passwords and passkeys."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    found = {k: v for name, one in inner for k, v in passwords(one, f"{where}.{name}").items()}
    return found | ({where: value} if isinstance(value, str) and ".secrets." in where else {})


def test_the_journey_was_whole_and_met_every_kind_of_secret(played: Played) -> None:
    """Otherwise nothing below means anything: both modes at their goal, papers fetched by link, keys of drives used."""
    assert {run.plan.mode: run.state for run in played.runs} == {"data-box": GOAL, "own-disk": GOAL}
    kinds = ("client secret", "storage key", "token", ".passkey", ".share", "SEEDING_KEY_", "SEEDING_RETURN", " link")
    assert [kind for kind in kinds if not any(kind.casefold() in name.casefold() for name in played.secrets)] == []
    assert len(played.said["logs and output"]) > 1_000 and b"RuntimeError" in played.said["crash dumps"]
    reads = played.said["what was shown"].count(b"secret-read")
    assert reads > 3


def test_no_secret_is_in_anything_that_was_written_or_said(played: Played) -> None:
    """Journal, archive, state, logs at their most talkative, crash dumps, temporary files: in no spelling at all."""
    texts = canary.contents(played.home, played.temporary) | played.said

    assert len(texts) > 50
    assert canary.found(played.secrets, texts) == []


def test_nothing_in_a_home_is_for_others(played: Played) -> None:
    """Whatever the umask, and even in a home that others may enter: each file and folder in it is its user's alone."""
    loose = {path.name: oct(stat.S_IMODE(path.stat().st_mode)) for path in played.home.iterdir()}

    assert {name: mode for name, mode in loose.items() if int(mode, 8) & 0o077} == {}
    assert {"journal.db", "archive", "media", "offices.yaml", "azure.json"} <= set(loose)


def test_a_home_that_the_product_makes_is_its_users_alone(tmp_path: Path) -> None:
    """Nobody else gets as far as its files."""
    from deploy.settings import settings

    before = os.umask(0)
    settings(tmp_path / "above" / "home").make()
    os.umask(before)

    assert stat.S_IMODE((tmp_path / "above" / "home").stat().st_mode) == 0o700


def test_the_doctor_says_when_others_may_look_into_a_home(tmp_path: Path) -> None:
    """A folder that was there keeps its rights, so somebody is told."""
    from deploy.cli.checking import _private

    if sys.platform == "win32":
        pytest.skip("Windows has access lists instead")
    tmp_path.chmod(0o750)
    (told,) = _private(tmp_path)
    tmp_path.chmod(0o700)

    assert told["next"] == f"chmod 700 {tmp_path}" and _private(tmp_path) == []


@pytest.mark.parametrize("spelling", canary.spellings("Käfer-4711/geheim+?"))
def test_the_canary_rings_for_every_spelling(tmp_path: Path, spelling: str) -> None:
    """In a file, in the middle of something else, however it is spelled; and says where without the secret."""
    secret = "Käfer-4711/geheim+?"
    (tmp_path / "file").write_bytes(b"\xff\x00 before " + canary.spellings(secret)[spelling] + b" after")
    told = canary.found({"beetle": secret}, canary.contents(tmp_path))

    assert f"{tmp_path / 'file'}: beetle, {spelling}" in told and secret not in str(told)


def test_the_canary_finds_a_secret_inside_a_longer_base64_text() -> None:
    """Basic authentication is the usual case; three ways to begin."""
    import base64

    for before in (b"", b"x", b"xy", b"user:", b"somebody:"):
        text = base64.b64encode(before + b"hunter2-canary" + b", and more")
        assert canary.found({"password": "hunter2-canary"}, {"header": text}) != []


def test_the_canary_finds_a_secret_that_a_databases_pages_split(tmp_path: Path) -> None:
    """A long row lies on several pages; a secret across their border is found in the row."""
    import sqlite3

    database = sqlite3.connect(tmp_path / "some.db")
    database.execute("PRAGMA page_size = 512")
    database.execute("CREATE TABLE notes (text TEXT)")
    secret = "split-" * 20 + "secret"
    for length in range(300, 700):
        database.execute("INSERT INTO notes VALUES (?)", ("x" * length + secret,))
    database.commit()
    database.close()

    assert any("its rows" in one for one in canary.found({"split": secret}, canary.contents(tmp_path)))


@pytest.mark.parametrize(
    ("shape", "text"),
    [
        ("a BitLocker key", "-".join(["001122"] * 8)),
        ("a signature in a link", "https://a.blob.core.windows.net/c/b?se=2026&sig=abcdefghijklmnopqrstuvwxyz%3D"),
        ("a bearer token", "Bearer eyJhbGciOiJIUzI1NiJ9.eyJhdWQiOiJ4In0xx.c2lnbmF0dXJlLWhlcmU"),
        ("a storage account key", "A" * 86 + "=="),
        ("a private key", "-----BEGIN PRIVATE KEY-----"),
    ],
)
def test_the_canary_knows_secrets_by_their_shape(shape: str, text: str) -> None:
    """Also those nobody told it of."""
    assert canary.found({}, {"log": f"see {text} there".encode()}) == [f"log: {shape}"]
