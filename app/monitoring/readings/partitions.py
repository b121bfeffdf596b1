"""On PostgreSQL readings lie in one partition a month (UTC) by their time; those of odd clocks in a default one. Old ones go as a whole."""

import re
from datetime import datetime, timedelta

from app.core import db
from app.core.clock import UTC, to_ms

OTHER = "reading_other"
AHEAD = 2  # months made before they begin
_MONTH = re.compile(r"reading_(\d{4})(\d\d)")
# Shorter than PostgreSQL takes to look for a deadlock: intake must never be the one that is broken off.
_WAIT = "SET LOCAL lock_timeout = '500ms'"
_NAMES = "SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = 'reading'::regclass ORDER BY 1"


def names() -> list[str]:
    """The partitions that are there; none on SQLite."""
    return [] if db.is_sqlite() else [name for (name,) in db.database.execute_sql(_NAMES).fetchall()]


def make(now: datetime) -> int:
    """Make the partitions of the present month and of those to come that are not there; returns how many that were.

    Raises ``Unavailable`` when readings are being written all the time; the next try makes them.
    """
    there = set(names())
    if not there:
        return 0
    wanted = [month for month in _months(now) if _name(month) not in there]
    for month in wanted:
        _make(month)
    return len(wanted)


def _make(month: datetime) -> None:
    """Make one, with what has come for it already."""
    name, first, after = _name(month), to_ms(month), to_ms(_next(month))
    with db.transaction():
        execute = db.database.execute_sql
        execute(_WAIT)
        execute(f"CREATE TABLE {name} (LIKE reading INCLUDING DEFAULTS)")
        execute(f"LOCK TABLE {OTHER} IN ACCESS EXCLUSIVE MODE")
        execute(
            f"WITH moved AS (DELETE FROM {OTHER} WHERE at >= %s AND at < %s RETURNING *) INSERT INTO {name} SELECT * FROM moved",
            (first, after),
        )
        execute(f"ALTER TABLE reading ATTACH PARTITION {name} FOR VALUES FROM ({first}) TO ({after})")


def drop(before_ms: int, doomed: int) -> int:
    """Drop the partitions that end before ``before_ms`` and hold no reading behind the position ``doomed``; returns how many that were."""
    dropped = 0
    for name in names():
        match = _MONTH.fullmatch(name)
        if match and to_ms(_next(datetime(int(match[1]), int(match[2]), 1, tzinfo=UTC))) <= before_ms:
            dropped += _drop(name, doomed)
    return dropped


def _drop(name: str, doomed: int) -> bool:
    with db.transaction():
        db.database.execute_sql(_WAIT)
        db.database.execute_sql("LOCK TABLE reading IN ACCESS EXCLUSIVE MODE")
        if db.database.execute_sql(f"SELECT 1 FROM {name} WHERE position > %s LIMIT 1", (doomed,)).fetchone():
            return False
        db.database.execute_sql(f"DROP TABLE {name}")
    return True


def _months(now: datetime) -> list[datetime]:
    months = [now.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)]
    for _ in range(AHEAD):
        months.append(_next(months[-1]))
    return months


def _next(month: datetime) -> datetime:
    return (month + timedelta(days=32)).replace(day=1)


def _name(month: datetime) -> str:
    return f"reading_{month:%Y%m}"
