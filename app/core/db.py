"""The database: SQLite (a fixed build) or PostgreSQL behind the same models.

Everything that differs between the two is here or in a migration.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

import cysqlite
from peewee import (
    BigIntegerField,
    Check,
    Database,
    DatabaseProxy,
    InterfaceError,
    Model,
    OperationalError,
    PostgresqlDatabase,
)
from playhouse.cysqlite_ext import CySqliteDatabase

from app.core.clock import from_ms, to_ms
from app.core.errors import N_, Unavailable

# SQLite before this can lose committed writes with WAL and two connections.
FIRST_SAFE_SQLITE = (3, 51, 3)
BUSY_TIMEOUT_S = 5
STATEMENTS = 500  # that each connection to SQLite keeps ready: reading one anew costs ten times what running it does
CACHE_KB = 16_000  # pages that each connection to SQLite keeps

database = DatabaseProxy()


class InstantField(BigIntegerField):
    """An aware UTC time, kept as milliseconds since 1970 so that both backends sort and index it alike."""

    if TYPE_CHECKING:
        # On a row a field gives its value, on the model an expression; peewee's metaclass sees to that.
        def __get__(self, row: Any, model: Any = None) -> Any: ...
        def __set__(self, row: Any, value: datetime | None) -> None: ...

    def db_value(self, value: datetime | int | None) -> int | None:
        return to_ms(value) if isinstance(value, datetime) else value

    def python_value(self, value: int | None) -> datetime | None:
        return None if value is None else from_ms(value)


class BaseModel(Model):
    """Every table of the product; table names are singular snake case."""

    class Meta:
        database = database
        legacy_table_names = False


def one_of(column: str, values: Any) -> Check:
    """A named CHECK that ``column`` holds one of ``values`` (a StrEnum or an iterable of strings)."""
    allowed = ", ".join(f"'{value}'" for value in values)
    return Check(f"{column} IN ({allowed})", name=f"{column}_is_known")


def open_database(url: str, cache_kb: int = CACHE_KB) -> Database:
    """Make the database of ``url`` (``sqlite:///path`` or ``postgresql://…``), not yet connected.

    Raises ``ValueError`` for another scheme, ``RuntimeError`` for a SQLite build that can lose writes.
    """
    parts = urlsplit(url)
    if parts.scheme == "sqlite":
        return _open_sqlite(unquote(parts.path.removeprefix("/")), cache_kb)
    if parts.scheme in ("postgresql", "postgres"):
        return PostgresqlDatabase(
            unquote(parts.path.lstrip("/")),
            host=parts.hostname or "127.0.0.1",
            port=parts.port or 5432,
            user=unquote(parts.username) if parts.username else None,
            password=unquote(parts.password) if parts.password else None,
            connect_timeout=5,
            application_name="customer-centre",
            prefer_psycopg3=True,
        )
    raise ValueError(f"DATABASE_URL: unknown scheme {parts.scheme!r}")


def _open_sqlite(path: str, cache_kb: int = CACHE_KB) -> Database:
    if cysqlite.sqlite_version_info < FIRST_SAFE_SQLITE:
        raise RuntimeError(f"SQLite {cysqlite.sqlite_version} can lose committed writes in WAL mode; 3.51.3 or newer is needed")
    return CySqliteDatabase(
        path,
        rank_functions=False,
        pragmas={
            "journal_mode": "wal",
            "foreign_keys": 1,
            "synchronous": "full",
            "busy_timeout": BUSY_TIMEOUT_S * 1000,
            "cache_size": -cache_kb,
            "temp_store": "memory",
        },
        timeout=BUSY_TIMEOUT_S,
        lock_type="IMMEDIATE",
        cached_statements=STATEMENTS,
    )


def bind(url: str, cache_kb: int = CACHE_KB) -> Database:
    """Open ``url`` and make it the database of every model in this process."""
    opened = open_database(url, cache_kb)
    database.initialize(opened)
    return opened


def is_sqlite() -> bool:
    """Whether the bound database is SQLite."""
    return isinstance(database.obj, CySqliteDatabase)


class Transaction:
    """The running write transaction; what must be written last waits in ``before_commit``."""

    def __init__(self) -> None:
        self._last: dict[str, Callable[[], None]] = {}
        self.entries: list[Any] = []
        self.depth = 0  # of the savepoints in it
        self.stale_documents: dict[str, set[int]] = {}
        self.touched: set[str] = set()

    def before_commit(self, name: str, write: Callable[[], None]) -> None:
        """Run ``write`` once, as the last statements of the transaction; one per ``name``."""
        self._last.setdefault(name, write)

    def finish(self) -> None:
        for _, write in sorted(self._last.items()):  # one order for all writers, so that none waits in a circle
            write()


_running = threading.local()
# SQLite lets one writer in; its own way of waiting sleeps ever longer, this lock wakes the next thread at once.
_writer = threading.Lock()


def current() -> Transaction:
    """The running transaction of this thread; raises ``RuntimeError`` outside of one."""
    transaction = getattr(_running, "transaction", None)
    if transaction is None:
        raise RuntimeError("this must run inside app.core.db.transaction()")
    return transaction


@contextmanager
def transaction() -> Iterator[Transaction]:
    """One short write transaction (IMMEDIATE on SQLite); inside another one it joins that one.

    Raises ``Unavailable`` when the database is locked or does not answer: nothing was changed.
    """
    outer = getattr(_running, "transaction", None)
    if outer is not None:
        yield outer
        return
    mine = Transaction()
    with available(), _one_writer():
        connect()
        try:
            with database.atomic():
                _running.transaction = mine
                yield mine
                mine.finish()
        finally:
            _running.transaction = None


@contextmanager
def _one_writer() -> Iterator[None]:
    """Let the threads of this process write one after the other on SQLite; PostgreSQL takes them side by side."""
    if not is_sqlite():
        yield
        return
    if not _writer.acquire(timeout=BUSY_TIMEOUT_S):
        raise OperationalError("another thread of this process is writing")
    try:
        yield
    finally:
        _writer.release()


@contextmanager
def savepoint() -> Iterator[None]:
    """A part of the running transaction that may fail alone: what it wrote and noted in the history is then forgotten."""
    running = current()
    noted = len(running.entries)
    running.depth += 1
    # Named by depth: SQLite keeps the statements, and one that failed, which stays until its outer one ends, is never taken for that.
    name = f"part_{running.depth}"
    try:
        database.execute_sql(f"SAVEPOINT {name}")
        try:
            yield
            database.execute_sql(f"RELEASE SAVEPOINT {name}")
        except BaseException:
            database.execute_sql(f"ROLLBACK TO SAVEPOINT {name}")
            raise
    except BaseException:
        del running.entries[noted:]
        raise
    finally:
        running.depth -= 1


def connect() -> None:
    """Open this thread's connection if it is not open; it stays open with the thread."""
    database.connect(reuse_if_open=True)


@contextmanager
def available() -> Iterator[None]:
    """Turn "locked" and "gone" into ``Unavailable`` and drop the connection, so that the next use opens a new one."""
    try:
        yield
    except (OperationalError, InterfaceError) as error:
        drop_connection()
        raise Unavailable(N_("The database does not answer just now. Nothing was lost; please try again in a moment.")) from error


def drop_connection() -> None:
    """Close this thread's connection, whatever state it is in."""
    try:
        if not database.is_closed():
            database.close()
    except Exception:  # a broken connection may refuse even to close
        database.obj._state.reset()


def for_update(query: Any) -> Any:
    """Lock the selected rows until commit; SQLite's IMMEDIATE transaction holds the only write lock already.

    Rows that point to a locked one can still be written: whoever writes one and then waits for a number would hold up the other way round.
    """
    return query if is_sqlite() else query.for_update("FOR NO KEY UPDATE")
