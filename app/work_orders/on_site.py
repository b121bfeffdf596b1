"""Whoever is at a machine: what it raises meanwhile is theirs to see, and opens no ticket (monitoring §3, T14)."""

from datetime import datetime

from app.core.clock import from_ms
from app.core.prepared import Prepared
from app.monitoring import ticketing
from app.work_orders.models import OrderStatus, Visit, WorkOrder

_arrived = Prepared(
    lambda machine_id: (
        Visit.select(Visit.arrived_at)
        .join(WorkOrder)
        .where(WorkOrder.machine == machine_id, WorkOrder.status == OrderStatus.ON_SITE)
        .where(Visit.left_at.is_null(), Visit.dropped_at.is_null(), Visit.arrived_at.is_null(False))
        .order_by(Visit.arrived_at.desc())
        .limit(1)
        .tuples()
    )
)


def since(machine_id: int) -> datetime | None:
    """When the last of those who are at the machine now arrived; None while nobody is there."""
    found = _arrived.plain(machine_id)
    return from_ms(found[0][0]) if found else None


ticketing.VISITS.append(since)
