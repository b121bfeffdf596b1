"""The age of what is owed: every due date stands in exactly one bucket; a demand keeps a claim from lapsing."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.billing import ageing
from app.billing.ageing import AgeBucket

TODAY = date(2026, 11, 26)
DAYS = st.dates(date(1990, 1, 1), date(2060, 12, 31))


@pytest.mark.parametrize(
    ("overdue", "bucket"),
    [
        (0, "not_due"), (1, "d30"), (30, "d30"), (31, "d60"), (60, "d60"), (61, "d90"), (91, "d180"), (181, "d365"), (365, "d365"),
        (366, "y2"), (730, "y2"), (731, "y3"), (1095, "y3"), (1096, "older"),
    ],
)  # fmt: skip
def test_it_works(overdue: int, bucket: str) -> None:
    assert ageing.bucket_of(TODAY - timedelta(days=overdue), TODAY) == bucket


@given(DAYS, DAYS)
def test_the_buckets_part_all_days_among_them(due_on: date, today: date) -> None:
    holding = [one for one in AgeBucket if ageing.first_due_of(one, today) <= due_on <= ageing.last_due_of(one, today)]
    assert holding == [ageing.bucket_of(due_on, today)]


@given(DAYS, st.none() | DAYS, DAYS)
def test_one_is_warned_before_a_claim_lapses(due_on: date, demanded_on: date | None, today: date) -> None:
    lapses_on = ageing.lapses_on(due_on, demanded_on)
    if today >= lapses_on:
        assert ageing.is_about_to_lapse(due_on, demanded_on, today)
    if today < lapses_on - timedelta(days=190):
        assert not ageing.is_about_to_lapse(due_on, demanded_on, today)


def test_a_demand_makes_the_time_begin_anew() -> None:
    assert ageing.lapses_on(date(2024, 2, 29), None) == date(2027, 2, 28)
    assert ageing.lapses_on(date(2024, 2, 29), date(2026, 1, 5)) == date(2029, 1, 5)
