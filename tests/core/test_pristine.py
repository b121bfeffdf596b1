"""The database that a test on PostgreSQL finds is as good as new, whatever the test before did to it."""

import contextlib
import os
from collections.abc import Iterator

import psycopg
import pytest

from app.core import db
from tests import factories, postgresql
from tests.conftest import configure
from tests.pristine import Pristine

pytestmark = pytest.mark.postgresql

NAME = f"pristine_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"
_TABLES = "SELECT oid::regclass::text FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace ORDER BY 1"
_STATE = "SELECT sequencename::text, last_value FROM pg_sequences ORDER BY 1"


@pytest.fixture
def url(postgresql_cluster: postgresql.Cluster) -> Iterator[str]:
    yield postgresql_cluster.create(NAME)
    postgresql_cluster.drop(NAME)


def content(url: str) -> list[object]:
    """Every row of every table, and where each sequence stands."""
    with psycopg.connect(url) as connection:
        tables = [table for (table,) in connection.execute(_TABLES)]
        rows = [(table, sorted(map(str, connection.execute(f"SELECT * FROM {table}")))) for table in tables]
        return [*rows, *connection.execute(_STATE)]


def restored(url: str, *statements: str) -> bool:
    """Whether the database is put back after ``statements``, while somebody else is still in the middle of a transaction."""
    with psycopg.connect(url, autocommit=True) as connection, contextlib.closing(psycopg.connect(url)) as other:
        pristine = Pristine.of(connection)
        for statement in statements:
            connection.execute(statement)
        other.execute("UPDATE history_head SET id = id")
        return pristine.restore(connection)


def test_it_works(url: str) -> None:
    before = content(url)
    assert restored(
        url,
        "INSERT INTO live_version (name, value) VALUES ('things', 7)",
        "SELECT nextval('tax_rate_id_seq')",
        "DELETE FROM dunning_step",
        "UPDATE stock_place SET name = name || '!'",
    )
    assert content(url) == before


def test_what_may_never_go_goes_too(url: str, request: pytest.FixtureRequest) -> None:
    before = content(url)
    with psycopg.connect(url, autocommit=True) as connection:
        pristine = Pristine.of(connection)
        configure(request)
        database = db.bind(url)
        factories.ticket(machine=factories.machine())  # rows that point at each other, and history
        assert content(url) != before
        database.close()
        assert pristine.restore(connection)
    assert content(url) == before


@pytest.mark.parametrize(
    "statement",
    [
        "ALTER TABLE customer ADD COLUMN remark TEXT",
        "DROP TABLE reading CASCADE",
        "CREATE TABLE other (id BIGINT)",
        "ALTER TABLE history_entry DISABLE TRIGGER ALL",
        "CREATE FUNCTION one() RETURNS BIGINT LANGUAGE sql AS 'SELECT 1'",
        "ALTER TABLE tax_rate ADD CONSTRAINT positive CHECK (id > 0)",
        "ANALYZE tax_rate",
        "INSERT INTO live_version (name, value) SELECT repeat('x', 30) || n, 1 FROM generate_series(1, 20000) AS n",
    ],
)
def test_a_changed_schema_or_much_dirt_is_not_put_back(url: str, statement: str) -> None:
    assert not restored(url, statement)


def test_the_cluster_then_makes_it_anew(postgresql_cluster: postgresql.Cluster) -> None:
    url = postgresql_cluster.fresh(NAME)
    before = content(url)
    for statement in ("DROP TABLE reading CASCADE", "INSERT INTO live_version (name, value) VALUES ('things', 7)"):
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(statement)
        assert postgresql_cluster.fresh(NAME) == url
        assert content(url) == before
    postgresql_cluster.drop(NAME)
    assert content(postgresql_cluster.fresh(NAME)) == before
    postgresql_cluster.drop(NAME)
