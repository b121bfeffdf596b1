"""Alarms that are gone but latched, reset by hand (T10)."""

from datetime import datetime

from app.core import clock, db, history
from app.core.errors import N_, Invalid
from app.core.types import Actor
from app.machines.queries import profile_of
from app.monitoring import alarms
from app.monitoring.alarm_machine.state import Condition
from app.monitoring.models import Alarm, AlarmReset
from app.monitoring.shelving import MAX_REASON, stale
from app.monitoring.subjects import subject


def reset(*, by: Actor, alarm: Alarm, version: int, reason: str, at: datetime | None = None) -> None:
    """Say that what raised a latched alarm was looked at: its episode ends now.

    Raises ``Invalid`` without a reason, ``Conflict`` when the alarm does not wait for a reset or is no longer as it was at ``version``.
    """
    by.require("alarms.reset")
    if not reason.strip():
        raise Invalid(N_("Say why, in a few words."), fields={"reason": N_("A reason is needed here.")})
    reset_at = at or clock.now()
    with db.transaction():
        known = alarms.load([alarm.machine_id], [alarm.code])[alarm.machine_id, alarm.code]
        if known.alarm.version != version or known.alarm.condition != Condition.LATCHED:
            raise stale()
        AlarmReset.create(alarm=alarm, at=reset_at, by=by.user_id, reason=reason.strip()[:MAX_REASON])
        alarms.reset(subject(alarm.machine, profile_of(alarm.machine), alarm.code), known, reset_at)
        history.record(
            by, "alarm.reset", "alarm", alarm.id, after={"machine": alarm.machine.serial, "code": alarm.code, "reason": reason.strip()}
        )
