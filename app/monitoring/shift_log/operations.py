"""Signing on and off, notes, taking over (2E-15)."""

from datetime import datetime

from peewee import IntegrityError

from app.core import clock, db, history, live
from app.core.errors import N_, Conflict, Invalid
from app.core.types import Actor
from app.monitoring.shift_log import course
from app.monitoring.shift_log.models import ShiftLog, ShiftNote

KEEP = "shifts.keep"
LIVE = "shifts"
MAX_TEXT, MAX_REMARK = 2_000, 500
_EMPTY = N_("Nothing is written here yet.")
_LONG = N_("This is too long for the field.")
_STALE = N_("This shift is not as it was shown any more. Look at its present state.")


def sign_on(*, by: Actor, at: datetime | None = None) -> ShiftLog:
    """Begin a shift; who has one open already goes on with it. Raises ``NotAllowed``."""
    by.require(KEEP)
    now = at or clock.now()
    try:
        with db.transaction():
            log: ShiftLog = ShiftLog.create(user=by.user_id, user_name=by.name, started_at=now)
            history.record(by, "shift.begun", "shift_log", log.id, after={"at": now.isoformat()})
            live.touch(LIVE)
    except IntegrityError:  # a second click, or another window
        return open_of(by) or sign_on(by=by, at=at)
    return log


def open_of(by: Actor) -> ShiftLog | None:
    """The shift that ``by`` is in; None when there is none."""
    found: ShiftLog | None = ShiftLog.get_or_none(ShiftLog.user == by.user_id, ShiftLog.ended_at.is_null())
    return found


def note(*, by: Actor, log: ShiftLog, text: str, at: datetime | None = None) -> ShiftNote:
    """Write something down in a shift that is not over. Raises ``Invalid`` for nothing, ``Conflict`` when it has ended, ``NotAllowed``."""
    by.require(KEEP)
    words = _checked(text, MAX_TEXT, "text", is_needed=True)
    with db.transaction():
        _open(log)
        row: ShiftNote = ShiftNote.create(log=log, at=at or clock.now(), by=by.user_id, by_name=by.name, text=words)
        live.touch(LIVE)
    return row


def sign_off(*, by: Actor, log: ShiftLog, version: int, remark: str = "", at: datetime | None = None) -> None:
    """End a shift with what stands now as its handover; another clerk may end a shift whose clerk has forgotten it.

    Raises ``Conflict`` when it has ended or changed meanwhile, ``Invalid``, ``NotAllowed``.
    """
    by.require(KEEP)
    now, words = at or clock.now(), _checked(remark, MAX_TEXT, "remark")
    with db.transaction():
        _open(log)
        values = {
            "ended_at": max(now, log.started_at), "ended_by": by.user_id, "ended_by_name": by.name, "remark": words,
            "handover": course.standing(by).as_text(), "version": ShiftLog.version + 1,
        }  # fmt: skip
        if ShiftLog.update(values).where(ShiftLog.id == log.id, ShiftLog.version == version, ShiftLog.ended_at.is_null()).execute() != 1:
            raise Conflict(_STALE)
        history.record(by, "shift.ended", "shift_log", log.id, after={"of": log.user_name, "remark": words})
        live.touch(LIVE)


def take_over(*, by: Actor, log: ShiftLog, version: int, remark: str = "", at: datetime | None = None) -> None:
    """Countersign a handover: somebody else has read what was left.

    Raises ``Conflict`` when it is one's own, not over, or taken over already, ``Invalid``, ``NotAllowed``.
    """
    by.require(KEEP)
    words = _checked(remark, MAX_REMARK, "remark")
    if log.user_id == by.user_id:
        raise Conflict(N_("This is your own shift: who comes after you takes it over."))
    if log.ended_at is None:
        raise Conflict(N_("This shift is not over yet."))
    with db.transaction():
        values = {
            "countersigned_at": at or clock.now(), "countersigned_by": by.user_id, "countersigned_by_name": by.name,
            "countersign_remark": words, "version": ShiftLog.version + 1,
        }  # fmt: skip
        same = (ShiftLog.id == log.id) & (ShiftLog.version == version) & ShiftLog.countersigned_at.is_null()
        if ShiftLog.update(values).where(same).execute() != 1:
            raise Conflict(_STALE)
        history.record(by, "shift.taken_over", "shift_log", log.id, after={"of": log.user_name, "remark": words})
        live.touch(LIVE)


def _open(log: ShiftLog) -> None:
    found = db.for_update(ShiftLog.select().where(ShiftLog.id == log.id)).first()
    if found is None or found.ended_at is not None:
        raise Conflict(N_("This shift is over: nothing is added to it."))


def _checked(text: str, most: int, field: str, *, is_needed: bool = False) -> str:
    words = text.strip()
    if is_needed and not words:
        raise Invalid(_EMPTY, fields={field: _EMPTY})
    if len(words) > most:
        raise Invalid(_LONG, fields={field: _LONG})
    return words
