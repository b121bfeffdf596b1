"""Sessions on the server: the cookie carries a random token, the database its SHA-256 (ASVS 7.2-7.4)."""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from peewee import JOIN

from app.accounts.models import SessionKind, User, UserArea, UserRole, UserSession
from app.core import clock, db

TOKEN_BYTES = 32
IDLE = {SessionKind.DESK: timedelta(minutes=30), SessionKind.TABLET: timedelta(hours=12)}
ABSOLUTE = {SessionKind.DESK: timedelta(hours=12), SessionKind.TABLET: timedelta(days=7)}
# The time of the last request is written at most this often.
SEEN_EVERY = timedelta(minutes=1)
# A desk that is not used any more is locked instead of signed out as long as its board asks for news (monitoring §6). That is noted
# shortly before it matters, so that boards in use cost no write.
BOARD_OPEN = timedelta(minutes=10)
BOARD_EVERY = timedelta(minutes=4)
KEPT = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Loaded:
    """A live session with the person it belongs to."""

    session_id: str
    last_seen_at: datetime
    user_id: int
    username: str
    name: str
    locale: str | None
    theme: str | None
    must_change_password: bool
    roles: frozenset[str]
    area_ids: frozenset[int]
    kind: SessionKind
    board_seen_at: datetime | None
    is_locked: bool


def session_id(token: str) -> str:
    """The row id of ``token``: whoever reads the table cannot sign in with it."""
    return sha256(token.encode()).hexdigest()


def open_session(user: User, kind: SessionKind, ip: str, user_agent: str, at: datetime) -> str:
    """Open a session inside the running transaction and return its new token (256 bits)."""
    token = secrets.token_urlsafe(TOKEN_BYTES)
    UserSession.insert(
        id=session_id(token),
        user=user,
        kind=kind,
        created_at=at,
        last_seen_at=at,
        expires_at=at + ABSOLUTE[kind],
        ip=ip,
        user_agent=user_agent[:200],
    ).execute()
    return token


_sql: dict[type, str] = {}


def _load_sql() -> str:
    """The text of the one query of ``load``, built once per backend: it runs on every request."""
    backend = type(db.database.obj)
    if backend not in _sql:
        query = (
            UserSession.select(
                UserSession.kind,
                UserSession.last_seen_at,
                UserSession.expires_at,
                User.id,
                User.username,
                User.name,
                User.locale,
                User.theme,
                User.must_change_password,
                UserSession.board_seen_at,
                UserRole.role,
                UserArea.area,
            )
            .join(User)
            .join(UserRole, JOIN.LEFT_OUTER, on=(UserRole.user == User.id))
            .join(UserArea, JOIN.LEFT_OUTER, on=(UserArea.user == User.id))
            .where(User.is_active & UserSession.revoked_at.is_null() & (UserSession.id == ""))
        )
        _sql[backend] = query.sql()[0]
    return _sql[backend]


def load(token: str, at: datetime) -> Loaded | None:
    """The session of ``token`` if it lives at ``at`` and its user is active, else None. One query."""
    key = session_id(token)
    rows = db.database.execute_sql(_load_sql(), (key,)).fetchall()
    if not rows:
        return None
    kind, seen_ms, expires_ms, user_id, username, name, locale, theme, must_change, board_ms = rows[0][:10]
    last_seen_at = clock.from_ms(seen_ms)
    board_seen_at = None if board_ms is None else clock.from_ms(board_ms)
    is_idle = has_idled(SessionKind(kind), last_seen_at, at)
    if at >= clock.from_ms(expires_ms) or (is_idle and not has_board(SessionKind(kind), board_seen_at, at)):
        return None
    return Loaded(
        session_id=key,
        last_seen_at=last_seen_at,
        user_id=user_id,
        username=username,
        name=name,
        locale=locale,
        theme=theme,
        must_change_password=bool(must_change),
        roles=frozenset(row[10] for row in rows if row[10] is not None),
        area_ids=frozenset(row[11] for row in rows if row[11] is not None),
        kind=SessionKind(kind),
        board_seen_at=board_seen_at,
        is_locked=is_idle,
    )


def has_idled(kind: SessionKind, last_seen_at: datetime, at: datetime) -> bool:
    """Whether nobody has used the session for so long that it ends, or is locked while its board is open."""
    return at - last_seen_at >= IDLE[kind]


def has_board(kind: SessionKind, board_seen_at: datetime | None, at: datetime) -> bool:
    """Whether it is a desk on which the board is open."""
    return kind == SessionKind.DESK and board_seen_at is not None and at - board_seen_at < BOARD_OPEN


def note_seen(loaded: Loaded, at: datetime) -> None:
    """Keep the session from idling out; writes at most once in ``SEEN_EVERY``."""
    if at - loaded.last_seen_at < SEEN_EVERY:
        return
    with db.transaction():
        UserSession.update(last_seen_at=at).where((UserSession.id == loaded.session_id) & (UserSession.last_seen_at < at)).execute()


def note_board(loaded: Loaded, at: datetime) -> None:
    """The board of this desk asked for news: it keeps the session from ending, not from being locked."""
    is_desk, is_fresh = loaded.kind == SessionKind.DESK, at - loaded.last_seen_at < IDLE[SessionKind.DESK] - BOARD_OPEN
    if not is_desk or is_fresh or (loaded.board_seen_at is not None and at - loaded.board_seen_at < BOARD_EVERY):
        return
    with db.transaction():
        UserSession.update(board_seen_at=at).where(UserSession.id == loaded.session_id).execute()


def revoke(at: datetime, *, ids: Iterable[str]) -> int:
    """End the sessions ``ids`` inside the running transaction; returns how many were alive."""
    return UserSession.update(revoked_at=at).where(UserSession.id.in_(list(ids)) & UserSession.revoked_at.is_null()).execute()


def revoke_all(user_id: int, at: datetime, *, but: str | None = None) -> int:
    """End every session of a user inside the running transaction, except ``but``; returns how many were alive."""
    alive = (UserSession.user == user_id) & UserSession.revoked_at.is_null()
    if but is not None:
        alive &= UserSession.id != but
    return UserSession.update(revoked_at=at).where(alive).execute()


def purge(at: datetime) -> int:
    """Delete sessions that ended more than ``KEPT`` ago; returns how many."""
    with db.transaction():
        return UserSession.delete().where(UserSession.expires_at < at - KEPT).execute()
