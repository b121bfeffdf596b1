"""Readings for charts: one metric of a machine over a time, thinned in the database to what a screen can show (monitoring §6)."""

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import msgspec

from app.core import db
from app.core.clock import from_ms, to_ms
from app.core.errors import N_, NotFound
from app.machines.models import Machine
from app.machines.profiles import DEFAULT_INTERVAL_S, Profile
from app.machines.queries import profile_of
from app.monitoring.models import Reading
from app.monitoring.sources import Source, are_of, within

MAX_POINTS = 600
GAP_INTERVALS = 3
LATEST_ROWS = 20
LONGEST_WINDOW = timedelta(days=400)
MAX_KEY = 64

Point = tuple[int, float | None]
Bucket = tuple[int, int, float, float]  # first and last time in it (ms), least and greatest value


@dataclass(frozen=True, slots=True)
class Series:
    """Points of one metric, in ms since 1970; a gap in the readings is a point without a value."""

    metric: str
    unit: str
    from_ms: int
    to_ms: int
    points: list[Point]
    is_thinned: bool


@dataclass(frozen=True, slots=True)
class Latest:
    """The newest value of a metric."""

    metric: str
    value: Any
    at: datetime


_metrics = msgspec.json.Decoder(dict[str, Any])


def latest(found: Sequence[Source]) -> list[Latest]:
    """The newest value of every metric in the last readings of a machine; ``found`` are its terminals, each in its time."""
    newest: dict[str, Latest] = {}
    rows = [row for source in found for row in _last_of(source)]
    for at, metrics in sorted(rows, key=lambda row: row[0], reverse=True)[:LATEST_ROWS]:
        for key, value in _metrics.decode(metrics).items():
            newest.setdefault(key, Latest(key, value, at))
    return sorted(newest.values(), key=lambda one: one.metric)


def _last_of(source: Source) -> list[tuple[datetime, str]]:
    query = Reading.select(Reading.at, Reading.metrics).where(are_of([source], Reading.terminal, Reading.at))
    return list(query.order_by(Reading.at.desc()).limit(LATEST_ROWS).tuples())


def charted(profile: Profile | None, newest: Sequence[Latest]) -> list[str]:
    """The metrics that have a chart: numbers and switches, in the order of the profile, then those that came besides."""
    drawable = {one.metric for one in newest if isinstance(one.value, int | float) and len(one.metric) <= MAX_KEY and '"' not in one.metric}
    known = [key for key in (profile.metrics if profile else ()) if key in drawable]
    return known + sorted(drawable - set(known))


def last_reading_at(found: Sequence[Source]) -> datetime | None:
    """The time of the newest reading."""
    newest = (Reading.select(Reading.at).where(are_of([one], Reading.terminal, Reading.at)).order_by(Reading.at.desc()) for one in found)
    return max((row.at for query in newest if (row := query.first())), default=None)


def series(machine: Machine, found: Sequence[Source], metric: str, from_at: datetime, to_at: datetime) -> Series:
    """``metric`` from ``from_at`` up to ``to_at``, at most ``MAX_POINTS`` values: as they are, or least and greatest per bucket.

    A gap is a pause longer than three expected intervals, or three usual steps where readings come more seldom than expected.
    Raises ``NotFound`` for a name that cannot be a metric.
    """
    if not metric or len(metric) > MAX_KEY or '"' in metric:
        raise NotFound(N_("There is no such metric."))
    to_at = min(to_at, from_at + LONGEST_WINDOW)
    profile = profile_of(machine)
    known = profile.metrics.get(metric) if profile else None
    buckets, is_thinned = _read(found, metric, to_ms(from_at), to_ms(to_at))
    longest = _longest_step(buckets, profile.expected_interval_s if profile else DEFAULT_INTERVAL_S)
    return Series(metric, known.unit if known else "", to_ms(from_at), to_ms(to_at), list(_with_gaps(buckets, longest)), is_thinned)


def values(machine: Machine, found: Sequence[Source], metric: str, from_at: datetime, to_at: datetime) -> list[tuple[datetime, float]]:
    """The points of ``series`` that have a value, newest first; for a table beside the chart."""
    points = series(machine, found, metric, from_at, to_at).points
    return [(from_ms(at), value) for at, value in reversed(points) if value is not None]


def _read(found: Sequence[Source], metric: str, from_ms: int, to_ms: int) -> tuple[list[Bucket], bool]:
    """The readings themselves if they fit, each a bucket of its own, else one bucket per share of the window."""
    parts = within(found, from_ms, to_ms)
    if not parts:
        return [], False
    window = are_of(parts, Reading.terminal, Reading.at)
    if Reading.select(Reading.position).where(window).limit(MAX_POINTS + 1).count() <= MAX_POINTS:
        width, is_thinned = 1, False
    else:
        width, is_thinned = max(1, -(-(to_ms - from_ms) // (MAX_POINTS // 2))), True
    said, parameters = _said(parts, f'$."{metric}"' if db.is_sqlite() else metric)
    rows = db.database.execute_sql(_BUCKETS[db.is_sqlite()].format(said=said), (*parameters, from_ms, width))
    return [(int(first), int(last), float(least), float(greatest)) for first, last, least, greatest in rows.fetchall()], is_thinned


# True and false count as 1 and 0, whatever else is not a number is passed over. LIMIT -1 keeps SQLite from reading each JSON text twice.
_SAID = {
    True: "SELECT at, metrics ->> ? AS value FROM reading WHERE terminal_id = ? AND at >= ? AND at < ?",
    False: "SELECT at, CAST(metrics AS json) -> %s AS found FROM reading WHERE terminal_id = %s AND at >= %s AND at < %s",
}
_BUCKETS = {
    True: """
        SELECT MIN(at), MAX(at), MIN(value), MAX(value)
        FROM (SELECT at, value FROM ({said}) LIMIT -1)
        WHERE typeof(value) IN ('integer', 'real')
        GROUP BY (at - ?) / ? ORDER BY 1
    """,
    False: """
        SELECT MIN(at), MAX(at), MIN(value), MAX(value)
        FROM (
            SELECT at, CASE json_typeof(found) WHEN 'number' THEN CAST(found #>> '{{}}' AS double precision)
                WHEN 'boolean' THEN CAST(CAST(found #>> '{{}}' AS boolean) AS integer) END AS value
            FROM ({said}) AS said
        ) AS spoken
        WHERE value IS NOT NULL
        GROUP BY (at - %s) / %s ORDER BY 1
    """,
}


def _said(parts: Sequence[Source], path: str) -> tuple[str, list[Any]]:
    """What the terminals said of the metric in their times, one behind the other."""
    text = " UNION ALL ".join([_SAID[db.is_sqlite()]] * len(parts))
    return text, [value for part in parts for value in (path, part.terminal_id, part.from_ms, part.to_ms)]


def _longest_step(buckets: Sequence[Bucket], expected_interval_s: int) -> int:
    steps = [later[0] - earlier[1] for earlier, later in pairwise(buckets)]
    usual = statistics.median(steps) if steps else 0
    return int(GAP_INTERVALS * max(expected_interval_s * 1_000, usual))


def _with_gaps(buckets: Iterable[Bucket], longest_ms: int) -> Iterable[Point]:
    """Two points a bucket: least first where the values rise, greatest first where they fall."""
    before: Bucket | None = None
    for bucket in buckets:
        first_ms, last_ms, least, greatest = bucket
        if before is not None and first_ms - before[1] > longest_ms:
            yield (before[1] + 1, None)
        is_falling = before is not None and least + greatest < before[2] + before[3]
        yield (first_ms, greatest if is_falling else least)
        if last_ms != first_ms:
            yield (last_ms, least if is_falling else greatest)
        before = bucket
