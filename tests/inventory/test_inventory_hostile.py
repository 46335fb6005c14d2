"""What a wrong or hostile inventory gets: every problem at once, each with its line and a next step, and no harm."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from inventories import SOUND, found, problems_of, spoilt

from deploy.cli.validate import validate

HOSTILE = sorted((Path(__file__).parent / "hostile").glob("*.yaml"))
ITEM = "{name: files, size: 2 TiB, daily_change: 1 %}"


def expected(path: Path) -> list[tuple[str, int]]:
    """Return what the file's own `# expect:` comments say: `code` for their line, or `code@line`."""
    wanted = []
    for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1):
        for word in line.partition("# expect:")[2].split():
            code, _, at = word.partition("@")
            wanted.append((code, int(at or number)))
    return wanted


@pytest.mark.parametrize("path", HOSTILE, ids=lambda path: path.stem)
def test_each_hostile_file_gets_all_its_problems(path):
    """Each file says in comments what is wrong on which line; exactly that is found, and each names its file."""
    _, problems = validate(path)

    assert sorted(found(problems)) == sorted(expected(path))
    assert all(problem.next and problem.message and problem.file == str(path) for problem in problems)


def test_the_collection_is_not_empty():
    """A collection that nobody finds proves nothing."""
    assert len(HOSTILE) >= 4
    assert all(expected(path) for path in HOSTILE)


@pytest.mark.parametrize(
    "old, new, code, line",
    [
        ("id: perth", "id: Perth Office", "bad-value", 3),
        ("id: perth", "id: con", "bad-value", 3),
        ("id: perth", "id: ../../etc", "bad-value", 3),
        ("country: AU", "country: XX", "bad-value", 4),
        ("Australia/Perth", "../../etc/passwd", "bad-value", 5),
        ("mode: data-box", "mode: databox", "bad-value", 6),
        ("sku: DataBoxDisk", "sku: DataBoxHeavy", "bad-value", 7),
        ("city: Perth", "city: ''", "bad-value", 8),
        ("city: Perth, ", "", "missing", 8),
        ("backup@contoso.example", "backup", "bad-value", 9),
        ("[backup@contoso.example]", "[]", "bad-value", 9),
        ("PER-DPM01", "PER DPM01; rm -rf /", "bad-value", 10),
        ("kind: dpm", "kind: veeam", "bad-value", 10),
        ("server: PER-DPM01", "server: PER-DPM01, command: ls -l", "bad-value", 10),
        ("000000000001", "1", "bad-value", 12),
        ("australiaeast", "atlantis", "region-unknown", 3),
        ("contososeed", "Contoso.Seed", "storage-account-name", 3),
        ("2 TiB", "2 T", "bad-value", 19),
        ("2 TiB", "-1", "bad-value", 19),
        ("2 TiB", "1e999", "bad-value", 19),
        ("2 TiB", "9 EiB", "bad-value", 19),
        ("2 TiB", "0", "item-empty", 19),
        ("1 %", "nan", "bad-value", 19),
        ("1 %", "9 TB", "daily-change-absurd", 19),
        ("name: files", "name: ../files", "bad-value", 19),
        ("name: files", "name: files, kind: system-state", "item-kind", 19),
        (f"      - {ITEM}", f"      - {ITEM}\n      - {ITEM}", "item-twice", 20),
        ("version: 1", "version: 2", "version", 1),
        ("version: 1", "colour: blue", "unknown-key", 1),
        ("mode: data-box", "mode: own-disk\n    staging: {path: 'S:/'}", "bad-value", 8),
        ("    mode: data-box\n", "    device_path: 'E:/{disk}'\n    mode: data-box\n", "bad-value", 6),
        ("    mode: data-box\n", "    schedule: {advance: '99 * * * *'}\n    mode: data-box\n", "bad-value", 6),
    ],
)  # fmt: skip
def test_one_wrong_value_is_named_with_its_line(tmp_path, old, new, code, line):
    """Each mistake, alone, is found on the line where it stands."""
    assert (code, line) in found(problems_of(tmp_path, spoilt(old, new)))


@pytest.mark.parametrize(
    "old, new, advice",
    [
        ("country: AU", "country: UK", "GB"),
        ("country: AU", "country: France", "FR"),
        ("id: perth", "id: Perth Office", "perth-office"),
        ("Australia/Perth", "Perth", "Australia/Perth"),
        ("mode: data-box", "mode: databox", "data-box"),
        ("    contacts:", "    contact:", "contacts"),
        ("    mode: data-box\n", "    mode: data-box\n    vault: x\n", "azure.vault"),
        ("2 TiB", "20 TiB", "DataBox"),
        ("australiaeast", "australieast", "australiaeast"),
        ("australiaeast", "westeurope", "own-disk"),
    ],
)
def test_the_next_step_names_what_was_meant(tmp_path, old, new, advice):
    """Where a near word is known, the next step says it."""
    assert any(advice in problem.next for problem in problems_of(tmp_path, spoilt(old, new)))


def test_a_broken_default_is_told_once(tmp_path):
    """A default that a hundred offices inherit is one mistake, on its own line."""
    offices = "".join(SOUND.partition("offices:\n")[2].replace("perth", f"office-{n}") for n in range(100))
    text = "defaults: {budget: {amount: much, currency: AUD}}\noffices:\n" + offices

    assert found(problems_of(tmp_path, text)) == [("bad-value", 1)]


def test_a_broken_default_is_told_even_when_overridden(tmp_path):
    """Tomorrow's office may inherit it."""
    text = spoilt("offices:", "defaults: {sku: Floppy}\noffices:")

    assert found(problems_of(tmp_path, text)) == [("bad-value", 2)]


def test_what_cannot_be_planned_is_found_beside_a_wrong_form(tmp_path):
    """A misspelt telephone number does not hide that an item is too large, nor one broken item another's size."""
    text = SOUND.replace("+61 8 5550 0100", "call Joe").replace("2 TiB", "100 TB")
    text += "      - {name: broken, size: much, daily_change: 1 %}\n"

    assert found(problems_of(tmp_path, text)) == [("bad-value", 9), ("item-too-large", 19), ("bad-value", 20)]


@pytest.mark.parametrize(
    "data, code",
    [
        (b"", "empty"),
        (b"# nothing\n", "empty"),
        (SOUND.encode("utf-16"), "not-utf-8"),
        (SOUND.replace("Perth", "P\xe9rth").encode("latin-1"), "not-utf-8"),
        (b"offices: \x00", "syntax"),
        (b"offices: [", "syntax"),
        (b"\toffices: []", "syntax"),
        (b"- just\n- a list\n", "bad-value"),
        (b"offices: []", "no-offices"),
        (b"offices: 5", "no-offices"),
        (b"offices: [text, [1], null]", "bad-value"),
        (b"[" * 100_000, "too-large"),
        (b"a: " * 100_000, "syntax"),
        (b"x" * (8 * 2**20 + 1), "too-large"),
        (b"a: &a [*a, *a, *a]", "too-large"),
        (b"? [a, b]\n: c\n", "bad-key"),
        (b"base: &b {a: 1}\noffices:\n  - <<: *b\n", "merge-key"),
        (SOUND.encode() + b"---\n" + SOUND.encode(), "two-documents"),
        ("offices: ['\u202egnp.exe']".encode(), "control-character"),
    ],
)
def test_no_file_gets_through_or_makes_it_fail(tmp_path, data, code):
    """Whatever the bytes, the answer is a list of problems, quickly."""
    began = time.perf_counter()

    assert code in {problem.code for problem in problems_of(tmp_path, data)}
    assert time.perf_counter() - began < 5


def test_aliases_cannot_unfold_without_end(tmp_path):
    """Nine lines of nine references each would be 9^9 values; the reader stops long before."""
    bomb = "a0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 10))

    assert "too-large" in {problem.code for problem in problems_of(tmp_path, bomb)}


def test_an_alias_that_is_used_sensibly_is_taken(tmp_path):
    """Anchors are fine where `defaults` does not reach: inside lists."""
    text = SOUND.replace("daily_change: 1 %}", "daily_change: &churn 1 %}")
    text += "      - {name: more, size: 1 TiB, daily_change: *churn}\n"

    assert problems_of(tmp_path, text) == ()


@pytest.mark.parametrize("tag", ["!!python/object/apply:os.system ['touch pwned']", "!!binary aGk=", "!env HOME"])
def test_no_tag_builds_anything(tmp_path, tag):
    """A tag is refused by name; nothing it names is made."""
    problems = problems_of(tmp_path, spoilt("city: Perth", f"city: {tag}"))

    assert ("tag", 8) in found(problems)
    assert not Path("pwned").exists()


@pytest.mark.parametrize("make", [lambda p: None, lambda p: p.mkdir(), lambda p: p.symlink_to("/dev/zero")])
def test_what_is_no_file_is_said_so(tmp_path, make):
    """A missing file, a folder and an endless device are answered, not read."""
    path = tmp_path / "offices.yaml"
    make(path)

    assert found(validate(path)[1]) == [("no-file", 0)]


def test_messages_cannot_move_the_cursor(tmp_path):
    """Escape sequences of a hostile file never reach the operator's terminal."""
    text = spoilt("city: Perth", 'city: "\\e[2J\\e[31m all is well"')

    for problem in problems_of(tmp_path, text):
        assert (problem.message + problem.next).isprintable()


def test_thousands_of_problems_stay_readable(tmp_path):
    """No list is endless: a thousand problems, then one line that counts the rest."""
    text = SOUND + "".join(f"      - {{name: n{n}, size: x, daily_change: y}}\n" for n in range(499))
    text = text.replace("offices:\n", "offices:\n") + "".join(f"k{n}: 1\n" for n in range(400))

    problems = problems_of(tmp_path, text)

    assert problems[-1].code == "more-problems" or problems[0].code == "more-problems"
    assert len(problems) == 1001


def test_a_thousand_offices_are_checked_in_seconds(tmp_path):
    """The largest fleet the product is made for."""
    office = SOUND.partition("offices:\n")[2]
    text = "version: 1\noffices:\n" + "".join(office.replace("perth", f"office-{n}") for n in range(1000))
    began = time.perf_counter()

    assert problems_of(tmp_path, text) == ()
    assert time.perf_counter() - began < 20
