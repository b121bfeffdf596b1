"""What is done to users, areas and sessions. Every change is in the history; names stand there as personal values."""

import re
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from peewee import IntegrityError

from app.accounts import passwords, queries, sessions, throttle
from app.accounts.models import Area, Role, Station, User, UserArea, UserRole, UserSession
from app.core import clock, db, history
from app.core.errors import N_, Conflict, Invalid, NotAllowed, NotFound
from app.core.types import Actor, system

MANAGE = "users.manage"
FIRST_ADMINISTRATOR = "admin"
AUTO_THEME = "auto"
_USERNAME = re.compile(r"[a-z0-9][a-z0-9._-]{1,39}")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")
_PHONE = re.compile(r"[0-9+()*#, -]*")
_CHECK_FIELDS = N_("Please check the marked fields.")
_USERNAME_WORDS = N_("2 to 40 small letters, digits, dots, hyphens or underscores, beginning with a letter or digit.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """How a person is reached, and the station where a resident technician is based."""

    email: str = ""
    phone: str = ""
    station_id: int | None = None


def create_user(
    *,
    by: Actor,
    username: str,
    name: str,
    password: str,
    roles: Collection[str],
    area_ids: Collection[int] = (),
    reach: Reach = Reach(),
    must_change_password: bool = True,
    at: datetime | None = None,
) -> User:
    """Add a user who signs in with ``password`` and, unless told otherwise, must choose an own one first.

    Raises ``Invalid`` naming the fields, ``NotAllowed`` without ``users.manage``.
    """
    by.require(MANAGE)
    username, name = username.strip().lower(), name.strip()
    wrong = _wrong_person(name, roles) | _wrong_reach(reach, None) | _wrong_sign_in(username, password)
    if wrong:
        raise Invalid(_CHECK_FIELDS, fields=wrong)
    password_hash = passwords.hashed(password)
    try:
        with db.transaction():
            user = User.create(
                username=username,
                name=name,
                password_hash=password_hash,
                must_change_password=must_change_password,
                created_at=at or clock.now(),
                **_reach_fields(reach),
            )
            _write_roles(user.id, roles)
            _write_areas(user.id, area_ids)
            after = {"username": username, "roles": sorted(roles), "areas": sorted(area_ids), "station_id": reach.station_id}
            history.record(by, "user.create", "user", user.id, after=after, personal={"name": name} | _personal_reach(reach, None))
    except IntegrityError as error:
        raise Invalid(_CHECK_FIELDS, fields={"username": N_("This user name is taken.")}) from error
    return user


def create_first_administrator(*, at: datetime | None = None) -> str | None:
    """The administrator of an installation without users, and the random password to show once; None when there is a user."""
    password = passwords.generated()
    with db.transaction():
        if User.select().exists():
            return None
        create_user(by=system("setup"), username=FIRST_ADMINISTRATOR, name="Administrator", password=password, roles=[Role.ADMIN], at=at)
    return password


def change_user(
    *,
    by: Actor,
    user_id: int,
    version: int,
    name: str,
    roles: Collection[str],
    area_ids: Collection[int],
    reach: Reach | None = None,
    at: datetime | None = None,
) -> None:
    """Give a user this name, these roles, areas and (unless None) this reach; they hold from the next request on.

    Other roles end the sessions of the user. Raises ``Invalid``, ``NotFound``, ``Conflict`` (someone else changed the user),
    ``NotAllowed``.
    """
    by.require(MANAGE)
    name, user = name.strip(), queries.user(user_id)
    reach = reach or Reach(email=user.email, phone=user.phone, station_id=user.station_id)
    wrong = _wrong_person(name, roles) | _wrong_reach(reach, user)
    if wrong:
        raise Invalid(_CHECK_FIELDS, fields=wrong)
    with db.transaction():
        before = {"roles": sorted(_roles(user_id)), "areas": sorted(_areas(user_id)), "station_id": user.station_id}
        after = {"roles": sorted(roles), "areas": sorted(area_ids), "station_id": reach.station_id}
        with _an_administrator_stays():
            _claim(user_id, version, name=name, **_reach_fields(reach))
            _write_roles(user_id, roles)
        _write_areas(user_id, area_ids)
        if before["roles"] != after["roles"] and by.user_id != user_id:
            sessions.revoke_all(user_id, at or clock.now())
        personal = ({"name": name} if name != user.name else {}) | _personal_reach(reach, user)
        history.record(by, "user.change", "user", user_id, before=before, after=after, personal=personal)


def set_password(*, by: Actor, user_id: int, password: str, must_change_password: bool = True, at: datetime | None = None) -> None:
    """Give a user a new password; ends all sessions of that user.

    Raises ``Invalid`` naming the field, ``NotFound``, ``NotAllowed`` without ``users.manage``.
    """
    by.require(MANAGE)
    user = queries.user(user_id)
    _require_good("password", password, user.username)
    _store_password(by, user, passwords.hashed(password), must_change=must_change_password, at=at or clock.now())


def change_own_password(*, by: Actor, current: str, new: str, keep_session: str | None = None, at: datetime | None = None) -> None:
    """Replace one's own password after giving the present one; ends one's other sessions (ASVS 7.4.3).

    Raises ``Invalid`` naming the field, ``TooManyAttempts`` when the present password was guessed at.
    """
    at = at or clock.now()
    user = queries.user(by.user_id)
    throttle.begin(user.username, by.ip or "", at)
    if not passwords.matches(current, user.password_hash):
        raise Invalid(_CHECK_FIELDS, fields={"current": N_("This is not your present password.")})
    if new == current:
        raise Invalid(_CHECK_FIELDS, fields={"new": N_("Please choose another password than the present one.")})
    with db.transaction():
        throttle.succeed(user.username, by.ip or "")
    _require_good("new", new, user.username)
    _store_password(by, user, passwords.hashed(new), must_change=False, at=at, keep_session=keep_session)


def disable_user(*, by: Actor, user_id: int, version: int, at: datetime | None = None) -> None:
    """Shut a user out at once and end all sessions (ASVS 7.4.2).

    Raises ``Conflict`` (stale, or already disabled), ``NotAllowed`` (oneself, or the last administrator), ``NotFound``.
    """
    by.require(MANAGE)
    if by.user_id == user_id:
        raise NotAllowed(N_("You cannot shut yourself out. Another administrator can."))
    with db.transaction():
        with _an_administrator_stays():
            _set_active(by, queries.user(user_id), version, False, "user.disable")
        sessions.revoke_all(user_id, at or clock.now())


def enable_user(*, by: Actor, user_id: int, version: int) -> None:
    """Let a disabled user sign in again. Raises ``Conflict``, ``NotAllowed``, ``NotFound``."""
    by.require(MANAGE)
    with db.transaction():
        _set_active(by, queries.user(user_id), version, True, "user.enable")


def set_preferences(by: Actor, *, locale: str | None = None, theme: str | None = None) -> None:
    """Remember one's own language and colours; None leaves one as it is, theme ``auto`` follows the device."""
    changes: dict[str, str | None] = {}
    if locale is not None:
        changes["locale"] = locale
    if theme is not None:
        changes["theme"] = None if theme == AUTO_THEME else theme
    if changes:
        with db.transaction():
            User.update(**changes).where(User.id == by.user_id).execute()
            history.record(by, "user.preferences", "user", by.user_id, after=changes)


def revoke_session(*, by: Actor, session_id: str, at: datetime | None = None) -> None:
    """End one of one's own sessions, or anyone's with ``users.manage``. Raises ``NotFound`` for others' and for ended ones."""
    with db.transaction():
        row = UserSession.get_or_none(UserSession.id == session_id)
        if row is None or (row.user_id != by.user_id and not by.may(MANAGE)):
            raise NotFound(N_("There is no such session."))
        if not sessions.revoke(at or clock.now(), ids=[session_id]):
            raise NotFound(N_("This session has ended already."))
        history.record(by, "session.revoke", "user", row.user_id)


def revoke_sessions(*, by: Actor, user_id: int, but: str | None = None, at: datetime | None = None) -> int:
    """End every session of a user, except ``but``; one's own, or anyone's with ``users.manage``. Returns how many were alive."""
    if by.user_id != user_id:
        by.require(MANAGE)
    with db.transaction():
        queries.user(user_id)
        ended = sessions.revoke_all(user_id, at or clock.now(), but=but)
        history.record(by, "session.revoke_all", "user", user_id, after={"ended": ended})
    return ended


def create_area(*, by: Actor, name: str) -> Area:
    """Add an area. Raises ``Invalid`` for an empty or taken name, ``NotAllowed``."""
    by.require(MANAGE)
    name = _area_name(name)
    try:
        with db.transaction():
            area = Area.create(name=name)
            history.record(by, "area.create", "area", area.id, after={"name": name})
    except IntegrityError as error:
        raise _taken_area() from error
    return area


def rename_area(*, by: Actor, area_id: int, name: str) -> None:
    """Give an area another name. Raises ``Invalid``, ``NotFound``, ``NotAllowed``."""
    by.require(MANAGE)
    name = _area_name(name)
    try:
        with db.transaction():
            area = queries.area(area_id)
            Area.update(name=name).where(Area.id == area_id).execute()
            history.record(by, "area.rename", "area", area_id, before={"name": area.name}, after={"name": name})
    except IntegrityError as error:
        raise _taken_area() from error


def _wrong_person(name: str, roles: Collection[str]) -> dict[str, str]:
    wrong = {}
    if not 1 <= len(name) <= 60:
        wrong["name"] = N_("Please enter a name of at most 60 characters.")
    if not roles or not set(roles) <= set(Role):
        wrong["roles"] = N_("Please choose at least one role.")
    return wrong


def _wrong_reach(reach: Reach, user: User | None) -> dict[str, str]:
    wrong, email = {}, reach.email.strip()
    if email and (not _EMAIL.fullmatch(email) or len(email) > 120):
        wrong["email"] = N_("An e-mail address looks like name@example.com.")
    if len(reach.phone) > 30 or not _PHONE.fullmatch(reach.phone):
        wrong["phone"] = N_("A phone number has only digits and + - ( ).")
    is_kept = user is not None and user.station_id == reach.station_id
    is_offered = reach.station_id is None or Station.select().where((Station.id == reach.station_id) & Station.is_active).exists()
    if not is_kept and not is_offered:
        wrong["station"] = N_("There is no such station.")
    return wrong


def _reach_fields(reach: Reach) -> dict[str, Any]:
    return {"email": reach.email.strip(), "phone": reach.phone.strip(), "station": reach.station_id}


def _personal_reach(reach: Reach, user: User | None) -> dict[str, str]:
    """E-mail and phone as far as they are new; a value that was emptied stands as empty."""
    given = {"email": reach.email.strip(), "phone": reach.phone.strip()}
    return {name: value for name, value in given.items() if value != (getattr(user, name) if user else "")}


def _wrong_sign_in(username: str, password: str) -> dict[str, str]:
    wrong = {}
    if not _USERNAME.fullmatch(username):
        wrong["username"] = _USERNAME_WORDS
    refused = passwords.problem(password, username)
    return wrong | ({"password": refused} if refused else {})


def _require_good(field: str, password: str, username: str) -> None:
    refused = passwords.problem(password, username)
    if refused:
        raise Invalid(_CHECK_FIELDS, fields={field: refused})


def _store_password(by: Actor, user: User, password_hash: str, *, must_change: bool, at: datetime, keep_session: str | None = None) -> None:
    with db.transaction():
        pin = {"pin_hash": None} if by.user_id != user.id else {}  # who may have known the password may have chosen the PIN
        User.update(password_hash=password_hash, must_change_password=must_change, **pin).where(User.id == user.id).execute()
        sessions.revoke_all(user.id, at, but=keep_session)
        history.record(by, "user.password", "user", user.id, after={"must_change": must_change})


def _claim(user_id: int, version: int, **changes: object) -> None:
    claimed = User.update(version=User.version + 1, **changes).where((User.id == user_id) & (User.version == version)).execute()
    if claimed != 1:
        raise Conflict(N_("Someone else has changed this user in the meantime. This is the present state."))


def _set_active(by: Actor, user: User, version: int, is_active: bool, action: str) -> None:
    if user.is_active == is_active:
        raise Conflict(N_("Someone else has changed this user in the meantime. This is the present state."))
    _claim(user.id, version, is_active=is_active)
    history.record(by, action, "user", user.id, before={"is_active": user.is_active}, after={"is_active": is_active})


@contextmanager
def _an_administrator_stays() -> Iterator[None]:
    """Refuse a change that leaves nobody who can manage users; two such changes at once wait for each other."""
    list(db.for_update(UserRole.select().where(UserRole.role == Role.ADMIN).order_by(UserRole.user)))
    had = _count_administrators()
    yield
    if had and not _count_administrators():
        raise NotAllowed(N_("This is the last administrator. Make someone else administrator first."))


def _count_administrators() -> int:
    return UserRole.select().join(User).where((UserRole.role == Role.ADMIN) & User.is_active).count()


def _roles(user_id: int) -> set[str]:
    return {row.role for row in UserRole.select().where(UserRole.user == user_id)}


def _areas(user_id: int) -> set[int]:
    return {row.area_id for row in UserArea.select().where(UserArea.user == user_id)}


def _write_roles(user_id: int, roles: Iterable[str]) -> None:
    UserRole.delete().where(UserRole.user == user_id).execute()
    UserRole.insert_many([{"user": user_id, "role": role} for role in sorted(set(roles))]).execute()


def _write_areas(user_id: int, area_ids: Collection[int]) -> None:
    wanted = set(area_ids)
    known = {area.id for area in Area.select(Area.id).where(Area.id.in_(wanted))} if wanted else set()
    if known != wanted:
        raise Invalid(_CHECK_FIELDS, fields={"area_ids": N_("There is no such area.")})
    UserArea.delete().where(UserArea.user == user_id).execute()
    if wanted:
        UserArea.insert_many([{"user": user_id, "area": area_id} for area_id in sorted(wanted)]).execute()


def _area_name(name: str) -> str:
    name = name.strip()
    if not 1 <= len(name) <= 60:
        raise Invalid(_CHECK_FIELDS, fields={"name": N_("Please enter a name of at most 60 characters.")})
    return name


def _taken_area() -> Invalid:
    return Invalid(_CHECK_FIELDS, fields={"name": N_("There is an area of this name already.")})
