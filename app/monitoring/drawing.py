"""A chart drawn on the server: where its lines, marks and words stand in a picture of so many units. Pure; the template writes the SVG."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from itertools import groupby

from app.core.clock import from_ms, to_ms
from app.machines.profiles import Profile
from app.monitoring.readings import Series

LEFT, RIGHT, TOP, BOTTOM = 48, 10, 18, 22
_STEPS_S = (60, 300, 600, 900, 1_800, 3_600, 7_200, 10_800, 21_600, 43_200, 86_400, 172_800, 604_800, 1_209_600, 2_592_000, 5_184_000)
_DAY_S = 86_400
_WIDEST_TICK = 70


@dataclass(frozen=True, slots=True)
class Limit:
    """A threshold of a rule: from ``value`` on the code is raised, above or below it; ``severity`` of that level."""

    value: float
    code: str
    severity: str
    is_below: bool = False


@dataclass(frozen=True, slots=True)
class Band:
    """A time in which a fault was there."""

    from_ms: int
    to_ms: int
    code: str
    severity: str


@dataclass(frozen=True, slots=True)
class Tick:
    """A place on an axis and the words there."""

    at: float
    words: str


@dataclass(frozen=True, slots=True)
class Drawing:
    """A picture: ``paths`` are the lines of the values, broken at gaps; everything in units of the picture."""

    width: int
    height: int
    paths: list[str]
    across: list[Tick]
    along: list[Tick]
    limits: list[tuple[float, Limit]]
    bands: list[tuple[float, float, Band]]
    moment: float | None

    @property
    def top(self) -> int:
        """Where the plot begins."""
        return TOP

    @property
    def right(self) -> int:
        """Where the plot ends."""
        return self.width - RIGHT

    @property
    def bottom(self) -> int:
        """Where the plot ends."""
        return self.height - BOTTOM


def limits_of(profile: Profile | None, metric: str) -> list[Limit]:
    """The thresholds that the rules of ``profile`` set for ``metric``, lowest first."""
    found = []
    for rule in profile.rules if profile else ():
        for level in rule.levels if rule.metric == metric else ():
            value = level.above if level.above is not None else level.below
            if value is not None:
                code = profile.codes.get(rule.code) if profile else None
                found.append(Limit(value, rule.code, level.severity or (code.severity if code else "high"), level.above is None))
    return sorted(found, key=lambda limit: limit.value)


def draw(
    series: Series,
    zone: tzinfo,
    size: tuple[int, int],
    *,
    limits: Sequence[Limit] = (),
    bands: Iterable[Band] = (),
    moment: datetime | None = None,
) -> Drawing:
    """The picture of ``series`` of that ``size``; a limit far beyond its values is left out. ``moment`` is marked."""
    width, height = size
    values = [value for _at, value in series.points if value is not None]
    shown = _near(limits, values)
    low, high, steps = _scale([*values, *(limit.value for limit in shown)])

    def x(at_ms: float) -> float:
        share = (at_ms - series.from_ms) / max(series.to_ms - series.from_ms, 1)
        return round(LEFT + min(max(share, 0.0), 1.0) * (width - LEFT - RIGHT), 1)

    def y(value: float) -> float:
        return round(height - BOTTOM - (value - low) / (high - low) * (height - TOP - BOTTOM), 1)

    runs = (list(run) for is_gap, run in groupby(series.points, key=lambda point: point[1] is None) if not is_gap)
    return Drawing(
        width,
        height,
        [_path([(x(at), y(value)) for at, value in run if value is not None]) for run in runs],
        [Tick(y(value), f"{value:g}") for value in steps],
        [Tick(x(to_ms(at)), words) for at, words in _times(series, zone, (width - LEFT - RIGHT) // _WIDEST_TICK)],
        [(y(limit.value), limit) for limit in shown],
        [(x(band.from_ms), max(x(band.to_ms) - x(band.from_ms), 1.0), band) for band in bands],
        x(to_ms(moment)) if moment else None,
    )


def _path(points: list[tuple[float, float]]) -> str:
    """A line through ``points``; a single one is a short stroke, so that it can be seen."""
    if len(points) == 1:
        points = [points[0], (points[0][0] + 1.5, points[0][1])]
    return "M" + "L".join(f"{x:g} {y:g}" for x, y in points)


def _near(limits: Sequence[Limit], values: Sequence[float]) -> list[Limit]:
    if not values:
        return list(limits)
    reach = max(max(values) - min(values), abs(max(values)) * 0.5, 1e-9)
    return [limit for limit in limits if min(values) - reach <= limit.value <= max(values) + reach]


def _scale(values: Sequence[float]) -> tuple[float, float, list[float]]:
    """Where the scale begins and ends, and about four even places on it."""
    low, high = (min(values), max(values)) if values else (0.0, 1.0)
    if low == high:
        low, high = low - 1, high + 1
    rough = (high - low) / 4
    tenth = 10 ** math.floor(math.log10(rough))
    step = next(factor * tenth for factor in (1, 2, 2.5, 5, 10) if factor * tenth >= rough * 0.999)
    first, last = math.floor(low / step), math.ceil(high / step)
    return first * step, last * step, [float(f"{place * step:.10g}") for place in range(first, last + 1)]


def _times(series: Series, zone: tzinfo, most: int) -> list[tuple[datetime, str]]:
    """Even moments of the desk's clock, at most ``most``, with the words of each."""
    length_s = (series.to_ms - series.from_ms) / 1_000
    step_s = next((step for step in _STEPS_S if length_s / step <= max(most, 1)), _STEPS_S[-1])
    begin = from_ms(series.from_ms).astimezone(zone)
    at = begin.replace(hour=0, minute=0, second=0, microsecond=0)
    at += math.ceil((begin - at).total_seconds() / step_s) * timedelta(seconds=step_s)
    found = []
    while to_ms(at) < series.to_ms:
        found.append((at, at.strftime("%m-%d" if step_s >= _DAY_S or (at.hour, at.minute) == (0, 0) else "%H:%M")))
        at += timedelta(seconds=step_s)
    return found
