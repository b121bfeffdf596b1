"""One metric of a machine over a time, thinned to what a screen can show (monitoring §6).

From the readings as they came where they fit, else from their minutes or hours (``blocks``), with the readings that are not thinned yet
behind them.
"""

import statistics
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import Any

from app.core import db
from app.core.clock import to_ms
from app.core.errors import N_, NotFound
from app.machines.models import Machine
from app.machines.profiles import DEFAULT_INTERVAL_S, Profile
from app.machines.queries import profile_of
from app.monitoring import conditions
from app.monitoring.models import Reading
from app.monitoring.readings.blocks import DAY_MS, HOUR_MS, MINUTE_MS, Step, read_metric
from app.monitoring.readings.latest import is_name
from app.monitoring.readings.progress import progress
from app.monitoring.signals import decode_metrics
from app.monitoring.sources import Source, are_of, within

MAX_POINTS = 600
# As many readings, or minutes, as are looked through for one chart.
MOST_READINGS = 4_000
MOST_MINUTES = 10_500
GAP_INTERVALS = 3
LONGEST_WINDOW = timedelta(days=400)


class Resolution(StrEnum):
    """What a chart is drawn from."""

    RAW = "raw"
    MINUTE = "minute"
    HOUR = "hour"


@dataclass(frozen=True, slots=True)
class _Kept:
    """Where a resolution is kept: blocks of ``block_ms``, each with steps of ``step_ms``."""

    table: str
    block_ms: int
    step_ms: int


_KEPT = {
    Resolution.MINUTE: _Kept("reading_minute", HOUR_MS, MINUTE_MS),
    Resolution.HOUR: _Kept("reading_hour", DAY_MS, HOUR_MS),
}

Point = tuple[int, float | None]


@dataclass(slots=True)
class Span:
    """Readings in a row: first and last time (ms), least and greatest value, mean and how many."""

    first_ms: int
    last_ms: int
    least: float
    greatest: float
    mean: float
    count: int


@dataclass(frozen=True, slots=True)
class Series:
    """Points of one metric, in ms since 1970; a gap in the readings is a point without a value."""

    metric: str
    unit: str
    from_ms: int
    to_ms: int
    points: list[Point]
    is_thinned: bool
    resolution: Resolution = Resolution.RAW


def series(machine: Machine, found: Sequence[Source], metric: str, from_at: datetime, to_at: datetime) -> Series:
    """``metric`` from ``from_at`` up to ``to_at``, at most ``MAX_POINTS`` values: as they are, or least and greatest of several.

    A gap is a pause longer than three expected intervals, or three usual steps where readings come more seldom than expected.
    Raises ``NotFound`` for a name that cannot be a metric.
    """
    profile, (from_ms, to_ms) = profile_of(machine), _window(metric, from_at, to_at)
    resolution, spans = _read(found, metric, from_ms, to_ms, MAX_POINTS)
    return _drawn(profile, metric, (from_ms, to_ms), spans, resolution)


def around(profile: Profile | None, found: Sequence[Source], metrics: Sequence[str], from_at: datetime, to_at: datetime) -> list[Series]:
    """Several ``metrics`` over a short time, in one look at the readings; from their minutes where those are forgotten.

    A metric without a value in that time is left out.
    """
    window = (to_ms(from_at), to_ms(to_at))
    parts = within(found, *window)
    spoken = _spoken(parts, metrics) if parts else {}
    resolution = Resolution.RAW
    if parts and not spoken:
        resolution = Resolution.MINUTE
        spoken = {metric: [span for part in parts for span in _thinned(_KEPT[resolution], part, metric)] for metric in metrics}
    return [_drawn(profile, metric, window, spoken[metric], resolution) for metric in metrics if spoken.get(metric)]


def _spoken(parts: Sequence[Source], metrics: Sequence[str]) -> dict[str, list[Span]]:
    query = Reading.select(Reading.at, Reading.metrics).where(are_of(parts, Reading.terminal, Reading.at))
    found: dict[str, list[Span]] = {}
    for at, text in query.order_by(Reading.at, Reading.position).limit(MOST_READINGS).tuples():
        said, at_ms = decode_metrics(text), to_ms(at)
        for metric in metrics:
            if (value := conditions.number(said.get(metric))) is not None:
                found.setdefault(metric, []).append(Span(at_ms, at_ms, value, value, value, 1))
    return found


def _drawn(profile: Profile | None, metric: str, window: tuple[int, int], spans: list[Span], resolution: Resolution) -> Series:
    is_thinned = any(span.count > 1 for span in spans)
    if len(spans) * (1 + is_thinned) > MAX_POINTS:
        is_thinned, spans = True, merged(spans, *window)
    known = profile.metrics.get(metric) if profile else None
    longest_ms = _longest_step(spans, profile.expected_interval_s if profile else DEFAULT_INTERVAL_S)
    return Series(metric, known.unit if known else "", *window, list(_with_gaps(spans, longest_ms)), is_thinned, resolution)


def spans(found: Sequence[Source], metric: str, from_at: datetime, to_at: datetime) -> list[Span]:
    """Everything that ``series`` is drawn from, oldest first: readings, minutes or hours. Raises ``NotFound`` as it does."""
    from_ms, to_ms = _window(metric, from_at, to_at)
    return _read(found, metric, from_ms, to_ms, MOST_READINGS)[1]


def _window(metric: str, from_at: datetime, to_at: datetime) -> tuple[int, int]:
    if not is_name(metric):
        raise NotFound(N_("There is no such metric."))
    return to_ms(from_at), to_ms(min(to_at, from_at + LONGEST_WINDOW))


def _read(found: Sequence[Source], metric: str, from_ms: int, to_ms: int, most: int) -> tuple[Resolution, list[Span]]:
    """What is kept of the window; readings themselves at most ``most``, else gathered to half as many."""
    parts = within(found, from_ms, to_ms)
    if not parts:
        return Resolution.RAW, []
    resolution, readings = _resolution(parts, from_ms, to_ms)
    thinned: list[Span] = []
    if resolution != Resolution.RAW:
        kept = _KEPT[resolution]
        for part in parts:
            thinned += _thinned(kept, part, metric)
        parts = [rest for part in parts if not (rest := part.within(_thinned_until(part), to_ms)).is_empty]
    width = 1 if resolution == Resolution.RAW and readings <= most else max(1, -(-(to_ms - from_ms) // (most // 2)))
    return resolution, sorted([*thinned, *_readings(parts, metric, from_ms, width)], key=lambda span: span.first_ms)


def _resolution(parts: Sequence[Source], from_ms: int, to_ms: int) -> tuple[Resolution, int]:
    """The finest that is kept from ``from_ms`` on and not too much to look through, and how many readings there are if they are it."""
    kept = progress()
    if from_ms >= kept.raw_from:
        of_parts = are_of(parts, Reading.terminal, Reading.at)
        readings = Reading.select(Reading.position).where(of_parts).limit(MOST_READINGS + 1).count()
        if readings <= MOST_READINGS:
            return Resolution.RAW, readings
    is_short = to_ms - from_ms <= MOST_MINUTES * MINUTE_MS
    return (Resolution.MINUTE if is_short and from_ms >= kept.minute_from else Resolution.HOUR), 0


def _thinned_until(part: Source) -> int:
    """From where on the readings of a terminal are not thinned yet."""
    sql = "SELECT MAX(at) FROM reading_minute WHERE terminal_id = {p} AND at < {p}"
    (last,) = db.database.execute_sql(sql.format(p=db.database.param), (part.terminal_id, part.to_ms)).fetchone()
    return 0 if last is None else last + HOUR_MS


def _thinned(kept: _Kept, part: Source, metric: str) -> Iterator[Span]:
    of_metric = "metrics -> {p}" if db.is_sqlite() else "CAST(CAST(metrics AS json) -> {p} AS text)"
    sql = f"SELECT at, {of_metric} FROM {kept.table} WHERE terminal_id = {{p}} AND at > {{p}} AND at < {{p}} ORDER BY at"
    path = f'$."{metric}"' if db.is_sqlite() else metric
    rows = db.database.execute_sql(sql.format(p=db.database.param), (path, part.terminal_id, part.from_ms - kept.block_ms, part.to_ms))
    for block_ms, text in rows.fetchall():
        for place, step in enumerate(read_metric(text) if text else ()):
            at_ms = block_ms + place * kept.step_ms
            if step is not None and part.from_ms - kept.step_ms < at_ms < part.to_ms:
                yield _span(step, at_ms, kept.step_ms)


def _span(step: Step, at_ms: int, step_ms: int) -> Span:
    return Span(at_ms, at_ms if step.count == 1 else at_ms + step_ms - 1, step.least, step.greatest, step.mean, step.count)


def _readings(parts: Sequence[Source], metric: str, from_ms: int, width: int) -> list[Span]:
    if not parts:
        return []
    said, parameters = _said(parts, f'$."{metric}"' if db.is_sqlite() else metric)
    rows = db.database.execute_sql(_GATHERED[db.is_sqlite()].format(said=said), (*parameters, from_ms, width))
    return [
        Span(int(first), int(last), float(least), float(greatest), float(mean), int(count))
        for first, last, least, greatest, mean, count in rows.fetchall()
    ]


# True and false count as 1 and 0, whatever else is not a number is passed over. LIMIT -1 keeps SQLite from reading each JSON text twice.
_SAID = {
    True: "SELECT at, metrics ->> ? AS value FROM reading WHERE terminal_id = ? AND at >= ? AND at < ?",
    False: "SELECT at, CAST(metrics AS json) -> %s AS found FROM reading WHERE terminal_id = %s AND at >= %s AND at < %s",
}
_GATHERED = {
    True: """
        SELECT MIN(at), MAX(at), MIN(value), MAX(value), AVG(value), COUNT(*)
        FROM (SELECT at, value FROM ({said}) LIMIT -1)
        WHERE typeof(value) IN ('integer', 'real')
        GROUP BY (at - ?) / ? ORDER BY 1
    """,
    False: """
        SELECT MIN(at), MAX(at), MIN(value), MAX(value), AVG(value), COUNT(*)
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


def merged(spans: Iterable[Span], from_ms: int, to_ms: int) -> list[Span]:
    """Neighbours in one, so that two points each are at most ``MAX_POINTS``."""
    width = max(1, -(-(to_ms - from_ms) // (MAX_POINTS // 2)))
    found: dict[int, Span] = {}
    for span in spans:
        place = (max(span.first_ms, from_ms) - from_ms) // width
        found[place] = _both(found[place], span) if place in found else span
    return list(found.values())


def _both(one: Span, later: Span) -> Span:
    count = one.count + later.count
    mean = one.mean + (later.mean - one.mean) * later.count / count
    last_ms = max(one.last_ms, later.last_ms)
    return Span(one.first_ms, last_ms, min(one.least, later.least), max(one.greatest, later.greatest), mean, count)


def _longest_step(spans: Sequence[Span], expected_interval_s: int) -> int:
    steps = [later.first_ms - earlier.last_ms for earlier, later in pairwise(spans)]
    usual = statistics.median(steps) if steps else 0
    return int(GAP_INTERVALS * max(expected_interval_s * 1_000, usual))


def _with_gaps(spans: Iterable[Span], longest_ms: int) -> Iterable[Point]:
    """Two points a span: least first where the values rise, greatest first where they fall."""
    before: Span | None = None
    for span in spans:
        if before is not None and span.first_ms - before.last_ms > longest_ms:
            yield (before.last_ms + 1, None)
        is_falling = before is not None and span.least + span.greatest < before.least + before.greatest
        yield (span.first_ms, span.greatest if is_falling else span.least)
        if span.last_ms != span.first_ms:
            yield (span.last_ms, span.least if is_falling else span.greatest)
        before = span
