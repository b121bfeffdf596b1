"""What every test may use.

``database`` gives each test a fresh, migrated database of its own, once on SQLite and once on PostgreSQL;
``sqlite_database`` and ``postgresql_database`` give one of them. ``config`` are settings for it, ``app`` and
``client`` the portal on it. ``needs`` skips a test whose system package is missing (a failure with ``CI=true``).
"""

import dataclasses
import json
import os
import shutil
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, settings
from peewee import Database

from app.core import clock, db, files, history, migrating
from app.core.config import Config, load_config
from tests import postgresql

SECRET_KEY = "secret key of the tests, long enough for it"
AUDIT_KEY = "history key of the tests, long enough for it"
BACKENDS = ("sqlite", "postgresql")
# Families that run on one worker, with what they start once (a broker).
GROUPS = {"faults": "faults", "benchmarks": "faults"}
# Slow as a whole, and last of all: Chromium's driver leaves a running loop behind in its thread, where no other loop can run.
BROWSER = "browser"

# Nothing in the suite is timed: a busy machine is no failure.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--golden", action="store_true", help="write the golden files anew instead of comparing with them")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Fast tests first, then the slow families, the browser's last; what must not run beside itself on one worker."""
    for item in items:
        family = _family(item)
        group = item.path.name if family == BROWSER else GROUPS.get(family)
        if group is not None and item.get_closest_marker("xdist_group") is None:
            item.add_marker(pytest.mark.xdist_group(group))
        if family == BROWSER:
            item.add_marker(pytest.mark.slow)
    items.sort(key=lambda item: (item.get_closest_marker("slow") is not None, _family(item) == BROWSER))


def _family(item: pytest.Item) -> str:
    return item.path.relative_to(Path(__file__).parent).parts[0]


def pytest_sessionfinish(session: pytest.Session) -> None:
    if not hasattr(session.config, "workerinput"):
        postgresql.stop(_shared_folder(session.config))


def _shared_folder(config: pytest.Config) -> Path:
    base: Path = config._tmp_path_factory.getbasetemp()  # type: ignore[attr-defined]
    return base.parent if hasattr(config, "workerinput") else base


def need(is_there: bool, what: str) -> None:
    """Skip the running test when ``what`` is missing on this machine; with ``CI=true`` fail it."""
    if is_there:
        return
    if os.environ.get("CI") == "true":
        pytest.fail(f"{what} is missing", pytrace=False)
    pytest.skip(f"{what} is missing")


@pytest.fixture
def needs() -> Callable[[str], str]:
    """``needs("mosquitto")`` gives the program's path, or skips the test."""

    def path_of(program: str) -> str:
        found = shutil.which(program) or shutil.which(program, path="/usr/sbin:/usr/local/sbin")
        need(found is not None, program)
        assert found is not None
        return found

    return path_of


# --- databases ------------------------------------------------------------


@cache
def _sqlite_template(folder: Path) -> Path:
    path = folder / "template.db"
    database = db.bind(f"sqlite:///{path}")
    migrating.upgrade()
    database.close()
    return path


@pytest.fixture(scope="session")
def postgresql_cluster(request: pytest.FixtureRequest) -> postgresql.Cluster:
    """The cluster of this run, with a migrated template; started by the first test that asks."""
    need(postgresql.binaries() is not None, "PostgreSQL")
    with postgresql.locked(_shared_folder(request.config)) as description:
        if not description.exists():
            running = postgresql.start(postgresql.make_folder())
            description.write_text(json.dumps(running))
            cluster = postgresql.Cluster(running["port"])
            database = db.bind(cluster.create(postgresql.TEMPLATE, template="template0"))
            migrating.upgrade()
            database.close()
        return postgresql.Cluster(json.loads(description.read_text())["port"])


def configure(request: pytest.FixtureRequest) -> None:
    """What a process of the product sets when it starts: the key of the history, the place of files, the time zone."""
    history.configure(AUDIT_KEY)
    files.configure(request.getfixturevalue("tmp_path") / "files")
    clock.use_zone(ZoneInfo("Asia/Shanghai"))


def _close() -> None:
    if db.database.obj is not None:
        db.drop_connection()


def _on_sqlite(request: pytest.FixtureRequest) -> Iterator[Database]:
    folder: Path = request.getfixturevalue("tmp_path")
    template = _sqlite_template(request.getfixturevalue("tmp_path_factory").getbasetemp())
    shutil.copy(template, folder / "centre.db")
    database = db.bind(f"sqlite:///{folder / 'centre.db'}")
    database.connect()
    yield database
    _close()


def _on_postgresql(request: pytest.FixtureRequest) -> Iterator[Database]:
    cluster: postgresql.Cluster = request.getfixturevalue("postgresql_cluster")
    name = f"test_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"
    database = db.bind(cluster.fresh(name))
    database.connect()
    yield database
    _close()


@pytest.fixture
def sqlite_database(request: pytest.FixtureRequest) -> Iterator[Database]:
    """A fresh migrated SQLite database, bound and connected."""
    configure(request)
    yield from _on_sqlite(request)


@pytest.fixture
def postgresql_database(request: pytest.FixtureRequest) -> Iterator[Database]:
    """A fresh migrated PostgreSQL database, bound and connected."""
    configure(request)
    yield from _on_postgresql(request)


@pytest.fixture(params=BACKENDS)
def database(request: pytest.FixtureRequest) -> Iterator[Database]:
    """A fresh migrated database, bound and connected; the test runs on both backends."""
    configure(request)
    yield from (_on_sqlite if request.param == "sqlite" else _on_postgresql)(request)


def url_of(database: Database) -> str:
    """The ``DATABASE_URL`` of a database of these fixtures, for another process."""
    if isinstance(database, db.CySqliteDatabase):
        return f"sqlite:///{database.database}"
    parameters = database.connect_params
    return f"postgresql://{parameters['user']}@{parameters['host']}:{parameters['port']}/{database.database}"


@pytest.fixture
def environment(database: Database, tmp_path: Path) -> dict[str, str]:
    """The environment for another process of the product on this test's database."""
    return {
        "PATH": os.environ["PATH"],
        "DATABASE_URL": url_of(database),
        "DATA_DIR": str(tmp_path),
        "SECRET_KEY": SECRET_KEY,
        "AUDIT_KEY": AUDIT_KEY,
        "PLAIN_HTTP": "1",
    }


@pytest.fixture
def config(environment: dict[str, str]) -> Config:
    """Settings on this test's database; ``data_dir`` is the test's own folder."""
    return load_config(environment)


# --- the portal -----------------------------------------------------------


@cache
def _portal(data_dir: Path) -> Flask:
    from app.factory import create_app

    url = f"sqlite:///{data_dir}/never-opened.db"
    portal = create_app(
        load_config({"DATABASE_URL": url, "SECRET_KEY": SECRET_KEY, "AUDIT_KEY": AUDIT_KEY, "PLAIN_HTTP": "1", "DEMO": "1"})
    )
    portal.config.update(WTF_CSRF_ENABLED=False)
    return portal


@pytest.fixture
def app(database: Database, config: Config, tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """The portal on this test's database, without CSRF tokens (their own tests switch them on)."""
    portal = _portal(tmp_path_factory.getbasetemp())
    db.database.initialize(database)
    files.configure(config.files_dir)
    portal.config["CENTRE"] = dataclasses.replace(config, is_demo=True)
    portal.extensions["fragments"].clear()  # kept from another test's database
    return portal


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A browser without a session."""
    return app.test_client()


@pytest.fixture
def still_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Time stands still: what changes with every minute does not change while a test compares two answers."""
    ms = clock.now_ms()
    monkeypatch.setattr(clock, "now_ms", lambda: ms)


def pytest_report_header() -> list[str]:
    """Which databases the suite runs on."""
    where: Any = postgresql.binaries() or "not here: its tests are skipped"
    return [f"PostgreSQL: {where}"]
