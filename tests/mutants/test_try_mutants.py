"""The sample of mutants: the same for a seed, named as people name functions, with bounds that hold."""

from __future__ import annotations

from importlib import import_module

import pytest
from try_mutants import changed_line, drawn, explained, function_of, interval

NAMES = [f"states.{module}.x_one__mutmut_{n}" for module in ("fold", "slots") for n in range(50)]


def test_a_seed_draws_the_same_mutants_whatever_their_order():
    """So that a survivor can be looked at again; 0 is all, and a pattern narrows before the draw."""
    assert drawn(NAMES, [], 20, 1) == drawn(reversed(NAMES), [], 20, 1) != drawn(NAMES, [], 20, 2)
    assert drawn(NAMES, [], 0, 1) == sorted(NAMES)
    assert {name.split(".")[1] for name in drawn(NAMES, ["states.slots.*"], 20, 1)} == {"slots"}


@pytest.mark.parametrize("name, function", [
    ("states.fold.x_fold__mutmut_3", "states.fold.fold"), ("states.run.xǁRunǁget__mutmut_1", "states.run.Run.get"),
    ("states.planner.ways.x__box__mutmut_16", "states.planner.ways._box"),
])  # fmt: skip
def test_a_mutant_is_told_by_its_function(name: str, function: str):
    """Private ones and methods, too."""
    assert function_of(name) == function


def test_the_changed_line_is_the_new_one_or_the_one_that_went():
    """As it is written in explained.yaml."""
    assert changed_line("--- a\n+++ b\n@@\n-    return 1\n+    return 2\n") == "return 2"
    assert changed_line("--- a\n+++ b\n@@\n-    return 1\n     x\n") == "return 1"


def test_the_bounds_hold_the_rate():
    """Wilson's: never above one, and narrower with more."""
    low, high = interval(282, 305)

    assert (round(low, 3), round(high, 3)) == (0.889, 0.949)
    assert interval(10, 10)[1] <= 1 and interval(10, 10)[0] < interval(1000, 1000)[0]


def test_every_explained_mutant_is_of_a_function_that_exists():
    """An explanation does not outlive its code."""
    for function, _ in explained():
        module, _, name = function.rpartition(".")
        assert hasattr(import_module(module), name), function
