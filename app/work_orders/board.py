"""The dispatch board: technicians and days, with visits, leave and duty in them (look, Dispatch)."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from peewee import JOIN, ModelSelect, fn

from app.accounts.models import Area, Role, Station, User, UserArea, UserRole
from app.core import clock
from app.core.prepared import Prepared
from app.core.types import Actor
from app.customers.models import Customer
from app.roster.models import DutyShift, Presence, PresenceState, Vehicle
from app.work_orders.dispatching import LONGEST_VISIT
from app.work_orders.models import OrderStatus, TechnicianGrade, Visit, VisitAssistant, WorkOrder

LENGTHS = (7, 14)
_DAY = timedelta(days=1)


class Block(NamedTuple):
    """A visit on one day of one person, by the clock on the wall; without an ``order`` it is of an area that the reader does not see."""

    visit_id: int
    order: str
    status: str
    customer: str
    title: str
    starts: str
    ends: str
    plate: str
    is_assistant: bool
    is_over: bool
    overlaps: bool


class Cell(NamedTuple):
    """One day of one person: on leave or travelling all through or for a part of it, the hours on duty, the visits."""

    day: date
    is_today: bool
    state: str
    shifts: tuple[str, ...]
    blocks: tuple[Block, ...]


class Line(NamedTuple):
    """One technician; ``out`` is how many orders they have now."""

    user_id: int
    name: str
    grade: int | None
    station: str
    areas: tuple[str, ...]
    out: int
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Board:
    """Some days and all technicians that the reader may see."""

    days: list[date]
    lines: list[Line]


class Technician(NamedTuple):
    """Somebody who can be sent."""

    id: int
    name: str
    grade: int | None
    station_id: int | None
    station: str | None
    station_area_id: int | None


class _Span(NamedTuple):
    """A visit of one person; times in milliseconds."""

    visit_id: int
    user_id: int
    starts_at: int
    ends_at: int
    order: str
    status: str
    area_id: int | None
    customer: str
    title: str
    plate: str
    is_assistant: bool
    is_over: bool


def board(actor: Actor, first: date, length: int, now: datetime, *, area_id: int | None = None) -> Board:
    """The board of ``length`` days from ``first``; who is bound to areas sees their people, and of visits elsewhere only the time."""
    days = [first + number * _DAY for number in range(length)]
    start, end = clock.start_of(first), clock.start_of(first + length * _DAY)
    areas = areas_of()
    people = [one for one in technicians() if _is_shown(one, areas.get(one.id, {}), actor, area_id)]
    spans, states, shifts = _spans(start, end), _states(start, end, now), _shifts(start, end)
    out, today = dict(_orders_out.plain()), clock.day_of(now)
    lines = []
    for one in people:
        blocks = _blocks(spans.get(one.id, []), days, actor)
        cells = tuple(
            Cell(day, day == today, states.get((one.id, day), ""), tuple(shifts.get((one.id, day), ())), tuple(blocks.get(day, ())))
            for day in days
        )
        lines.append(Line(one.id, one.name, one.grade, one.station or "", tuple(areas.get(one.id, {}).values()), out.get(one.id, 0), cells))
    return Board(days, lines)


_technicians = Prepared(
    lambda: (
        User.select(User.id, User.name, TechnicianGrade.grade, Station.id, Station.name, Station.area)
        .join_from(User, UserRole, on=(UserRole.user == User.id) & (UserRole.role == Role.TECHNICIAN))
        .join_from(User, TechnicianGrade, JOIN.LEFT_OUTER, on=TechnicianGrade.user == User.id)
        .join_from(User, Station, JOIN.LEFT_OUTER)
        .where(User.is_active)
        .order_by(User.name, User.id)
        .tuples()
    )
)
_areas = Prepared(lambda: UserArea.select(UserArea.user, Area.id, Area.name).join(Area).order_by(Area.name).tuples())


def technicians() -> list[Technician]:
    """Everybody who can be sent, by name."""
    return [Technician(*row) for row in _technicians.plain()]


def areas_of() -> dict[int, dict[int, str]]:
    """Which areas each person works in: ids and names."""
    found: dict[int, dict[int, str]] = defaultdict(dict)
    for user_id, area_id, name in _areas.plain():
        found[user_id][area_id] = name
    return found


def _is_shown(one: Technician, areas: dict[int, str], actor: Actor, area_id: int | None) -> bool:
    own = actor.area_ids is None or one.id == actor.user_id or bool(actor.area_ids & areas.keys())
    return own and (not area_id or area_id in areas)


_orders_out = Prepared(
    lambda: WorkOrder.select(WorkOrder.lead, fn.COUNT(WorkOrder.id)).where(WorkOrder.is_out).group_by(WorkOrder.lead).tuples()
)


def visits_between(start: datetime, end: datetime) -> ModelSelect:
    """Visits planned for a time within ``start`` to ``end`` that were not dropped; the reader says what to select of them."""
    return _planned(start - LONGEST_VISIT, start, end)


def _planned(earliest: Any, start: Any, end: Any) -> ModelSelect:
    return Visit.select().where(
        Visit.dropped_at.is_null(), Visit.planned_from >= earliest, Visit.planned_from < end, Visit.planned_until > start
    )


_visits = Prepared(
    lambda earliest, start, end: (
        _planned(earliest, start, end)
        .select(
            Visit.id, Visit.lead, Visit.planned_from, Visit.planned_until, Visit.arrived_at, Visit.left_at, WorkOrder.number,
            WorkOrder.status, WorkOrder.area, Customer.short_name, Customer.name, WorkOrder.title, Vehicle.plate,
        )
        .join_from(Visit, WorkOrder)
        .join_from(WorkOrder, Customer, JOIN.LEFT_OUTER, on=WorkOrder.customer == Customer.id)
        .join_from(Visit, Vehicle, JOIN.LEFT_OUTER)
        .tuples()
    )
)  # fmt: skip
_assistants = Prepared(
    lambda earliest, start, end: (
        _planned(earliest, start, end).select(VisitAssistant.visit, VisitAssistant.user).join(VisitAssistant).tuples()
    )
)


def _spans(start: datetime, end: datetime) -> dict[int, list[_Span]]:
    """The visits of each person from ``start`` to ``end``, as lead or going along."""
    within = clock.to_ms(start - LONGEST_VISIT), clock.to_ms(start), clock.to_ms(end)
    found: dict[int, list[_Span]] = defaultdict(list)
    along: dict[int, list[int]] = defaultdict(list)
    for visit_id, user_id in _assistants.plain(*within):
        along[visit_id].append(user_id)
    for row in _visits.plain(*within):
        span = _span(row)
        found[span.user_id].append(span)
        for user_id in along.get(span.visit_id, ()):
            found[user_id].append(span._replace(user_id=user_id, is_assistant=True))
    return found


def _span(row: tuple[Any, ...]) -> _Span:
    visit_id, lead_id, planned_from, planned_until, arrived_at, left_at, number, status, area_id, short_name, name, title, plate = row
    is_over = left_at is not None
    starts_at, ends_at = (arrived_at, left_at) if is_over else (planned_from, planned_until)
    return _Span(
        visit_id, lead_id, starts_at, ends_at, number, status, area_id, short_name or name or "", title, plate or "", False, is_over
    )  # fmt: skip


def _blocks(spans: list[_Span], days: list[date], actor: Actor) -> dict[date, list[Block]]:
    """The blocks of one person by day; of two that are planned for the same time the later one says so."""
    found: dict[date, list[Block]] = defaultdict(list)
    zone, until = clock.zone(), 0
    for span in sorted(spans, key=lambda one: (one.starts_at, one.visit_id)):
        starts, ends = clock.from_ms(span.starts_at).astimezone(zone), clock.from_ms(span.ends_at).astimezone(zone)
        overlaps = not span.is_over and span.starts_at < until
        if not span.is_over:
            until = max(until, span.ends_at)
        is_seen = actor.area_ids is None or span.area_id in actor.area_ids or span.user_id == actor.user_id
        for day in _days_of(starts, ends, days):
            found[day].append(_block(span, starts, ends, day, overlaps=overlaps, is_seen=is_seen))
    return found


def _days_of(starts: datetime, ends: datetime, days: list[date]) -> list[date]:
    first, last = starts.date(), (ends - timedelta(microseconds=1)).date() if ends > starts else starts.date()
    if first == last:
        return [first] if days[0] <= first <= days[-1] else []
    return [day for day in days if first <= day <= last]


def _block(span: _Span, starts: datetime, ends: datetime, day: date, *, overlaps: bool, is_seen: bool) -> Block:
    hours = _wall(starts) if starts.date() == day else "", _wall(ends) if ends.date() == day else ""
    if not is_seen:
        return Block(span.visit_id, "", OrderStatus.DISPATCHED, "", "", *hours, "", span.is_assistant, span.is_over, overlaps)
    return Block(
        span.visit_id, span.order, span.status, span.customer, span.title, *hours, span.plate, span.is_assistant, span.is_over, overlaps
    )  # fmt: skip


def _wall(at: datetime) -> str:
    return f"{at.hour:02}:{at.minute:02}"


def _states(start: datetime, end: datetime, now: datetime) -> dict[tuple[int, date], str]:
    """Who is on leave or travelling on which days; one who has set out without saying for how long is so today, leave lasts on."""
    query = Presence.select(Presence.user, Presence.state, Presence.from_at, Presence.until_at).where(
        Presence.state != PresenceState.ON_DUTY, Presence.from_at < end, Presence.until_at.is_null() | (Presence.until_at > start)
    )
    found = {}
    for user_id, state, from_at, until_at in query.order_by(Presence.id).tuples():
        last = until_at or (end if state == PresenceState.LEAVE else now + timedelta(seconds=1))
        day = clock.day_of(max(from_at, start))
        while clock.start_of(day) < min(last, end):
            found[user_id, day] = str(state)
            day += _DAY
    return found


_duty = Prepared(
    lambda start, end: (
        DutyShift.select(DutyShift.user, DutyShift.starts_at, DutyShift.ends_at)
        .where(DutyShift.role == Role.TECHNICIAN, DutyShift.starts_at >= start, DutyShift.starts_at < end)
        .order_by(DutyShift.starts_at)
        .tuples()
    )
)


def _shifts(start: datetime, end: datetime) -> dict[tuple[int, date], list[str]]:
    found: dict[tuple[int, date], list[str]] = defaultdict(list)
    spoken: dict[tuple[int, int], tuple[date, str]] = {}  # most people have the same hours
    for user_id, *span in _duty.plain(clock.to_ms(start), clock.to_ms(end)):
        day, hours = spoken.get((span[0], span[1])) or spoken.setdefault((span[0], span[1]), _hours(*span))
        found[user_id, day].append(hours)
    return found


def _hours(starts_at: int, ends_at: int) -> tuple[date, str]:
    starts, ends = clock.from_ms(starts_at).astimezone(clock.zone()), clock.from_ms(ends_at).astimezone(clock.zone())
    return starts.date(), f"{_wall(starts)}–{_wall(ends)}"
