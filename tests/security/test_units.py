"""What starts our processes leaves no core dumps and no open files, and no flow asks for a secret."""

from __future__ import annotations

import inspect
import re
from dataclasses import fields, is_dataclass
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages
from types import ModuleType
from typing import Any

import pytest
import yaml

import deploy
import flows
import states
import tasks

ROOT = Path(__file__).parents[2]
SERVICES = ROOT / "deploy" / "services"
SECRET = re.compile(r"secret|passw|passkey|bitlocker|token|account_number|connection_string|(^|_)sas($|_)", re.I)
NAMES_ONLY = {"client_secret_env", "secrets_read", "token_file"}  # where it is, or what was read: never the secret


def test_no_unit_leaves_a_core_dump() -> None:
    """A core file holds all memory of a process: passkeys, tokens, and the keys of drives."""
    unit = (SERVICES / "seeding-work@.service").read_text("utf-8").splitlines()
    office = yaml.safe_load((SERVICES / "office.compose.yaml").read_text("utf-8"))["services"].values()
    hub = yaml.safe_load((ROOT / "deploy" / "compose.yaml").read_text("utf-8"))["services"]
    ours = [service for service in hub.values() if service["image"] == "offline-seeding"]

    assert {"LimitCORE=0", "UMask=0077", "NoNewPrivileges=yes", "PrivateTmp=yes"} <= set(unit)
    assert len(ours) == 3 and all(service["ulimits"]["core"] == 0 for service in (*office, *ours))


def modules() -> list[ModuleType]:
    found = []
    for package in (states, tasks, flows, deploy):
        for module in walk_packages(package.__path__, f"{package.__name__}."):
            if not module.name.endswith("__main__"):
                found.append(import_module(module.name))
    return found


@pytest.fixture(scope="module")
def ours() -> dict[str, Any]:
    """Everything that our modules define, by its full name."""
    return {
        f"{module.__name__}.{name}": thing
        for module in modules()
        for name, thing in vars(module).items()
        if getattr(thing, "__module__", None) == module.__name__
    }


def test_no_record_shows_a_secret_when_it_is_printed(ours: dict[str, Any]) -> None:
    """A field that is called like a secret has no repr: it cannot reach a log, a traceback or a test's output."""
    rehearsal = "deploy.rehearsal."  # has its own, made-up secrets
    records = {name: cls for name, cls in ours.items() if is_dataclass(cls) and not name.startswith(rehearsal)}
    shown = [
        f"{name}.{field.name}"
        for name, cls in records.items()
        for field in fields(cls)
        if SECRET.search(field.name) and field.repr and "str" in str(field.type)
        if field.name not in NAMES_ONLY
    ]

    assert len(records) > 100 and shown == []


def test_no_flow_takes_a_secret(ours: dict[str, Any]) -> None:
    """Prefect keeps and shows every parameter in clear, also one of the type SecretStr."""
    from prefect import Flow

    all_flows = {name: thing for name, thing in ours.items() if isinstance(thing, Flow)}
    parameters = [
        (name, parameter.name, str(parameter.annotation))
        for name, flow in all_flows.items()
        for parameter in inspect.signature(flow.fn).parameters.values()
    ]

    assert len(all_flows) > 10
    assert [one for one in parameters if SECRET.search(one[1]) or "Secret" in one[2]] == []
