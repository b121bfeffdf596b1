"""Readings that came behind newer ones: for which codes they may change what happened, so that it is computed again (T17).

Most change nothing. A value that leaves its rule off in every way it can be looked at costs a look at its neighbours, and no more.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from app.core.clock import from_ms
from app.core.prepared import Prepared
from app.monitoring.conditions import Watch
from app.monitoring.models import Alarm, Episode, Reading
from app.monitoring.signals import decode_metrics

Measured = tuple[int, Mapping[str, Any]]  # time in ms, values by metric


@dataclass
class Around:
    """What a terminal said around ``late`` readings, up to a position; read when it is asked for."""

    terminal_id: int
    since_ms: int  # when it began to speak for its machine
    newest_ms: int
    upto_position: int
    late: Sequence[Measured]
    widest_ms: int  # the longest window of its rules

    @cached_property
    def first_ms(self) -> int:
        """When the first late reading was made."""
        return min(at_ms for at_ms, _metrics in self.late)

    @cached_property
    def last_ms(self) -> int:
        """When the last late reading was made."""
        return max(at_ms for at_ms, _metrics in self.late)

    def values(self, metric: str, within_ms: int) -> list[tuple[int, Any]]:
        """What each reading from ``within_ms`` before to ``within_ms`` after them says of a metric, and the last value before that."""
        rows = self._neighbours
        if within_ms or (rows[0][0] < self.first_ms and rows[0][1].get(metric) is None):
            rows = self._rows
        times = [at_ms for at_ms, _metrics in rows]
        start, end = bisect_left(times, self.first_ms - within_ms), bisect_right(times, self.last_ms + within_ms)
        before = next((place for place in range(start - 1, -1, -1) if rows[place][1].get(metric) is not None), start)
        return [(at_ms, metrics.get(metric)) for at_ms, metrics in rows[before:end]]

    def is_known(self, within_ms: int) -> bool:
        """Whether the terminal already spoke for its machine so long before the first of them."""
        return self.first_ms - within_ms >= self.since_ms

    @cached_property
    def _rows(self) -> list[Measured]:
        return self._read(self.widest_ms)

    @cached_property
    def _neighbours(self) -> list[Measured]:
        """The late readings with the one before: a window holds hundreds, each on a page of its own, and most rules have none."""
        return self._read(0)

    def _read(self, within_ms: int) -> list[Measured]:
        start_ms = max(self.since_ms, self.first_ms - within_ms)
        found = _last_before.plain(self.terminal_id, self.since_ms, start_ms, self.upto_position)
        found += _between.plain(self.terminal_id, start_ms, self.last_ms + within_ms, self.upto_position)
        return [(at_ms, decode_metrics(metrics)) for at_ms, metrics in found]


def _readings(terminal_id: int) -> Any:
    return Reading.select(Reading.at, Reading.metrics).where(Reading.terminal == terminal_id)


_between = Prepared(
    lambda terminal_id, from_ms, to_ms, upto: (
        _readings(terminal_id)
        .where(Reading.at >= from_ms, Reading.at <= to_ms, Reading.position <= upto)
        .order_by(Reading.at, Reading.position)
        .tuples()
    )
)
_last_before = Prepared(
    lambda terminal_id, since_ms, before_ms, upto: (
        _readings(terminal_id)
        .where(Reading.at >= since_ms, Reading.at < before_ms, Reading.position <= upto)
        .order_by(Reading.at.desc(), Reading.position.desc())
        .limit(1)
        .tuples()
    )
)


def concerned(by_metric: Mapping[str, list[Watch]], spoken: set[str], around: Around) -> dict[str, list[datetime]]:
    """By code the times of the late readings, for the codes whose course they may change.

    ``spoken`` are the codes that something was or is said about at that time: they may not only begin, but also end by it. For a rule
    with a window a reading matters until that is over.
    """
    by_code: dict[str, list[Watch]] = {}
    for watches in by_metric.values():
        for watch in watches:
            by_code.setdefault(watch.code, []).append(watch)
    times = [from_ms(at_ms) for at_ms, _metrics in around.late]
    found = {}
    for code, watches in by_code.items():
        if any(_matters(watch, code in spoken, around) for watch in watches):
            over_ms = around.last_ms + max(watch.within_ms for watch in watches)
            found[code] = [*times, from_ms(max(around.last_ms, min(around.newest_ms, over_ms)))]
    return found


def _matters(watch: Watch, is_spoken: bool, around: Around) -> bool:
    """Whether the late readings may put the rule on a level, or take it off one."""
    values = [metrics.get(watch.metric) for _at, metrics in around.late]
    if watch.needs_value and all(value is None for value in values):
        return False
    if not (is_spoken or watch.within_ms):
        return not watch.is_quiet(values)
    if not is_spoken and around.is_known(watch.within_ms):
        known = watch.extremes(around.first_ms - watch.within_ms, around.last_ms + watch.within_ms)
        if known is not None:
            return not watch.is_quiet([*values, *known])
    near = around.values(watch.metric, watch.within_ms)
    if not around.is_known(watch.within_ms) or not watch.is_quiet([value for _at, value in near]):
        return True
    was_off = watch.one_tells and near[0][0] < around.first_ms and near[0][1] is not None
    return is_spoken and not was_off


def insert(by_metric: Mapping[str, Iterable[Watch]], late: Iterable[Measured]) -> None:
    """Let the watches know ``late`` readings that changed nothing."""
    for at_ms, metrics in late:
        for metric, watches in by_metric.items():
            if metric in metrics:
                for watch in watches:
                    watch.insert(at_ms, metrics[metric])


def codes_with_episode(machine_id: int, late: Iterable[Measured]) -> set[str]:
    """Codes with an episode at the time of ``late`` readings, or with the beginning of one."""
    times = [at_ms for at_ms, _metrics in late]
    rows = (*_standing_between.plain(machine_id, min(times), max(times)), *_pending_by.plain(machine_id, max(times)))
    return {code for (code,) in rows}


_standing_between = Prepared(
    lambda machine_id, first_ms, last_ms: (
        Episode.select(Episode.code)
        .where(Episode.machine == machine_id, Episode.started_at <= last_ms, Episode.ended_at.is_null() | (Episode.ended_at >= first_ms))
        .distinct()
        .tuples()
    )
)
_pending_by = Prepared(
    lambda machine_id, last_ms: Alarm.select(Alarm.code).where(Alarm.machine == machine_id, Alarm.pending_since <= last_ms).tuples()
)
