"""Which version of the backup software will do: the first product that is too old is named with what is needed."""

from __future__ import annotations

import pytest

from states.agents import OldestVersion, version_wanted
from states.limits import Origin

ORIGIN = Origin("https://example.org", "2026-11-01")
RULES = (
    OldestVersion("agent", "data-box", "2.0.9171.0", "Azure Backup agent", ORIGIN),
    OldestVersion("agent", "own-disk", "2.0.8719.0", "Azure Backup agent", ORIGIN),
    OldestVersion("dpm", "data-box", "10.22", "System Center 2022", ORIGIN),
)


@pytest.mark.parametrize(
    "installed, mode, wanted",
    [
        ([("agent", "2.0.9171.0")], "data-box", ""),
        ([("agent", "2.0.9170.9")], "data-box", "Azure Backup agent (2.0.9171.0)"),
        ([("agent", "2.0.8719.0")], "own-disk", ""),
        ([("agent", " 2.0.10000.0 ")], "data-box", ""),  # numbers, not letters: 10000 is more than 9171
        ([("agent", "unknown")], "data-box", "Azure Backup agent (2.0.9171.0)"),
        ([("agent", "2.0.9171.0"), ("dpm", "10.19.2")], "data-box", "System Center 2022 (10.22)"),
        ([("dpm", "10.19"), ("agent", "1")], "data-box", "System Center 2022 (10.22)"),
        ([("something else", "0.1")], "data-box", ""),
        ([("dpm", "10.19")], "own-disk", ""),  # no rule in that mode
        ([], "data-box", ""),
    ],
)
def test_the_first_product_that_is_too_old_is_named(installed: list[tuple[str, str]], mode: str, wanted: str):
    """Compared number by number; what is no version is too old; a product without a rule will do."""
    assert version_wanted(installed, mode, RULES) == wanted
