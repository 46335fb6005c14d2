"""The lifecycle as a picture, drawn from the table: nobody draws it by hand, so it cannot be wrong."""

from __future__ import annotations

from states.lifecycle import BACKWARD, FIRST, FORWARD, STATES, Turn


def mermaid(here: str = "") -> str:
    """Return the state diagram as mermaid text, the state *here* lit. Cancel and abandon are left out: any may."""
    lines = ["stateDiagram-v2", "    direction TB", f"    [*] --> {_id(FIRST)}"]
    lines += [f'    state "{name}" as {_id(name)}' for name in STATES if "-" in name]
    lines += [f"    {_id(edge.source)} --> {_id(edge.target)}: {edge.trigger}" for edge in (*FORWARD, *BACKWARD)]
    lines += [f"    {_id(s.name)} --> [*]" for s in STATES.values() if s.turn is Turn.OVER and s.name == "closed"]
    if here:
        lines += ["    classDef here fill:#2f6fde,color:#fff", f"    class {_id(here)} here"]
    return "\n".join(lines)


def table() -> str:
    """Return the states as a markdown table."""
    rows = [f"| `{s.name}` | {s.turn.name} | {s.means} |" for s in STATES.values()]
    return "\n".join(["| state | whose turn | reached when |", "|---|---|---|", *rows])


def edges_table() -> str:
    """Return the edges with what each needs, in the guards' own words, as a markdown table."""
    rows = []
    for edge in (*FORWARD, *BACKWARD):
        needs = "; ".join(need.__name__.replace("_", " ") for need in edge.needs) or "a person's decision"
        rows.append(f"| `{edge.trigger}` | `{edge.source}` | `{edge.target}` | {needs} |")
    return "\n".join(["| trigger | from | to | needs |", "|---|---|---|---|", *rows])


def _id(name: str) -> str:
    return name.replace("-", "_")
