"""Parts that an order waited for have come: with the last of them it stands in the dispatch queue again, and who dispatches is told."""

from datetime import datetime

from app.accounts.notices import notify
from app.core import db
from app.core.errors import N_
from app.core.types import Actor
from app.supply.models import PurchaseRequest, PurchaseStatus, Shipment
from app.work_orders import progress, telling
from app.work_orders.models import OrderStatus, WorkOrder
from app.work_orders.writing import locked


def is_waited_for(order: WorkOrder) -> bool:
    """Whether something is still on its way for ``order``: a purchase that is to be sent or was, a shipment that has not arrived."""
    to_come = (PurchaseStatus.DRAFT, PurchaseStatus.SENT, PurchaseStatus.PARTLY_RECEIVED)
    bought = PurchaseRequest.select().where(PurchaseRequest.order == order, PurchaseRequest.status.in_(to_come))
    return bought.exists() or Shipment.select().where(Shipment.order == order, Shipment.received_at.is_null()).exists()


def parts_came(by: Actor, order: WorkOrder, paper: str, at: datetime) -> bool:
    """Put ``order`` back into the queue when it waits for parts and nothing is still on its way, in the running transaction.

    ``paper`` is the number of what came. The dispatcher, the deputies on duty and who had the job are told.
    """
    db.current()
    present = locked(order)
    if present.status != OrderStatus.WAITING_PARTS or is_waited_for(present):
        return False
    lead = present.lead_id
    progress.parts_are_here(by=by, order=present, version=present.version, at=at)
    words, key = (
        N_("The parts for %(number)s %(title)s are here (%(paper)s): it can be dispatched again."),
        f"parts-here:{order.id}:{paper}",
    )
    telling.tell_desk(by, present, words, key, at, is_urgent=True, paper=paper)
    told = N_("The parts for %(number)s are here; the dispatcher sends somebody again.")
    notify({lead} - {None, by.user_id}, told, href=f"/my/jobs/{order.number}", key=f"{key}:lead", at=at, number=order.number)
    return True
