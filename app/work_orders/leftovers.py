"""Orders in the queue whose ticket was finished without them: nobody needs to go there any more."""

from datetime import datetime

from app.core import db
from app.core.errors import Conflict
from app.core.types import system
from app.tickets.models import Ticket, TicketStatus
from app.work_orders.models import OrderStatus, WorkOrder
from app.work_orders.states import QUEUED_STATUSES
from app.work_orders.writing import move

CALLER_OFF = system("dispatch")
# Written down as the reason; who reads it sees the ticket beside it.
TICKET_IS_FINISHED = "the ticket was finished without it"
BATCH = 200
FINISHED = (TicketStatus.RESOLVED, TicketStatus.CLOSED, TicketStatus.CANCELLED)


def call_off(at: datetime) -> str:
    """Call off what is left in the queue of finished tickets; says how many, nothing when there was none."""
    query = WorkOrder.select(WorkOrder).join(Ticket, on=WorkOrder.ticket)
    left = query.where(WorkOrder.status.in_(QUEUED_STATUSES), Ticket.status.in_(FINISHED)).order_by(WorkOrder.id).limit(BATCH)
    number = sum(_call_off(order, at) for order in list(left))
    return f"{number} called off" if number else ""


def _call_off(order: WorkOrder, at: datetime) -> bool:
    try:
        with db.transaction():
            move(CALLER_OFF, order, OrderStatus.CANCELLED, order.version, at=at, now=at, reason=TICKET_IS_FINISHED)
    except Conflict:  # somebody else was faster
        return False
    return True
