"""Evaluation by several processes: each reads some partitions of the inbox, and what a dead one read the others take over (rule 10).

How many partitions there are is what the cursors say, so that no two processes can think differently of it. To change it, every partition
stops at one position; when all are there, the cursors of the new ones take the place of the old, in one transaction.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

import structlog
from peewee import fn

from app.core import clock, db
from app.core.errors import N_, Invalid
from app.monitoring.evaluation import inbox
from app.monitoring.evaluation.evaluator import Evaluator
from app.monitoring.evaluation.inbox import MOVE, NotOurs, Partition
from app.monitoring.evaluation.pace import Pace
from app.monitoring.intake import Lease, LeaseLost, Share, instances, renew_lease
from app.monitoring.models import EvaluationCursor, FeedPosition, IntakeLease

MOST = 64
TTL_MS = 10_000
LOOK_EVERY_MS = 1_000
RENEW_EVERY_MS = 3_000

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a partition is read, and by whom."""

    partition: Partition
    position: int
    holder: str


def stored() -> int:
    """How many partitions there are: as many as have all their cursors; one left over alone counts for nothing. Raises ``Unavailable``."""
    with db.available():
        db.connect()
        names = {name for (name,) in EvaluationCursor.select(EvaluationCursor.name).tuples()}
    return next((number for number in range(len(names), 0, -1) if names.issuperset(one.cursor for one in all_of(number))), 1)


def wanted() -> int | None:
    """How many there are to be as soon as all have stopped, None while nothing changes."""
    row = _move()
    return None if row is None else int(row.name.removeprefix(MOVE))


def all_of(number: int) -> list[Partition]:
    """The partitions when there are ``number``."""
    return [Partition(one, number) for one in range(number)]


def progress() -> list[Progress]:
    """Every partition with its cursor and the holder of its lease."""
    holders = dict(IntakeLease.select(IntakeLease.name, IntakeLease.holder).tuples())
    return [Progress(one, inbox.cursor(one), holders.get(one.lease, "")) for one in all_of(stored())]


def ask_for(number: int) -> None:
    """Let there be ``number`` partitions as soon as those that are there have stopped at one position.

    Raises ``Invalid`` when the database or the number does not allow it.
    """
    if not 1 <= number <= MOST:
        raise Invalid(N_("There can be 1 to 64 partitions."))
    if number > 1 and db.is_sqlite():
        raise Invalid(N_("SQLite takes one writer at a time: several partitions need PostgreSQL."))
    with db.transaction():
        FeedPosition.delete().where(FeedPosition.name.startswith(MOVE)).execute()
        if not EvaluationCursor.select().exists():
            EvaluationCursor.insert(name=Partition().cursor, position=0).on_conflict_ignore().execute()
        if number != EvaluationCursor.select().count():
            FeedPosition.insert(name=f"{MOVE}{number}", value=max(inbox.last_position(), _furthest())).execute()


def settle() -> bool:
    """Change the partitions if that is asked for and all have stopped; returns whether it was done. Raises ``Unavailable``."""
    with db.available():
        db.connect()
        if _move() is None:
            return False
    with db.transaction():
        move = _move(is_locked=True)
        if move is None:
            return False
        cursors = list(db.for_update(EvaluationCursor.select().order_by(EvaluationCursor.name)))
        furthest = max(row.position for row in cursors)
        if furthest > move.value:  # one was on its way past the stop when it was set
            FeedPosition.update(value=furthest).where(FeedPosition.name == move.name).execute()
            return False
        if any(row.position < move.value for row in cursors):
            return False
        _change(int(move.name.removeprefix(MOVE)), move.value)
    return True


def _change(number: int, position: int) -> None:
    EvaluationCursor.delete().execute()
    EvaluationCursor.insert_many([{"name": one.cursor, "position": position} for one in all_of(number)]).execute()
    FeedPosition.delete().where(FeedPosition.name.startswith(MOVE)).execute()
    IntakeLease.delete().where(IntakeLease.name.startswith("evaluation:")).execute()
    log.info("partitions_changed", number=number, position=position)


def _move(*, is_locked: bool = False) -> FeedPosition | None:
    query = FeedPosition.select().where(FeedPosition.name.startswith(MOVE))
    return (db.for_update(query) if is_locked else query).first()


def _furthest() -> int:
    return EvaluationCursor.select(fn.MAX(EvaluationCursor.position)).scalar() or 0


class Evaluators:
    """The partitions that this process evaluates, one after the other: those it has the lease of."""

    def __init__(self, holder: str, now: Callable[[], datetime] = clock.now) -> None:
        self._now = now
        self.is_intake_behind: Callable[[], bool] = lambda: False
        self._share = Share(holder, TTL_MS)
        self._evaluators: dict[Lease, Evaluator] = {}
        self._looked_ms = self._renewed_ms = 0

    def evaluate_pending(self, limit: int = 500) -> int:
        """Evaluate at most ``limit`` messages of each partition; returns by how many positions they advanced. Raises ``Unavailable``."""
        advanced = 0
        for one in list(self._evaluators.values()):
            with self._dropping(one):
                advanced += one.evaluate_pending(limit)
        return advanced

    def tick(self, now_ms: int) -> None:
        """Take and give back partitions, then let timers and silence of those that are held have their turn. Raises ``Unavailable``."""
        if not 0 <= now_ms - self._looked_ms < LOOK_EVERY_MS:
            self._looked_ms = now_ms
            self._look(now_ms)
        for one in list(self._evaluators.values()):
            with self._dropping(one):
                one.tick(now_ms)

    def give_back(self) -> None:
        """Let others evaluate at once. Raises ``Unavailable``."""
        self._evaluators.clear()
        self._share.give_back()

    def _look(self, now_ms: int) -> None:
        """Only who has a connection evaluates while anybody has one: it hears first of what comes in."""
        settle()
        there = instances(now_ms)
        among = there.connected or there.alive or frozenset((self._share.holder,))
        self._renew(now_ms)
        parts = {one.lease: one for one in all_of(stored())}
        held = self._share.look(list(parts), among, now_ms)
        self._evaluators = {lease: self._evaluators.get(lease) or self._evaluator(parts[lease.name], lease) for lease in held}

    def _evaluator(self, partition: Partition, lease: Lease) -> Evaluator:
        made = Evaluator(self._now, partition, lease)
        made.is_intake_behind = self.is_intake_behind
        made.pace = Pace()
        return made

    def _renew(self, now_ms: int) -> None:
        if 0 <= now_ms - self._renewed_ms < RENEW_EVERY_MS:
            return
        self._renewed_ms = now_ms
        for lease in list(self._share.held):
            try:
                renew_lease(lease, now_ms)
            except LeaseLost:
                self._drop(lease)

    @contextmanager
    def _dropping(self, evaluator: Evaluator) -> Iterator[None]:
        try:
            yield
        except NotOurs:
            log.warning("partition_lost", partition=evaluator.partition.lease)
            if evaluator.lease is not None:
                self._drop(evaluator.lease)

    def _drop(self, lease: Lease) -> None:
        self._evaluators.pop(lease, None)
        self._share.held = [one for one in self._share.held if one != lease]


def whole(now: Callable[[], datetime] = clock.now) -> list[Evaluator]:
    """Evaluators of all partitions without any lease, for a process that is alone. Raises ``Unavailable``."""
    return [Evaluator(now, partition) for partition in all_of(stored())]
