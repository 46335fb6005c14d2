"""What is installed is what was tested, from no strange place, under a licence on the list, and all in the SBOM.

What this cannot show without a network: whether a hole in one of them is known. `make audit` asks.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]
OURS = "offline-seeding"
NOT_PINNED = {OURS, "pip", "setuptools", "wheel"}  # come with the environment, and build nothing that ships
PINNED = re.compile(r"([A-Za-z0-9._-]+)==([A-Za-z0-9.+!]+)")

# Licences of what the product needs at run time: all may be used and passed on beside ours, which is MIT.
ALLOWED = re.compile(
    r"MIT|BSD|Apache|ISC|PSF|Python|CNRI|MPL|Mozilla|LGPL-3\.0|CC0|Artistic", re.I
)  # psycopg is LGPL, used as a library; text-unidecode gives the choice of the Artistic License


def plain(name: str) -> str:
    """A distribution's name as the index compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def installed() -> dict[str, metadata.Distribution]:
    return {plain(found.metadata["Name"]): found for found in metadata.distributions()}


def pins(text: str) -> tuple[dict[str, str], list[str]]:
    """The pinned versions of a constraints file, and every line that is no pin."""
    found, strange = {}, []
    for line in text.splitlines():
        if line.startswith("#") or not line.strip():
            continue
        pin = PINNED.fullmatch(line.strip())
        if pin is None or plain(pin[1]) in found:
            strange.append(line)
        else:
            found[plain(pin[1])] = pin[2]
    return found, strange


def needed() -> set[str]:
    """Everything the product needs at run time, PostgreSQL included, by what the packages themselves say."""
    here, todo, seen = installed(), [(OURS, ("postgresql",))], set[tuple[str, tuple[str, ...]]]()
    while todo:
        name, extras = todo.pop()
        for text in here[name].requires or []:
            wanted = Requirement(text)
            applies = wanted.marker is None or any(wanted.marker.evaluate({"extra": e}) for e in (*extras, ""))
            one = (plain(wanted.name), tuple(sorted(wanted.extras)))
            if applies and one[0] in here and one not in seen:
                seen.add(one)
                todo.append(one)
    return {name for name, _ in seen}


def licence(found: metadata.Distribution) -> str:
    about = found.metadata
    classified = [c.rpartition(" :: ")[2] for c in about.get_all("Classifier") or [] if c.startswith("License ::")]
    return about.get("License-Expression") or "; ".join(classified) or (about.get("License") or "").partition("\n")[0]


def test_every_installed_package_is_pinned_to_its_version() -> None:
    """Nothing runs here, or in CI, that the committed file does not name."""
    wanted, _ = pins((ROOT / "constraints.txt").read_text("utf-8"))
    here = {name: found.version for name, found in installed().items() if name not in NOT_PINNED}

    assert {name: version for name, version in here.items() if wanted.get(name) != version} == {}


def test_every_line_of_the_constraints_is_one_pin() -> None:
    """No range, no link, no index, nothing twice."""
    assert pins((ROOT / "constraints.txt").read_text("utf-8"))[1] == []


@pytest.mark.parametrize(
    "line", ["azure-core", "azure-core>=1", "x @ https://host/x.whl", "--index-url https://host", "x==1\nX==2", "x==*"]
)
def test_a_line_that_is_no_pin_is_found(line: str) -> None:
    """The check rings."""
    assert pins(line)[1] != []


def test_every_licence_of_what_runs_is_on_the_list() -> None:
    """A new package under a licence that nobody looked at stops here."""
    here = installed()
    names = needed()

    assert len(names) > 60 and {"prefect", "azure-identity", "psycopg"} <= names
    assert {name: licence(here[name]) for name in names if not ALLOWED.search(licence(here[name]))} == {}


def test_the_sbom_names_every_package_with_version_and_licence(tmp_path: Path) -> None:
    """Made from what is installed here, without a network, and the same each time; no path of this machine in it."""
    made = tmp_path / "sbom.json"
    options = ["--pyproject", str(ROOT / "pyproject.toml"), "--output-reproducible", "--no-validate"]
    command = [
        sys.executable,
        "-m",
        "cyclonedx_py",
        "environment",
        sys.executable,
        *options,
        "--output-file",
        str(made),
    ]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    sbom = json.loads(made.read_text("utf-8"))
    named = {plain(one["name"]): one["version"] for one in sbom["components"]}
    here = {name: found.version for name, found in installed().items() if name != OURS}

    assert (sbom["bomFormat"], sbom["metadata"]["component"]["name"]) == ("CycloneDX", OURS)
    assert {name: version for name, version in here.items() if named.get(name) != version} == {}
    assert [
        one["name"] for one in sbom["components"] if not one.get("licenses") and plain(one["name"]) in needed()
    ] == []
    assert str(ROOT) not in made.read_text("utf-8")
