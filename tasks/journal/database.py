"""The database behind a journal: its URL, the manners of its connections, and its errors in our words.

SQLite: `sqlite:///journal.db`. PostgreSQL, through psycopg 3: `postgresql://hub@db.example/seeding`, with whatever
libpq understands behind a question mark, such as `sslmode=verify-full&sslrootcert=ca.pem`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import ArgumentError, DatabaseError, IntegrityError, OperationalError, SQLAlchemyError

from tasks.errors import InvalidInput, JournalDamaged, NotAllowed, NotEncrypted, SeedingError, Transient
from tasks.wires import PLAIN_HOSTS, may_be_plain

DRIVERS = {
    "sqlite": "sqlite",
    "postgres": "postgresql+psycopg",
    "postgresql": "postgresql+psycopg",
    "postgresql+psycopg": "postgresql+psycopg",
}
ENCRYPTED = ("require", "verify-ca", "verify-full")  # libpq's modes that never talk in clear; the last is the best
CONNECT_SECONDS = "10"  # unless the URL says otherwise: a host that drops packets would keep a pass for minutes
_NOT_ALLOWED = "42501"
_NOT_NOW = ("42P01", "25006")  # no such table; a stand-by that is read only

# A commit that was answered survives a crash of the server, whatever its default is: as SQLite's FULL does.
_COMMITS_LAST = """SELECT set_config('synchronous_commit', 'on', false)
    WHERE current_setting('synchronous_commit') IN ('off', 'local')"""


def engine_of(url: str) -> sa.Engine:
    """Return the engine for a journal's URL; connects to nothing yet.

    Raises InvalidInput, and NotEncrypted for a database off this machine without TLS. Neither repeats the URL.
    """
    parsed = _parsed(url)
    if parsed.get_backend_name() == "sqlite":
        engine = sa.create_engine(parsed)
        sa.event.listen(engine, "do_connect", _own_file)
        sa.event.listen(engine, "connect", _careful_sqlite)
        sa.event.listen(engine, "begin", _begin_to_write)
        return engine
    _insist_on_tls(parsed)
    manners = {"client_encoding": "utf8", "application_name": "seeding", "connect_timeout": CONNECT_SECONDS}
    wanted = {key: value for key, value in manners.items() if key not in parsed.query}
    try:
        engine = sa.create_engine(
            parsed, connect_args=wanted, pool_pre_ping=True, isolation_level="READ COMMITTED", hide_parameters=True
        )
    except ModuleNotFoundError:
        raise InvalidInput(
            "a journal in PostgreSQL needs psycopg, which is not installed",
            next="pip install 'offline-seeding[postgresql]'",
        ) from None
    sa.event.listen(engine, "connect", _careful_postgresql)
    return engine


def place(url: str) -> str:
    """Return where a journal lies, for people: never with a password, nor with any other option of the URL."""
    parsed = _parsed(url)
    if parsed.get_backend_name() == "sqlite":
        return parsed.database or "memory"
    host = parsed.host or parsed.query.get("host") or "the local server"
    return f"database {parsed.database} of {host}"


@contextmanager
def in_our_words(fact: str) -> Iterator[None]:
    """Turn the database's errors into ours: busy, full or gone is Transient, a file that is no journal is damaged.

    A statement that the role may not send is NotAllowed. IntegrityError passes: it is how a lost race shows.
    Statements and values stay out of the message.
    """
    try:
        yield
    except IntegrityError:
        raise
    except DatabaseError as wrong:
        raise _ours(fact, wrong) from None
    except SQLAlchemyError as wrong:
        raise Transient(f"{fact}: {_reason(wrong)}", next="seeding doctor") from None


def _parsed(url: str) -> sa.URL:
    try:
        parsed = sa.make_url(url)
        return parsed.set(drivername=DRIVERS[parsed.drivername])
    except (ArgumentError, KeyError, ValueError):
        raise InvalidInput(
            "the journal's URL is neither sqlite:///PATH nor postgresql://USER@HOST/DATABASE",
            next="correct it where it was given: SEEDING_JOURNAL, or the option of the command",
        ) from None


def _insist_on_tls(parsed: sa.URL) -> None:
    """Refuse a plain connection to another machine. libpq's own default would take one without a word."""
    if (_option(parsed, "sslmode") or os.environ.get("PGSSLMODE", "")) in ENCRYPTED:
        return
    named = _option(parsed, "hostaddr") or parsed.host or _option(parsed, "host") or os.environ.get("PGHOST", "")
    for host in filter(None, named.split(",")):
        if not host.startswith(("/", "@")) and not may_be_plain(host):  # a socket's folder is no host
            raise NotEncrypted(
                f"the journal's database on {host} would be reached without TLS",
                next=f"add ?sslmode=verify-full&sslrootcert=CA.pem to its URL, or name the host in {PLAIN_HOSTS}",
            )


def _option(parsed: sa.URL, name: str) -> str:
    found = parsed.query.get(name, "")
    return found if isinstance(found, str) else ",".join(found)


def _ours(fact: str, wrong: DatabaseError) -> SeedingError:
    state = getattr(wrong.orig, "sqlstate", None)
    text = f"{fact}: {_reason(wrong)}"
    if state == _NOT_ALLOWED:
        return NotAllowed(text, next="use a URL of a role that may (docs/postgresql.md)")
    if isinstance(wrong, OperationalError) or state in _NOT_NOW:
        return Transient(text, next="seeding doctor")
    return JournalDamaged(text, next="seeding doctor")


def _reason(wrong: SQLAlchemyError) -> str:
    """Return the first line of what the database said: values of a statement stand in the ones behind."""
    lines = str(getattr(wrong, "orig", None) or type(wrong).__name__).strip().splitlines()
    return lines[0] if lines else type(wrong).__name__


def _begin_to_write(connection: sa.engine.Connection) -> None:
    """Take the write lock before the first look, so that nobody writes in between. Reads take none."""
    if connection.get_execution_options().get("isolation_level") != "AUTOCOMMIT":
        connection.exec_driver_sql("BEGIN IMMEDIATE")


def _own_file(_dialect: Any, _record: Any, arguments: Any, _options: Any) -> None:
    """Make a new journal's file for this user only, whatever the umask; SQLite gives the files beside it the same."""
    if arguments and not str(arguments[0]).startswith((":memory:", "file:")):
        with suppress(OSError):  # SQLite says better what is wrong with the place
            Path(arguments[0]).touch(mode=0o600, exist_ok=False)


def _careful_sqlite(connection: Any, _record: Any) -> None:
    """A commit survives a power cut (FULL), readers do not stop writers (WAL), and we begin transactions ourselves."""
    connection.isolation_level = None
    connection.text_factory = lambda text: text.decode("utf-8", "surrogateescape")  # damage must be named, not crash
    for pragma in ("busy_timeout=10000", "journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _careful_postgresql(connection: Any, _record: Any) -> None:
    connection.execute(_COMMITS_LAST)
    connection.commit()
