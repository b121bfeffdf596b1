"""Forgetting readings by age, in short steps: first those as they came, years later their minutes and hours. Faults never go.

Before readings go, all of them are in their minutes and hours. ``Progress.raw_from`` and the others move first; who draws a chart looks at
them, so that nothing half deleted is ever drawn.
"""

from dataclasses import dataclass
from datetime import datetime

from app.core import db
from app.monitoring.models import ReadingDue
from app.monitoring.readings import partitions
from app.monitoring.readings.progress import cutoffs, locked, note, noted, progress

ROWS_AT_ONCE = 1_000
BLOCKS_AT_ONCE = 200

_NEXT_TERMINAL = """
    SELECT terminal.id FROM terminal WHERE terminal.id > {p}
    AND EXISTS (SELECT 1 FROM {table} old WHERE old.terminal_id = terminal.id AND old.at < {p} {more}) ORDER BY terminal.id LIMIT 1
"""
_DELETE = """
    DELETE FROM {table} WHERE terminal_id = {p} AND {key} IN (
        SELECT {key} FROM {table} old WHERE old.terminal_id = {p} AND old.at < {p} {more} ORDER BY old.at LIMIT {limit}
    )
"""


def move_on(now: datetime) -> None:
    """Set how far is to be forgotten at ``now``; readings go only as far as all of them are thinned."""
    with db.transaction():
        known, wanted = locked(), cutoffs(now)
        is_thinned = not ReadingDue.select().where(ReadingDue.at < wanted.raw_from).exists()
        if wanted.raw_from > known.raw_from and is_thinned:
            note(raw_from=wanted.raw_from, doomed=known.scanned)
        for name in ("minute_from", "hour_from"):
            if getattr(wanted, name) > getattr(known, name):
                note(**{name: getattr(wanted, name)})


@dataclass(frozen=True, slots=True)
class _Aged:
    """Rows of one kind: their table, what tells those of a terminal apart, and how many go at once."""

    name: str
    table: str
    key: str
    at_once: int


_MINUTES = _Aged("minute", "reading_minute", "at", BLOCKS_AT_ONCE)
_HOURS = _Aged("hour", "reading_hour", "at", BLOCKS_AT_ONCE)


def forget() -> int:
    """Delete the next rows that are to go, in one short transaction; returns how many that were, 0 when nothing is left."""
    known = progress()
    readings = _Aged("raw", "reading" if db.is_sqlite() else partitions.OTHER, "position", ROWS_AT_ONCE)
    return (
        partitions.drop(known.raw_from, known.doomed)
        or _walk(readings, known.raw_from, f"AND old.position <= {known.doomed}")
        or _walk(_MINUTES, known.minute_from)
        or _walk(_HOURS, known.hour_from)
    )


def _walk(aged: _Aged, before_ms: int, more: str = "") -> int:
    """Delete rows of the next terminal that has some; a walk through all of them is done once for each ``before_ms``."""
    walked, walk = f"{aged.name}_walked", f"{aged.name}_walk"
    if noted(walked) >= before_ms:
        return 0
    words = {"p": db.database.param, "table": aged.table, "key": aged.key, "limit": aged.at_once, "more": more}
    with db.transaction():
        row = db.database.execute_sql(_NEXT_TERMINAL.format(**words), (noted(walk), before_ms)).fetchone()
        if row is None:
            note(**{walked: before_ms, walk: 0})
            return 0
        deleted: int = db.database.execute_sql(_DELETE.format(**words), (row[0], row[0], before_ms)).rowcount
        if deleted < aged.at_once:
            note(**{walk: row[0]})
    return deleted
