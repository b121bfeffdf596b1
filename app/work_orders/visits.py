"""Visits of an order: planned for a span, dropped when nobody goes, ended when they leave; an order has one at a time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.accounts.models import User
from app.core import db
from app.roster.models import Vehicle
from app.work_orders.models import Visit, VisitAssistant, WorkOrder

# What a visit takes when nobody says otherwise.
USUAL_LENGTH = timedelta(hours=2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """Who goes, when, with what; ``lead`` takes the order, ``assistants`` go along."""

    lead: User
    planned_from: datetime
    planned_until: datetime
    assistants: Sequence[User] = ()
    vehicle: Vehicle | None = None


def plan(order: WorkOrder, assignment: Assignment) -> Visit:
    """Plan the next visit of ``order``, in the running transaction; the caller ended or dropped the one before."""
    number = Visit.select().where(Visit.order == order).count() + 1
    visit: Visit = Visit.create(
        order=order,
        number=number,
        lead=assignment.lead,
        vehicle=assignment.vehicle,
        planned_from=assignment.planned_from,
        planned_until=assignment.planned_until,
    )
    for user in dict.fromkeys(assignment.assistants):
        if user != assignment.lead:
            VisitAssistant.create(visit=visit, user=user)
    return visit


def present(order: WorkOrder) -> Visit | None:
    """The visit that is planned or under way; None between visits."""
    return Visit.get_or_none(Visit.order == order, Visit.left_at.is_null(), Visit.dropped_at.is_null())


def last(order: WorkOrder) -> Visit | None:
    """The visit under way or planned, else the last one that somebody went on."""
    return Visit.select().where(Visit.order == order, Visit.dropped_at.is_null()).order_by(Visit.number.desc()).first()


def of_order(order: WorkOrder) -> list[Visit]:
    """All visits of an order with their leads, in their order."""
    return list(Visit.select(Visit, User).join(User).where(Visit.order == order).order_by(Visit.number))


def end(order: WorkOrder, at: datetime) -> None:
    """Nobody is on the present visit any more: left if they had arrived, dropped otherwise. Locks the order's row before the visit's."""
    db.for_update(WorkOrder.select(WorkOrder.id).where(WorkOrder.id == order.id)).get()
    visit = present(order)
    if visit is None:
        return
    if visit.arrived_at is not None:
        Visit.update(left_at=max(at, visit.arrived_at)).where(Visit.id == visit.id).execute()
    else:
        Visit.update(dropped_at=at).where(Visit.id == visit.id).execute()


def people_of(order: WorkOrder) -> frozenset[int]:
    """The ids of who works on ``order`` now: its lead and those who go along on its visit."""
    visit = last(order)
    along = VisitAssistant.select(VisitAssistant.user).where(VisitAssistant.visit == visit).tuples() if visit else ()
    return frozenset({order.lead_id} - {None}) | frozenset(user_id for (user_id,) in along)
