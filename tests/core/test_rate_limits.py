"""How often strangers may ask."""

import threading
from datetime import timedelta

import pytest
from peewee import Database

from app.core import clock, db, rate_limits
from app.core.errors import TooManyAttempts
from app.core.rate_limits import RateHit

PER = timedelta(minutes=10)


def test_it_works(database: Database) -> None:
    now = clock.now()
    for second in range(3):
        rate_limits.hit("scan:a", 3, PER, now + timedelta(seconds=second))
    with pytest.raises(TooManyAttempts) as refused:
        rate_limits.hit("scan:a", 3, PER, now + timedelta(seconds=10))
    assert refused.value.retry_after_s == 591
    rate_limits.hit("scan:b", 3, PER, now)


def test_one_may_ask_again_when_the_first_request_is_long_enough_ago(database: Database) -> None:
    now = clock.now()
    rate_limits.hit("a", 1, PER, now)
    with pytest.raises(TooManyAttempts):
        rate_limits.hit("a", 1, PER, now + PER - timedelta(seconds=1))
    rate_limits.hit("a", 1, PER, now + PER)


def test_what_is_refused_is_not_counted_and_writes_nothing(database: Database) -> None:
    now = clock.now()
    rate_limits.hit("a", 1, PER, now)
    for _ in range(3):
        with pytest.raises(TooManyAttempts):
            rate_limits.hit("a", 1, PER, now)
    assert RateHit.select().count() == 1


def test_of_many_at_once_only_as_many_as_are_allowed_come_through(sqlite_database: Database) -> None:
    came, now = [], clock.now()

    def ask() -> None:
        try:
            rate_limits.hit("a", 5, PER, now)
            came.append(1)
        except TooManyAttempts:
            pass
        finally:
            db.drop_connection()

    threads = [threading.Thread(target=ask) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(came) == 5


def test_what_no_longer_counts_is_forgotten(database: Database) -> None:
    now = clock.now()
    rate_limits.hit("old", 9, PER, now - timedelta(days=2))
    rate_limits.hit("new", 9, PER, now)
    assert rate_limits.purge(now) == 1
    assert RateHit.get().key == "new"


def test_a_whole_ipv6_network_is_one_address() -> None:
    assert rate_limits.address_key("2001:db8::1") == rate_limits.address_key("2001:db8::ffff:2")
    assert rate_limits.address_key("192.0.2.1") != rate_limits.address_key("192.0.2.2")
    assert rate_limits.address_key("no address") == "no address"
