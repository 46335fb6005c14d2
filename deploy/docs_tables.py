"""The tables of docs/, made from what the code knows: states, guards, conditions, commands, exit codes, evidence.

Every function returns markdown and reads nothing but the code. deploy/docs.py puts the texts into their pages.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields
from datetime import timedelta
from itertools import groupby
from typing import Any, get_args

import typer

from deploy.cli.app import app
from deploy.cli.envelope import Exit
from deploy.data import limits
from states.conditions import CATALOGUE
from states.deadlines import OUT_OF_SIGHT, known_clocks
from states.facts import EVIDENCE, ItemOnDevice, Stage
from states.freeze import AccountSeen, AppSeen, Change
from states.landing import ItemInVault, JobInVault, JobRunning, ServerInVault, Sighting
from states.lifecycle import EDGES, ENDINGS
from states.limits import Harm
from states.plan import Item, Plan
from states.playbook import BESIDE, PLAYBOOK
from states.release import SampleFile
from states.steps import Row
from tasks import errors

NESTED = (
    Item,
    Stage,
    ItemOnDevice,
    ItemInVault,
    ServerInVault,
    JobInVault,
    Sighting,
    JobRunning,
    AccountSeen,
    AppSeen,
    Change,
    SampleFile,
)  # records that stand inside evidence or a plan
EVERYWHERE = ("home", "json")  # options every command has: told once, at the top of the page

# fmt: off
MEANS = {
    Exit.DONE:         ("done",                   "nothing"),
    Exit.FAILED:       ("failed",                 "read the problem; its `next` says what helps"),
    Exit.USAGE:        ("wrong usage or input",   "correct what is named; nothing was written"),
    Exit.WITH_GAPS:    ("done, with warnings",    "read the warnings when there is time"),
    Exit.NEEDS_PERSON: ("a person is needed",     "do or answer what `seeding explain RUN` says"),
    Exit.NOT_NOW:      ("not now",                "try later: a service is down, or another worker was faster"),
    Exit.REFUSED:      ("refused by a guard",     "nothing was changed; each reason says what is not true yet"),
}
# fmt: on


def endings() -> str:
    """Return the ways out of the lifecycle, the states of one trigger joined."""
    rows = []
    for (trigger, target), group in groupby(ENDINGS, key=lambda edge: (edge.trigger, edge.target)):
        edges = list(group)
        needs = "; ".join(_sentence(need) for need in edges[0].needs) or "a person's decision"
        rows.append((f"`{trigger}`", ", ".join(f"`{e.source}`" for e in edges), f"`{target}`", needs))
    return table(("trigger", "from", "to", "needs"), rows)


def guards() -> str:
    """Return every guard that an edge names, and what it asks for."""
    needed = dict.fromkeys(need for edge in EDGES for need in edge.needs)
    return table(("guard", "is true when"), [(_sentence(need), _first_line(need)) for need in needed])


def playbook(states: Mapping[str, tuple[Row, ...]] = PLAYBOOK) -> str:
    """Return what is done in each state, in order, and how often."""
    rows = [
        (f"`{state}`", row.kind, f"`{row.verb}`", _sentence(row.until), _span(row.every), row.on)
        for state, steps in states.items()
        for row in (*steps, *BESIDE.get(state, ()))
    ]
    return table(("state", "kind", "verb", "until", "again after", "waits for"), rows)


def catalogue() -> str:
    """Return the conditions, an anchor a code, what blocks first."""
    order = ("blocks", "warn", "info")
    rows = [
        (
            f'<a id="{c.code}"></a>`{c.code}`',
            c.severity,
            c.whose,
            c.means,
            _code(c.remedy.replace("{run}", "RUN")),
            _span(c.clock) if c.clock else "-",
        )
        for c in sorted(CATALOGUE.values(), key=lambda c: order.index(c.severity))
    ]
    return table(("code", "severity", "whose turn", "means", "what helps", "clock"), rows)


def exit_codes() -> str:
    """Return the exit codes with their meaning. Raises KeyError for one nobody has explained."""
    return table(("code", "name", "means", "what to do"), [(f"{e.value}", f"`{e.name}`", *MEANS[e]) for e in Exit])


def problem_codes() -> str:
    """Return the codes of our errors, with the exit code each leads to."""
    kinds = [k for k in vars(errors).values() if isinstance(k, type) and issubclass(k, errors.SeedingError)]
    rows = [(f"`{k.code}`", str(k.exit_code), _first_line(k)) for k in kinds if k is not errors.SeedingError]
    return table(("code", "exit", "means"), sorted(rows))


def commands() -> str:
    """Return every command of the command line: what it does, how it is called, its arguments and options."""
    group: Any = typer.main.get_command(app)
    return "\n\n".join(_command(name, command) for name, command in group.commands.items())


def evidence() -> str:
    """Return every kind of evidence with its fields; nested records behind."""
    kinds = [(f"`{kind}`", _fields(cls), _first_line(cls)) for kind, cls in EVIDENCE.items()]
    inner = [(f"`{cls.__name__}`", _fields(cls), _first_line(cls)) for cls in (Plan, *NESTED)]
    return f"{table(('kind', 'facts', 'what it is'), kinds)}\n\n{table(('record', 'fields', 'what it is'), inner)}"


def _command(name: str, command: Any) -> str:
    own = [p for p in command.params if p.name not in EVERYWHERE]
    arguments = [_argument(p) for p in own if p.param_type_name == "argument"]
    options = [p for p in own if p.param_type_name == "option"]
    usage = " ".join(["seeding", name, *arguments, *(["[OPTIONS]"] if options else [])])
    parts = [f"## seeding {name}", command.help, f"```console\n{usage}\n```"]
    rows = [(f"`{_argument(p)}`", _help(p)) for p in own if p.param_type_name == "argument"]
    rows += [(f"`{_option(p)}`", _help(p)) for p in options]
    return "\n\n".join([*parts, *([table(("argument or option", "what it is"), rows)] if rows else [])])


def _argument(param: Any) -> str:
    name = (param.metavar or param.name.upper()).strip("[]")
    return name if param.required else f"[{name}]"


def _option(param: Any) -> str:
    if param.is_flag:
        return "/".join([*param.opts, *param.secondary_opts])
    return f"{param.opts[0]} {param.name.upper()}" + (" ..." if param.multiple else "")


def _help(param: Any) -> str:
    needed = " Needed." if param.required and param.param_type_name == "option" else ""
    return (param.help or "") + needed


def _fields(cls: type) -> str:
    return ", ".join(f"`{f.name}`: {_kind(str(f.type))}" for f in fields(cls))


def _kind(hint: str) -> str:
    """Return a field's type in the words of JSON."""
    if hint.startswith("tuple["):
        return f"list of {_kind(hint.removeprefix('tuple[').removesuffix(', ...]'))}"
    if hint.endswith(" | None"):
        return f"{_kind(hint.removesuffix(' | None'))} or null"
    words = {"str": "text", "int": "integer", "bool": "true or false", "datetime": "time"}
    return words.get(hint, hint if hint in {c.__name__ for c in NESTED} else "text")


def _sentence(guard: Any) -> str:
    return str(guard.__name__).replace("_", " ")


def _first_line(thing: Any) -> str:
    return (thing.__doc__ or "").strip().splitlines()[0].replace("|", "\\|")


def _code(remedy: str) -> str:
    """Return a remedy that is a bare command as code; sentences stay as they are."""
    return f"`{remedy}`" if remedy.startswith("seeding ") and "`" not in remedy else remedy


def _span(span: timedelta) -> str:
    minutes = int(span.total_seconds() // 60)
    for unit, size in (("day", 1440), ("hour", 60), ("minute", 1)):
        if minutes % size == 0:
            count = minutes // size
            return f"{count} {unit}{'s' if count != 1 else ''}"
    raise AssertionError("unreachable")


def table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    heads = tuple(heads)
    lines = [heads, ("---",) * len(heads), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def clocks() -> str:
    """Return the table of the clocks that are watched, the worst harm first."""
    order = get_args(Harm)
    rules = sorted(limits().clocks, key=lambda rule: (-order.index(rule.harm), rule.length))
    rows = [
        f"| `{rule.name}` | {_days(rule.length)} | {rule.started_by} | {rule.owner} | {_days(rule.warn)} | "
        f"{rule.harm} | {rule.consequence} | {rule.origin.source} |"
        for rule in rules
        if rule.name in known_clocks()
    ]
    heads = ("clock", "length", "started by", "whose turn", "told before", "harm", "what happens then", "source")
    return "\n".join([f"| {' | '.join(heads)} |", "|---" * len(heads) + "|", *rows])


def clocks_out_of_sight() -> str:
    """Return the clocks of the data file that no evidence starts, and why."""
    return "\n".join(f"- `{name}`: {why}." for name, why in OUT_OF_SIGHT.items())


def _days(span: timedelta) -> str:
    return f"{span.days} days" if span else "-"
