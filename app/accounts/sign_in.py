"""Signing in and out, and turning the cookie's token into a person on every request."""

from dataclasses import dataclass
from datetime import datetime

import structlog
from flask import has_request_context, request

from app.accounts import passwords, sessions, throttle
from app.accounts.models import SessionKind, User
from app.accounts.permissions import permissions_of, sees_every_area
from app.core import clock, db, history
from app.core.errors import N_, DomainError, Invalid
from app.core.types import Actor

log = structlog.get_logger()
FIRST_STEP = "/account/password"
UNLOCKING = "/account/unlock"
BOARD = "/monitoring"  # what a locked desk goes on showing, with the number of notices above it
SHOWN_WHEN_LOCKED = (BOARD, "/notices/bell")


@dataclass(frozen=True, slots=True)
class SignedInUser:
    """The person of this request, as flask-login and the templates want it."""

    token: str
    session_id: str
    user_id: int
    username: str
    name: str
    locale: str | None
    theme: str | None
    must_first: str | None
    is_locked: bool
    actor: Actor

    is_authenticated = True
    is_active = True
    is_anonymous = False

    def get_id(self) -> str:
        """What flask-login keeps in the cookie."""
        return self.token


def sign_in(*, username: str, password: str, ip: str, user_agent: str, kind: SessionKind, at: datetime | None = None) -> str:
    """Check the password and open a session; returns its token.

    An unknown name, a disabled user and a wrong password get the same answer after the same time (ASVS 6.3.8).
    Raises ``Invalid``, or ``TooManyAttempts`` with the time to wait.
    """
    at = at or clock.now()
    username = username.strip().lower()
    throttle.begin(username, ip, at)
    user = User.get_or_none(User.username == username)
    is_right = passwords.matches(password, user.password_hash if user else None)
    if user is None or not is_right or not user.is_active:
        log.warning("sign_in_refused", user_id=user.id if user else None)
        raise Invalid(N_("User name or password is wrong."))
    with db.transaction():
        throttle.succeed(username, ip)
        if passwords.is_outdated(user.password_hash):
            User.update(password_hash=passwords.hashed(password)).where(User.id == user.id).execute()
        token = sessions.open_session(user, kind, ip, user_agent, at)
        history.record(Actor(user.id, user.name, ip=ip), "sign_in", "user", user.id)
    return token


def sign_out(token: str, *, by: Actor, at: datetime | None = None) -> None:
    """End the session of ``token``; unknown and ended ones are left alone."""
    with db.transaction():
        if sessions.revoke(at or clock.now(), ids=[sessions.session_id(token)]):
            history.record(by, "sign_out", "user", by.user_id)


def load_user(token: str) -> SignedInUser | None:
    """The person whose session ``token`` is, or None. One query; live polls do not keep a session alive, nor does anything a locked one."""
    at = clock.now()
    loaded = sessions.load(token, at)
    if loaded is None:
        return None
    try:
        if _is_board():
            sessions.note_board(loaded, at)
        if not (loaded.is_locked or _is_poll()):
            sessions.note_seen(loaded, at)
    except DomainError:  # a busy database delays the note, not the reader
        log.warning("session_not_noted")
    return _person(token, loaded)


def _person(token: str, loaded: sessions.Loaded) -> SignedInUser:
    actor = Actor(
        user_id=loaded.user_id,
        name=loaded.name,
        roles=loaded.roles,
        permissions=permissions_of(loaded.roles),
        area_ids=None if sees_every_area(loaded.roles) else loaded.area_ids,
        ip=request.remote_addr if has_request_context() else None,
    )
    return SignedInUser(
        token=token,
        session_id=loaded.session_id,
        user_id=loaded.user_id,
        username=loaded.username,
        name=loaded.name,
        locale=loaded.locale,
        theme=loaded.theme,
        must_first=FIRST_STEP if loaded.must_change_password else UNLOCKING if loaded.is_locked and not _is_shown_when_locked() else None,
        is_locked=loaded.is_locked,
        actor=actor,
    )


def _is_board() -> bool:
    return has_request_context() and request.path == BOARD


def _is_shown_when_locked() -> bool:
    return has_request_context() and request.method == "GET" and request.path in SHOWN_WHEN_LOCKED


def _is_poll() -> bool:
    return has_request_context() and "HX-PTag" in request.headers
