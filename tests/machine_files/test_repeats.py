"""Faults that came back: the same within 90 days, and nothing else."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from app.machine_files.repeats import Happening, repeats

START = datetime(2026, 1, 1, tzinfo=UTC)


def happening(day: int, code: str = "E04") -> Happening:
    return Happening(("code", code), START + timedelta(days=day), code, code)


def test_it_works() -> None:
    (found,) = repeats([happening(0), happening(89), happening(400)])
    assert (found.words, found.count, found.most_within) == ("E04", 3, 2)
    assert (found.first_at, found.last_at) == (START, START + timedelta(days=400))


def test_further_apart_than_90_days_is_no_repeat() -> None:
    assert repeats([happening(0), happening(91), happening(182)]) == []
    assert repeats([happening(0), happening(90)]) != []


def test_other_codes_are_other_faults() -> None:
    assert repeats([happening(0), happening(1, "E06")]) == []


@given(st.lists(st.integers(0, 1000), min_size=2, max_size=40))
def test_the_most_within_90_days_is_what_counting_every_window_gives(days: list[int]) -> None:
    expected = max(sum(start <= day <= start + 90 for day in days) for start in days)
    found = repeats([happening(day) for day in days])
    assert [one.most_within for one in found] == ([expected] if expected > 1 else [])
