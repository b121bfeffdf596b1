"""Bringing a database to the schema of this version; each migration is one transaction, so it is old or new, never half."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from peewee import Database
from playhouse.migrations import Runner

from app.core import db

MIGRATIONS = Path(__file__).parent.parent / "migrations"
# Any number does, as long as every process of the product asks for the same one.
POSTGRESQL_LOCK = 7_341_001


def upgrade() -> list[str]:
    """Apply what is pending and return the names applied; two processes at once wait for each other."""
    with db.available():
        db.connect()
        with _one_at_a_time(db.database.obj):
            return _runner().up()


def empty() -> None:
    """Remove every table with all it holds; only for databases whose content is worth nothing."""
    with db.available():
        db.connect()
        with db.database.atomic():
            if db.is_sqlite():
                db.database.execute_sql("PRAGMA defer_foreign_keys = 1")
            for table in db.database.get_tables():
                db.database.execute_sql(f'DROP TABLE IF EXISTS "{table}"' + ("" if db.is_sqlite() else " CASCADE"))
            if not db.is_sqlite():
                db.database.execute_sql("DROP FUNCTION IF EXISTS history_refuses CASCADE")


def pending() -> list[str]:
    """Names of the migrations that this database lacks."""
    with db.available():
        db.connect()
        return [migration.name for migration in _runner().status() if migration.path and not migration.applied]


def status() -> list[tuple[str, bool]]:
    """Every migration and whether it was applied."""
    with db.available():
        db.connect()
        return [(migration.name, migration.applied is not None) for migration in _runner().status()]


def _runner() -> Runner:
    return Runner(db.database.obj, directory=str(MIGRATIONS))


@contextmanager
def _one_at_a_time(database: Database) -> Iterator[None]:
    if not db.is_sqlite():
        database.execute_sql("SELECT pg_advisory_lock(%s)", (POSTGRESQL_LOCK,))
        try:
            yield
        finally:
            database.execute_sql("SELECT pg_advisory_unlock(%s)", (POSTGRESQL_LOCK,))
        return
    with open(f"{database.database}.upgrading", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
