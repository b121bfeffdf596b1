"""What a technician has to do: the orders that are out with them, by what comes first. One prepared query each, no more."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from typing import Any

from peewee import JOIN, ModelSelect

from app.accounts.models import User
from app.core import clock
from app.core.prepared import Prepared
from app.customers.models import Customer, Site
from app.machines.models import Machine, MachineModel
from app.roster.models import DutyShift
from app.tickets.models import Ticket
from app.work_orders.models import OrderStatus, Visit, VisitAssistant, WorkOrder

_SHOWN_AT_ONCE = 200
_COLUMNS = (
    WorkOrder.id, WorkOrder.number, WorkOrder.kind, WorkOrder.status, WorkOrder.priority, WorkOrder.title, WorkOrder.bring,
    WorkOrder.is_pit, WorkOrder.is_stop, WorkOrder.lead, WorkOrder.wanted_at, WorkOrder.accept_by, WorkOrder.version,
    WorkOrder.help_wanted_at, WorkOrder.changed_at, WorkOrder.warranty,
    Machine.id, Machine.serial, MachineModel.id, MachineModel.name, Customer.id, Customer.name, Customer.short_name,
    Site.id, Site.name, Site.address, Ticket.id, Ticket.due_at, Ticket.urged_count, Ticket.reason, User.id, User.name,
    Visit.id, Visit.number, Visit.planned_from, Visit.planned_until,
)  # fmt: skip


def _out() -> ModelSelect:
    present = (Visit.order == WorkOrder.id) & Visit.left_at.is_null() & Visit.dropped_at.is_null()
    return (
        WorkOrder.select(*_COLUMNS)
        .join_from(WorkOrder, Machine, JOIN.LEFT_OUTER)
        .join_from(Machine, MachineModel, JOIN.LEFT_OUTER)
        .join_from(WorkOrder, Customer, JOIN.LEFT_OUTER)
        .join_from(WorkOrder, Site, JOIN.LEFT_OUTER)
        .join_from(WorkOrder, Ticket, JOIN.LEFT_OUTER)
        .join_from(WorkOrder, User, JOIN.LEFT_OUTER, on=(WorkOrder.lead == User.id), attr="lead")
        .join_from(WorkOrder, Visit, JOIN.LEFT_OUTER, on=present, attr="visit")
        .where(WorkOrder.is_out)
        .order_by(WorkOrder.id)
        .limit(_SHOWN_AT_ONCE)
    )


_led = Prepared(lambda user_id: _out().where(WorkOrder.lead == user_id))
_along = Prepared(lambda user_id: _out().join_from(Visit, VisitAssistant).where(VisitAssistant.user == user_id))
_shifts = Prepared(
    lambda user_id, after, before: (
        DutyShift.select()
        .where(DutyShift.user == user_id, DutyShift.ends_at > after, DutyShift.starts_at < before)
        .order_by(DutyShift.starts_at)
    )
)


@dataclass(slots=True)
class MyJobs:
    """The orders of one technician, each list by time: to be accepted, under way, today (or late), later, waiting for parts."""

    to_accept: list[WorkOrder] = field(default_factory=list)
    under_way: list[WorkOrder] = field(default_factory=list)
    today: list[WorkOrder] = field(default_factory=list)
    later: list[WorkOrder] = field(default_factory=list)
    waiting: list[WorkOrder] = field(default_factory=list)

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self.to_accept) + len(self.under_way) + len(self.today) + len(self.later) + len(self.waiting)


def mine(user_id: int, now: datetime) -> MyJobs:
    """What ``user_id`` leads or goes along on, as it stands at ``now``."""
    jobs, end_of_today = MyJobs(), end_of_day(now)
    for order in sorted(_each(user_id), key=when):
        _list_of(jobs, order, end_of_today).append(order)
    jobs.to_accept.sort(key=lambda order: order.accept_by or when(order))
    return jobs


def _each(user_id: int) -> Iterable[WorkOrder]:
    return {order.id: order for order in (*_along.rows(user_id), *_led.rows(user_id))}.values()


def _list_of(jobs: MyJobs, order: WorkOrder, end_of_today: datetime) -> list[WorkOrder]:
    if order.status == OrderStatus.DISPATCHED:
        return jobs.to_accept
    if order.status in (OrderStatus.TRAVELLING, OrderStatus.ON_SITE):
        return jobs.under_way
    if order.status == OrderStatus.WAITING_PARTS:
        return jobs.waiting
    return jobs.today if when(order) < end_of_today else jobs.later


def when(order: WorkOrder) -> datetime:
    """When somebody is to be there: as the visit is planned, else as it was promised, else since it is known."""
    visit: Any = getattr(order, "visit", None)
    planned = visit.planned_from if visit is not None else None
    moment: datetime = planned or order.wanted_at or order.changed_at
    return moment


def end_of_day(now: datetime) -> datetime:
    """Local midnight after ``now``."""
    local = now.astimezone(clock.zone())
    return datetime.combine(local.date() + timedelta(days=1), time(), clock.zone()).astimezone(UTC)


def shifts_today(user_id: int, now: datetime) -> list[DutyShift]:
    """When ``user_id`` has the duty telephone until midnight (2C-17), the shift under way included."""
    return _shifts.rows(user_id, clock.to_ms(now), clock.to_ms(end_of_day(now)))
