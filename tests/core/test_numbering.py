"""Numbers are gapless per month, whoever asks at once."""

import threading
from datetime import UTC, datetime

import pytest
from peewee import Database

from app.core import db
from app.core.numbering import next_number

AT = datetime(2026, 11, 23, 8, tzinfo=UTC)


def one_number(at: datetime = AT) -> str:
    with db.transaction():
        return next_number("T", at)


def test_it_works(database: Database) -> None:
    assert [one_number(), one_number()] == ["T2611-0001", "T2611-0002"]


def test_each_month_begins_at_one(database: Database) -> None:
    one_number()
    assert one_number(datetime(2026, 12, 1, tzinfo=UTC)) == "T2612-0001"


def test_a_month_begins_at_midnight_of_the_deployment(database: Database) -> None:
    assert one_number(datetime(2026, 11, 30, 15, 59, tzinfo=UTC)).startswith("T2611")
    assert one_number(datetime(2026, 11, 30, 16, 0, tzinfo=UTC)).startswith("T2612")


def test_a_number_of_an_undone_transaction_is_given_again(database: Database) -> None:
    with pytest.raises(ZeroDivisionError), db.transaction():
        next_number("T", AT)
        raise ZeroDivisionError
    assert one_number() == "T2611-0001"


def test_the_ten_thousandth_number_is_longer_not_repeated(database: Database) -> None:
    one_number()
    with db.transaction():
        db.database.execute_sql("UPDATE sequence SET value = 9999")
    assert one_number() == "T2611-10000"


def test_threads_that_ask_at_once_leave_no_gap_and_no_double(database: Database) -> None:
    numbers: list[str] = []

    def ask() -> None:
        for _ in range(10):
            numbers.append(one_number())
        db.drop_connection()

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(numbers) == [f"T2611-{number:04d}" for number in range(1, 61)]
