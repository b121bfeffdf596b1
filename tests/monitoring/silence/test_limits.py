"""When a terminal is late and when it is silent."""

from datetime import timedelta

import pytest

from app.monitoring.silence.limits import Level, Quiet, grace_after_deafness, late_after, level, silent_after

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)


def test_it_works() -> None:
    assert level(Quiet(2 * MINUTE), MINUTE) == Level.SPEAKING
    assert level(Quiet(4 * MINUTE), MINUTE) == Level.LATE
    assert level(Quiet(14 * MINUTE), MINUTE) == Level.SILENT


def test_the_limits_are_three_intervals_and_at_least_three_minutes_then_ten_more() -> None:
    assert late_after(timedelta(seconds=10)) == 3 * MINUTE
    assert late_after(5 * MINUTE) == 15 * MINUTE
    assert silent_after(timedelta(seconds=10)) == 13 * MINUTE


@pytest.mark.parametrize(
    ("lasting", "found"),
    [(180 * SECOND, Level.SPEAKING), (181 * SECOND, Level.LATE), (780 * SECOND, Level.LATE), (781 * SECOND, Level.SILENT)],
)
def test_the_limit_itself_still_counts_as_before(lasting: timedelta, found: Level) -> None:
    assert level(Quiet(lasting), MINUTE) == found


def test_who_has_said_that_it_goes_is_late_at_once_and_silent_ten_minutes_later() -> None:
    assert level(Quiet(timedelta(), has_left=True), 60 * MINUTE) == Level.LATE
    assert level(Quiet(10 * MINUTE, has_left=True), 60 * MINUTE) == Level.LATE
    assert level(Quiet(10 * MINUTE + SECOND, has_left=True), 60 * MINUTE) == Level.SILENT


def test_who_speaks_seldom_is_listened_to_for_longer() -> None:
    assert grace_after_deafness(MINUTE) == 5 * MINUTE
    assert grace_after_deafness(60 * MINUTE) == 180 * MINUTE
