"""The journal's URL: TLS as it asks for, errors that say what to type, and never a word of a password."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from postgresql_host import Server
from stories import ACTOR, RUN_ID, T0, opening

from deploy.cli.checking import _journal
from deploy.rehearsal.ca import Certificates, certificates
from tasks.errors import InvalidInput, SeedingError, Transient
from tasks.journal import Journal
from tasks.journal.database import engine_of, place


@pytest.fixture(scope="module")
def tls(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Certificates]:
    """The server with TLS switched on; yields the certificates, of which clients need the authority."""
    made = certificates(server.cluster.folder / "tls", datetime.now(UTC))
    if os.geteuid() == 0:
        os.chown(made.key, (server.cluster.folder / "data").stat().st_uid, -1)
    on = f"ALTER SYSTEM SET ssl_cert_file = '{made.certificate}'; ALTER SYSTEM SET ssl_key_file = '{made.key}';"
    for statement in (*on.split(";")[:2], "ALTER SYSTEM SET ssl = on", "SELECT pg_reload_conf()"):
        server.cluster.sql(statement)
    yield made
    for statement in ("ALTER SYSTEM RESET ALL", "SELECT pg_reload_conf()"):
        server.cluster.sql(statement)


def encrypted(url: str) -> bool:
    """Say whether the server sees TLS on a journal's connection."""
    engine = engine_of(url)
    with engine.connect() as connection:
        found = connection.exec_driver_sql("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()").scalar()
    engine.dispose()
    return bool(found)


def test_a_journal_is_reached_through_a_verified_connection(server: Server, tls: Certificates) -> None:
    """`sslmode` and `sslrootcert` behind the question mark are what libpq makes of them."""
    url = server.url()

    assert encrypted(f"{url}?sslmode=verify-full&sslrootcert={tls.ca}")
    assert not encrypted(f"{url}?sslmode=disable")
    journal = Journal(f"{url}?sslmode=verify-full&sslrootcert={tls.ca}")
    journal.open(RUN_ID, opening(), T0, ACTOR)
    assert journal.check(RUN_ID) == 2
    journal.close()


def test_a_server_that_is_somebody_else_gets_nothing(server: Server, tls: Certificates, tmp_path: Path) -> None:
    """An authority that did not sign it, or a name it does not have; and no plain connection instead."""
    stranger = certificates(tmp_path, datetime.now(UTC)).ca

    with pytest.raises(Transient, match="certificate verify failed"):
        Journal(f"{server.url()}?sslmode=verify-full&sslrootcert={stranger}")
    elsewhere = server.url().replace("@127.0.0.1", "@db.example") + "?hostaddr=127.0.0.1"
    with pytest.raises(Transient, match="does not match host name"):
        Journal(f"{elsewhere}&sslmode=verify-full&sslrootcert={tls.ca}")


def test_a_commit_survives_a_crash_even_where_the_server_is_told_to_be_careless(server: Server) -> None:
    """`synchronous_commit = off` would lose the last intents in a crash; the journal asks for what SQLite does."""
    url = server.url()
    database = url.rpartition("/")[2]
    for default, seen in (("off", "on"), ("local", "on"), ("remote_apply", "remote_apply")):
        server.cluster.sql(f"ALTER DATABASE {database} SET synchronous_commit = {default}")
        engine = engine_of(url)
        with engine.connect() as connection:
            assert connection.exec_driver_sql("SHOW synchronous_commit").scalar() == seen
        engine.dispose()
    server.cluster.sql(f"ALTER DATABASE {database} RESET synchronous_commit")


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg"])
def test_every_usual_spelling_of_the_scheme_is_understood(server: Server, scheme: str) -> None:
    """As other tools write it."""
    Journal(server.url().replace("postgresql", scheme, 1)).close()


@pytest.mark.parametrize(
    "url",
    ["journal.db", "mysql://ops:hunter2@db/seeding", "postgresql://ops:hunter2@db:port/seeding", "://hunter2", ""],
)
def test_what_is_no_journals_url_is_wrong_input_and_not_repeated(url: str) -> None:
    """It may hold a password."""
    with pytest.raises(InvalidInput, match="neither sqlite:///PATH nor postgresql://USER@HOST/DATABASE") as wrong:
        Journal(url)
    assert "hunter2" not in str(wrong.value) and wrong.value.__cause__ is None


@pytest.mark.parametrize("where", ["ops:hunter2@127.0.0.1:1/seeding", "127.0.0.1:1/seeding?user=ops&password=hunter2"])
def test_no_message_shows_a_password(where: str) -> None:
    """Neither errors nor the name of the place nor the doctor's finding."""
    url = f"postgresql://{where}"
    with pytest.raises(SeedingError) as wrong:
        Journal(url)
    finding = _journal(Path("nowhere"), url)

    texts = [str(wrong.value), repr(wrong.value), place(url), str(finding)]
    assert "hunter2" not in " ".join(texts)
    assert "database seeding of 127.0.0.1" in texts[2]
    assert finding["severity"] == "blocks" and "connection failed" in finding["message"]


def test_a_refused_login_is_told_with_the_role_and_without_its_password(server: Server) -> None:
    """The role is named, the password is not."""
    with pytest.raises(Transient, match="password authentication failed for user") as refused:
        Journal(server.url().replace("postgres@", "postgres:hunter2@"))
    assert "hunter2" not in str(refused.value) and refused.value.next == "seeding doctor"


def test_a_host_that_never_answers_is_given_up_in_time(server: Server) -> None:
    """Ten seconds, unless the URL says otherwise: libpq alone would wait for minutes."""
    usual, own = engine_of(server.url()), engine_of(server.url() + "?connect_timeout=3")
    for engine, seconds in ((usual, "10"), (own, "3")):
        with engine.connect() as connection:
            assert connection.connection.driver_connection.info.get_parameters()["connect_timeout"] == seconds
        engine.dispose()
