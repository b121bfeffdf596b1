"""A month and the one before it, counted for a reader; kept for a while, since it is the sum of very many rows."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

from app.core import db
from app.core.months import Month
from app.core.types import Actor
from app.monitoring.figures.counting import Counted, Span, count

# The figures of a month that goes on are as of the last minute; one that is over changes by late messages only (T17: seven days).
FRESH, SETTLED = timedelta(minutes=1), timedelta(hours=1)
LATEST_CHANGE = timedelta(days=8)
KEPT = 64


@dataclass(frozen=True, slots=True)
class MonthFigures:
    """A month, and the one before it to compare with."""

    month: Month
    now: Counted
    before: Counted


def figures(actor: Actor, month: Month, area: int | None, at: datetime) -> MonthFigures:
    """The figures of the machines that ``actor`` may see, in ``area`` if given."""
    areas = actor.area_ids
    if area is not None:
        areas = frozenset({area}) if areas is None else areas & {area}
    wanted = None if areas is None else tuple(sorted(areas))
    return MonthFigures(month, _counted(month, wanted, at), _counted(month.previous, wanted, at))


def _counted(month: Month, areas: tuple[int, ...] | None, at: datetime) -> Counted:
    age = SETTLED if at > month.ends_at + LATEST_CHANGE else FRESH
    return _kept(str(db.database.database), month, areas, age, int(at.timestamp() // age.total_seconds()))


@lru_cache(maxsize=KEPT)
def _kept(_database: str, month: Month, areas: tuple[int, ...] | None, age: timedelta, stamp: int) -> Counted:
    at = datetime.fromtimestamp((stamp + 1) * age.total_seconds(), month.starts_at.tzinfo)
    return count(Span(month.starts_at, month.ends_at, areas), at)
