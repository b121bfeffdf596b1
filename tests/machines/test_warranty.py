"""In or off warranty, with the reason: 12 months from acceptance or 18 from delivery, whichever ends first."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.machines.warranty import Basis, WarrantyState, last_day, warranty_on

DAYS = st.dates(date(2000, 1, 1), date(2090, 1, 1))


def test_it_works() -> None:
    found = warranty_on(date(2026, 4, 1), accepted_on=date(2025, 4, 17), shipped_on=date(2025, 3, 8), months=12)
    assert (found.state, found.basis, found.last_on) == (WarrantyState.IN, Basis.ACCEPTANCE, date(2026, 4, 16))


def test_a_long_wait_for_acceptance_ends_by_delivery() -> None:
    found = warranty_on(date(2026, 9, 8), accepted_on=date(2026, 1, 1), shipped_on=date(2025, 3, 8), months=12)
    assert (found.state, found.basis, found.months, found.last_on) == (WarrantyState.OFF, Basis.DELIVERY, 18, date(2026, 9, 7))


def test_without_a_date_nothing_is_known() -> None:
    assert warranty_on(date(2026, 1, 1), accepted_on=None, shipped_on=None, months=12).state is WarrantyState.UNKNOWN


@pytest.mark.parametrize(
    ("from_on", "months", "expected"),
    [(date(2024, 2, 29), 12, date(2025, 2, 27)), (date(2025, 8, 31), 6, date(2026, 2, 27)), (date(2025, 1, 1), 12, date(2025, 12, 31))],
)
def test_a_term_ends_on_the_day_before_its_date_comes_round(from_on: date, months: int, expected: date) -> None:
    assert last_day(from_on, months) == expected


@given(day=DAYS, accepted_on=st.none() | DAYS, shipped_on=st.none() | DAYS, months=st.integers(0, 60))
def test_the_last_day_is_the_last_one_in_warranty(day: date, accepted_on: date | None, shipped_on: date | None, months: int) -> None:
    dates = {"accepted_on": accepted_on, "shipped_on": shipped_on, "months": months}
    last = warranty_on(day, **dates).last_on
    if last is None:
        assert accepted_on is shipped_on is None
    else:
        assert warranty_on(last, **dates).state is WarrantyState.IN
        assert warranty_on(last + timedelta(days=1), **dates).state is WarrantyState.OFF
