"""The history chain: nothing is altered, removed, replaced or cut off unseen (architecture §3, security §7)."""

import subprocess
import sys
from pathlib import Path

import pytest
from peewee import Database, DatabaseError

from app.core import clock, db, history
from app.core.history import HistoryEntry, HistoryHead, HistoryPersonal
from app.core.types import system

BY = system("test")
DISARM = {
    "sqlite": ["DROP TRIGGER history_entry_is_never_updated", "DROP TRIGGER history_entry_is_never_deleted"],
    "postgresql": ["ALTER TABLE history_entry DISABLE TRIGGER ALL", "ALTER TABLE history_personal DISABLE TRIGGER ALL"],
}


def write(count: int = 5) -> None:
    """Entries 1…count, one transaction each."""
    for number in range(1, count + 1):
        with db.transaction():
            history.record(BY, "test.done", "thing", number, after={"number": number})


def disarm() -> None:
    """What an attacker with all rights to the database would do first."""
    for statement in DISARM["sqlite" if db.is_sqlite() else "postgresql"]:
        db.database.execute_sql(statement)


def cut_after(last: int) -> None:
    disarm()
    HistoryEntry.delete().where(HistoryEntry.id > last).execute()


def test_it_works(database: Database) -> None:
    write()
    assert history.verify() == history.Verdict(5)


def test_entries_of_one_transaction_stand_in_their_order(database: Database) -> None:
    with db.transaction():
        for name in "abc":
            history.record(BY, name, "thing", 1)
    assert [entry.action for entry in HistoryEntry.select().order_by(HistoryEntry.id)] == ["a", "b", "c"]
    assert history.verify().problem is None


def test_nothing_is_noted_outside_a_transaction(database: Database) -> None:
    with pytest.raises(RuntimeError):
        history.record(BY, "a", "thing", 1)


def test_an_undone_transaction_leaves_no_entry(database: Database) -> None:
    with pytest.raises(ZeroDivisionError), db.transaction():
        history.record(BY, "a", "thing", 1)
        raise ZeroDivisionError
    assert history.verify() == history.Verdict(0)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE history_entry SET action = 'other' WHERE id = 3",
        "DELETE FROM history_entry WHERE id = 3",
        "DELETE FROM history_entry",
        "DELETE FROM history_head",
    ],
)
def test_the_database_refuses_to_change_history(database: Database, statement: str) -> None:
    write()
    with pytest.raises(DatabaseError):
        database.execute_sql(statement)
    assert history.verify() == history.Verdict(5)


def test_sqlite_refuses_to_replace_an_entry_or_the_head(sqlite_database: Database) -> None:
    write()
    for table in ("history_entry", "history_head"):
        with pytest.raises(DatabaseError):
            sqlite_database.execute_sql(f"INSERT OR REPLACE INTO {table} SELECT * FROM {table} LIMIT 1")
    assert history.verify() == history.Verdict(5)


def test_postgresql_refuses_to_truncate(postgresql_database: Database) -> None:
    write()
    for table in ("history_entry CASCADE", "history_head"):
        with pytest.raises(DatabaseError):
            postgresql_database.execute_sql(f"TRUNCATE {table}")
    assert history.verify() == history.Verdict(5)


@pytest.mark.parametrize("column", ["action", "object_id", "actor_name", "role", "after"])
def test_an_altered_entry_is_named(database: Database, column: str) -> None:
    write()
    disarm()
    database.execute_sql(f"UPDATE history_entry SET {column} = 'forged' WHERE id = 3")
    assert history.verify() == history.Verdict(2, "row 3 was altered")


def test_a_deleted_entry_is_named(database: Database) -> None:
    write()
    disarm()
    HistoryEntry.delete().where(HistoryEntry.id == 3).execute()
    assert history.verify() == history.Verdict(2, "row 3 is missing")


def test_a_cut_tail_shows_against_the_head_row(database: Database) -> None:
    write()
    cut_after(3)
    assert history.verify() == history.Verdict(3, "rows after 3 missing")


def test_a_cut_tail_with_a_cut_head_row_shows_against_the_stored_heads(database: Database, tmp_path: Path) -> None:
    heads = tmp_path / "heads.jsonl"
    write()
    history.store_head(heads, clock.now())
    cut_after(3)
    last = HistoryEntry.get_by_id(3)
    HistoryHead.update(entry_id=3, hash=bytes(last.hash)).execute()
    assert history.verify().problem is None  # nothing inside the database can show it
    assert history.verify(heads) == history.Verdict(3, "rows after 3 missing")


def test_a_chain_written_anew_shows_against_the_stored_heads(database: Database, tmp_path: Path) -> None:
    heads = tmp_path / "heads.jsonl"
    write()
    history.store_head(heads, clock.now())
    cut_after(3)
    HistoryHead.update(entry_id=3, hash=bytes(HistoryEntry.get_by_id(3).hash)).execute()
    write(2)  # by somebody who has the key
    assert history.verify(heads) == history.Verdict(5, "row 5 was replaced")


def test_another_key_does_not_verify(database: Database) -> None:
    write()
    history.configure("a key that did not write this chain at all")
    assert history.verify() == history.Verdict(0, "row 1 was altered")


def test_a_missing_head_row_is_named(database: Database) -> None:
    write()
    if db.is_sqlite():
        database.execute_sql("DROP TRIGGER history_head_is_never_deleted")
    else:
        database.execute_sql("ALTER TABLE history_head DISABLE TRIGGER ALL")
    HistoryHead.delete().execute()
    assert history.verify().problem == "the head row is missing"


def test_personal_values_stand_in_the_chain_only_as_digests_and_may_be_deleted(database: Database) -> None:
    with db.transaction():
        history.record(BY, "customer.changed", "customer", 1, personal={"phone": "13800001234"})
    entry = HistoryEntry.get()
    assert "13800001234" not in entry.after
    assert history.digest("13800001234") in entry.after
    assert HistoryPersonal.get().value == "13800001234"
    HistoryPersonal.delete().execute()
    assert history.verify() == history.Verdict(1)


WRITER = """
import sys
from app.core import db, history
from app.core.config import load_config
from app.core.start import start
from app.core.types import system
start(load_config())
for number in range(int(sys.argv[1])):
    with db.transaction():
        history.record(system("writer"), "test.done", "thing", number)
        history.record(system("writer"), "test.done", "thing", number)
"""


@pytest.mark.slow
def test_two_writing_processes_neither_fork_the_chain_nor_wait_for_each_other_for_ever(
    database: Database, environment: dict[str, str]
) -> None:
    command = [sys.executable, "-c", WRITER, "40"]
    writers = [subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    for writer in writers:
        _, errors = writer.communicate(timeout=60)
        assert writer.returncode == 0, errors
    assert history.verify() == history.Verdict(160)
