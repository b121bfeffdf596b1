"""What is done to the duty roster and to people's states: shifts set for several days, copied, removed and put back."""

import json
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from peewee import IntegrityError

from app.accounts.models import Role, User, UserRole
from app.core import clock, db, history, live
from app.core.errors import N_, Conflict, Invalid, NotFound
from app.core.history import HistoryEntry
from app.core.types import Actor
from app.roster.models import DutyShift, Presence, PresenceState

EDIT = "roster.edit"
LIVE = "roster"
LONGEST_SPAN = 31
MAX_NOTE = 200
REMOVED = "shift.removed"
WRONG = N_("Something is missing or wrong. See the words beside the fields.")


@dataclass(frozen=True, slots=True, kw_only=True)
class ShiftPattern:
    """The same shift on each day from ``first`` to ``last``; one that ends before it starts ends on the next day."""

    user_id: int
    role: str
    first: date
    last: date
    start: time
    end: time
    note: str = ""

    def spans(self) -> list[tuple[datetime, datetime]]:
        """When each shift begins and ends."""
        days = [self.first + timedelta(days=number) for number in range((self.last - self.first).days + 1)]
        over = timedelta(days=1) if self.end <= self.start else timedelta()
        return [(_local(day, self.start), _local(day + over, self.end)) for day in days]


def _local(day: date, at: time) -> datetime:
    return datetime.combine(day, at, clock.zone())


def add_shifts(*, by: Actor, pattern: ShiftPattern) -> list[DutyShift]:
    """Put shifts into the roster, all or none.

    Raises ``Invalid`` naming the fields: the person does not hold the role or is shut out, the days cannot be, a shift of
    the same person and role is there already. Raises ``NotAllowed``.
    """
    by.require(EDIT)
    with db.transaction():
        _check(pattern)
        rows = [
            DutyShift.create(user=pattern.user_id, role=pattern.role, starts_at=start, ends_at=end, note=pattern.note.strip())
            for start, end in pattern.spans()
        ]
        after = {"first": str(pattern.first), "last": str(pattern.last), "user_id": pattern.user_id, "role": pattern.role}
        history.record(by, "shift.added", "shift", rows[0].id, after=after | {"from": str(pattern.start), "to": str(pattern.end)})
        live.touch(LIVE)
    return rows


def _check(pattern: ShiftPattern) -> None:
    fields = {}
    user = User.get_or_none(User.id == pattern.user_id)
    if user is None or not user.is_active:
        fields["user"] = N_("Please choose a person who works here.")
    elif not UserRole.select().where(UserRole.user == user, UserRole.role == pattern.role).exists():
        fields["role"] = N_("This person does not hold this role.")
    if pattern.last < pattern.first:
        fields["last"] = N_("The last day lies before the first one.")
    elif (pattern.last - pattern.first).days >= LONGEST_SPAN:
        fields["last"] = N_("At most 31 days at once.")
    elif not fields and any(overlapping(pattern.user_id, start, end, pattern.role) for start, end in pattern.spans()):
        fields["first"] = N_("This person is on the roster in this role at that time already.")
    if len(pattern.note.strip()) > MAX_NOTE:
        fields["note"] = N_("At most 200 characters.")
    if fields:
        raise Invalid(WRONG, fields=fields)


def overlapping(user_id: int, start: datetime, end: datetime, role: str | None = None) -> bool:
    """Whether ``user_id`` has a shift (in ``role``) at some time between ``start`` and ``end``."""
    query = DutyShift.select().where(DutyShift.user == user_id, DutyShift.starts_at < end, DutyShift.ends_at > start)
    return bool((query.where(DutyShift.role == role) if role else query).exists())


def remove_shift(*, by: Actor, shift_id: int) -> DutyShift:
    """Take a shift out of the roster. Raises ``NotFound`` when it is not there (any more), ``NotAllowed``."""
    by.require(EDIT)
    with db.transaction():
        shift = DutyShift.get_or_none(DutyShift.id == shift_id)
        if shift is None or not DutyShift.delete().where(DutyShift.id == shift_id).execute():
            raise NotFound(N_("This shift is not on the roster any more."))
        history.record(by, REMOVED, "shift", shift.id, before=_as_json(shift))
        live.touch(LIVE)
    found: DutyShift = shift
    return found


def put_back(*, by: Actor, entry_id: int) -> DutyShift:
    """Put a removed shift back. Raises ``NotFound`` for an entry that removed none, ``Conflict`` when the time is taken by now."""
    by.require(EDIT)
    entry = HistoryEntry.get_or_none(HistoryEntry.id == entry_id, HistoryEntry.action == REMOVED)
    if entry is None:
        raise NotFound(N_("No shift was removed there."))
    kept: dict[str, Any] = json.loads(entry.before)
    start, end = datetime.fromisoformat(kept["starts_at"]), datetime.fromisoformat(kept["ends_at"])
    with db.transaction():
        if overlapping(kept["user_id"], start, end, kept["role"]):
            raise Conflict(N_("This person is on the roster in this role at that time already."))
        shift = DutyShift.create(user=kept["user_id"], role=kept["role"], starts_at=start, ends_at=end, note=kept["note"])
        history.record(by, "shift.put_back", "shift", shift.id, after=_as_json(shift))
        live.touch(LIVE)
    return shift


def copy_week(*, by: Actor, monday: date) -> tuple[int, int]:
    """Copy the shifts of the week before into the week of ``monday``; returns how many were copied and how many left out.

    Left out is what is there already, and who is shut out or does not hold the role any more.
    """
    by.require(EDIT)
    start, end = week_bounds(monday - timedelta(days=7))
    copied = left_out = 0
    with db.transaction():
        for shift in DutyShift.select(DutyShift, User).join(User).where(DutyShift.starts_at >= start, DutyShift.starts_at < end):
            moved = _a_week_later(shift.starts_at), _a_week_later(shift.ends_at)
            holds = UserRole.select().where(UserRole.user == shift.user_id, UserRole.role == shift.role).exists()
            if not shift.user.is_active or not holds or overlapping(shift.user_id, *moved, shift.role):
                left_out += 1
                continue
            DutyShift.create(user=shift.user_id, role=shift.role, starts_at=moved[0], ends_at=moved[1], note=shift.note)
            copied += 1
        if copied:
            history.record(by, "shift.copied", "shift", monday.isoformat(), after={"shifts": copied})
            live.touch(LIVE)
    return copied, left_out


def week_bounds(monday: date) -> tuple[datetime, datetime]:
    """When the week of ``monday`` begins and ends."""
    return _local(monday, time()), _local(monday + timedelta(days=7), time())


def _a_week_later(at: datetime) -> datetime:
    """The same time on the wall, seven days on."""
    wall = at.astimezone(clock.zone())
    return datetime.combine(wall.date() + timedelta(days=7), wall.time(), clock.zone())


def set_presence(
    *,
    by: Actor,
    user_id: int,
    state: PresenceState,
    note: str = "",
    from_at: datetime | None = None,
    until_at: datetime | None = None,
    at: datetime | None = None,
) -> Presence:
    """Say where somebody is, from ``from_at`` (now) until ``until_at`` (further notice). Everybody says it of themselves.

    Raises ``NotAllowed`` for others without ``roster.edit``, ``NotFound``, ``Invalid``.
    """
    if by.user_id != user_id:
        by.require(EDIT)
    now = at or clock.now()
    start = from_at or now
    if until_at is not None and until_at <= max(start, now):
        raise Invalid(WRONG, fields={"until": N_("The end must lie in the future.")})
    if len(note.strip()) > MAX_NOTE:
        raise Invalid(WRONG, fields={"note": N_("At most 200 characters.")})
    if not User.select().where(User.id == user_id, User.is_active).exists():
        raise NotFound(N_("There is no such user."))
    values = {"user": user_id, "state": state, "from_at": start, "until_at": until_at, "note": note.strip(), "by_name": by.name}
    try:
        with db.transaction():
            _end_present(user_id, start, until_at)
            row = Presence.create(**values)
            history.record(by, "presence.set", "user", user_id, after={"state": state, "until": str(until_at) if until_at else None})
            live.touch(LIVE)
    except IntegrityError as error:  # said twice at the same moment
        raise Conflict(N_("This was changed a moment ago. Look at the present state, then decide again.")) from error
    return row


def _end_present(user_id: int, at: datetime, until_at: datetime | None) -> None:
    """What is said from now on replaces what was said before; a stretch in between lies over it."""
    if until_at is not None:
        return
    Presence.delete().where(Presence.user == user_id, Presence.until_at.is_null(), Presence.from_at >= at).execute()
    still = Presence.until_at.is_null() | (Presence.until_at > at)
    Presence.update(until_at=at).where(Presence.user == user_id, Presence.from_at < at, still).execute()


def _as_json(shift: DutyShift) -> dict[str, Any]:
    return {
        "user_id": shift.user_id, "role": shift.role, "starts_at": shift.starts_at.isoformat(), "ends_at": shift.ends_at.isoformat(),
        "note": shift.note,
    }  # fmt: skip


def roles_on_the_roster() -> tuple[Role, ...]:
    """The roles that have shifts; the others are there in office hours."""
    return (Role.CLERK, Role.DEPUTY, Role.MANAGER, Role.TECHNICIAN, Role.AREA_MANAGER)
