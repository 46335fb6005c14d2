"""One door to every verb: each error of the world becomes the right outcome, and no secret gets through it."""

from __future__ import annotations

from pathlib import Path

import pytest
from fakes import FakeOrders, FakeWorld, Trouble
from stories import RUN_ID, condition

from states.conditions import CATALOGUE
from tasks import errors, media_errors
from tasks.errors import Overtaken, SeedingError, Transient
from tasks.perform import gave_up, perform

ERRORS = [
    kind
    for module in (errors, media_errors)
    for kind in vars(module).values()
    if isinstance(kind, type) and issubclass(kind, SeedingError) and kind.__module__ == module.__name__
]


def performed(folder: Path, wrong: BaseException):
    """Return what comes of a look at the order that fails so."""
    world = FakeWorld(folder, "ordered", orders=FakeOrders(Trouble(before={"find": [wrong]})))
    return perform("watch-delivery", world.book(), world.site)


@pytest.mark.parametrize("kind", ERRORS, ids=lambda kind: kind.__name__)
def test_every_class_of_error_has_its_reaction(tmp_path: Path, kind: type[SeedingError]):
    """Try again, read again, look later, or a condition of the catalogue: nothing else, and nothing is cleared."""
    wrong = kind("the thing failed", next="seeding doctor")

    if kind in (Transient, Overtaken):
        with pytest.raises(kind):
            performed(tmp_path, wrong)
        return
    outcome = performed(tmp_path, wrong)
    assert outcome.pending and outcome.verb == "watch-delivery" and outcome.evidence == outcome.done == ()
    if kind is errors.NotYet:
        assert (outcome.notes, outcome.raised) == (("the thing failed",), ())
    else:
        code = kind.code if kind.code in CATALOGUE else "unexpected"
        assert outcome.raised == ((code, "the thing failed; seeding doctor"),)


@pytest.mark.parametrize("code", CATALOGUE)
def test_an_error_that_names_a_row_of_the_catalogue_becomes_that_condition(tmp_path: Path, code: str):
    """An adapter may know better than its error's class."""
    assert performed(tmp_path, SeedingError("x", code=code)).raised == ((code, "x"),)


@pytest.mark.parametrize("bug", [ValueError, KeyError, OSError, ZeroDivisionError, RecursionError, UnicodeError])
def test_a_bug_is_told_by_its_place_and_never_by_its_words(tmp_path: Path, bug: type[Exception]):
    """Nobody knows what secrets an exception quotes."""
    outcome = performed(tmp_path, bug("https://x/?sig=SECRET"))

    ((code, text),) = outcome.raised
    assert code == "unexpected" and text.startswith(f"{bug.__name__} at fakes.py:")
    assert "SECRET" not in repr(outcome)


@pytest.mark.parametrize("end", [KeyboardInterrupt, SystemExit])
def test_a_process_that_is_told_to_end_ends(tmp_path: Path, end: type[BaseException]):
    """Neither is an error of a run."""
    with pytest.raises(end):
        performed(tmp_path, end())


def test_a_network_fault_lifts_no_block(tmp_path: Path):
    """The device stays lost while nobody can look; a look that sees it well again clears it."""
    world = FakeWorld(tmp_path, "ordered")
    book = world.book()
    book.write(condition("device-lost", by="the Azure job"))

    for outcome in (gave_up("watch-delivery", Transient("no route")), performed(tmp_path_of(tmp_path), OSError("x"))):
        assert "device-lost" in book.settle(outcome).conditions
    world.orders.jobs["perth0123"] = world.journal.run(RUN_ID).evidence["job-seen"]
    assert book.settle(perform("watch-delivery", book, world.site)).conditions == {}


def test_a_verb_that_waits_notes_it_once(tmp_path: Path):
    """Sixty days of waiting are not sixty thousand lines."""
    world = FakeWorld(tmp_path, "ordered", orders=FakeOrders(Trouble(before={"find": [errors.NotYet("later")] * 3})))
    book = world.book()
    for _ in range(3):
        book.settle(perform("watch-delivery", book, world.site))
        book.looked_at("watch-delivery")

    assert [line.payload["text"] for line in world.journal.lines(RUN_ID) if line.kind == "note"] == ["later"]


def tmp_path_of(folder: Path) -> Path:
    """Return a folder for a second world."""
    (second := folder / "second").mkdir()
    return second
