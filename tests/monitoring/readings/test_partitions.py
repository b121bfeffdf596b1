"""On PostgreSQL each month of readings is a partition: there before it begins, dropped as a whole."""

from datetime import datetime

import pytest
from peewee import Database

from app.core import db
from app.core.clock import UTC, to_ms
from app.machines.models import Machine
from app.monitoring.models import FeedPosition, Reading, Terminal
from app.monitoring.readings import ageing, partitions, spans
from app.monitoring.sources import sources
from tests.monitoring.readings.said import DAY, OLD, START, say

FAR = datetime(2099, 1, 1, tzinfo=UTC)


@pytest.fixture
def database(postgresql_database: Database) -> Database:
    """PostgreSQL only."""
    return postgresql_database


def test_it_works(terminal: Terminal, machine: Machine) -> None:
    say(terminal, (START, 40), (FAR, 7))
    assert partitions.names() == ["reading_other"]
    ageing.look(START)
    assert partitions.names() == ["reading_202603", "reading_202604", "reading_202605", "reading_other"]
    where = db.database.execute_sql("SELECT tableoid::regclass::text, at FROM reading ORDER BY at").fetchall()
    assert where == [("reading_202603", to_ms(START)), ("reading_other", to_ms(FAR))]
    ageing.look(START + 100 * DAY)  # in June; the first of March is still kept
    assert "reading_202603" in partitions.names()
    ageing.look(START + 125 * DAY)
    assert "reading_202603" not in partitions.names()
    assert [row.at for row in Reading.select()] == [FAR]
    assert len(spans(sources(machine), "oil_temp", START - DAY, START + DAY)) == 1


def test_a_partition_with_a_reading_that_came_meanwhile_stays(terminal: Terminal) -> None:
    ageing.look(START)
    say(terminal, (START, 40))
    assert (partitions.drop(to_ms(OLD), 0), partitions.names()) == (2, ["reading_202603", "reading_other"])
    assert (partitions.drop(to_ms(OLD), FeedPosition.get().value), partitions.names()) == (1, ["reading_other"])


def plan(sql: str) -> str:
    return "\n".join(row[0] for row in db.database.execute_sql(f"EXPLAIN {sql}").fetchall())


def test_every_partition_is_read_by_an_index(terminal: Terminal) -> None:
    ageing.look(START)
    say(terminal, *((START + number * DAY / 200, 40) for number in range(3_000)))
    db.database.execute_sql("ANALYZE reading")
    behind = plan("SELECT * FROM reading WHERE position > 2900 AND position <= 3100 ORDER BY position LIMIT 500")
    assert "Seq Scan on reading_202603" not in behind
    of_terminal = plan(
        f"SELECT at FROM reading WHERE terminal_id = {terminal.id} AND at >= {to_ms(START)} AND at < {to_ms(START + DAY / 4)}"
    )
    assert "reading_202604" not in of_terminal
    assert "Seq Scan on reading_202603" not in of_terminal
    newest = plan(f"SELECT at FROM reading WHERE terminal_id = {terminal.id} AND position < 2000 ORDER BY at DESC LIMIT 1")
    assert "Index Scan Backward using reading_202603" in newest
