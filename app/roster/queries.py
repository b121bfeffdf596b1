"""Who is on duty, and where people are."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from app.accounts.models import Role, User, UserRole
from app.core import clock
from app.core.errors import N_
from app.core.history import HistoryEntry
from app.roster import operations
from app.roster.models import DutyShift, Presence, PresenceState


def on_duty(role: Role | str, at: datetime) -> list[User]:
    """Who answers for ``role`` at ``at``: those whose shift it is, else every active person who holds the role.

    Who is on leave is left out as long as somebody else holds the role, on shift or not; only when all of them are on
    leave are they named all the same. Empty when nobody holds the role.
    """
    holders = _holders(role)
    away = _on_leave([user.id for user in holders], at)
    on_shift = _on_shift(role, at)
    present = [user for user in holders if user.id not in away]
    return [user for user in present if user.id in on_shift] or present or holders


def _holders(role: Role | str) -> list[User]:
    query = User.select().join(UserRole, on=UserRole.user == User.id).where(UserRole.role == role, User.is_active)
    return list(query.order_by(User.id))


def _on_shift(role: Role | str, at: datetime) -> set[int]:
    query = DutyShift.select(DutyShift.user).where(DutyShift.role == role, DutyShift.starts_at <= at, DutyShift.ends_at > at)
    return {user_id for (user_id,) in query.tuples()}


def _on_leave(user_ids: Iterable[int], at: datetime) -> set[int]:
    return {user_id for user_id, row in presences(user_ids, at).items() if row.state == PresenceState.LEAVE}


def presences(user_ids: Iterable[int], at: datetime) -> dict[int, Presence]:
    """Where each of these people is at ``at``; who never said anything is not among them."""
    query = Presence.select().where(
        Presence.user.in_(list(user_ids)), Presence.from_at <= at, Presence.until_at.is_null() | (Presence.until_at > at)
    )
    return {row.user_id: row for row in query.order_by(Presence.id)}


@dataclass(frozen=True, slots=True)
class WeekLine:
    """One person in one role: the shifts that begin on each of seven days."""

    role: Role
    user: User
    days: list[list[DutyShift]]


@dataclass(frozen=True, slots=True)
class Week:
    """A week of the roster, its lines by role and person, and what is wrong with it."""

    monday: date
    lines: list[WeekLine]
    problems: list[tuple[str, dict[str, Any]]]

    @property
    def days(self) -> list[date]:
        return [self.monday + timedelta(days=number) for number in range(7)]

    @property
    def shifts(self) -> list[DutyShift]:
        return [shift for line in self.lines for day in line.days for shift in day]


def week(monday: date) -> Week:
    """The shifts that begin in the week of ``monday``."""
    start, end = operations.week_bounds(monday)
    query = DutyShift.select(DutyShift, User).join(User).where(DutyShift.starts_at >= start, DutyShift.starts_at < end)
    lines: dict[tuple[int, int], WeekLine] = {}
    order = list(Role)
    shifts = list(query.order_by(DutyShift.starts_at, DutyShift.id))
    for shift in shifts:
        role = Role(shift.role)
        line = lines.setdefault((order.index(role), shift.user_id), WeekLine(role, shift.user, [[] for _ in range(7)]))
        line.days[(clock.day_of(shift.starts_at) - monday).days].append(shift)
    return Week(monday, [lines[key] for key in sorted(lines)], _problems(shifts))


def _problems(shifts: list[DutyShift]) -> list[tuple[str, dict[str, Any]]]:
    """What a planner should know of these shifts: message ids with their parameters."""
    found: list[tuple[str, dict[str, Any]]] = []
    holders = {(row.user_id, row.role) for row in UserRole.select().where(UserRole.user.in_([shift.user_id for shift in shifts]))}
    for number, shift in enumerate(shifts):
        who = {"name": shift.user.name, "at": shift.starts_at}
        if not shift.user.is_active:
            found.append((N_("%(name)s, %(at)s: this person can no longer sign in."), who))
        elif (shift.user_id, shift.role) not in holders:
            found.append((N_("%(name)s, %(at)s: this person does not hold the role any more."), who))
        if any(_overlap(shift, other) for other in shifts[number + 1 :]):
            found.append((N_("%(name)s, %(at)s: two shifts at the same time."), who))
        if _is_on_leave_during(shift):
            found.append((N_("%(name)s, %(at)s: on leave at that time."), who))
    return found


def _overlap(one: DutyShift, other: DutyShift) -> bool:
    return bool(one.user_id == other.user_id and one.starts_at < other.ends_at and other.starts_at < one.ends_at)


def _is_on_leave_during(shift: DutyShift) -> bool:
    state = presences([shift.user_id], shift.starts_at).get(shift.user_id)
    return state is not None and state.state == PresenceState.LEAVE


def removed_lately(limit: int = 5) -> list[HistoryEntry]:
    """The last removals of shifts, newest first."""
    query = HistoryEntry.select().where(HistoryEntry.object_type == "shift", HistoryEntry.action == operations.REMOVED)
    return list(query.order_by(HistoryEntry.id.desc()).limit(limit))


@dataclass(frozen=True, slots=True)
class DutyNow:
    """Who answers for a role now; ``is_rostered`` says that it is their shift."""

    role: Role
    users: list[User]
    is_rostered: bool


def duty_now(at: datetime) -> list[DutyNow]:
    """Who answers for each role of the roster at ``at``."""
    return [DutyNow(role, on_duty(role, at), bool(_on_shift(role, at))) for role in operations.roles_on_the_roster()]


def people_on_the_roster() -> list[User]:
    """Active people who hold a role of the roster, by name."""
    held = UserRole.select(UserRole.user).where(UserRole.role.in_(operations.roles_on_the_roster()))
    return list(User.select().where(User.is_active, User.id.in_(held)).order_by(User.name, User.id))


@dataclass(frozen=True, slots=True)
class PersonLine:
    """A person with roles and where they are; ``presence`` is None while nobody said."""

    user: User
    roles: list[Role]
    presence: Presence | None

    @property
    def state(self) -> PresenceState:
        return PresenceState(self.presence.state) if self.presence else PresenceState.ON_DUTY


def people(at: datetime, *, role: str = "", state: str = "") -> list[PersonLine]:
    """Everybody active with roles and state, by name."""
    users = list(User.select().where(User.is_active).order_by(User.name, User.id))
    where = presences([user.id for user in users], at)
    roles: dict[int, set[str]] = {user.id: set() for user in users}
    for row in UserRole.select().where(UserRole.user.in_(list(roles))):
        roles[row.user_id].add(row.role)
    lines = [PersonLine(user, [one for one in Role if one in roles[user.id]], where.get(user.id)) for user in users]
    return [line for line in lines if (not role or role in line.roles) and (not state or line.state == state)]
