"""`seeding rehearse --fault` and `--chaos`: play scenarios and compare what is seen with what is expected."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from deploy.cli.envelope import Answer, Exit, Trouble
from deploy.inventory.problems import nearest
from deploy.processes import rehearsal_azure
from deploy.rehearse import fresh_home
from deploy.scenarios.table import SCENARIOS, Result, Row, play_all, play_chaos
from tasks.errors import InvalidInput

EVERY = "all"


def faults(home: Path | None, codes: str, *, quiet: bool) -> Answer:
    """Play the scenarios of *codes*. Exit code 1 when one goes another way; raises InvalidInput for unknown codes."""
    chosen = chosen_by(codes)
    child = rehearsal_azure(fresh_home(home).home / "azure")
    say = Console(stderr=True, quiet=quiet)
    results = []
    try:
        for result in play_all(chosen, child.first_line()):
            results.append(result)
            say.print(_line(result, len(results), len(chosen)), highlight=False, markup=False, soft_wrap=True)
    finally:
        child.stop()
    return _answer(results)


def chaos(home: Path | None, seed: int, *, quiet: bool) -> Answer:
    """Tell the story of *seed* for each sample office. Exit code 1 when one ends as no run may."""
    child = rehearsal_azure(fresh_home(home).home / "azure")
    say = Console(stderr=True, quiet=quiet)
    stories = []
    try:
        for story in play_chaos(seed, child.first_line()):
            stories.append(story)
            lines = [f"{story.office}:", *(f"  {line}" for line in story.told), f"  ends: {story.wrong or story.end}"]
            say.print("\n".join(lines), highlight=False, markup=False, soft_wrap=True)
    finally:
        child.stop()
    bad = [story for story in stories if story.wrong]
    troubles = tuple(
        Trouble("not-as-expected", f"{one.office}: {one.wrong}", f"seeding rehearse --chaos {seed}") for one in bad
    )
    text = f"{len(stories) - len(bad)} of {len(stories)} offices ended as a run may; seed {seed}."
    data = [{"office": s.office, "seed": s.seed, "story": s.told, "end": s.end, "wrong": s.wrong} for s in stories]
    return Answer(data, text, troubles, Exit.FAILED if bad else Exit.DONE)


def chosen_by(codes: str) -> tuple[Row, ...]:
    """Return the scenarios of these codes or fault numbers, with commas. Raises InvalidInput and names the nearest."""
    asked = [word.strip() for word in codes.split(",") if word.strip()]
    known = {scenario.code for scenario in SCENARIOS} | {str(row) for scenario in SCENARIOS for row in scenario.rows}
    for word in asked:
        if word not in (EVERY, *known):
            near = nearest(word, {EVERY, *known})
            hint = f"did you mean `{near}`? " if near else ""
            raise InvalidInput(
                f"no scenario shows the fault {word[:60]!r}", next=f"{hint}docs/errors.md lists them; `--fault all`"
            )
    if not asked:
        raise InvalidInput("no fault is named", next="seeding rehearse --fault all")
    return tuple(s for s in SCENARIOS if EVERY in asked or s.code in asked or {str(r) for r in s.rows} & set(asked))


def _line(result: Result, number: int, of: int) -> str:
    verdict = "as expected" if result.as_expected else "NOT AS EXPECTED"
    return f"{number:3}/{of}  {result.seconds:5.1f} s  {verdict}  {result.scenario.code}: {result.scenario.what}"


def _answer(results: list[Result]) -> Answer:
    wrong = [result for result in results if not result.as_expected]
    troubles = tuple(
        Trouble(
            "not-as-expected",
            f"{result.scenario.what}: expected {result.scenario.expected}; seen {result.seen}",
            f"seeding rehearse --fault {result.scenario.code}",
        )
        for result in wrong
    )

    def human() -> None:
        console = Console(width=200)
        console.print(_table(results))
        console.print(f"{len(results) - len(wrong)} of {len(results)} scenarios went as expected.", highlight=False)

    return Answer([_data(r) for r in results], human, troubles, Exit.FAILED if wrong else Exit.DONE)


def _data(result: Result) -> dict[str, Any]:
    scenario = result.scenario
    return {
        "code": scenario.code,
        "faults": list(scenario.rows),
        "what": scenario.what,
        "expected": str(scenario.expected),
        "seen": str(result.seen),
        "as_expected": result.as_expected,
        "seconds": round(result.seconds, 1),
    }


def _table(results: Iterable[Result]) -> Table:
    table = Table(box=None, header_style="bold")
    for column in ("fault", "what goes wrong", "expected", "seen", ""):
        table.add_column(column, overflow="fold")
    for result in results:
        rows = ",".join(map(str, result.scenario.rows))
        verdict = "equal" if result.as_expected else "DIFFERS"
        table.add_row(rows, result.scenario.what, str(result.scenario.expected), str(result.seen), verdict)
    return table
