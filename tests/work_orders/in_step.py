"""What holds between a ticket, its orders, their steps and visits at every moment, whoever did what."""

from itertools import pairwise

from app.tickets.models import Ticket, TicketStatus
from app.work_orders.models import OrderStatus, OrderStep, Visit, WorkOrder
from app.work_orders.states import OUT_STATUSES, TRANSITIONS

IN_WORK = (TicketStatus.IN_WORK, TicketStatus.WAITING_CUSTOMER)


def check(ticket_id: int) -> None:
    """The ticket counts the orders that are out and is in work while there are some; every order is whole."""
    ticket = Ticket.get_by_id(ticket_id)
    orders = list(WorkOrder.select().where(WorkOrder.ticket == ticket_id))
    out = sum(order.is_out for order in orders)
    assert ticket.open_orders == out
    assert ticket.status in IN_WORK if out else ticket.status != TicketStatus.IN_WORK
    for order in orders:
        _check_order(order)


def _check_order(order: WorkOrder) -> None:
    steps = list(order.steps.order_by(OrderStep.id))
    assert steps[0].from_status is None
    assert steps[-1].to_status == order.status
    for before, after in pairwise(steps):
        assert after.from_status == before.to_status
        assert after.to_status in TRANSITIONS[OrderStatus(before.to_status)]
    assert order.version >= len(steps)
    visits = list(Visit.select().where(Visit.order == order).order_by(Visit.number))
    assert [visit.number for visit in visits] == list(range(1, len(visits) + 1))
    under_way = [visit for visit in visits if visit.left_at is None and visit.dropped_at is None]
    assert len(under_way) == (order.status in OUT_STATUSES and order.status != OrderStatus.WAITING_PARTS), (order.status, under_way)
    assert (order.status == OrderStatus.ON_SITE) == any(visit.arrived_at is not None for visit in under_way)
    assert all(visit.lead == order.lead for visit in under_way)
