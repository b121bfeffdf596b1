"""An order in the queue is called off when its ticket was finished without it."""

import pytest

from app.core import clock
from app.tickets.models import TicketStatus
from app.work_orders import leftovers
from app.work_orders.models import OrderStatus, WorkOrder
from tests import factories

pytestmark = pytest.mark.usefixtures("database")


def queued(status: TicketStatus) -> WorkOrder:
    return factories.work_order(status=OrderStatus.DECLINED, ticket=factories.ticket(status=status))


def test_it_works() -> None:
    order, kept = queued(TicketStatus.RESOLVED), queued(TicketStatus.WAITING_DISPATCH)
    without_ticket = factories.work_order(status=OrderStatus.DRAFT)
    assert leftovers.call_off(clock.now()) == "1 called off"
    assert WorkOrder.get_by_id(order.id).status == OrderStatus.CANCELLED
    assert WorkOrder.get_by_id(kept.id).status == OrderStatus.DECLINED
    assert WorkOrder.get_by_id(without_ticket.id).status == OrderStatus.DRAFT
    assert leftovers.call_off(clock.now()) == ""
