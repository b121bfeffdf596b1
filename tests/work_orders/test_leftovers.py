"""An order in the queue is called off when its ticket was finished without it."""

import subprocess
import sys

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


def test_the_worker_knows_what_holds_an_order_back() -> None:
    """An order whose report is signed is not called off by the worker either."""
    program = "import app.worker; from app.work_orders.writing import HOLDS; print(len(HOLDS))"
    assert int(subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout) >= 1
