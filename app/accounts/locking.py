"""A desk on which the board stays open is locked after half an hour without use: the board goes on, acting needs a PIN (monitoring §6)."""

import re
from datetime import datetime
from itertools import pairwise

from app.accounts import passwords, queries, sessions, throttle
from app.accounts.models import User, UserSession
from app.core import clock, db, history
from app.core.errors import N_, Invalid, TooManyAttempts
from app.core.types import Actor

_PIN = re.compile(r"[0-9]{4,8}")
_CHECK_FIELDS = N_("Please check the marked fields.")


def unlock(*, by: Actor, session_id: str, typed: str, at: datetime | None = None) -> None:
    """Let the person act again from this session, by their PIN or password.

    Raises ``Invalid`` when it is neither, and ``TooManyAttempts`` after five wrong ones: the session has ended then, since a PIN is short.
    """
    at = at or clock.now()
    user = queries.user(by.user_id)
    try:
        throttle.begin(user.username, by.ip or "", at)
    except TooManyAttempts:
        with db.transaction():
            sessions.revoke(at, ids=[session_id])
            history.record(by, "session.revoke", "user", user.id)
        raise
    is_pin = user.pin_hash is not None and _PIN.fullmatch(typed) is not None and passwords.matches(typed, user.pin_hash)
    if not (is_pin or passwords.matches(typed, user.password_hash)):
        raise Invalid(_CHECK_FIELDS, fields={"secret": N_("This is neither your PIN nor your password.")})
    with db.transaction():
        throttle.succeed(user.username, by.ip or "")
        UserSession.update(last_seen_at=at).where(UserSession.id == session_id, UserSession.last_seen_at < at).execute()
        history.record(by, "session.unlock", "user", user.id)


def set_pin(*, by: Actor, password: str, pin: str, at: datetime | None = None) -> None:
    """Choose one's PIN for locked desks after giving the password; an empty one takes it away.

    Raises ``Invalid`` naming the field, ``TooManyAttempts`` when the password was guessed at.
    """
    user = queries.user(by.user_id)
    if pin and (wrong := _problem(pin)):
        raise Invalid(_CHECK_FIELDS, fields={"pin": wrong})
    throttle.begin(user.username, by.ip or "", at or clock.now())
    if not passwords.matches(password, user.password_hash):
        raise Invalid(_CHECK_FIELDS, fields={"password": N_("This is not your present password.")})
    with db.transaction():
        throttle.succeed(user.username, by.ip or "")
        User.update(pin_hash=passwords.hashed(pin) if pin else None).where(User.id == user.id).execute()
        history.record(by, "user.pin", "user", user.id, after={"has_pin": bool(pin)})


def _problem(pin: str) -> str | None:
    """Why ``pin`` is refused: what anybody would try first is no PIN."""
    if not _PIN.fullmatch(pin):
        return N_("A PIN has four to eight digits.")
    steps = {int(after) - int(before) for before, after in pairwise(pin)}
    return N_("Please choose digits that are not all the same or in a row.") if steps in ({0}, {1}, {-1}) else None
