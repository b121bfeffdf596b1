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
