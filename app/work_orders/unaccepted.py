"""Orders that nobody accepts: reminded at half of the time, then back in the queue (workflows, Work order and dispatch).

The time runs round the clock. A technician who is not on shift may be asleep: the reminder then also goes to the deputies
on duty, who can send somebody else.
"""

from datetime import datetime

from peewee import ModelSelect

from app.accounts.models import Role
from app.core import clock, db
from app.core.errors import N_, Conflict
from app.core.types import system
from app.roster.models import DutyShift
from app.work_orders import progress, telling
from app.work_orders.models import OrderStatus, WorkOrder

NOBODY_ACCEPTED = N_("Nobody accepted it in time.")
REMINDER = N_("%(number)s %(title)s still waits to be accepted.")
DESK_REMINDER = N_("%(number)s %(title)s is not accepted yet by %(who)s, who is not on shift.")
ACTOR = system("dispatch")
BATCH = 50


def look(at: datetime) -> str:
    """Remind of orders at half of their time and take those back whose time is over; returns what was done, in words for the log."""
    reminded = sum(_remind(order, at) for order in _half_over(at))
    returned = sum(_take_back(order, at) for order in _over(at))
    return f"{reminded} reminded, {returned} returned" if reminded or returned else ""


def _unaccepted() -> ModelSelect:
    waiting = (WorkOrder.status == OrderStatus.DISPATCHED) & WorkOrder.accept_by.is_null(False)
    return WorkOrder.select().where(waiting).order_by(WorkOrder.accept_by).limit(BATCH)


def _over(at: datetime) -> list[WorkOrder]:
    return list(_unaccepted().where(WorkOrder.accept_by <= at))


def _half_over(at: datetime) -> list[WorkOrder]:
    is_half_over = WorkOrder.accept_by + WorkOrder.dispatched_at <= 2 * clock.to_ms(at)
    return list(_unaccepted().where(WorkOrder.accept_by > at, WorkOrder.reminded_at.is_null(), is_half_over))


def _remind(order: WorkOrder, at: datetime) -> bool:
    with db.transaction():
        still = (WorkOrder.id == order.id) & (WorkOrder.version == order.version) & WorkOrder.reminded_at.is_null()
        if WorkOrder.update(reminded_at=at).where(still).execute() != 1:
            return False
        key = f"unaccepted:{order.id}:{order.version}"
        telling.tell([order.lead_id], order, REMINDER, key, at, is_urgent=True)
        if not _is_on_shift(order.lead_id, at):
            telling.tell_desk(ACTOR, order, DESK_REMINDER, f"{key}:desk", at, who=order.lead.name)
    return True


def _is_on_shift(user_id: int, at: datetime) -> bool:
    """Whether it is their shift; where the roster names no technician now, everybody is asked alike."""
    now = DutyShift.select(DutyShift.user).where(DutyShift.role == Role.TECHNICIAN, DutyShift.starts_at <= at, DutyShift.ends_at > at)
    on_shift = {found for (found,) in now.tuples()}
    return not on_shift or user_id in on_shift


def _take_back(order: WorkOrder, at: datetime) -> bool:
    try:
        with db.transaction():
            progress.come_back(ACTOR, order, order.version, NOBODY_ACCEPTED, at)
    except Conflict:  # accepted, or given to somebody else, in this moment
        return False
    return True
