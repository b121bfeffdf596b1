"""The newest values of a machine, and which of its metrics have a chart."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from app.core.clock import from_ms, to_ms
from app.core.prepared import Prepared
from app.machines.profiles import Profile
from app.monitoring.models import Reading, ReadingHour
from app.monitoring.readings import blocks
from app.monitoring.sources import Source, are_of

LATEST_ROWS = 20
MAX_KEY = 64


@dataclass(frozen=True, slots=True)
class Latest:
    """The newest value of a metric."""

    metric: str
    value: Any
    at: datetime


_metrics = msgspec.json.Decoder(dict[str, Any])


def latest(found: Sequence[Source]) -> list[Latest]:
    """The newest value of every metric in the last readings of a machine; ``found`` are its terminals, each in its time.

    Of a machine whose readings are forgotten already, those of its last day that is kept hour by hour.
    """
    newest: dict[str, Latest] = {}
    rows = [row for source in found for row in _last_of(source)]
    for at, metrics in sorted(rows, key=lambda row: row[0], reverse=True)[:LATEST_ROWS]:
        for key, value in _metrics.decode(metrics).items():
            newest.setdefault(key, Latest(key, value, at))
    values = newest.values() if rows else _of_last_day(found)
    return sorted(values, key=lambda one: one.metric)


def _last_of(source: Source) -> list[tuple[datetime, str]]:
    return _last_rows.rows(source.terminal_id, source.from_ms, source.to_ms)


_last_rows = Prepared(
    lambda terminal_id, from_ms, to_ms: (
        Reading.select(Reading.at, Reading.metrics)
        .where(are_of([Source(terminal_id, from_ms, to_ms)], Reading.terminal, Reading.at))
        .order_by(Reading.at.desc())
        .limit(LATEST_ROWS)
        .tuples()
    )
)


def _of_last_day(found: Sequence[Source]) -> list[Latest]:
    days = [row for source in found if (row := _last_day(source)) is not None]
    last = max(days, key=lambda row: row.at, default=None)
    if last is None:
        return []
    hours = {metric: max(place for place, step in enumerate(steps) if step) for metric, steps in blocks.read(last.metrics).items()}
    block, day_ms = blocks.read(last.metrics), to_ms(last.at)
    return [
        Latest(metric, step.last, from_ms(day_ms + place * blocks.HOUR_MS))
        for metric, place in hours.items()
        if (step := block[metric][place]) is not None
    ]


def _last_day(source: Source) -> ReadingHour | None:
    return _last_hours.first(source.terminal_id, source.from_ms, source.to_ms)


_last_hours = Prepared(
    lambda terminal_id, from_ms, to_ms: (
        ReadingHour.select(ReadingHour.at, ReadingHour.metrics)
        .where(are_of([Source(terminal_id, from_ms, to_ms)], ReadingHour.terminal, ReadingHour.at))
        .order_by(ReadingHour.at.desc())
        .limit(1)
    )
)


def charted(profile: Profile | None, newest: Sequence[Latest]) -> list[str]:
    """The metrics that have a chart: numbers and switches, in the order of the profile, then those that came besides."""
    drawable = {one.metric for one in newest if isinstance(one.value, int | float) and is_name(one.metric)}
    known = [key for key in (profile.metrics if profile else ()) if key in drawable]
    return known + sorted(drawable - set(known))


def is_name(metric: str) -> bool:
    """Whether a metric of this name can be looked for."""
    return 0 < len(metric) <= MAX_KEY and '"' not in metric


def last_reading_at(found: Sequence[Source]) -> datetime | None:
    """The time of the newest reading; of the last day that is kept hour by hour where there is none any more."""
    newest = (Reading.select(Reading.at).where(are_of([one], Reading.terminal, Reading.at)).order_by(Reading.at.desc()) for one in found)
    times = [row.at for query in newest if (row := query.first())]
    return max(times, default=None) or max((one.at for one in _of_last_day(found)), default=None)
