"""Conditions that the portal computes from readings: from values to signals (monitoring §5, rules).

Pure: no database, no clock. Times are milliseconds since 1970, as readings have them. A reading that leaves every rule on its side makes
no signal; one without the metric says nothing about it, except to a rule that the metric is missing.
"""

import math
from bisect import bisect_left
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any, ClassVar

from app.core.clock import from_ms
from app.machines.profiles import Metric, Profile, Rule
from app.monitoring.alarm_machine.parameters import TEMPERATURE_UNITS, sources
from app.monitoring.alarm_machine.state import Signal, SignalKind

OFF = -1  # the level of a rule that is not true
_STRETCHES = 3  # the one that runs and two whole ones
_NUMBERS = frozenset({int, float, bool})
_PRESSURES = frozenset({"Pa", "kPa", "MPa", "bar", "mbar", "psi"})
_PRESSURE_SHARE, _TEMPERATURE_SHARE, _OTHER_SHARE = 0.02, 0.01, 0.05
_LEAST_TEMPERATURE = 1.0


@cache
def _thresholds(rule: Rule, deadband: float) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """From where on a value is on each level of ``rule``, and where it has left it again; shared by all machines of a profile."""
    if rule.rises is not None:  # a rise of just so much counts; where values stand still, no rise goes on
        return (math.nextafter(rule.rises, 0),), (max(rule.rises - deadband, 0.0),)
    if any(level.below is not None for level in rule.levels):
        limits = tuple(-level.below for level in rule.levels if level.below is not None)
    else:
        limits = tuple(level.above for level in rule.levels if level.above is not None)
    return limits, tuple(limit - deadband for limit in limits)


class Watch:
    """One rule of a profile over one machine, and the level on which its value stands.

    ``within_ms`` is how long a reading matters to those behind it; ``one_tells``: a single quiet value proves that the rule is off;
    ``needs_value``: a reading without the metric says nothing.
    """

    __slots__ = ("_backs", "_is_below", "_limits", "code", "level", "metric", "source", "within_ms")
    one_tells: ClassVar[bool] = True
    needs_value: ClassVar[bool] = True

    def __init__(self, source: str, rule: Rule, metric: Metric | None) -> None:
        self.source, self.code, self.metric = source, rule.code, rule.metric
        self.within_ms = 0
        self._is_below = any(level.below is not None for level in rule.levels)
        self._limits, self._backs = _thresholds(rule, rule.deadband if rule.deadband is not None else usual_deadband(metric))
        self.level = OFF

    def follow(self, at_ms: int, value: float) -> bool:
        """Take a value in, not earlier than the last; whether the level is another one now."""
        measured = -value if self._is_below else value
        before = level = self.level
        while level >= 0 and measured <= self._backs[level]:
            level -= 1
        while level + 1 < len(self._limits) and measured > self._limits[level + 1]:
            level += 1
        self.level = level
        return level != before

    def is_quiet(self, values: Sequence[Any]) -> bool:
        """Whether the rule is off at each of ``values``, which follow each other, whatever came before them."""
        return all((-value if self._is_below else value) <= self._backs[0] for value in numbers(values))

    def look_back(self, times: Sequence[int], values: Sequence[Any], since_ms: int) -> None:
        """Take in all readings from ``since_ms`` on, in order, without any judgement: when, and what each says of the metric (or None)."""

    def insert(self, at_ms: int, value: Any) -> None:
        """Take in a value that came late, and that was quiet among its neighbours."""

    def extremes(self, from_ms: int, to_ms: int) -> Sequence[float] | None:
        """The least and the greatest value of that time, or of more than that; None where they are not kept."""
        return None


class Extremes:
    """The least and the greatest value of the last stretches of time, so many that they reach back for two windows at least."""

    __slots__ = ("_length_ms", "_since_ms", "_stretches")

    def __init__(self, window_ms: int) -> None:
        self._length_ms = window_ms
        self._since_ms = 0
        self._stretches: list[list[float]] = []  # which one, least, greatest

    def look_back(self, times: Sequence[int], values: Sequence[float], since_ms: int) -> None:
        """Take in all that was said from ``since_ms`` on, in order; what was said before is not known."""
        self._since_ms = since_ms
        start = 0
        while start < len(times):
            end = bisect_left(times, (times[start] // self._length_ms + 1) * self._length_ms, start)
            for value in (min(values[start:end]), max(values[start:end])):
                self.add(times[start], value)
            start = end

    def add(self, at_ms: int, value: float) -> None:
        """Take in a value; one older than all that is kept says nothing."""
        which, stretches = at_ms // self._length_ms, self._stretches
        if not stretches or which > stretches[-1][0]:
            stretches.append([which, value, value])
            if len(stretches) > _STRETCHES:
                del stretches[:-_STRETCHES]
                self._since_ms = max(self._since_ms, int(stretches[0][0]) * self._length_ms)
            return
        stretch = next((one for one in reversed(stretches) if one[0] == which), None)
        if stretch is not None:
            stretch[1], stretch[2] = min(stretch[1], value), max(stretch[2], value)
        elif at_ms >= self._since_ms:
            stretches.append([which, value, value])
            stretches.sort()

    def between(self, from_ms: int, to_ms: int) -> list[float] | None:
        """Least and greatest of the stretches that reach into that time; None when it began before the first of them."""
        if from_ms < self._since_ms:
            return None
        first, last = from_ms // self._length_ms, to_ms // self._length_ms
        return [value for one in self._stretches if first <= one[0] <= last for value in one[1:]]


class Rise(Watch):
    """A rule that is true when a value is so far above the least of its window."""

    __slots__ = ("_extremes", "_window")
    one_tells = False

    def __init__(self, source: str, rule: Rule, metric: Metric | None) -> None:
        super().__init__(source, rule, metric)
        self.within_ms = (rule.within_s or 0) * 1_000
        self._window: deque[tuple[int, float]] = deque()  # times and values that rise: only what may still become the least
        self._extremes = Extremes(self.within_ms)

    def follow(self, at_ms: int, value: float) -> bool:
        """Take a value in, not earlier than the last; whether the level is another one now."""
        window = self._window
        while window and window[0][0] < at_ms - self.within_ms:
            window.popleft()
        least = min(window[0][1], value) if window else value
        while window and window[-1][1] >= value:
            window.pop()
        window.append((at_ms, value))
        self._extremes.add(at_ms, value)
        return super().follow(at_ms, value - least)

    def is_quiet(self, values: Sequence[Any]) -> bool:
        """None rises further than all of them spread."""
        found = numbers(values)
        return not found or max(found) - min(found) <= min(self._limits[0], self._backs[0])

    def look_back(self, times: Sequence[int], values: Sequence[Any], since_ms: int) -> None:
        """Fill the window."""
        if not _NUMBERS.issuperset(map(type, values)):
            places = [place for place, value in enumerate(values) if isinstance(value, int | float)]
            times, values = [times[place] for place in places], [values[place] for place in places]
        least = math.inf
        for at_ms, value in zip(reversed(times), reversed(values), strict=True):
            if value < least:
                self._window.appendleft((at_ms, float(value)))
                least = value
        self._extremes.look_back(times, values, since_ms)

    def extremes(self, from_ms: int, to_ms: int) -> Sequence[float] | None:
        """The least and the greatest value of that time, or of more than that; None when it goes too far back."""
        return self._extremes.between(from_ms, to_ms)

    def insert(self, at_ms: int, value: Any) -> None:
        """Put it into the window, unless a later value is as low."""
        measured = number(value)
        if measured is None:
            return
        self._extremes.add(at_ms, measured)
        if any(later >= at_ms and known <= measured for later, known in self._window):
            return
        kept = [one for one in self._window if one[0] >= at_ms or one[1] < measured]
        self._window = deque(sorted([*kept, (at_ms, measured)]))


class Absence(Watch):
    """A rule that is true when the terminal speaks, but for ``missing_s`` not of the metric; it ends with the next value.

    While the terminal is silent nothing is missing: after a pause as long as ``missing_s`` the time begins anew. So what was said within
    twice that time tells everything.
    """

    __slots__ = ("_missing_ms", "_since_ms", "_spoke_ms")
    needs_value = False

    def __init__(self, source: str, rule: Rule, metric: Metric | None, missing_s: int) -> None:
        super().__init__(source, rule, metric)
        self._missing_ms = missing_s * 1_000
        self.within_ms = 2 * self._missing_ms
        self._since_ms = self._spoke_ms = -self.within_ms

    def hear(self, at_ms: int, value: Any) -> bool:
        """Take a reading in, not earlier than the last; whether the level is another one now."""
        self._note(at_ms, value)
        before = self.level
        if value is not None:
            self.level = OFF
        elif at_ms - self._since_ms >= self._missing_ms:
            self.level = 0
        return self.level != before

    def is_quiet(self, values: Sequence[Any]) -> bool:
        """Nothing is missing where each reading has the metric."""
        return None not in values

    def look_back(self, times: Sequence[int], values: Sequence[Any], since_ms: int) -> None:
        """Note when the terminal spoke, and when of the metric."""
        for at_ms, value in zip(times, values, strict=True):
            self._note(at_ms, value)

    def _note(self, at_ms: int, value: Any) -> None:
        if value is not None or at_ms - self._spoke_ms >= self._missing_ms:
            self._since_ms = at_ms
        self._spoke_ms = at_ms


def watches(profile: Profile | None, code: str | None = None) -> list[Watch]:
    """A watch for each rule of ``profile`` (that raises ``code``), all off."""
    if profile is None:
        return []
    return [_watch(name, rule, profile.metrics.get(rule.metric)) for name, rule in sources(profile) if code in (None, rule.code)]


def _watch(source: str, rule: Rule, metric: Metric | None) -> Watch:
    if rule.missing_s:
        return Absence(source, rule, metric, rule.missing_s)
    return Watch(source, rule, metric) if rule.rises is None else Rise(source, rule, metric)


def usual_deadband(metric: Metric | None) -> float:
    """Pressure 2 %, temperature 1 % (at least 1 degree), all else 5 % of the range; 0 without a range (monitoring §3)."""
    if metric is None or metric.limits is None:
        return 0.0
    span = metric.limits[1] - metric.limits[0]
    if metric.unit in TEMPERATURE_UNITS:
        return max(_TEMPERATURE_SHARE * span, _LEAST_TEMPERATURE)
    return (_PRESSURE_SHARE if metric.unit in _PRESSURES else _OTHER_SHARE) * span


def number(value: Any) -> float | None:
    """``value`` as a number; a switch is 1 or 0, a text is none."""
    return float(value) if isinstance(value, int | float) else None


def numbers(values: Iterable[Any]) -> list[float]:
    """Those of ``values`` that are numbers."""
    return [float(value) for value in values if isinstance(value, int | float)]


def heard(position: int, at_ms: int, metrics: Mapping[str, Any], by_metric: Mapping[str, list[Watch]]) -> Iterator[tuple[str, Signal]]:
    """What one reading changes: the code and the signal of each watch that it moves to another level."""
    for metric, watched in by_metric.items():
        value = metrics.get(metric)
        measured = None if value is None else number(value)
        for watch in watched:
            before = watch.level
            if isinstance(watch, Absence):
                is_other = watch.hear(at_ms, value)
            else:
                is_other = measured is not None and watch.follow(at_ms, measured)
            if is_other:
                yield watch.code, _signal(position, at_ms, watch, before)


def by_metric(watched: Iterable[Watch]) -> dict[str, list[Watch]]:
    """The watches of each metric."""
    found: dict[str, list[Watch]] = {}
    for watch in watched:
        found.setdefault(watch.metric, []).append(watch)
    return found


def _signal(position: int, at_ms: int, watch: Watch, before: int) -> Signal:
    kind = SignalKind.CLEARED if watch.level == OFF else SignalKind.RAISED if before == OFF else SignalKind.PRESENT
    return Signal(from_ms(at_ms), "", -1, position, kind, source=watch.source, level=max(watch.level, 0))
