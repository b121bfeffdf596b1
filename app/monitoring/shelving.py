"""Alarms laid aside for a time (T13)."""

from datetime import datetime
from typing import Any

from peewee import Expression

from app.core import clock, db, history, live
from app.core.errors import N_, Conflict, Invalid
from app.core.types import Actor
from app.monitoring.alarm_machine.inhibition import longest_shelving
from app.monitoring.models import Alarm, AlarmShelving

MAX_REASON = 200


def shelve(*, by: Actor, alarm: Alarm, version: int, until: datetime, reason: str, is_safety: bool, at: datetime | None = None) -> None:
    """Lay ``alarm`` aside until ``until``: it is evaluated and logged, but opens no ticket and sends no notice.

    A clerk may do so for 8 hours at most, a manager for 72; codes with ``is_safety`` only a manager (monitoring §3). Raises ``NotAllowed``,
    ``Invalid`` with the words beside each field, ``Conflict`` when the alarm is no longer as it was at ``version``.
    """
    by.require("alarms.shelve_safety" if is_safety else "alarms.shelve")
    shelved_at = at or clock.now()
    longest = longest_shelving(is_manager=by.may("alarms.shelve_safety"))
    wrong = {} if reason.strip() else {"reason": N_("A reason is needed here.")}
    if not shelved_at < until <= shelved_at + longest:
        wrong["until"] = N_("An alarm can be laid aside for 8 hours at most, by a manager for 72.")
    if wrong:
        raise Invalid(next(iter(wrong.values())), fields=wrong)
    with db.transaction():
        _claim(alarm, version, Alarm.shelved_until.is_null(), shelved_until=until, due_at=_earlier(alarm.due_at, until))
        AlarmShelving.create(alarm=alarm, at=shelved_at, until_at=until, by=by.user_id, reason=reason.strip()[:MAX_REASON])
        history.record(by, "alarm.shelved", "alarm", alarm.id, after=_named(alarm) | {"until": until, "reason": reason.strip()})


def unshelve(*, by: Actor, alarm: Alarm, version: int, at: datetime | None = None) -> None:
    """End the shelf of ``alarm`` before its time; what it kept back is announced with the next timers. Raises ``Conflict``."""
    by.require("alarms.shelve")
    with db.transaction():
        ended_at = at or clock.now()
        _claim(alarm, version, Alarm.shelved_until.is_null(False), shelved_until=ended_at, due_at=_earlier(alarm.due_at, ended_at))
        history.record(by, "alarm.unshelved", "alarm", alarm.id, after=_named(alarm))


def end(alarm: Alarm, at: datetime) -> None:
    """The shelf of ``alarm`` is over, in the running transaction."""
    AlarmShelving.update(ended_at=at).where(AlarmShelving.alarm == alarm, AlarmShelving.ended_at.is_null()).execute()
    Alarm.update(shelved_until=None, version=Alarm.version + 1).where(Alarm.id == alarm.id).execute()
    alarm.shelved_until, alarm.version = None, alarm.version + 1
    live.touch("alarms")


def _claim(alarm: Alarm, version: int, condition: Expression, **changes: Any) -> None:
    claimed = Alarm.update(version=Alarm.version + 1, **changes).where(Alarm.id == alarm.id, Alarm.version == version, condition).execute()
    if claimed != 1:
        raise stale()
    live.touch("alarms")


def stale() -> Conflict:
    """What is said when the alarm is no longer as the person saw it."""
    return Conflict(N_("This alarm has changed meanwhile. Its present state is shown; look, then decide again."))


def _earlier(due_at: datetime | None, at: datetime) -> datetime:
    return at if due_at is None else min(due_at, at)


def _named(alarm: Alarm) -> dict[str, str]:
    return {"machine": alarm.machine.serial, "code": alarm.code}
