"""Whom to send, and why: technicians ranked for a job at a time, with the reasons in words (workflows, Work order and dispatch).

Nobody on leave stands before anybody who is not, nobody with another visit at that time before anybody who is free; among
these the points decide.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, NamedTuple

from peewee import ModelSelect, fn

from app.accounts.models import Area, Role
from app.core import clock
from app.core.errors import N_
from app.customers.models import Site
from app.machines.models import Machine
from app.roster.models import DutyShift, Presence, PresenceState
from app.tickets.models import Ticket
from app.work_orders.board import Technician, areas_of, technicians, visits_between
from app.work_orders.models import Qualification, Visit, VisitAssistant, WorkOrder

QUALIFIED, AT_STATION, IN_AREA, WAS_HERE, ON_SHIFT, GRADE = 40, 30, 20, 15, 10, 3
TRAVELLING, LOAD, NOT_QUALIFIED, OTHER_AREA = -5, -8, -10, -15


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """What somebody is needed for: where, on what, when. ``order_id`` is the order itself, whose own visit is no hindrance."""

    starts_at: datetime
    ends_at: datetime
    machine: Machine | None = None
    site: Site | None = None
    area: Area | None = None
    order_id: int | None = None


def need_of(about: WorkOrder | Ticket, starts_at: datetime, ends_at: datetime) -> Need:
    """The need of an order, or of a ticket that has none."""
    machine = about.machine
    site = about.site if isinstance(about, WorkOrder) else None
    order_id = about.id if isinstance(about, WorkOrder) else None
    return Need(
        starts_at=starts_at, ends_at=ends_at, machine=machine, site=site or (machine.site if machine else None), area=about.area,
        order_id=order_id,
    )  # fmt: skip


class Reason(NamedTuple):
    """Why, as a message id with its parameters; ``speaks_for`` is False for what speaks against."""

    message: str
    params: dict[str, Any]
    speaks_for: bool = True


@dataclass(slots=True)
class Candidate:
    """Somebody who could be sent; the higher the points, the better."""

    user_id: int
    name: str
    points: int = 0
    is_on_leave: bool = False
    is_busy: bool = False
    reasons: list[Reason] = field(default_factory=list)

    @property
    def is_fitting(self) -> bool:
        """Whether they can go, and more speaks for them than against."""
        return not self.is_on_leave and not self.is_busy and self.points > 0

    def add(self, points: int, message: str, *, speaks_for: bool = True, **params: Any) -> None:
        """Weigh in one reason."""
        self.points += points
        self.reasons.append(Reason(message, params, speaks_for))


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of the technicians for one need, by their ids."""

    areas: dict[int, dict[int, str]]
    trained: Collection[int]
    is_model_taught: bool
    last_here: dict[int, datetime]
    busy: dict[int, list[str]]
    load: dict[int, int]
    away: dict[int, PresenceState]
    on_shift: Collection[int]


def ranked(need: Need) -> list[Candidate]:
    """Everybody who can be sent, best first."""
    people = technicians()
    known = _known(need, [one.id for one in people])
    return sorted((weighed(one, need, known) for one in people), key=_rank)


def _rank(one: Candidate) -> tuple[bool, bool, int, str, int]:
    return one.is_on_leave, one.is_busy, -one.points, one.name, one.user_id


def weighed(one: Technician, need: Need, known: Known) -> Candidate:
    """The technician with points and reasons; pure."""
    found = Candidate(one.id, one.name)
    _weigh_time(found, known)
    _weigh_skill(found, one, need, known)
    _weigh_place(found, one, need, known)
    if one.id in known.last_here:
        found.add(WAS_HERE, N_("was at this machine on %(day)s"), day=known.last_here[one.id])
    return found


def _weigh_time(found: Candidate, known: Known) -> None:
    if known.away.get(found.user_id) == PresenceState.LEAVE:
        found.is_on_leave = True
        found.add(0, N_("on leave"), speaks_for=False)
    elif known.away.get(found.user_id) == PresenceState.TRAVELLING:
        found.add(TRAVELLING, N_("on the road now"), speaks_for=False)
    if numbers := known.busy.get(found.user_id):
        found.is_busy = True
        found.add(0, N_("has another visit then: %(numbers)s"), speaks_for=False, numbers=", ".join(numbers))
    elif not found.is_on_leave:
        found.add(0, N_("free at that time"))
    if found.user_id in known.on_shift:
        found.add(ON_SHIFT, N_("on duty then"))
    if count := known.load.get(found.user_id, 0):
        found.add(LOAD * count, N_("other visits that day: %(count)d"), speaks_for=False, count=count)


def _weigh_skill(found: Candidate, one: Technician, need: Need, known: Known) -> None:
    if need.machine is not None and one.id in known.trained:
        found.add(QUALIFIED, N_("trained on %(model)s"), model=need.machine.model.name)
    elif need.machine is not None and known.is_model_taught:
        found.add(NOT_QUALIFIED, N_("not trained on %(model)s"), speaks_for=False, model=need.machine.model.name)
    if one.grade is not None:
        found.add(GRADE * one.grade, N_("grade %(grade)d"), grade=one.grade)


def _weigh_place(found: Candidate, one: Technician, need: Need, known: Known) -> None:
    area_id = need.area.id if need.area else None
    areas = known.areas.get(one.id, {})
    if one.station_id is not None and need.site is not None and need.site.station_id == one.station_id:
        found.add(AT_STATION, N_("stationed at %(station)s, which looks after this site"), station=one.station)
    elif area_id is not None and one.station_area_id == area_id:
        found.add(IN_AREA, N_("stationed in this area: %(station)s"), station=one.station)
    elif area_id is not None and area_id in areas:
        found.add(IN_AREA, N_("works in this area"))
    elif area_id is not None and areas:
        found.add(OTHER_AREA, N_("from another area: %(areas)s"), speaks_for=False, areas=", ".join(areas.values()))


def _known(need: Need, user_ids: list[int]) -> Known:
    model_id = need.machine.model_id if need.machine else None
    taught = [user_id for (user_id,) in Qualification.select(Qualification.user).where(Qualification.model == model_id).tuples()]
    return Known(
        areas=areas_of(),
        trained=frozenset(taught),
        is_model_taught=bool(taught),
        last_here=_last_here(need.machine),
        busy=busy_between(need.starts_at, need.ends_at, except_order=need.order_id),
        load=_load(need),
        away=away_between(user_ids, need.starts_at, need.ends_at),
        on_shift=_on_shift(need.starts_at),
    )


def _last_here(machine: Machine | None) -> dict[int, datetime]:
    if machine is None:
        return {}
    query = Visit.select(Visit.lead, fn.MAX(Visit.arrived_at)).join(WorkOrder).where(WorkOrder.machine == machine)
    return dict(query.where(Visit.arrived_at.is_null(False)).group_by(Visit.lead).tuples())


def busy_between(starts_at: datetime, ends_at: datetime, *, except_order: int | None = None) -> dict[int, list[str]]:
    """Who has visits that are not over in that time, as lead or going along: the numbers of their orders."""
    found: dict[int, list[str]] = defaultdict(list)
    for user_id, order_id, number in _visiting(starts_at, ends_at):
        if order_id != except_order and number not in found[user_id]:
            found[user_id].append(number)
    return {user_id: numbers for user_id, numbers in found.items() if numbers}


def _visiting(starts_at: datetime, ends_at: datetime) -> Iterable[tuple[int, int, str]]:
    unfinished = visits_between(starts_at, ends_at).where(Visit.left_at.is_null())
    led = unfinished.select(Visit.lead, WorkOrder.id, WorkOrder.number).join_from(Visit, WorkOrder)
    return [*led.tuples(), *_going_along(unfinished)]


def _going_along(visits: ModelSelect) -> Iterable[tuple[int, int, str]]:
    query = visits.select(VisitAssistant.user, WorkOrder.id, WorkOrder.number).join_from(Visit, WorkOrder).join_from(Visit, VisitAssistant)
    return query.tuples()


def _load(need: Need) -> dict[int, int]:
    """How many other visits each person leads on the day on which the job begins."""
    day: date = clock.day_of(need.starts_at)
    query = visits_between(clock.start_of(day), clock.end_of(day)).select(Visit.lead, fn.COUNT(Visit.id)).group_by(Visit.lead)
    return dict(query.where(Visit.order != (need.order_id or 0)).tuples())


def away_between(user_ids: Collection[int], starts_at: datetime, ends_at: datetime) -> dict[int, PresenceState]:
    """Who is on leave or on the road in that time; leave counts before travelling."""
    query = Presence.select(Presence.user, Presence.state).where(
        Presence.user.in_(list(user_ids)),
        Presence.state != PresenceState.ON_DUTY,
        Presence.from_at < ends_at,
        Presence.until_at.is_null() | (Presence.until_at > starts_at),
    )
    found: dict[int, PresenceState] = {}
    for user_id, state in query.tuples():
        if found.get(user_id) != PresenceState.LEAVE:
            found[user_id] = PresenceState(state)
    return found


def _on_shift(at: datetime) -> frozenset[int]:
    query = DutyShift.select(DutyShift.user).where(DutyShift.role == Role.TECHNICIAN, DutyShift.starts_at <= at, DutyShift.ends_at > at)
    return frozenset(user_id for (user_id,) in query.tuples())
