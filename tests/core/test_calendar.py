"""Working time: sums are exact, and agree with a naive reference that looks at every five minutes by itself."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.core.calendar import DEFAULT_HOURS, Day, Hours, Interval, Why, WorkingCalendar, hours_from, hours_text

SHANGHAI, BERLIN = ZoneInfo("Asia/Shanghai"), ZoneInfo("Europe/Berlin")
STEP = timedelta(minutes=5)
SPRING_2026 = {date(2026, 2, day): Day(False, "春节") for day in range(15, 24)} | {
    date(2026, 2, 14): Day(True, "春节"), date(2026, 2, 28): Day(True, "春节"),
}  # fmt: skip
CALENDAR = WorkingCalendar(SHANGHAI, SPRING_2026)


def local(text: str, zone: ZoneInfo = SHANGHAI) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC)


def counted(intervals: list[Interval]) -> timedelta:
    return sum((one.length for one in intervals if one.is_counted), timedelta())


# --- the reference --------------------------------------------------------


def is_worked(calendar: WorkingCalendar, at: datetime) -> bool:
    """Whether the five minutes from ``at`` on count, by the clock on the wall."""
    wall = at.astimezone(calendar.zone)
    special = calendar.days.get(wall.date())
    works = special.is_working if special else wall.weekday() < 5
    minute = wall.hour * 60 + wall.minute
    return works and any(start <= minute < end for start, end in calendar.hours)


def naive_worked(calendar: WorkingCalendar, start: datetime, end: datetime) -> timedelta:
    steps = int((end - start) / STEP)
    return STEP * sum(is_worked(calendar, start + STEP * number) for number in range(steps))


def hours_between(first: int, last: int) -> st.SearchStrategy[Hours]:
    marks = st.lists(st.integers(first // 5, last // 5).map(lambda number: number * 5), min_size=2, max_size=6, unique=True)
    return marks.map(sorted).map(lambda found: tuple(zip(found[::2], found[1::2], strict=False)))


hours_of_day = hours_between(0, 1440)
FIRST = date(2023, 12, 20)
some_days = st.dictionaries(
    st.integers(0, 440).map(lambda number: FIRST + timedelta(days=number)),
    st.builds(Day, st.booleans(), st.sampled_from(("", "节"))),
    max_size=40,
)
calendars = st.builds(WorkingCalendar, st.sampled_from((SHANGHAI, BERLIN, UTC)), some_days, hours_of_day)
# Between two and three at night a clock on the wall does not say which of two hours it is.
readable_calendars = st.one_of(
    st.builds(WorkingCalendar, st.sampled_from((SHANGHAI, UTC)), some_days, hours_of_day),
    st.builds(WorkingCalendar, st.just(BERLIN), some_days, hours_between(180, 1440)),
)
# Month ends, the leap day of 2024, the turn of a year and both changes of the clocks in Berlin lie in here.
starts = st.integers(0, 288 * 430).map(lambda number: datetime(2023, 12, 21, tzinfo=UTC) + STEP * number)
spans = st.integers(0, 288 * 9).map(lambda number: STEP * number)


def test_it_works() -> None:
    assert CALENDAR.add_working(local("2026-11-23 09:00"), timedelta(hours=4)) == local("2026-11-23 14:30")
    assert CALENDAR.worked(local("2026-11-20 17:00"), local("2026-11-23 09:00")) == timedelta(hours=1)


@given(readable_calendars, starts, spans)
@settings(max_examples=60)
def test_working_time_is_that_of_the_reference(calendar: WorkingCalendar, start: datetime, span: timedelta) -> None:
    assert calendar.worked(start, start + span) == naive_worked(calendar, start, start + span)


@given(calendars, starts, st.timedeltas(timedelta(), timedelta(days=40)))
@settings(max_examples=150)
def test_intervals_sum_exactly_and_leave_no_gap(calendar: WorkingCalendar, start: datetime, span: timedelta) -> None:
    span -= span % timedelta(milliseconds=1)
    found = calendar.intervals(start, start + span)
    assert sum((one.length for one in found), timedelta()) == span
    assert [one.end for one in found[:-1]] == [one.start for one in found[1:]]
    assert all(one.length > timedelta() for one in found)
    assert counted(found) == calendar.worked(start, start + span)


@given(calendars, starts, st.timedeltas(timedelta(milliseconds=1), timedelta(hours=60)))
@settings(max_examples=150)
def test_what_is_added_is_what_has_been_worked_by_then_and_not_sooner(
    calendar: WorkingCalendar, start: datetime, amount: timedelta
) -> None:
    amount += timedelta(milliseconds=1) - amount % timedelta(milliseconds=1)
    due = calendar.add_working(start, amount)
    assert calendar.worked(start, due) == amount
    assert calendar.worked(start, due - timedelta(milliseconds=1)) == amount - timedelta(milliseconds=1)


def test_a_worked_saturday_counts_and_says_so() -> None:
    found = CALENDAR.intervals(local("2026-02-14 09:00"), local("2026-02-14 10:00"))
    assert [(one.is_counted, one.why, one.name) for one in found] == [(True, Why.MAKE_UP, "春节")]


def test_a_holiday_is_one_interval_with_its_name() -> None:
    found = CALENDAR.intervals(local("2026-02-14 17:00"), local("2026-02-24 09:00"))
    assert [(one.why, one.name) for one in found] == [
        (Why.MAKE_UP, "春节"), (Why.OFF_HOURS, ""), (Why.HOLIDAY, "春节"), (Why.OFF_HOURS, ""), (Why.WORKING, "")
    ]  # fmt: skip
    assert found[2].length == timedelta(days=9)


def test_the_weekend_and_the_night_and_the_noon_break_say_what_they_are() -> None:
    found = CALENDAR.intervals(local("2026-11-20 11:00"), local("2026-11-23 09:00"))
    assert [one.why for one in found] == [
        Why.WORKING, Why.BREAK, Why.WORKING, Why.OFF_HOURS, Why.WEEKEND, Why.OFF_HOURS, Why.WORKING
    ]  # fmt: skip


def test_a_deadline_goes_over_the_end_of_a_month_a_leap_day_and_a_year() -> None:
    plain = WorkingCalendar(SHANGHAI)
    assert plain.add_working(local("2024-02-28 17:00"), timedelta(hours=8)) == local("2024-02-29 17:30")
    assert plain.add_working(local("2026-04-30 17:00"), timedelta(hours=1)) == local("2026-05-01 09:00")
    assert plain.add_working(local("2027-12-31 17:00"), timedelta(hours=1)) == local("2028-01-03 09:00")


def test_a_year_without_a_table_has_its_weekdays_and_what_is_known_of_it() -> None:
    statutory = WorkingCalendar(SHANGHAI, {date(2027, 1, 1): Day(False, "元旦")})
    assert statutory.add_working(local("2026-12-31 17:00"), timedelta(hours=1)) == local("2027-01-04 09:00")
    assert statutory.add_working(local("2031-01-07 08:30"), timedelta(hours=1)) == local("2031-01-07 09:30")


def test_the_hour_that_summer_time_leaves_out_or_repeats_counts_as_it_went_by() -> None:
    night = WorkingCalendar(BERLIN, {date(2026, 3, 29): Day(True), date(2026, 10, 25): Day(True)}, ((60, 240),))
    assert night.worked(local("2026-03-29 00:00", BERLIN), local("2026-03-30 00:00", BERLIN)) == timedelta(hours=2)
    assert night.worked(local("2026-10-25 00:00", BERLIN), local("2026-10-26 00:00", BERLIN)) == timedelta(hours=4)


def test_nothing_lies_between_a_time_and_one_before_it() -> None:
    at = local("2026-11-23 10:00")
    assert CALENDAR.intervals(at, at - STEP) == []
    assert CALENDAR.worked(at, at - STEP) == timedelta()
    assert CALENDAR.add_working(at, timedelta()) == at


def test_a_deadline_a_year_ahead_is_found_without_walking_there(monkeypatch: pytest.MonkeyPatch) -> None:
    start = local("2026-11-23 09:00")
    there = CALENDAR.add_working(start, timedelta(hours=1_900))  # the tables of the years are made once
    for walk in ("_pieces", "_stretches", "is_working_day"):
        monkeypatch.delattr(WorkingCalendar, walk)
    assert CALENDAR.add_working(start, timedelta(hours=1_900)) == there


@pytest.mark.parametrize(
    "text", ["08:30-12:00,13:30-17:30", "08：30－12：00，13：30－17：30", "8:30-12:00 13:30-17:30", "8:30至12:00、13:30至17:30"]
)
def test_working_hours_are_read_as_people_write_them(text: str) -> None:
    assert hours_text(hours_from(text)) == "08:30-12:00,13:30-17:30"
    assert hours_from(text) == DEFAULT_HOURS


@pytest.mark.parametrize("text", ["", "8-12", "12:00-08:30", "08:30-12:00,11:00-17:00", "08:30-08:30", "08:61-12:00", "08:00-24:30"])
def test_working_hours_out_of_order_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"hours|time of day"):
        hours_from(text)


@given(hours_of_day)
def test_working_hours_come_back_as_they_were_written(hours: Hours) -> None:
    assert hours_from(hours_text(hours)) == hours
