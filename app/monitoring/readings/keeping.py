"""How far readings have aged and how much room they take, for the page of the feed."""

from dataclasses import dataclass
from datetime import datetime

from app.core import db
from app.monitoring.models import ReadingDue
from app.monitoring.readings import partitions
from app.monitoring.readings.progress import moment, progress

_TABLES = ("reading", "reading_minute", "reading_hour")


@dataclass(frozen=True, slots=True)
class Keeping:
    """Since when readings, minutes and hours are kept, None where nothing was forgotten yet; ``sizes`` in bytes.

    SQLite keeps everything in one file: there ``whole`` is its size, and ``sizes`` is empty.
    """

    raw_from: datetime | None
    minute_from: datetime | None
    hour_from: datetime | None
    hours_due: int
    sizes: dict[str, int]
    whole: int


def keeping() -> Keeping:
    """How it is now."""
    known = progress()
    since = (moment(known.raw_from), moment(known.minute_from), moment(known.hour_from))
    return Keeping(*since, ReadingDue.select().count(), _sizes(), _whole())


def _whole() -> int:
    sql = "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size"
    sql = sql if db.is_sqlite() else "SELECT pg_database_size(current_database())"
    return int(db.database.execute_sql(sql).fetchone()[0])


def _sizes() -> dict[str, int]:
    if db.is_sqlite():
        return {}
    names = {table: [table] for table in _TABLES}
    names["reading"] += partitions.names()
    return {table: sum(_size(name) for name in parts) for table, parts in names.items()}


def _size(name: str) -> int:
    return int(db.database.execute_sql("SELECT COALESCE(pg_total_relation_size(to_regclass(%s)), 0)", (name,)).fetchone()[0])
