"""Nothing of ours talks in clear to another machine unless the operator says that the wire is private."""

from __future__ import annotations

import logging
import os
from typing import Any

import canary
import pytest
from typer.testing import CliRunner

from deploy.cli.app import app
from deploy.cli.checking import _journal
from deploy.prefect_env import prepare
from deploy.settings import settings
from tasks.azure.clients import AzureClients, AzureSettings
from tasks.azure.errors import ours
from tasks.errors import NotEncrypted, SeedingError
from tasks.journal.database import engine_of
from tasks.wires import PLAIN_HOSTS, may_be_plain

PASSWORD = "hunter2-canary"


@pytest.fixture(autouse=True)
def bare(monkeypatch) -> None:
    """No variable of whoever runs the tests takes part, and none that is set here stays."""
    for name in (*os.environ,):
        if name.startswith(("PREFECT_", "PG")) or name == PLAIN_HOSTS:
            monkeypatch.delenv(name)
    for name in ("PREFECT_SERVER_ANALYTICS_ENABLED", "DO_NOT_TRACK", "PREFECT_LOGGING_LEVEL", "PREFECT_CLI_PROMPT"):
        monkeypatch.setenv(name, "x")
    monkeypatch.setenv("PREFECT_SERVER_LOGGING_LEVEL", "x")


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST", "127.0.0.1", "127.8.0.1", "::1", "[::1]"])
def test_this_machine_needs_no_tls(host: str) -> None:
    """Loopback in every spelling."""
    assert may_be_plain(host)


@pytest.mark.parametrize("host", ["", "10.0.0.1", "0.0.0.0", "db.example", "localhost.example", "127.0.0.1.example"])
def test_everything_else_does(host: str) -> None:
    """Private networks, too: they are shared, and a name that only begins like this machine is another."""
    assert not may_be_plain(host)


@pytest.mark.parametrize(
    "rest",
    [
        "@db.example/seeding",
        "@db.example/seeding?sslmode=prefer",
        "@db.example/seeding?sslmode=disable",
        "@db.example/seeding?sslmode=allow",
        "@/seeding?host=db.example",
        "@/seeding?host=127.0.0.1,db.example",
        "@/seeding?host=127.0.0.1&host=db.example",
        "@127.0.0.1/seeding?hostaddr=10.1.2.3",
    ],
)
def test_a_database_off_this_machine_is_refused_without_tls(rest: str) -> None:
    """Before anything is sent, by a code, and without the password; libpq's own default would not even say so."""
    with pytest.raises(NotEncrypted) as refused:
        engine_of(f"postgresql://hub:{PASSWORD}{rest}")

    assert refused.value.code == "not-encrypted" and "sslmode=verify-full" in refused.value.next
    assert PASSWORD not in f"{refused.value} {refused.value.next}"


@pytest.mark.parametrize(
    "rest",
    [
        "@db.example/seeding?sslmode=verify-full",
        "@db.example/seeding?sslmode=require",
        "@127.0.0.1/seeding",
        "@/seeding",
        "@/seeding?host=/run/postgresql",
        "@db.example/seeding?hostaddr=127.0.0.1",
    ],
)
def test_a_database_at_hand_or_behind_tls_is_taken(rest: str) -> None:
    """A socket, this machine, or a mode that never talks in clear."""
    engine_of(f"postgresql://hub{rest}").dispose()


def test_libpqs_own_variables_count(monkeypatch) -> None:
    """They are what libpq would do: PGHOST may lead away, PGSSLMODE may make it good again."""
    monkeypatch.setenv("PGHOST", "db.example")
    with pytest.raises(NotEncrypted):
        engine_of("postgresql://hub@/seeding")

    monkeypatch.setenv("PGSSLMODE", "verify-full")
    engine_of("postgresql://hub@/seeding").dispose()


def test_a_host_that_the_operator_names_may_be_plain(monkeypatch) -> None:
    """As in the containers' own network; only the hosts that are named."""
    monkeypatch.setenv(PLAIN_HOSTS, "database, Prefect")
    engine_of("postgresql://hub@database/seeding").dispose()
    monkeypatch.setenv("PREFECT_API_URL", "http://prefect:4200/api")
    prepare(settings())

    with pytest.raises(NotEncrypted):
        engine_of("postgresql://hub@database2/seeding")


@pytest.mark.parametrize("url", ["http://prefect.example:4200/api", "http://10.0.0.5/api", "ftp://prefect.example"])
def test_a_prefect_server_off_this_machine_is_refused_without_tls(monkeypatch, url: str) -> None:
    """The server's one key would travel in clear."""
    monkeypatch.setenv("PREFECT_API_URL", url)

    with pytest.raises(NotEncrypted, match="without TLS"):
        prepare(settings())


def test_a_prefect_server_that_nobody_verifies_is_refused(monkeypatch) -> None:
    """TLS with whoever answers is no TLS."""
    monkeypatch.setenv("PREFECT_API_URL", "https://prefect.example/api")
    prepare(settings())
    monkeypatch.setenv("PREFECT_API_TLS_INSECURE_SKIP_VERIFY", "true")

    with pytest.raises(NotEncrypted, match="not be verified"):
        prepare(settings())


class Nobody:
    """A credential whose token must never leave."""

    def get_token(self, *scopes: str, **options: Any) -> Any:
        raise AssertionError("a token was fetched for a plain address")


@pytest.mark.parametrize("reach", ["arm", "blob"])
def test_no_token_goes_to_a_plain_address(reach: str) -> None:
    """The SDK's own rule, held to here: an endpoint of http:// gets nothing at all."""
    plain = AzureSettings(arm_url="http://arm.example", blob_url="http://{account}.blob.example", retry_total=0)
    clients = AzureClients(plain, credential=Nobody())

    with pytest.raises((SeedingError, ValueError)), ours("look"):
        if reach == "arm":
            clients.databox("11111111-2222-3333-4444-555555555555").jobs.get("group", "job")
        else:
            list(clients.blobs("account").list_containers())


def test_a_databases_password_is_in_nothing_that_is_said_of_it(monkeypatch, tmp_path, caplog) -> None:
    """A journal that cannot be reached: command, doctor and logs name the place, in no spelling the password."""
    caplog.set_level(logging.DEBUG)
    monkeypatch.setenv("SEEDING_JOURNAL", f"postgresql://hub:{PASSWORD}@127.0.0.1:9/seeding?connect_timeout=2")
    where = settings(tmp_path)
    commands = (["status"], ["custody", "--check"], ["custody", "--check", "--json"])
    answers = [CliRunner().invoke(app, [*command, "--home", str(tmp_path)]) for command in commands]
    texts = {str(command): (a.output + a.stderr).encode() for command, a in zip(commands, answers, strict=True)}
    texts |= {"doctor": str(_journal(tmp_path, where.journal_url)).encode(), "logs": caplog.text.encode()}
    texts |= {"settings": repr(where).encode(), **canary.contents(tmp_path)}

    assert all(answer.exit_code == 5 for answer in answers) and b"127.0.0.1" in texts["doctor"]
    assert canary.found({"password": PASSWORD}, texts) == []
