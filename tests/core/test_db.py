"""Write transactions: one at a time, whole or not at all, and a database that is away is said to be away."""

import subprocess
import sys
import threading
import time
from pathlib import Path

import cysqlite
import pytest
from peewee import Database, IntegrityError

from app.core import db
from app.core.errors import Unavailable
from app.core.live import LiveVersion, touch, version

LOCKER = """
import sys, cysqlite, time
connection = cysqlite.connect(sys.argv[1])
connection.execute("BEGIN EXCLUSIVE")
print("locked", flush=True)
sys.stdin.read()
"""


def count(name: str = "things") -> None:
    with db.transaction():
        touch(name)


def test_it_works(database: Database) -> None:
    count()
    count()
    assert version("things") == 2


def test_a_failing_transaction_changes_nothing(database: Database) -> None:
    with pytest.raises(ZeroDivisionError), db.transaction():
        LiveVersion.create(name="things", value=1)
        raise ZeroDivisionError
    assert version("things") == 0


def test_an_inner_transaction_joins_the_outer_one(database: Database) -> None:
    with pytest.raises(ZeroDivisionError), db.transaction():
        count()
        raise ZeroDivisionError
    assert version("things") == 0


def test_a_change_is_counted_once_a_transaction(database: Database) -> None:
    with db.transaction():
        touch("things")
        touch("things")
    assert version("things") == 1


def test_a_failed_savepoint_leaves_the_rest(database: Database) -> None:
    with db.transaction():
        LiveVersion.create(name="kept", value=1)
        with pytest.raises(IntegrityError), db.savepoint():
            LiveVersion.create(name="kept", value=2)
        LiveVersion.create(name="also kept", value=1)
    assert (version("kept"), version("also kept")) == (1, 1)


def test_an_outer_savepoint_takes_back_what_came_before_and_after_an_inner_one_that_failed(database: Database) -> None:
    with db.transaction():
        LiveVersion.create(name="kept", value=1)
        with pytest.raises(RuntimeError), db.savepoint():
            LiveVersion.create(name="before", value=1)
            with pytest.raises(IntegrityError), db.savepoint():
                LiveVersion.create(name="kept", value=2)
            LiveVersion.create(name="after", value=1)
            raise RuntimeError
    assert [version(name) for name in ("kept", "before", "after")] == [1, 0, 0]


def test_sqlite_is_opened_so_that_a_commit_is_on_the_disk(sqlite_database: Database) -> None:
    found = {name: sqlite_database.execute_sql(f"PRAGMA {name}").fetchone()[0] for name in ("journal_mode", "synchronous", "foreign_keys")}
    assert found == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}


def test_a_sqlite_that_can_lose_writes_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(cysqlite, "sqlite_version_info", (3, 40, 1))
    with pytest.raises(RuntimeError, match=r"3\.51\.3"):
        db.open_database(f"sqlite:///{tmp_path / 'x.db'}")


@pytest.mark.slow
def test_a_locked_database_is_unavailable_and_comes_back_without_restart(
    sqlite_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    locker = subprocess.Popen(
        [sys.executable, "-c", LOCKER, str(sqlite_database.database)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert locker.stdout is not None
    assert locker.stdout.readline() == "locked\n"
    started = time.monotonic()
    with pytest.raises(Unavailable):
        count()
    assert time.monotonic() - started < 5 * db.BUSY_TIMEOUT_S
    locker.communicate("")
    count()
    assert version("things") == 1


def test_a_lost_connection_is_unavailable_once_and_then_comes_back(postgresql_database: Database, postgresql_cluster) -> None:
    count()
    postgresql_cluster.execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{postgresql_database.database}'")
    with pytest.raises(Unavailable):
        count()
    count()
    assert version("things") == 2


def test_writers_in_threads_lose_no_change(database: Database) -> None:
    def work() -> None:
        for _ in range(20):
            count()
        db.drop_connection()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert version("things") == 80
