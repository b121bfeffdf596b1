"""A migration is done or not done, never half; two processes at once wait for each other (FI-36)."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.core import db, migrating
from tests import postgresql
from tests.core.test_catalogue import GOLDEN, text_of

UPGRADE = """
from app.core import db, migrating
from app.core.config import load_config
from app.core.start import start
start(load_config())
print(len(migrating.upgrade()))
"""
# Dies as from a power cut at the n-th statement of the migration.
KILLED = """
import os, signal, sys
from app.core import db, migrating
from app.core.config import load_config
from app.core.start import start
start(load_config())
database, left = db.database.obj, int(sys.argv[1])
execute = database.execute_sql
def counting(*arguments, **options):
    global left
    left -= 1
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    return execute(*arguments, **options)
database.execute_sql = counting
migrating.upgrade()
"""


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[dict[str, str]]:
    """The environment of a process on an empty database."""
    environment = {"PATH": os.environ["PATH"], "SECRET_KEY": "s" * 40, "AUDIT_KEY": "a" * 40, "DATA_DIR": str(tmp_path)}
    if request.param == "sqlite":
        yield environment | {"DATABASE_URL": f"sqlite:///{tmp_path / 'empty.db'}"}
    else:
        cluster: postgresql.Cluster = request.getfixturevalue("postgresql_cluster")
        name = f"empty_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"
        cluster.drop(name)
        yield environment | {"DATABASE_URL": cluster.create(name, template="template0")}
        db.drop_connection()
        cluster.drop(name)


def upgrading(environment: dict[str, str], program: str = UPGRADE, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", program, *arguments], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def assert_is_new() -> None:
    golden = GOLDEN / ("sqlite.txt" if db.is_sqlite() else "postgresql.txt")
    assert text_of(db.database.obj) == golden.read_text(encoding="utf8")


def test_it_works(empty: dict[str, str]) -> None:
    db.bind(empty["DATABASE_URL"])
    assert migrating.pending() == [name for name, _ in migrating.status()]
    assert migrating.upgrade() != []
    assert migrating.upgrade() == []
    assert migrating.pending() == []
    assert all(is_applied for _, is_applied in migrating.status())


def test_two_at_once_do_it_once(empty: dict[str, str]) -> None:
    both = [upgrading(empty) for _ in range(2)]
    said = sorted(process.communicate(timeout=60)[0].strip() for process in both)
    assert [process.returncode for process in both] == [0, 0]
    db.bind(empty["DATABASE_URL"])
    assert said == ["0", str(len(migrating.status()))]
    assert_is_new()


@pytest.mark.slow
@pytest.mark.parametrize("statement", [4, 12, 40, 90])
def test_killed_midway_it_is_old_and_the_next_run_makes_it_new(empty: dict[str, str], statement: int) -> None:
    killed = upgrading(empty, KILLED, str(statement))
    killed.communicate(timeout=60)
    assert killed.returncode == -signal.SIGKILL
    db.bind(empty["DATABASE_URL"])
    db.connect()
    assert set(db.database.get_tables()) <= {"schema_migration"}
    migrating.upgrade()
    assert_is_new()


# The rows an installation of the first schema may hold, without what came later.
FIRST_ROWS = (
    ("area", {"id": 1, "name": "North"}),
    ("person", {"id": 1, "username": "li", "name": "Li", "password_hash": "x", "must_change_password": False, "is_active": True}),
    ("customer", {"id": 1, "name": "Works", "short_name": "W", "kind": "company"}),
    ("site", {"id": 1, "customer_id": 1, "name": "Pit", "address": ""}),
    ("contact", {"id": 1, "customer_id": 1, "name": "Wang", "phone": "139", "email": "", "role": "operator"}),
    ("machine_model", {"id": 1, "name": "YZ-20"}),
    ("machine", {"id": 1, "serial": "SN1", "model_id": 1, "customer_id": 1, "gateway": "", "warranty_months": 12, "batch": ""}),
    (
        "ticket",
        {
            "id": 1, "number": "T1", "opened_at": 1, "source": "hotline", "kind": "complaint", "status": "new", "is_open": True,
            "priority": "high", "title": "Leak", "text": "", "machine_id": 1, "reason": "", "is_recurring": False, "changed_at": 1,
        },
    ),
)  # fmt: skip
VERSIONED, STAMPED = ("person", "customer", "machine", "ticket"), ("person", "customer", "machine")


def fill_first_schema(url: str) -> None:
    """Bring the database of ``url`` to the first schema and write one row into each table that was widened later."""
    db.bind(url)
    db.connect()
    migrating._runner().up("0001_first_schema")
    for table, values in FIRST_ROWS:
        row = values | ({"version": 1} if table in VERSIONED else {}) | ({"created_at": 1} if table in STAMPED else {})
        places = ", ".join([db.database.param] * len(row))
        db.database.execute_sql(f'INSERT INTO "{table}" ({", ".join(row)}) VALUES ({places})', tuple(row.values()))


def assert_rows_are_whole() -> None:
    from app.accounts.models import User
    from app.customers.models import Contact, Site
    from app.machines.models import Machine, MachineModel
    from app.tickets.models import Ticket

    ticket, machine = Ticket.get(), Machine.get()
    assert (ticket.title, ticket.is_major, ticket.urged_count, ticket.caller_phone, ticket.due_at) == ("Leak", False, 0, "", None)
    assert (machine.serial, machine.sim_number, len(machine.qr_token), MachineModel.get().is_active) == ("SN1", "", 22, True)
    assert (User.get().email, Site.get().station_id, Contact.get().takes_no_broadcasts) == ("", None, False)
    Ticket.update(source="online").execute()  # the check knows the new source


def test_rows_of_the_first_schema_stay_and_get_the_defaults_of_new_columns(empty: dict[str, str]) -> None:
    fill_first_schema(empty["DATABASE_URL"])
    assert migrating.upgrade() != []
    assert_is_new()
    assert_rows_are_whole()
    if db.is_sqlite():
        assert db.database.execute_sql("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert db.database.execute_sql("PRAGMA foreign_key_check").fetchall() == []


@pytest.mark.slow
@pytest.mark.parametrize("statement", [3, 60, 130, 150])
def test_killed_in_a_later_migration_the_rows_stay(empty: dict[str, str], statement: int) -> None:
    fill_first_schema(empty["DATABASE_URL"])
    db.drop_connection()
    killed = upgrading(empty, KILLED, str(statement))
    killed.communicate(timeout=60)
    assert killed.returncode == -signal.SIGKILL
    db.bind(empty["DATABASE_URL"])
    assert "0002_intake_and_machine_file" in migrating.upgrade()
    assert_is_new()
    assert_rows_are_whole()
