"""Work orders as people may see them: those of their areas, and those they work on themselves wherever that is."""

from dataclasses import dataclass
from typing import Any

from peewee import JOIN, ModelSelect

from app.accounts.models import User
from app.core.errors import N_, NotFound
from app.core.prepared import Prepared
from app.core.types import Actor
from app.machines.models import Machine
from app.roster.models import Vehicle
from app.tickets.models import Ticket
from app.work_orders.models import OUT_STATUSES, QUEUED_STATUSES, Guidance, OrderStep, Visit, VisitAssistant, WorkOrder

THERE_IS_NONE = N_("There is no work order of this number, or it is not for you to see.")


def visible(actor: Actor) -> ModelSelect:
    """The orders that ``actor`` may see."""
    return within(WorkOrder.select(), actor)


def within(query: ModelSelect, actor: Actor) -> ModelSelect:
    """``query`` over orders, narrowed to what ``actor`` may see."""
    if actor.area_ids is None:
        return query
    # "+ 0" keeps the index of the query's order, which is what lists need; of an "OR" over indexes everything would be sorted.
    return query.where((WorkOrder.area + 0).in_(sorted(actor.area_ids)) | works_on(actor.user_id))


def works_on(user_id: int | None) -> Any:
    """Whose order it is: the lead's, and that of everybody who went along on a visit of it, or had it on a visit."""
    along = Visit.select(Visit.order).join(VisitAssistant).where(VisitAssistant.user == user_id)
    led = Visit.select(Visit.order).where(Visit.lead == user_id)
    return (WorkOrder.lead == user_id) | WorkOrder.id.in_(along) | WorkOrder.id.in_(led)


def by_number(actor: Actor, number: str) -> WorkOrder:
    """The order of this number. Raises ``NotFound`` for one that ``actor`` may not see."""
    order = visible(actor).where(WorkOrder.number == number).get_or_none()
    if order is None:
        raise NotFound(THERE_IS_NONE)
    return order


def own_by_number(actor: Actor, number: str) -> WorkOrder:
    """The order of this number that ``actor`` works on. Raises ``NotFound`` for any other."""
    order = WorkOrder.get_or_none((WorkOrder.number == number) & works_on(actor.user_id))
    if order is None:
        raise NotFound(THERE_IS_NONE)
    return order


@dataclass(frozen=True, slots=True)
class VisitLine:
    """A visit with the names of who goes along."""

    visit: Visit
    assistants: list[str]


def steps_of(order: WorkOrder) -> list[OrderStep]:
    """Every change of state, oldest first, each with whose the order was then."""
    query = OrderStep.select(OrderStep, User).join(User, JOIN.LEFT_OUTER, on=OrderStep.lead)
    return list(query.where(OrderStep.order == order).order_by(OrderStep.at, OrderStep.id))


def visits_of(order: WorkOrder) -> list[VisitLine]:
    """All visits in their order, with leads, vehicles and who goes along."""
    query = Visit.select(Visit, User, Vehicle).join(User).join_from(Visit, Vehicle, JOIN.LEFT_OUTER)
    along = _along(VisitAssistant.visit.in_(Visit.select(Visit.id).where(Visit.order == order)))
    return [VisitLine(visit, along.get(visit.id, [])) for visit in query.where(Visit.order == order).order_by(Visit.number)]


def _along(condition: Any) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    query = VisitAssistant.select(VisitAssistant.visit, User.name).join(User).where(condition).order_by(User.name)
    for visit_id, name in query.tuples():
        found.setdefault(visit_id, []).append(name)
    return found


def guidance_of(order: WorkOrder) -> list[Guidance]:
    """The guidance log, oldest first."""
    return list(Guidance.select().where(Guidance.order == order).order_by(Guidance.at, Guidance.id))


def reworks_of(order: WorkOrder) -> list[WorkOrder]:
    """The orders that did the work of ``order`` again."""
    return list(WorkOrder.select().where(WorkOrder.rework_of == order).order_by(WorkOrder.id))


@dataclass(frozen=True, slots=True)
class OrderLine:
    """An order with the visit that is under way or planned, else the last one that somebody went on."""

    order: WorkOrder
    visit: Visit | None


def of_ticket(ticket: Ticket) -> list[OrderLine]:
    """The orders of a ticket, oldest first, each with its lead and last visit."""
    return _lines(_of_ticket.rows(ticket.id))


_of_ticket = Prepared(lambda ticket_id: _with_leads().where(WorkOrder.ticket == ticket_id).order_by(WorkOrder.id))


def open_of_machine(machine: Machine) -> list[OrderLine]:
    """The orders of a machine that are not finished, oldest first."""
    return _lines(_open_of_machine.rows(machine.id))


_open_of_machine = Prepared(
    lambda machine_id: (
        _with_leads()
        .where(WorkOrder.machine == machine_id, WorkOrder.status.in_(QUEUED_STATUSES + OUT_STATUSES))
        .order_by(WorkOrder.created_at, WorkOrder.id)
    )
)


def _with_leads() -> ModelSelect:
    return WorkOrder.select(WorkOrder, User).join(User, JOIN.LEFT_OUTER, on=WorkOrder.lead)


def _lines(orders: list[WorkOrder]) -> list[OrderLine]:
    last: dict[int, Visit] = {}
    if orders:
        went = Visit.select(Visit, User).join(User).where(Visit.order.in_(orders), Visit.dropped_at.is_null())
        last = {visit.order_id: visit for visit in went.order_by(Visit.number)}
    return [OrderLine(order, last.get(order.id)) for order in orders]
