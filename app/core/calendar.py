"""The working calendar: which hours count, when a deadline falls, and why time did or did not count; pure.

Days are those of the zone given, intervals run in milliseconds since 1970: whatever the zone does to its clocks, what
counted and what did not always sum exactly to what went by.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta, tzinfo
from enum import StrEnum
from typing import NamedTuple

from app.core.clock import from_ms, to_ms

DAY_MINUTES = 24 * 60
_SATURDAY = 5

Hours = tuple[tuple[int, int], ...]
DEFAULT_HOURS: Hours = ((8 * 60 + 30, 12 * 60), (13 * 60 + 30, 17 * 60 + 30))


class Why(StrEnum):
    """Why a stretch of time counted or not."""

    WORKING = "working"
    MAKE_UP = "make_up"
    ROUND_THE_CLOCK = "round_the_clock"
    OFF_HOURS = "off_hours"
    BREAK = "break"
    WEEKEND = "weekend"
    HOLIDAY = "holiday"
    WAITING_CUSTOMER = "waiting_customer"


@dataclass(frozen=True, slots=True)
class Day:
    """A day that differs from its weekday: a holiday, or a weekend day that is worked (调休)."""

    is_working: bool
    name: str = ""


class Interval(NamedTuple):
    """A stretch of time from ``start`` to ``end`` that counted or not, and why; ``name`` is that of the day, if it has one."""

    start: datetime
    end: datetime
    is_counted: bool
    why: Why
    name: str = ""

    @property
    def length(self) -> timedelta:
        """How long it is."""
        return self.end - self.start


class _Year(NamedTuple):
    """The working stretches of a year: starts, ends, and how much was worked in the year before each; all in ms."""

    starts: list[int]
    ends: list[int]
    before: list[int]
    total: int


@dataclass(frozen=True, slots=True)
class WorkingCalendar:
    """Working time by weekday, working hours (minutes of the day, in order, at least one stretch) and a table of special days.

    A year that the table says nothing of has its weekdays alone.
    """

    zone: tzinfo
    days: Mapping[date, Day] = field(default_factory=dict)
    hours: Hours = DEFAULT_HOURS
    _years: dict[int, _Year] = field(default_factory=dict, repr=False, compare=False)

    def is_working_day(self, day: date) -> bool:
        """Whether ``day`` is worked."""
        special = self.days.get(day)
        return special.is_working if special else day.weekday() < _SATURDAY

    def add_working(self, start: datetime, amount: timedelta) -> datetime:
        """When ``amount`` of working time will have gone by after ``start``."""
        at, left = to_ms(start), amount // timedelta(milliseconds=1)
        if left <= 0:
            return start
        year = start.astimezone(self.zone).year
        left += self._worked_before(year, at)
        while left > (table := self._year(year)).total:
            left -= table.total
            year += 1
        index = bisect_right(table.before, left - 1) - 1
        return from_ms(table.starts[index] + left - table.before[index])

    def worked(self, start: datetime, end: datetime) -> timedelta:
        """How much working time lies between ``start`` and ``end``."""
        if end <= start:
            return timedelta()
        first, last = start.astimezone(self.zone).year, end.astimezone(self.zone).year
        whole = sum(self._year(year).total for year in range(first, last))
        return timedelta(milliseconds=whole + self._worked_before(last, to_ms(end)) - self._worked_before(first, to_ms(start)))

    def intervals(self, start: datetime, end: datetime) -> list[Interval]:
        """What lies between ``start`` and ``end``, in order and without gaps: together exactly the time that went by."""
        if end <= start:
            return []
        found: list[Interval] = []
        day, last = start.astimezone(self.zone).date(), end.astimezone(self.zone).date()
        while day <= last:
            for piece in self._pieces(day):
                _join(found, piece._replace(start=max(piece.start, start), end=min(piece.end, end)))
            day += timedelta(days=1)
        return found

    def _pieces(self, day: date) -> Iterator[Interval]:
        """The whole of ``day`` in pieces."""
        special, (day_start, day_end) = self.days.get(day), self._bounds(day)
        at, stretches = day_start, self._stretches(day)
        name = special.name if special else ""
        worked_as = Why.WORKING if day.weekday() < _SATURDAY else Why.MAKE_UP
        for number, (start, end) in enumerate(stretches):
            yield Interval(from_ms(at), from_ms(start), False, Why.BREAK if number else Why.OFF_HOURS)
            yield Interval(from_ms(start), from_ms(end), True, worked_as, name)
            at = end
        if self.is_working_day(day):
            yield Interval(from_ms(at), from_ms(day_end), False, Why.OFF_HOURS)
        else:
            yield Interval(from_ms(at), from_ms(day_end), False, Why.HOLIDAY if special else Why.WEEKEND, name)

    def _stretches(self, day: date) -> list[tuple[int, int]]:
        """The working hours of ``day`` in ms; what the zone leaves out or turns around on that day is cut away."""
        if not self.is_working_day(day):
            return []
        at, day_end = self._bounds(day)
        found = []
        for from_minute, to_minute in self.hours:
            start, end = max(at, self._ms(day, from_minute)), min(day_end, self._ms(day, to_minute))
            if start < end:
                found.append((start, end))
                at = end
        return found

    def _bounds(self, day: date) -> tuple[int, int]:
        return self._ms(day, 0), self._ms(day, DAY_MINUTES)

    def _ms(self, day: date, minute: int) -> int:
        if minute >= DAY_MINUTES:
            day, minute = day + timedelta(days=1), minute - DAY_MINUTES
        return to_ms(datetime.combine(day, time(minute // 60, minute % 60), self.zone))

    def _worked_before(self, year: int, at: int) -> int:
        """How much of ``year`` was worked before ``at``."""
        table = self._year(year)
        index = bisect_right(table.starts, at) - 1
        return table.before[index] + min(at, table.ends[index]) - table.starts[index] if index >= 0 else 0

    def _year(self, year: int) -> _Year:
        table = self._years.get(year)
        if table is None:
            table = self._years[year] = self._computed(year)
        return table

    def _computed(self, year: int) -> _Year:
        starts, ends, before, total = [], [], [], 0
        day = date(year, 1, 1)
        while day.year == year:
            for start, end in self._stretches(day):
                starts.append(start)
                ends.append(end)
                before.append(total)
                total += end - start
            day += timedelta(days=1)
        return _Year(starts, ends, before, total)


def _join(found: list[Interval], piece: Interval) -> None:
    """Add ``piece`` to ``found``: what counts or not for the same reason is one interval across midnight."""
    if piece.end <= piece.start:
        return
    if found and found[-1].end == piece.start and found[-1][2:] == piece[2:]:
        found[-1] = found[-1]._replace(end=piece.end)
    else:
        found.append(piece)


_SEPARATORS = re.compile(r"[,，;；、\s]+")
_STRETCH = re.compile(r"(\d{1,2})[:：](\d{2})[-–~－至](\d{1,2})[:：](\d{2})")


def hours_from(text: str) -> Hours:
    """Working hours written like ``08:30-12:00,13:30-17:30``. Raises ``ValueError`` unless they are in order and there is one."""
    found = tuple(_stretch(part) for part in _SEPARATORS.split(text.strip()) if part)
    flat = [minute for pair in found for minute in pair]
    if not found or flat != sorted(flat) or any(start == end for start, end in found):
        raise ValueError(f"these working hours are not in order: {text!r}")
    return found


def _stretch(text: str) -> tuple[int, int]:
    matched = _STRETCH.fullmatch(text)
    if matched is None:
        raise ValueError(f"this is no stretch of working hours: {text!r}")
    from_hour, from_minute, to_hour, to_minute = map(int, matched.groups())
    start, end = from_hour * 60 + from_minute, to_hour * 60 + to_minute
    if max(from_minute, to_minute) > 59 or end > DAY_MINUTES:
        raise ValueError(f"there is no such time of day: {text!r}")
    return start, end


def hours_text(hours: Hours) -> str:
    """``hours`` as they are written."""
    return ",".join(f"{start // 60:02}:{start % 60:02}-{end // 60:02}:{end % 60:02}" for start, end in hours)
