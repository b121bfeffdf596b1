"""What waits to be evaluated: positions, messages and readings behind the cursor."""

from app.core import db
from app.core.prepared import Prepared
from app.monitoring.models import EvaluationCursor, FeedPosition, InboxMessage, Reading, Terminal
from app.monitoring.watching import Row

CURSOR = "alarms"
INBOX = "inbox"
READINGS_AT_ONCE = 2_000


def last_position() -> int:
    """The last position that intake has committed; positions commit in order."""
    return (FeedPosition.select(FeedPosition.value).where(FeedPosition.name == INBOX).scalar() or 1) - 1


def cursor(lock: bool = False) -> int:
    """How far evaluation has read; with ``lock`` nobody else moves it until the running transaction ends."""
    query = EvaluationCursor.select().where(EvaluationCursor.name == CURSOR)
    row = (db.for_update(query) if lock else query).first()
    if row is None and lock:
        EvaluationCursor.insert(name=CURSOR, position=0).on_conflict_ignore().execute()
        return cursor(lock=True)
    return row.position if row else 0


def messages(start: int, top: int, limit: int) -> list[InboxMessage]:
    """At most ``limit`` messages behind ``start`` up to ``top``, with their terminals."""
    return _between.rows(start, top, limit)


_between = Prepared(
    lambda start, top, limit: (
        InboxMessage.select(InboxMessage, Terminal)
        .join(Terminal)
        .where(InboxMessage.position > start, InboxMessage.position <= top)
        .order_by(InboxMessage.position)
        .limit(limit)
    )
)


def readings(start: int, end: int) -> list[Row]:
    """At most ``READINGS_AT_ONCE`` readings behind ``start`` up to ``end``."""
    return _readings_between.plain(start, end, READINGS_AT_ONCE)


_readings_between = Prepared(
    lambda start, end, limit: (
        Reading.select(Reading.position, Reading.terminal, Reading.at, Reading.metrics)
        .where(Reading.position > start, Reading.position <= end)
        .order_by(Reading.position)
        .limit(limit)
        .tuples()
    )
)
