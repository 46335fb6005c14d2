"""Every `seeding ...` line that a page shows is typed here, in a home with a run that is where the line makes sense.

What needs Azure, Prefect, servers or minutes is in ELSEWHERE, with the test that runs it for real.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType

import own_stories
import pytest
import stories
import yaml
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from shown import COMMANDS, PAGES, ROOT, can_be_parsed, commands_of, is_shape, takes_a_run, words_of
from stories import brought_in, condition, evidence
from typer.testing import CliRunner, Result

from deploy.cli.app import app
from deploy.cli.envelope import Exit
from states.lines import Draft, chained
from states.release import SampleDrawn, SampleFile
from tasks.journal import Journal

Words = tuple[str, ...]

# Words that must all stand in a line, and the test that runs such a line, or what stands behind it, for real.
ELSEWHERE = {
    ("rehearse", "--fault"): "tests/scenarios/test_scenarios.py::test_a_scenario_shows_what_its_row_says",
    ("rehearse", "--chaos"): "tests/scenarios/test_scenarios.py::test_one_seed_tells_one_story",
    ("rehearse", "--offices"): (
        "tests/fleet/test_fleet_rehearsed.py::test_every_office_is_done_with_one_order_and_no_work_done_twice"
    ),
    ("rehearse", "--data"): (
        "tests/journeys/test_rehearse_command.py::test_the_given_directory_is_the_first_offices_data"
    ),
    ("rehearse",): "tests/journeys/test_rehearse_command.py::test_the_envelope_tells_of_every_run_in_one_shape",
    ("drill",): "tests/drill/test_drill.py::test_a_lost_device_is_seen_by_the_hubs_own_passes_and_replaced_once",
    ("deploy", "--dry-run"): "tests/fleet/test_fleet_deploy.py::test_the_dry_run_says_what_the_real_one_does",
    ("deploy",): "tests/fleet/test_fleet_deploy.py::test_a_second_call_writes_nothing",
    ("work",): "tests/fleet/test_fleet_forms.py::test_an_answer_in_a_form_moves_the_run_and_names_who_gave_it",
    (
        "advance",
    ): "tests/journeys/test_journey.py::test_both_offices_reach_incrementals_through_every_milestone_in_order",
    ("adopt",): (
        "tests/journeys/test_adopt.py::test_an_order_without_a_journal_comes_back_to_its_state_and_on_to_the_goal"
    ),
    ("doctor",): "tests/office/test_agent_doctor_rehearsed.py::test_the_doctor_asks_agent_and_azure",
    ("stop-job",): (
        "tests/journeys/test_vault_landing.py::test_a_full_upload_is_stopped_before_a_tenth_of_it_has_gone"
    ),
    ("close", "--dry-run"): (
        "tests/journeys/test_clean_up.py::test_a_finished_run_is_cleaned_up_once_behind_the_interlock"
    ),
    ("migrate-journal", "postgresql:"): (
        "tests/postgresql/test_postgresql_migration.py::test_a_journal_that_went_to_postgresql_and_back_is_the_same"
    ),
}
CANCEL = "tests/tasks/test_walk.py::test_a_cancel_that_dies_is_ended_by_the_next_and_cancels_once"  # with its order

# Where a run must be for a command; `delivered` where nothing is said.
STATES = {
    ("record", "delivered"): "ordered", ("record", "attached"): "ordered", ("record", "handed-over"): "copied",
    ("reopen",): "copied", ("reorder",): "shipped", ("cancel",): "shipped", ("close",): "incremental-scheduled",
}  # fmt: skip
ANYWHERE = "sqlite:////elsewhere/journal.db"
PLACEHOLDERS = {
    "OFFICE": "lyon", "CODE": "papers-missing", "TEXT": "looked at", "SERIAL": stories.SERIAL, "NUMBER": "T-1",
    "NAME": "DHL", "ITEM/PATH": "mail/a", "HASH": "a" * 64, "A,B,C": ",".join(own_stories.DRIVES), "SEED": "7",
    "KEY": "custody.key", "PUB": "custody.pub", "FILE": "export.jsonl", "URL": ANYWHERE, "$URL": ANYWHERE,
}  # fmt: skip
SAMPLE = SampleDrawn((SampleFile("mail", "a", 1, f"sha256:{'a' * 64}"),), 1)


def shown() -> list[Words]:
    """Every line that can be typed, once; what is named in a sentence only where it is whole."""
    found = dict[Words, bool]()
    for page in PAGES:
        for command, whole in commands_of(page.read_text("utf-8")):
            words = words_of(command)
            if command.startswith("seeding ") and words and (whole or can_be_parsed(put_in(words))):
                found[words] = True
    return sorted(found)


def put_in(words: Words) -> Words:
    """The words with what a reader puts in for a placeholder."""
    return tuple(PLACEHOLDERS.get(word, word) for word in words)


def elsewhere(words: Words) -> str | None:
    """The test that runs this line for real, where it cannot be run here."""
    if words[0] == "cancel" and "--abandon" not in words:
        return CANCEL
    has = [*words, *(word.partition(":")[0] + ":" for word in words)]
    return next((test for row, test in ELSEWHERE.items() if row[0] == words[0] and set(row) <= set(has)), None)


LINES = shown()
TYPED = [words for words in LINES if not is_shape(words) and not elsewhere(words)]


def story_of(words: Words) -> ModuleType:
    """The own-disk story for own drives and restores by hand; the Data Box Disk's for everything else."""
    own = {"nairobi", "attached", "restored"} & set(words)
    return own_stories if own else stories


def state_for(words: Words) -> str:
    """Where the run must be. A parcel of own drives cannot be ordered again while the datacenter works on it."""
    if words[0] == "reorder" and "nairobi" in words:
        return "copied"
    return STATES.get(words[:1]) or STATES.get((words[0], *words[2:3])) or "delivered"


def drafts_for(words: Words) -> Iterable[Draft]:
    """What must stand in the journal beyond the state."""
    if words[0] == "waive":
        return (condition(PLACEHOLDERS.get(words[2], words[2])),)
    if words[0] == "close":
        return [evidence(fact) for outcome in brought_in("incremental-scheduled")[:2] for fact in outcome.evidence]
    return (evidence(SAMPLE), condition("restore-by-hand", by="restore-sample")) if "restored" in words else ()


def furnish(here: Path, words: Words) -> None:
    """Make a home with the run's journal in *here*, the sample inventory with the run's office, and a signing key."""
    story = story_of(words)
    lines = story.lines_to(state_for(words))
    last = lines[-1]
    lines = [*lines, *chained(last.run_id, last.seq, last.hash, last.at, stories.ACTOR, drafts_for(words))]
    entries = yaml.safe_load((ROOT / "deploy" / "offices" / "sample.yaml").read_text("utf-8"))
    plan = own_stories.OWN_PLAN if story is own_stories else stories.PLAN
    entries["offices"].append({**entries["offices"][0], "id": plan.office})
    (here / "offices.yaml").write_text(yaml.safe_dump(entries), encoding="utf-8")
    home = here / (words[words.index("--home") + 1] if "--home" in words else ".seeding")
    home.mkdir(parents=True)
    journal = Journal(f"sqlite:///{home / 'journal.db'}")
    journal.add(None, lines)
    journal.close()
    key = Ed25519PrivateKey.generate()
    form = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    (here / "custody.key").write_bytes(key.private_bytes(serialization.Encoding.PEM, *form))
    (here / "custody.key").chmod(0o600)
    public = serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    (here / "custody.pub").write_bytes(key.public_key().public_bytes(*public))


def filled(words: Words, here: Path) -> list[str]:
    """The line with what a reader puts into it: the run, serials, numbers, a place below *here*, and their yes."""
    command, story = COMMANDS[words[0]], story_of(words)
    typed = [*put_in(words)]
    if takes_a_run(command) and len(words) > 1 and not words[1].startswith("-"):
        typed[1] = story.RUN_ID
    if "attached" in words:
        typed[typed.index("--serials") + 1] = PLACEHOLDERS["A,B,C"]
    for number, word in enumerate(typed):
        if word.startswith("sqlite:////"):
            place = here / word.removeprefix("sqlite:////")
            place.parent.mkdir(parents=True, exist_ok=True)
            typed[number] = f"sqlite:///{place}"
    asks = any("--yes" in param.opts for param in command.params) and "--yes" not in words
    return [*typed, *(["--yes"] if asks else [])]


def typed(words: Words, here: Path, monkeypatch: pytest.MonkeyPatch) -> Result:
    """Type the line in a furnished folder; what must come before it is typed first."""
    for name in ("SEEDING_HOME", "SEEDING_JOURNAL", "SEEDING_INVENTORY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(here)
    furnish(here, words)
    if "--verify" in words:
        file = put_in(words)[words.index("--verify") + 1]
        export = ["custody", stories.RUN_ID, "--export", file, "--sign", "custody.key"]
        assert CliRunner().invoke(app, export).exit_code == Exit.DONE
    return CliRunner().invoke(app, filled(words, here))


def test_the_pages_show_commands_of_every_kind() -> None:
    """A pattern that finds nothing any more would make the tests below empty."""
    assert len(TYPED) > 50 and {words[0] for words in LINES} == set(COMMANDS)


@pytest.mark.slow
@pytest.mark.parametrize("words", TYPED, ids=" ".join)
def test_a_line_that_a_page_shows_does_what_it_says(
    words: Words, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It ends with an exit code of a command that was done (4 says that a person is needed), and no traceback."""
    told = typed(words, tmp_path, monkeypatch)

    assert told.exception is None or isinstance(told.exception, SystemExit), repr(told.exception)
    assert "Traceback" not in told.output
    assert told.exit_code in (Exit.DONE, Exit.WITH_GAPS, Exit.NEEDS_PERSON), told.output


def test_a_line_that_does_not_do_what_it_says_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The check rings for a run that is elsewhere."""
    monkeypatch.setitem(STATES, ("reopen",), "shipped")

    assert typed(("reopen", "lyon"), tmp_path, monkeypatch).exit_code == Exit.REFUSED


@pytest.mark.parametrize("words", [words for words in LINES if is_shape(words)], ids=" ".join)
def test_a_synopsis_is_of_a_command_that_explains_itself(words: Words) -> None:
    """The reference's synopses are no lines to type; their commands answer `--help`."""
    told = CliRunner().invoke(app, [words[0], "--help"])

    assert (told.exit_code, words[0] in told.stdout) == (Exit.DONE, True)


def test_what_is_run_elsewhere_is_run_by_a_test_that_exists() -> None:
    """Every row names a test that is there, and a line that some page shows."""
    for named in (*ELSEWHERE.values(), CANCEL):
        file, _, test = named.partition("::")
        assert re.search(rf"^(?:async )?def {test}\(", (ROOT / file).read_text("utf-8"), re.M), named
    needed = {elsewhere(words) for words in LINES}
    assert {*ELSEWHERE.values(), CANCEL} - needed == set()


def test_a_line_of_another_kind_is_not_excused() -> None:
    """Only the lines in the table are left to other tests."""
    assert elsewhere(("explain", "lyon")) is elsewhere(("cancel", "lyon", "--abandon")) is None
    assert elsewhere(("migrate-journal", "--to", "sqlite:////srv/seeding/journal.db")) is None
