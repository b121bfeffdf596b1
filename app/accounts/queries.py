"""What the screens of accounts show: users, areas, sessions and the history."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from peewee import JOIN, ModelSelect, fn

from app.accounts.models import Area, Role, Station, User, UserArea, UserRole, UserSession
from app.accounts.sessions import has_board, has_idled
from app.core import paging
from app.core.errors import N_, NotFound
from app.core.history import HistoryEntry, HistoryPersonal
from app.core.paging import Sort
from app.core.types import Page

USER_SORTS = {
    "username": Sort(User.username, lambda user: user.username),
    "name": Sort(User.name, lambda user: user.name),
    "created_at": Sort(User.created_at, lambda user: user.created_at),
}
HISTORY_SORTS = {"id": Sort(HistoryEntry.id, lambda entry: entry.id)}
_STEP = 1_000


@dataclass(frozen=True, slots=True)
class UserLine:
    """A user with roles and names of areas, as a line of the list."""

    user: User
    roles: Sequence[str]
    areas: Sequence[str]
    station: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class UserFilter:
    """Which users are wanted; ``state`` is ``active``, ``disabled`` or empty for both."""

    q: str = ""
    role: str = ""
    area_id: int | None = None
    station_id: int | None = None
    state: str = ""


@dataclass(frozen=True, slots=True)
class AreaLine:
    """An area and how many active users work in it."""

    area: Area
    users: int


@dataclass(frozen=True, slots=True)
class HistoryLine:
    """An entry with the clear values of its personal fields, where they have not been deleted."""

    entry: HistoryEntry
    personal: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryFilter:
    """Which entries are wanted; empty means any."""

    object_type: str = ""
    object_id: str = ""
    action: str = ""
    actor_id: int | None = None
    since: datetime | None = None
    until: datetime | None = None


def users(wanted: UserFilter, *, sort: str = "username", after: str | None = None, before: str | None = None) -> Page[UserLine]:
    """One page of users. Raises ``Invalid`` for an unknown sort or page."""
    page = paging.page_of_records(_users(wanted), USER_SORTS, sort, after=after, before=before)
    return Page(_lines(page.rows), page.total, page.is_total_capped, page.next_key, page.previous_key)


def every_user(wanted: UserFilter, *, sort: str = "username") -> list[UserLine]:
    """All users that the list would show, for an export. Raises ``Invalid`` for an unknown sort."""
    return _lines(list(paging.whole(_users(wanted), USER_SORTS, sort)))


def _users(wanted: UserFilter) -> ModelSelect:
    query = User.select()
    if wanted.q:
        query = query.where(User.username.contains(wanted.q.lower()) | User.name.contains(wanted.q))
    if wanted.role:
        query = query.where(User.id.in_(UserRole.select(UserRole.user).where(UserRole.role == wanted.role)))
    if wanted.area_id is not None:
        query = query.where(User.id.in_(UserArea.select(UserArea.user).where(UserArea.area == wanted.area_id)))
    if wanted.station_id is not None:
        query = query.where(User.station == wanted.station_id)
    if wanted.state:
        query = query.where(User.is_active == (wanted.state == "active"))
    return query


def _lines(found: Sequence[User]) -> list[UserLine]:
    ids = [user.id for user in found]
    roles, areas = defaultdict(set), defaultdict(list)
    for row in UserRole.select().where(UserRole.user.in_(ids)):
        roles[row.user_id].add(row.role)
    for row in UserArea.select(UserArea.user, Area).join(Area).where(UserArea.user.in_(ids)).order_by(Area.name):
        areas[row.user_id].append(row.area.name)
    stations = dict(Station.select(Station.id, Station.name).tuples())
    return [UserLine(user, in_order(roles[user.id]), areas[user.id], stations.get(user.station_id, "")) for user in found]


def in_order(roles: Iterable[str]) -> list[Role]:
    """``roles`` in the order of ``Role``."""
    held = set(roles)
    return [role for role in Role if role in held]


def user(user_id: int | None) -> User:
    """The user. Raises ``NotFound``."""
    found = User.get_or_none(User.id == user_id)
    if found is None:
        raise NotFound(N_("There is no such user."))
    return found


def has_pin(user_id: int) -> bool:
    """Whether the person has chosen a PIN for locked desks."""
    return User.select(User.id).where(User.id == user_id, User.pin_hash.is_null(False)).exists()


def user_named(username: str) -> User:
    """The user who signs in as ``username``. Raises ``NotFound``."""
    found = User.get_or_none(User.username == username.strip().lower())
    if found is None:
        raise NotFound(N_("There is no such user."))
    return found


def roles_of(user_id: int | None) -> list[Role]:
    """The roles of a user, in the order of ``Role``."""
    return in_order(row.role for row in UserRole.select().where(UserRole.user == user_id))


def areas_of(user_id: int | None) -> list[Area]:
    """The areas a user works in, by name."""
    return list(Area.select().join(UserArea).where(UserArea.user == user_id).order_by(Area.name))


def everybody() -> list[tuple[int, str]]:
    """Id and name of all users, by name; for choices."""
    return list(User.select(User.id, User.name).order_by(User.name, User.id).tuples())


def active_people() -> list[tuple[int, str]]:
    """Id and name of everyone who works here now, by name; for choosing who does something."""
    return list(User.select(User.id, User.name).where(User.is_active).order_by(User.name, User.id).tuples())


def areas() -> list[AreaLine]:
    """All areas by name, with the number of active users."""
    counted = (
        Area.select(Area, fn.COUNT(User.id).alias("users"))
        .join(UserArea, JOIN.LEFT_OUTER, on=(UserArea.area == Area.id))
        .join(User, JOIN.LEFT_OUTER, on=((UserArea.user == User.id) & User.is_active))
        .group_by(Area)
        .order_by(Area.name)
    )
    return [AreaLine(area, area.users) for area in counted.objects()]


def area(area_id: int) -> Area:
    """The area. Raises ``NotFound``."""
    found = Area.get_or_none(Area.id == area_id)
    if found is None:
        raise NotFound(N_("There is no such area."))
    return found


def area_named(name: str) -> Area:
    """The area called ``name``. Raises ``NotFound``."""
    found = Area.get_or_none(Area.name == name)
    if found is None:
        raise NotFound(N_("There is no such area."))
    return found


def all_areas() -> list[Area]:
    """All areas, by name."""
    return list(Area.select().order_by(Area.name))


def area_choices() -> list[tuple[int, str]]:
    """Id and name of all areas, by name."""
    return list(Area.select(Area.id, Area.name).order_by(Area.name).tuples())


def live_sessions(user_id: int | None, at: datetime) -> list[UserSession]:
    """The sessions of a user that live at ``at``, the latest used first."""
    rows = (
        UserSession.select()
        .where((UserSession.user == user_id) & UserSession.revoked_at.is_null() & (UserSession.expires_at > at))
        .order_by(UserSession.last_seen_at.desc())
    )
    return [row for row in rows if not has_idled(row.kind, row.last_seen_at, at) or has_board(row.kind, row.board_seen_at, at)]


def history_page(wanted: HistoryFilter, *, after: str | None = None, before: str | None = None) -> Page[HistoryLine]:
    """One page of the history, newest first. Raises ``Invalid`` for an unknown page."""
    page = paging.page_of_records(_entries(wanted), HISTORY_SORTS, "-id", after=after, before=before)
    return Page(_with_personal(page.rows), page.total, page.is_total_capped, page.next_key, page.previous_key)


def whole_history(wanted: HistoryFilter) -> Iterator[HistoryLine]:
    """All entries, newest first, for an export; read in steps, so that nothing grows with the length of the history."""
    query = _entries(wanted).order_by(HistoryEntry.id.desc()).limit(_STEP)
    found = list(query)
    while found:
        yield from _with_personal(found)
        found = list(query.where(HistoryEntry.id < found[-1].id)) if len(found) == _STEP else []


def _with_personal(entries: Sequence[HistoryEntry]) -> list[HistoryLine]:
    clear: dict[int, dict[str, str]] = defaultdict(dict)
    for row in HistoryPersonal.select().where(HistoryPersonal.entry.in_([entry.id for entry in entries])):
        clear[row.entry_id][row.field] = row.value
    return [HistoryLine(entry, clear[entry.id]) for entry in entries]


def _entries(wanted: HistoryFilter) -> ModelSelect:
    query = HistoryEntry.select()
    for column, value in (
        (HistoryEntry.object_type, wanted.object_type),
        (HistoryEntry.object_id, wanted.object_id),
        (HistoryEntry.action, wanted.action),
    ):
        if value:
            query = query.where(column == value)
    if wanted.actor_id is not None:
        query = query.where(HistoryEntry.actor_id == wanted.actor_id)
    if wanted.since is not None:
        query = query.where(HistoryEntry.at >= wanted.since)
    if wanted.until is not None:
        query = query.where(HistoryEntry.at < wanted.until)
    return query
