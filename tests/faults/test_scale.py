"""Several intakes and shared evaluation on PostgreSQL: one process dies and does not come back (monitoring rule 10)."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from peewee import Database

from app.core import db, history
from app.monitoring import evaluation
from app.monitoring.models import IntakeLease
from mqtt import broker
from tests.conftest import need, url_of
from tests.faults import oracle
from tests.faults.conftest import IS_LONG
from tests.faults.publisher import Publisher, Script
from tests.faults.site import Site, wait_for

pytestmark = pytest.mark.slow
TAKEN_IN_WITHIN_S = 30
SHARED = {"INTAKES": "2"}


@pytest.fixture
def site(tmp_path: Path, postgresql_database: Database) -> Iterator[Site]:
    """Broker and PostgreSQL are up, two partitions wait for two subscribers."""
    need(broker.mosquitto() is not None, "mosquitto")
    running = Site(tmp_path, database_url=url_of(postgresql_database))
    try:
        evaluation.ask_for(2)
        running.start_broker()
        yield running
    finally:
        running.stop()


def leases(prefix: str) -> list[str]:
    """Who holds the leases whose names begin so."""
    return sorted(row.holder for row in IntakeLease.select().where(IntakeLease.name.startswith(prefix)))


def test_one_of_two_intakes_dies_and_the_other_takes_in_its_share(site: Site, publisher: Publisher) -> None:
    site.start_subscriber("first", **SHARED)
    site.start_subscriber("second", **SHARED, INSTANCE_NAME="two")
    wait_for(lambda: leases("customer-centre") == leases("evaluation:") == ["one", "two"], 30)
    count = 20_000 if IS_LONG else 2_000
    script = Script().write(site.devices, count)
    ids = list(script.messages)
    publisher.say(script, ids[: count // 2])
    site.kill("first")
    publisher.say(script, ids[count // 2 :])
    publisher.settle()
    died_at = time.monotonic()
    oracle.wait_until_quiet(count, TAKEN_IN_WITHIN_S)
    wait_for(lambda: leases("customer-centre") == leases("evaluation:") == ["two", "two"], TAKEN_IN_WITHIN_S)
    wait_for(all_are_evaluated, TAKEN_IN_WITHIN_S)
    assert time.monotonic() - died_at <= TAKEN_IN_WITHIN_S
    oracle.assert_nothing_lost(script, publisher.acknowledged)
    oracle.assert_nothing_doubled()
    oracle.assert_episodes_match(script)
    assert history.verify().problem is None
    wait_for(lambda: publisher.note_receipts(script) or publisher.receipted == publisher.acknowledged, 15)


def all_are_evaluated() -> bool:
    """Every partition has read the whole inbox."""
    top = db.database.execute_sql("SELECT value - 1 FROM feed_position WHERE name = 'inbox'").fetchone()[0]
    return all(one.position >= top for one in evaluation.progress())


def test_a_third_joins_and_each_has_its_share_when_there_are_fewer_the_rest_is_taken_in(site: Site, publisher: Publisher) -> None:
    site.start_subscriber("first", **SHARED)
    wait_for(lambda: leases("customer-centre") == ["one", "one"], 15)
    script = Script().write(site.devices, 600)
    ids = list(script.messages)
    publisher.say(script, ids[:200])
    site.start_subscriber("second", **SHARED, INSTANCE_NAME="two")
    wait_for(lambda: leases("customer-centre") == ["one", "two"], 15)
    publisher.say(script, ids[200:400])
    site.end("first")
    site.end("second")
    publisher.say(script, ids[400:])  # it waits for both client ids; one of them is no longer wanted
    publisher.settle()
    site.start_subscriber("only", INTAKES="1")
    oracle.wait_until_quiet(600, 30)
    wait_for(all_are_evaluated, 30)
    oracle.assert_nothing_lost(script, publisher.acknowledged)
    oracle.assert_nothing_doubled()
    oracle.assert_episodes_match(script)
