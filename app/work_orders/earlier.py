"""What was done before on a machine: the last jobs, and whether this one does an earlier one over again (返修)."""

from datetime import datetime

from app.machines.models import Machine
from app.tickets.models import Ticket, TicketFault
from app.work_orders import states
from app.work_orders.models import DONE_STATUSES, OrderKind, WorkOrder

SHOWN = 3
# Kinds that mend something; only these can have to be done over again.
_MENDING = (OrderKind.REPAIR, OrderKind.DIAGNOSIS, OrderKind.RETROFIT)


def last_jobs(machine: Machine | None, limit: int = SHOWN) -> list[WorkOrder]:
    """The last finished orders of a machine, newest first."""
    if machine is None:
        return []
    query = WorkOrder.select().where(WorkOrder.machine == machine, WorkOrder.status.in_(DONE_STATUSES))
    return list(query.order_by(WorkOrder.created_at.desc(), WorkOrder.id.desc()).limit(limit))


def done_before(machine: Machine | None, *, component: str, ticket: Ticket | None, at: datetime, except_order: int = 0) -> WorkOrder | None:
    """The last repair of the same component, or of the same family of faults, that was finished within 30 days of ``at``."""
    if machine is None:
        return None
    recent = WorkOrder.select().where(
        WorkOrder.machine == machine,
        WorkOrder.kind.in_(_MENDING),
        WorkOrder.finished_at > at - states.REWORK_WITHIN,
        WorkOrder.id != except_order,
    )
    families = families_of(ticket)
    for order in recent.order_by(WorkOrder.finished_at.desc()):
        is_same_part = component.strip() and order.component.strip().casefold() == component.strip().casefold()
        if is_same_part or families & families_of(order.ticket):
            found: WorkOrder = order
            return found
    return None


def families_of(ticket: Ticket | None) -> frozenset[str]:
    """The families of faults that a ticket stands for."""
    if ticket is None:
        return frozenset()
    return frozenset(family for (family,) in TicketFault.select(TicketFault.family).where(TicketFault.ticket == ticket).tuples())
