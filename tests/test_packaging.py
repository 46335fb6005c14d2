"""What is committed installs anywhere: tested versions, no index named, data files in the wheel."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
PINS = dict(
    line.split("==") for line in (ROOT / "constraints.txt").read_text("utf-8").splitlines() if not line.startswith("#")
)


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).casefold()


@pytest.mark.parametrize(
    "text", PROJECT["project"]["dependencies"] + PROJECT["project"]["optional-dependencies"]["dev"]
)
def test_every_dependency_has_a_tested_version_within_its_bounds(text):
    """A fresh install gets what was tested, and the bounds allow it."""
    wanted = Requirement(text)
    tested = {normal(name): version for name, version in PINS.items()}.get(normal(wanted.name))

    assert tested is not None
    assert wanted.specifier.contains(tested, prereleases=True)


@pytest.mark.parametrize("name", ["constraints.txt", "Makefile", ".ci/run", "pyproject.toml"])
def test_no_committed_file_names_an_index(name):
    """Where packages come from is the machine's business."""
    text = (ROOT / name).read_text("utf-8")

    assert not re.search(r"(?i)--(extra-)?index-url|--find-links|--registry|file://|https?://[^\s]*simple", text)


def test_the_npm_lock_names_versions_and_digests_only():
    """`npm ci` checks each package against its digest, from whatever registry is set."""
    packages = json.loads((ROOT / "package-lock.json").read_text("utf-8"))["packages"]
    installed = {name: row for name, row in packages.items() if name}

    assert installed["node_modules/azurite"]["version"] == "3.37.0"
    assert [name for name, row in installed.items() if "resolved" in row or "integrity" not in row] == []


def test_data_files_are_shipped():
    """The wheel carries the limits, the sample and the scripts for Windows; without them no plan can be checked."""
    globs = PROJECT["tool"]["setuptools"]["package-data"]["*"]
    needed = [path for folder in ("data", "offices", "agents") for path in (ROOT / "deploy" / folder).glob("*.*")]

    left = [path.name for path in needed if not any(path.match(glob) for glob in globs)]

    assert sorted(left) == ["README.md", "__init__.py"]
    assert {"limits.yaml", "sample.yaml", "Invoke-SeedingAgent.ps1"} < {path.name for path in needed}
