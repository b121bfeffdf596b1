"""How old what is owed is, and when the law wants it paid or lets it lapse (facts, Receivables). Pure."""

from datetime import date, timedelta
from enum import StrEnum

LIMITATION_YEARS = 3
# Half a year before it lapses there is time left for a demand that can be proved.
WARNED_MONTHS = 30


class AgeBucket(StrEnum):
    """By how many days the due date is past."""

    NOT_DUE = "not_due"
    D30 = "d30"
    D60 = "d60"
    D90 = "d90"
    D180 = "d180"
    D365 = "d365"
    Y2 = "y2"
    Y3 = "y3"
    OLDER = "older"


# The most days overdue that each bucket but the last holds.
_MOST = {
    AgeBucket.NOT_DUE: 0,
    AgeBucket.D30: 30,
    AgeBucket.D60: 60,
    AgeBucket.D90: 90,
    AgeBucket.D180: 180,
    AgeBucket.D365: 365,
    AgeBucket.Y2: 730,
    AgeBucket.Y3: 1_095,
}


def bucket_of(due_on: date, today: date) -> AgeBucket:
    """The bucket of what was due on ``due_on``; on the day itself it is not overdue yet."""
    overdue = (today - due_on).days
    return next((bucket for bucket, most in _MOST.items() if overdue <= most), AgeBucket.OLDER)


def first_due_of(bucket: AgeBucket, today: date) -> date:
    """The earliest due date that ``bucket`` holds."""
    return today - timedelta(days=_MOST[bucket]) if bucket in _MOST else date.min


def last_due_of(bucket: AgeBucket, today: date) -> date:
    """The latest due date that ``bucket`` holds."""
    order = list(AgeBucket)
    place = order.index(bucket)
    return first_due_of(order[place - 1], today) - timedelta(days=1) if place else date.max


def lapses_on(due_on: date, demanded_on: date | None) -> date:
    """When the claim lapses: three years after the due date or the last demand that can be proved, whichever is later."""
    return months_after(max(due_on, demanded_on or due_on), 12 * LIMITATION_YEARS)


def warned_since(today: date) -> date:
    """What was due, and last demanded, on this day or before is about to lapse or has."""
    return months_after(today, -WARNED_MONTHS)


def is_about_to_lapse(due_on: date, demanded_on: date | None, today: date) -> bool:
    """Whether somebody must demand it again soon."""
    return max(due_on, demanded_on or due_on) <= warned_since(today)


def months_after(day: date, months: int) -> date:
    """The same day so many months later; the last of the month where there is no such day."""
    number = day.year * 12 + day.month - 1 + months
    year, month = divmod(number, 12)
    following = date(year + (month == 11), (month + 1) % 12 + 1, 1)
    return date(year, month + 1, min(day.day, (following - timedelta(days=1)).day))
