"""What waits to be evaluated: positions, messages and readings behind the cursor of a partition."""

from dataclasses import dataclass
from typing import Any

from peewee import fn

from app.core import db
from app.core.errors import N_, Conflict
from app.core.prepared import Prepared, PreparedWrite
from app.monitoring.intake import Lease
from app.monitoring.models import EvaluationCursor, FeedPosition, InboxMessage, IntakeLease, Reading, Terminal
from app.monitoring.watching import Row

CURSOR = "alarms"
INBOX = "inbox"
MOVE = "partitions:"  # a position at which every partition stops, because the number behind the colon is to be that of the partitions
READINGS_AT_ONCE = 2_000


class NotOurs(Conflict):
    """Another process evaluates this partition now, or there are others than before; nothing was changed."""

    def __init__(self) -> None:
        super().__init__(N_("Another process evaluates this part of the feed now."))


@dataclass(frozen=True, slots=True)
class Partition:
    """The terminals whose id leaves the rest ``number`` when divided by ``of``; their messages are evaluated by one process.

    The id stands in every row of the feed, so that the database leaves out what is not wanted without looking at device codes.
    """

    number: int = 0
    of: int = 1

    @property
    def cursor(self) -> str:
        """The name of its cursor."""
        return CURSOR if self.of == 1 else f"{CURSOR}:{self.number}/{self.of}"

    @property
    def lease(self) -> str:
        """The name of its lease."""
        return f"evaluation:{self.number}/{self.of}"


def last_position() -> int:
    """The last position that intake has committed, positions commit in order; where partitions change, the last before that."""
    return min((value - (name == INBOX) for name, value in _positions.plain()), default=0)


_positions = Prepared(
    lambda: (
        FeedPosition.select(FeedPosition.name, FeedPosition.value)
        .where((FeedPosition.name == INBOX) | FeedPosition.name.startswith(MOVE))
        .tuples()
    )
)


def cursor(partition: Partition) -> int:
    """How far evaluation has read."""
    found = _cursor.plain(partition.cursor)
    return found[0][0] if found else 0


def locked_cursor(partition: Partition, lease: Lease | None) -> int:
    """The same; nobody else moves it until the running transaction ends.

    Raises ``NotOurs`` when the number of ``lease`` is no longer that of its row, or the partition no longer there. Who took the lease
    meanwhile waits for this lock and then finds the cursor moved: no batch has an effect twice.
    """
    found = _locked.plain(partition.cursor) if lease is None else _fenced.plain(partition.cursor, lease.name, lease.number)
    if found:
        return found[0][0]
    if EvaluationCursor.select().exists():
        raise NotOurs
    EvaluationCursor.insert(name=partition.cursor, position=0).on_conflict_ignore().execute()
    return locked_cursor(partition, lease)


def move_cursor(partition: Partition, position: int) -> None:
    """Everything up to ``position`` is evaluated."""
    _move.count(position, partition.cursor, position)


_cursor = Prepared(lambda name: EvaluationCursor.select(EvaluationCursor.position).where(EvaluationCursor.name == name).tuples())
_locked = Prepared(
    lambda name: db.for_update(EvaluationCursor.select(EvaluationCursor.position).where(EvaluationCursor.name == name).tuples())
)
_fenced = Prepared(
    lambda name, lease, number: db.for_update(
        EvaluationCursor.select(EvaluationCursor.position)
        .where(EvaluationCursor.name == name)
        .where(fn.EXISTS(IntakeLease.select(IntakeLease.name).where(IntakeLease.name == lease, IntakeLease.number == number)))
        .tuples()
    )
)
_move = PreparedWrite(
    lambda position, name, same: EvaluationCursor.update(position=position).where(
        EvaluationCursor.name == name, EvaluationCursor.position < same
    )
)


def messages(partition: Partition, start: int, top: int, limit: int) -> list[InboxMessage]:
    """At most ``limit`` messages behind ``start`` up to ``top``, with their terminals."""
    if partition.of == 1:
        return _between.rows(start, top, limit)
    return _between_of.rows(start, top, partition.of, partition.number, limit)


def _messages_between(start: Any, top: Any) -> Any:
    return (
        InboxMessage.select(InboxMessage, Terminal)
        .join(Terminal)
        .where(InboxMessage.position > start, InboxMessage.position <= top)
        .order_by(InboxMessage.position)
    )


_between = Prepared(lambda start, top, limit: _messages_between(start, top).limit(limit))
_between_of = Prepared(
    lambda start, top, of, number, limit: _messages_between(start, top).where(fn.MOD(InboxMessage.terminal, of) == number).limit(limit)
)


def readings(partition: Partition, start: int, end: int) -> list[Row]:
    """At most ``READINGS_AT_ONCE`` readings behind ``start`` up to ``end``."""
    if partition.of == 1:
        return _readings.plain(start, end, READINGS_AT_ONCE)
    return _readings_of.plain(start, end, partition.of, partition.number, READINGS_AT_ONCE)


def _readings_between(start: Any, end: Any) -> Any:
    return (
        Reading.select(Reading.position, Reading.terminal, Reading.at, Reading.metrics)
        .where(Reading.position > start, Reading.position <= end)
        .order_by(Reading.position)
        .tuples()
    )


_readings = Prepared(lambda start, end, limit: _readings_between(start, end).limit(limit))
_readings_of = Prepared(
    lambda start, end, of, number, limit: _readings_between(start, end).where(fn.MOD(Reading.terminal, of) == number).limit(limit)
)
