"""Which sequence numbers of each boot are in, and which are missing (monitoring rules 7 and 8)."""

from collections import defaultdict
from dataclasses import dataclass, field

from app.core import bulk, db
from app.monitoring.models import Gap, GapState, SeqRange
from app.monitoring.sequences import Run, holes, joined, runs, without

Boot = tuple[int, str]  # terminal id, boot


@dataclass(slots=True)
class Known:
    """What the database has of one boot near the numbers of a batch; ``head`` is its highest number, -1 for none."""

    head: int = -1
    ranges: list[tuple[int, Run]] = field(default_factory=list)

    def has(self, seq: int) -> bool:
        """Whether ``seq`` was taken in before."""
        return any(run.first <= seq <= run.last for _, run in self.ranges)


def known_ranges(spans: dict[Boot, Run]) -> dict[Boot, Known]:
    """The ranges that touch the span of numbers of each boot, and the boot's highest one."""
    found: dict[Boot, Known] = defaultdict(Known)
    if not spans:
        return found
    rows = [(terminal, boot, span.first - 1, span.last + 1) for (terminal, boot), span in spans.items()]
    wanted, params = bulk.table(("terminal bigint", "boot text", "low bigint", "high bigint"), rows)
    sql = f"""
        SELECT r.id, r.terminal_id, r.boot, r."first", r."last" FROM {wanted}
        JOIN seq_range r ON r.terminal_id = wanted.terminal AND r.boot = wanted.boot
        WHERE (r."last" >= wanted.low AND r."first" <= wanted.high)
           OR r."first" = (SELECT MAX(h."first") FROM seq_range h WHERE h.terminal_id = wanted.terminal AND h.boot = wanted.boot)
    """
    for range_id, terminal, boot, first, last in db.database.execute_sql(sql, params):
        known = found[terminal, boot]
        known.ranges.append((range_id, Run(first, last)))
        known.head = max(known.head, last)
    return found


@dataclass(slots=True)
class Tracking:
    """The changes of one batch, written together at its end. Times are milliseconds since 1970."""

    known: dict[Boot, Known]
    at_ms: int
    numbers: dict[Boot, list[int]] = field(default_factory=lambda: defaultdict(list))
    lost_below: dict[Boot, int] = field(default_factory=dict)
    quiet_since: dict[int, int] = field(default_factory=dict)
    _updated: list[tuple[int, int, int]] = field(default_factory=list)
    _inserted: list[tuple[int, str, int, int]] = field(default_factory=list)
    _removed: list[int] = field(default_factory=list)

    def add(self, boot: Boot, seq: int) -> None:
        """Note ``seq`` of ``boot`` as taken in."""
        self.numbers[boot].append(seq)

    def write(self) -> None:
        """Write ranges and gaps in the running transaction."""
        for boot, numbers in self.numbers.items():
            self._extend(boot, runs(numbers))
        for start in range(0, len(self._removed), 500):
            SeqRange.delete().where(SeqRange.id.in_(self._removed[start : start + 500])).execute()
        bulk.update(SeqRange, ("first", "last"), self._updated)
        bulk.insert(SeqRange, ("terminal", "boot", "first", "last"), self._inserted)
        for boot, lowest_kept in self.lost_below.items():
            self._give_up(boot, lowest_kept)

    def _extend(self, boot: Boot, new: list[Run]) -> None:
        known = self.known[boot]
        if len(new) == len(known.ranges) == 1 and new[0].first == known.head + 1:  # the next numbers, as nearly always
            range_id, run = known.ranges[0]
            self._updated.append((run.first, new[0].last, range_id))
            return
        if new[0].first <= known.head:
            self._fill_gaps(boot, new)
        self._open_gaps(boot, holes(known.head, new))
        for run in joined([run for _, run in known.ranges] + new):
            parts = [(range_id, part) for range_id, part in known.ranges if run.first <= part.first <= run.last]
            if not parts:
                self._inserted.append((*boot, *run))
            elif parts[0][1] != run:
                self._updated.append((*run, parts[0][0]))
            self._removed += [range_id for range_id, _ in parts[1:]]

    def _open_gaps(self, boot: Boot, missing: list[Run]) -> None:
        terminal = boot[0]
        since = self.quiet_since.get(terminal, self.at_ms)
        for hole in missing:
            Gap.insert(terminal=terminal, boot=boot[1], first=hole.first, last=hole.last, from_at=since, to_at=self.at_ms).execute()

    def _fill_gaps(self, boot: Boot, new: list[Run]) -> None:
        for gap in _open_gaps_of(boot, new[0].first, new[-1].last):
            left = without(Run(gap.first, gap.last), new)
            if not left:
                Gap.update(state=GapState.FILLED, closed_at=self.at_ms).where(Gap.id == gap.id).execute()
            elif left != [Run(gap.first, gap.last)]:
                _shrink(gap, left)

    def _give_up(self, boot: Boot, lowest_kept: int) -> None:
        for gap in _open_gaps_of(boot, 0, lowest_kept - 1):
            lost = Run(gap.first, min(gap.last, lowest_kept - 1))
            Gap.update(state=GapState.LOST, closed_at=self.at_ms, last=lost.last).where(Gap.id == gap.id).execute()
            for hole in without(Run(gap.first, gap.last), [lost]):
                _copy(gap, hole)


def _open_gaps_of(boot: Boot, first: int, last: int) -> list[Gap]:
    return list(
        Gap.select().where(
            (Gap.terminal == boot[0]) & (Gap.boot == boot[1]) & (Gap.state == GapState.OPEN) & (Gap.first <= last) & (Gap.last >= first)
        )
    )


def _shrink(gap: Gap, left: list[Run]) -> None:
    Gap.update(first=left[0].first, last=left[0].last).where(Gap.id == gap.id).execute()
    for hole in left[1:]:
        _copy(gap, hole)


def _copy(gap: Gap, hole: Run) -> None:
    Gap.insert(terminal=gap.terminal_id, boot=gap.boot, first=hole.first, last=hole.last, from_at=gap.from_at, to_at=gap.to_at).execute()
