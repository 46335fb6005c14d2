"""Which versions of the backup software can do an offline first backup. The rules come from a data file."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from states.limits import Origin
from states.plan import Mode


@dataclass(frozen=True)
class OldestVersion:
    """The oldest version of one product that will do in one mode, and what people call it."""

    product: str
    mode: Mode
    version: str
    name: str
    origin: Origin


def version_wanted(installed: Iterable[tuple[str, str]], mode: Mode, rules: Iterable[OldestVersion]) -> str:
    """Return what is needed instead of the first product that is too old; "" when all will do.

    *installed* are (product, version). A version that is no version, such as "unknown", counts as too old.
    """
    oldest = {rule.product: rule for rule in rules if rule.mode == mode}
    for product, version in installed:
        rule = oldest.get(product)
        if rule and _numbers(version) < _numbers(rule.version):
            return f"{rule.name} ({rule.version})"
    return ""


def _numbers(version: str) -> tuple[int, ...]:
    try:
        return tuple(int(part) for part in version.strip().split("."))
    except ValueError:
        return ()
