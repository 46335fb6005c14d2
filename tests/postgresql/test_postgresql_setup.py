"""setup.sql and compose.yaml: what an administrator or a container engine is given to prepare a hub's machine."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import psycopg
import pytest
import typer
import yaml
from postgresql_host import Server
from prefect.settings import Settings
from stories import ACTOR, RUN_ID, T0, opening

from deploy.cli.app import app
from tasks.journal import Journal

DEPLOY = Path(__file__).parents[2] / "deploy"
TEXT = (DEPLOY / "compose.yaml").read_text("utf-8")
COMPOSE: dict[str, Any] = yaml.safe_load(TEXT)
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
KEYS = {
    "build", "command", "depends_on", "entrypoint", "environment", "healthcheck", "image", "ports", "restart",
    "secrets", "stop_grace_period", "volumes", "security_opt", "ulimits"}  # fmt: skip
COMMANDS = typer.main.get_command(app).commands  # type: ignore[attr-defined]


@pytest.fixture(scope="module")
def set_up(server: Server, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A server prepared twice by first-start.sh as compose runs it; returns the logins' passwords."""
    secrets = tmp_path_factory.mktemp("secrets")
    passwords = {login: f"{login}'s own word" for login in ("hub", "auditor", "prefect")}
    for login, password in passwords.items():
        (secrets / f"{login}-password").write_text(password + "\n", "utf-8")
    where = {
        "PGHOST": "127.0.0.1",
        "PGPORT": str(server.cluster.port),
        "PGUSER": "postgres",
        **server.cluster.environment,
    }
    for _ in range(2):
        subprocess.run(
            [str(DEPLOY / "postgresql" / "first-start.sh")],
            env={"PATH": "/usr/bin:/bin", "SECRETS": str(secrets), "SQL": str(DEPLOY / "postgresql"), **where},
            check=True,
        )
    return passwords


def login(server: Server, passwords: dict[str, str], role: str, database: str) -> psycopg.Connection:
    """Log in with a password of setup.sql's, and with no other."""
    return psycopg.connect(
        host="127.0.0.1", port=server.cluster.port, user=role, dbname=database, password=passwords[role]
    )


def test_a_server_is_prepared_and_each_login_has_its_own_business(server: Server, set_up: dict[str, str]) -> None:
    """The hub writes the journal, the auditor reads it, Prefect makes its tables; none of them visits the others."""
    with login(server, set_up, "hub", "seeding") as hub, login(server, set_up, "auditor", "seeding") as auditor:
        hub.execute("INSERT INTO looks VALUES ('a', 'b', 'c')")
        assert auditor.execute("SELECT count(*) FROM lines").fetchone() == (0,)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            auditor.execute("INSERT INTO looks VALUES ('a', 'b', 'c')")
    with login(server, set_up, "prefect", "prefect") as prefect:
        prefect.execute("CREATE TABLE flow (id int)")
    for role, other in (("hub", "prefect"), ("auditor", "prefect"), ("prefect", "seeding")):
        with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
            login(server, set_up, role, other)


def test_a_hub_opens_the_journal_that_was_prepared_for_it(server: Server, set_up: dict[str, str], monkeypatch) -> None:
    """Without a right to make tables, and with its password from the environment, as in the container."""
    monkeypatch.delenv("PGPASSFILE")
    monkeypatch.setenv("PGPASSWORD", set_up["hub"])
    journal = Journal(server.cluster.url("hub", "seeding"))
    journal.open(RUN_ID, opening(), T0, ACTOR)

    assert journal.check(RUN_ID) == 2
    journal.close()


def test_a_missing_password_stops_the_setup(server: Server, set_up: dict[str, str]) -> None:
    """No login is left without one."""
    done = subprocess.run(
        [
            "psql",
            "-X",
            "-q",
            "-f",
            str(DEPLOY / "postgresql" / "setup.sql"),
            server.cluster.url("postgres", "postgres"),
        ],
        env={"PATH": "/usr/bin:/bin", **server.cluster.environment, "HUB_PASSWORD": "x", "PREFECT_PASSWORD": "x"},
        capture_output=True,
        text=True,
    )

    assert done.returncode != 0 and "syntax error" in done.stderr


def test_the_composition_holds_together() -> None:
    """Known keys; services, secrets, volumes and files that are named exist; who is waited for says when."""
    conditions = {"service_healthy": "healthcheck", "service_completed_successfully": "command"}
    for name, service in SERVICES.items():
        assert set(service) <= KEYS, name
        for other, on in service.get("depends_on", {}).items():
            assert conditions[on["condition"]] in SERVICES[other]
        assert set(service.get("secrets", [])) <= set(COMPOSE["secrets"])
        for mount in service.get("volumes", []):
            source = mount.partition(":")[0]
            assert source in COMPOSE["volumes"] or source == "./offices.yaml" or (DEPLOY / source).exists(), mount
    assert (DEPLOY / SERVICES["hub"]["build"]["context"] / SERVICES["hub"]["build"]["dockerfile"]).is_file()


def test_what_the_containers_start_exists() -> None:
    """Every command is one of ours or Prefect's, and every setting of Prefect's is one that it knows."""
    for name, service in SERVICES.items():
        program, *words = service.get("command", ["seeding", "status"])
        assert (program == "seeding" and words[0] in COMMANDS) or [program, *words[:2]] == [
            "prefect",
            "server",
            "start",
        ]
        for setting in service["environment"]:
            known = re.sub("^PREFECT_", "", setting).casefold()
            assert not setting.startswith("PREFECT_") or known in PREFECT_NAMES, (name, setting)


def names_of(model: Any, prefix: str = "") -> set[str]:
    """Return the names of a settings model's fields, nested ones behind their group's."""
    found: set[str] = set()
    for name, field in model.model_fields.items():
        inner = field.annotation
        found |= names_of(inner, f"{prefix}{name}_") if hasattr(inner, "model_fields") else {f"{prefix}{name}"}
        alias = getattr(field.validation_alias, "choices", ())
        found |= {str(choice).casefold().removeprefix("prefect_") for choice in alias if isinstance(choice, str)}
    return found


PREFECT_NAMES = names_of(Settings)
assert "server_ui_api_url" in PREFECT_NAMES and "server_ui_api_uri" not in PREFECT_NAMES


def test_no_password_and_no_open_port_stands_in_the_composition() -> None:
    """Passwords are files; only loopback is published; versions are named."""
    assert not re.search(r"://[^/\s]*:[^/\s]*@", TEXT)
    ports = [port for service in SERVICES.values() for port in service.get("ports", [])]
    assert ports and all(port.startswith("127.0.0.1:") for port in ports)
    assert SERVICES["database"]["image"] == "postgres:16"


@pytest.mark.skipif(
    not shutil.which("docker") or subprocess.run(["docker", "compose", "version"], capture_output=True).returncode != 0,
    reason="docker compose is not installed here: the composition was read by our own eyes only",
)
def test_docker_itself_understands_the_composition() -> None:
    """Where there is one to ask."""
    subprocess.run(["docker", "compose", "-f", str(DEPLOY / "compose.yaml"), "config", "--quiet"], check=True)
