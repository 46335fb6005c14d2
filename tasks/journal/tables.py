"""The journal's four tables, and how they come into a database.

`lines` is the record. `heads` says where each run's chain ends, so that lines dropped from the end are missed too.
`runs` and `looks` are caches. docs/journal-format.md describes all four.
"""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateIndex, CreateTable

_NAME = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")  # sorted by code point, as SQLite does
_MAKING = 0x5EED  # the advisory lock of whoever makes the tables
_ASKING = 0x5EEE  # of whoever commits a line that hangs on what other runs say

META = sa.MetaData()
LINES = sa.Table(
    "lines",
    META,
    sa.Column("run_id", _NAME, primary_key=True),
    sa.Column("seq", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("at_utc", sa.Text, nullable=False),
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("payload", sa.Text, nullable=False),
    sa.Column("prev_hash", sa.Text, nullable=False),
    sa.Column("hash", sa.Text, nullable=False),
)
HEADS = sa.Table(
    "heads",
    META,
    sa.Column("run_id", _NAME, primary_key=True),
    sa.Column("seq", sa.Integer, nullable=False),
    sa.Column("hash", sa.Text, nullable=False),
)
RUNS = sa.Table(
    "runs",
    META,
    sa.Column("run_id", _NAME, primary_key=True),
    sa.Column("office", sa.Text, nullable=False, index=True),
    sa.Column("mode", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("attempt", sa.Integer, nullable=False),
    sa.Column("since_utc", sa.Text, nullable=False),
    sa.Column("bytes", sa.BigInteger, nullable=False),
    sa.Column("conditions", sa.Text, nullable=False),
    sa.Column("over", sa.Boolean, nullable=False),
    sa.Column("seq", sa.Integer, nullable=False),
    sa.Column("due_utc", sa.Text, nullable=True),
)
LOOKS = sa.Table(
    "looks",
    META,
    sa.Column("run_id", _NAME, primary_key=True),
    sa.Column("verb", sa.Text, primary_key=True),
    sa.Column("at_utc", sa.Text, nullable=False),
)

# PostgreSQL refuses what this product never does, whoever asks: only the tables' owner could take the guards away.
_GUARDS = (
    """CREATE OR REPLACE FUNCTION seeding_refuses() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION USING ERRCODE = 'insufficient_privilege',
        MESSAGE = TG_OP || ' of ' || TG_TABLE_NAME || ' is refused: a journal is only ever added to';
END $$""",
    """CREATE OR REPLACE TRIGGER only_added BEFORE UPDATE OR DELETE ON lines
    FOR EACH ROW EXECUTE FUNCTION seeding_refuses()""",
    """CREATE OR REPLACE TRIGGER never_emptied BEFORE TRUNCATE ON lines
    FOR EACH STATEMENT EXECUTE FUNCTION seeding_refuses()""",
    """CREATE OR REPLACE TRIGGER only_forward BEFORE UPDATE ON heads FOR EACH ROW
    WHEN (new.run_id <> old.run_id OR new.seq <= old.seq) EXECUTE FUNCTION seeding_refuses()""",
    """CREATE OR REPLACE TRIGGER never_dropped BEFORE DELETE ON heads
    FOR EACH ROW EXECUTE FUNCTION seeding_refuses()""",
    """CREATE OR REPLACE TRIGGER never_emptied BEFORE TRUNCATE ON heads
    FOR EACH STATEMENT EXECUTE FUNCTION seeding_refuses()""",
)


def missing(engine: sa.Engine) -> set[str]:
    """Return the names of the journal's tables that the database does not have."""
    return set(META.tables) - set(sa.inspect(engine).get_table_names())


def make(engine: sa.Engine) -> None:
    """Make the tables that are missing. Several processes may do so at once; so may one that was killed, again."""
    with engine.begin() as connection:
        if engine.dialect.name != "postgresql":
            META.create_all(connection)
            return
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_MAKING)))
        for statement in postgresql_statements():
            connection.exec_driver_sql(statement)


def one_at_a_time(connection: sa.Connection) -> None:
    """Let nobody else come past here until this transaction ends. SQLite does so from its first moment."""
    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_ASKING)))


def keep_writers_out(connection: sa.Connection) -> None:
    """Let nobody else write until this transaction ends. SQLite does so from its first moment."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("LOCK TABLE heads IN SHARE ROW EXCLUSIVE MODE")


def postgresql_statements() -> list[str]:
    """Return what makes the tables and their guards in PostgreSQL 14 or newer. Running them again changes nothing."""
    tables = META.sorted_tables
    made: list[sa.schema.ExecutableDDLElement] = [CreateTable(table, if_not_exists=True) for table in tables]
    made += [CreateIndex(index, if_not_exists=True) for table in tables for index in table.indexes]
    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
    plain = [str(element.compile(dialect=dialect)).strip().replace(" \n", "\n") for element in made]
    return [*plain, *_GUARDS]
