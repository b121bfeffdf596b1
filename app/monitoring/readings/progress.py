"""How far thinning and forgetting have got, and the settings that say how long readings are kept."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self

from app.core import db
from app.core.clock import UTC, from_ms, to_ms
from app.core.errors import N_
from app.core.known_settings import KnownSetting, SettingKind, register
from app.core.prepared import Prepared
from app.monitoring.models import ReadingProgress

# A late message is put in its place from the readings of the last 7 days (T17); they must be there, whatever is set.
LEAST_RAW_DAYS = 8
RAW_DAYS = register(
    KnownSetting(
        "readings_raw_days", N_("Days that readings are kept as they came"), 90, SettingKind.WHOLE, least=LEAST_RAW_DAYS, most=3_650,
        hint=N_("Older ones remain minute by minute and hour by hour. Faults are kept for good."),
    )
)  # fmt: skip
MINUTE_DAYS = register(
    KnownSetting(
        "readings_minute_days", N_("Days that minutes of readings are kept"), 730, SettingKind.WHOLE, least=LEAST_RAW_DAYS, most=7_300
    )
)
HOUR_DAYS = register(
    KnownSetting(
        "readings_hour_days", N_("Days that hours of readings are kept"), 3_650, SettingKind.WHOLE, least=LEAST_RAW_DAYS, most=36_500
    )
)


@dataclass(frozen=True, slots=True)
class Progress:
    """``scanned``: the last position whose hour is noted; ``raw_from``, ``minute_from``, ``hour_from``: before these (ms) is nothing kept.

    Readings before ``raw_from`` up to the position ``doomed`` are in their blocks and only wait to be deleted.
    """

    scanned: int = 0
    doomed: int = 0
    raw_from: int = 0
    minute_from: int = 0
    hour_from: int = 0

    @classmethod
    def of(cls, values: dict[str, int]) -> Self:
        """What ``values`` say, 0 for what they do not."""
        return cls(**{name: values.get(name, 0) for name in cls.__slots__})


_all = Prepared(ReadingProgress.select, 0)


def progress() -> Progress:
    """The present progress."""
    return Progress.of({row.name: row.value for row in _all.rows()})


def locked() -> Progress:
    """The present progress, which nobody else changes until the running transaction ends."""
    ReadingProgress.insert(name="scanned", value=0).on_conflict_ignore().execute()
    db.for_update(ReadingProgress.select().where(ReadingProgress.name == "scanned")).first()
    return progress()


def note(**values: int) -> None:
    """Keep ``values`` by their names, in the running transaction."""
    for name, value in values.items():
        ReadingProgress.insert(name=name, value=value).on_conflict(
            conflict_target=[ReadingProgress.name], update={ReadingProgress.value: value}
        ).execute()


def noted(name: str) -> int:
    """The value kept under ``name``, 0 without one."""
    return ReadingProgress.select(ReadingProgress.value).where(ReadingProgress.name == name).scalar() or 0


def cutoffs(now: datetime) -> Progress:
    """Before which times (ms) readings, minutes and hours are to go at ``now``: whole days, on PostgreSQL whole months for readings."""
    raw_days = max(int(RAW_DAYS.value()), LEAST_RAW_DAYS)
    minute_days = max(int(MINUTE_DAYS.value()), raw_days)
    hour_days = max(int(HOUR_DAYS.value()), minute_days)
    raw = _midnight(now - timedelta(days=raw_days))
    raw = raw if db.is_sqlite() else raw.replace(day=1)
    minutes, hours = (to_ms(_midnight(now - timedelta(days=days))) for days in (minute_days, hour_days))
    return Progress(raw_from=to_ms(raw), minute_from=minutes, hour_from=hours)


def _midnight(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def moment(ms: int) -> datetime | None:
    """The time that a progress names; None while there is none."""
    return from_ms(ms) if ms else None
