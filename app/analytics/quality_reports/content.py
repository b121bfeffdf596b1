"""What a report says: the faults of a day, or the sums of the days of a month; as canonical JSON it is frozen."""

from calendar import monthrange
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from app.core import clock

BY = ("fault_class", "severity", "code", "model", "customer", "cause")
TOP = 20


@dataclass(frozen=True, slots=True)
class Counts:
    """How many faults, how often raised, how many still stood, and how many of each value of ``BY``."""

    faults: int
    raises: int
    standing: int
    by: Mapping[str, Mapping[str, int]]

    def top(self, what: str) -> list[tuple[str, int]]:
        """The most frequent values of ``what``, most first; an empty value is left out."""
        return sorted(((name, n) for name, n in self.by[what].items() if name), key=lambda pair: (-pair[1], pair[0]))[:TOP]

    def plain(self) -> dict[str, Any]:
        """As it is frozen."""
        return {
            "faults": self.faults,
            "raises": self.raises,
            "standing": self.standing,
            "by": {key: dict(value) for key, value in self.by.items()},
        }


def counted(entries: Sequence[Any]) -> Counts:
    """The counts of faults."""
    by = {what: Counter(str(getattr(entry, what)) for entry in entries) for what in BY}
    return Counts(len(entries), sum(entry.count for entry in entries), sum(entry.ended_at is None for entry in entries), by)


def summed(days: Iterable[Counts]) -> Counts:
    """The month is the sum of its days (2E-25)."""
    faults = raises = standing = 0
    by: dict[str, Counter[str]] = {what: Counter() for what in BY}
    for one in days:
        faults, raises, standing = faults + one.faults, raises + one.raises, standing + one.standing
        for what in BY:
            by[what].update(one.by[what])
    return Counts(faults, raises, standing, by)


def counts_in(found: Mapping[str, Any]) -> Counts:
    """The counts of frozen content."""
    return Counts(found["faults"], found["raises"], found["standing"], found["by"])


def of_day(day: date, remark: str, entries: Sequence[Any]) -> dict[str, Any]:
    """What the frozen report of a day says."""
    return {
        "format": 1,
        "kind": "daily",
        "day": day.isoformat(),
        "remark": remark,
        "counts": counted(entries).plain(),
        "faults": [_fault(entry) for entry in entries],
    }


def of_month(day: date, remark: str, days: Mapping[date, Counts], digests: Mapping[date, str]) -> dict[str, Any]:
    """What the frozen report of a month says; it names the digest of each day it is the sum of."""
    return {
        "format": 1, "kind": "monthly", "month": f"{day:%Y-%m}", "remark": remark, "counts": summed(days.values()).plain(),
        "days": {one.isoformat(): {"counts": counts.plain(), "digest": digests[one]} for one, counts in sorted(days.items())},
    }  # fmt: skip


def days_of(month: date) -> list[date]:
    """Every day of the month of ``month``."""
    first = month.replace(day=1)
    return [first + timedelta(days=number) for number in range(monthrange(first.year, first.month)[1])]


def _fault(entry: Any) -> dict[str, Any]:
    names = (
        "serial",
        "model",
        "batch",
        "customer",
        "code",
        "name_zh",
        "name_en",
        "severity",
        "count",
        "ticket",
        "cause",
        "fault_class",
        "remark",
    )
    times = {name: _time(getattr(entry, name)) for name in ("started_at", "ended_at")}
    return {name: getattr(entry, name) for name in names} | times


def _time(at: datetime | None) -> str | None:
    return at.astimezone(clock.zone()).isoformat(timespec="milliseconds") if at else None
