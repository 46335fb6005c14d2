"""The tables of docs/own-disks.md, made from what the code and its data files know."""

from __future__ import annotations

from collections.abc import Iterable

from deploy.data import limits
from deploy.docs_tables import table
from states.conditions import row_of
from states.drive_words import ERRORS, MEANINGS


def parcels() -> str:
    """Return what gates, customs and carriers want, a rule a row."""
    rules = limits().parcels
    rows = [
        (_places((*gate.countries, *gate.regions)), "the gate", f"{gate.wants}, from {gate.given_by}")
        for gate in rules.gates
    ]
    rows.append(("across a customs border", "customs", "; ".join(rules.customs.papers)))
    for way in rules.ways_back:
        preferred = f", {way.preferred} preferred" if way.preferred else ""
        rows.append((_places(way.countries), "the way back", f"an account with {' or '.join(way.carriers)}{preferred}"))
    return table(("datacenter in", "who asks", "for what"), rows)


def drive_words() -> str:
    """Return what each word of Azure's means, and the condition it becomes."""
    words = [(f"`{word}`", meaning) for word, meaning in MEANINGS.items()]
    words += [(f"`OtherUserError`, `{begin}...`", meaning) for begin, meaning in ERRORS]
    return table(
        ("word", "what happened", "condition", "what helps"),
        [
            (word, meaning.says, _link(meaning.code), _remedy(meaning.code) if meaning.code else "nothing to do")
            for word, meaning in words
        ],
    )


def _places(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))


def _link(code: str) -> str:
    return f"[`{code}`](conditions.md#{code})" if code else "-"


def _remedy(code: str) -> str:
    return row_of(code).remedy.replace("{run}", "RUN")
