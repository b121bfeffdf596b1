"""What terminals said last before a position: one by one, or many of them in one pass, as after a restart.

Readings of all terminals lie mixed in the order in which they came, so that reading those of one terminal touches a page for nearly each.
"""

from array import array
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import islice
from operator import gt
from typing import Any

from peewee import fn

from app.core.prepared import Prepared
from app.monitoring.models import Reading
from app.monitoring.signals import decode_metrics

FEW = 16  # so many terminals are read one by one
PASS_IS_CHEAPER = 4  # by so much a row costs less when all are read in their order (measured on SQLite)
CHUNK = 20_000


@dataclass(slots=True)
class Said:
    """Readings of a terminal from ``since_ms`` on, by time: by metric what each says of it (None: nothing), and when."""

    since_ms: int
    values: dict[str, list[Any]]
    times: "array[int]" = field(default_factory=lambda: array("q"))

    def add(self, readings: Iterable[tuple[int, str]]) -> None:
        """Take in readings that lie together: when, and the metrics as JSON."""
        for at_ms, metrics in readings:
            self.times.append(at_ms)
            said = decode_metrics(metrics)
            for metric, values in self.values.items():
                values.append(said.get(metric))

    def put_in_order(self) -> None:
        """Sort by time; readings of the same moment stay as they came."""
        if any(map(gt, self.times, islice(self.times, 1, None))):
            places = sorted(range(len(self.times)), key=self.times.__getitem__)
            self.times = array("q", [self.times[place] for place in places])
            self.values = {metric: [values[place] for place in places] for metric, values in self.values.items()}


def newest_ms(terminal_id: int, position: int) -> int:
    """When the newest reading before ``position`` was made; -1 without one."""
    found = _newest.plain(terminal_id, position)
    return found[0][0] if found else -1


_newest = Prepared(
    lambda terminal_id, position: (
        Reading.select(Reading.at)
        .where(Reading.terminal == terminal_id, Reading.position < position)
        .order_by(Reading.at.desc())
        .limit(1)
        .tuples()
    )
)


def fill(wanted: Mapping[int, Said], position: int) -> None:
    """Give each of ``wanted``, by terminal and empty, its readings before ``position``."""
    start, in_pass = _pass(wanted, position)
    for terminal_id, said in wanted.items():
        if terminal_id not in in_pass:
            said.add(_since.plain(terminal_id, said.since_ms, position))
    # Bound methods at hand: this loop runs over every reading of the last minutes.
    columns = {
        terminal_id: (said.since_ms, said.times.append, [(metric, values.append) for metric, values in said.values.items()])
        for terminal_id, said in wanted.items()
        if terminal_id in in_pass
    }
    for chunk in range(start, position, CHUNK):
        for terminal_id, at_ms, metrics in _all.plain(chunk, min(position, chunk + CHUNK)):
            column = columns.get(terminal_id)
            if column is not None and at_ms >= column[0]:
                column[1](at_ms)
                said_now = decode_metrics(metrics)
                for metric, append in column[2]:
                    append(said_now.get(metric))
    for terminal_id in in_pass:
        wanted[terminal_id].put_in_order()


def _pass(wanted: Mapping[int, Said], position: int) -> tuple[int, set[int]]:
    """Where the one pass begins and for which terminals it is made; it must not go further back for one of them than it is worth."""
    if len(wanted) <= FEW:
        return position, set()
    found = {terminal_id: _extent.plain(terminal_id, said.since_ms, position)[0] for terminal_id, said in wanted.items()}
    oldest = position - PASS_IS_CHEAPER * sum(count for _first, count in found.values())
    firsts = {terminal_id: first for terminal_id, (first, _count) in found.items() if first is not None and first >= oldest}
    return min(firsts.values(), default=position), set(firsts)


_extent = Prepared(
    lambda terminal_id, since_ms, position: (
        Reading.select(fn.MIN(Reading.position), fn.COUNT(Reading.position))
        .where(Reading.terminal == terminal_id, Reading.at >= since_ms, Reading.position < position)
        .tuples()
    )
)
_since = Prepared(
    lambda terminal_id, since_ms, position: (
        Reading.select(Reading.at, Reading.metrics)
        .where(Reading.terminal == terminal_id, Reading.at >= since_ms, Reading.position < position)
        .order_by(Reading.at, Reading.position)
        .tuples()
    )
)
_all = Prepared(
    lambda start, end: (
        Reading.select(Reading.terminal, Reading.at, Reading.metrics)
        .where(Reading.position >= start, Reading.position < end)
        .order_by(Reading.position)
        .tuples()
    )
)
