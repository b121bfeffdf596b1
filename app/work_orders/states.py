"""The states of a work order and the ways between them (workflows, Work order and dispatch); pure."""

from datetime import timedelta

from app.work_orders.models import DONE_STATUSES, OUT_STATUSES, QUEUED_STATUSES, OrderKind, OrderStatus

__all__ = ["DONE_STATUSES", "OUT_STATUSES", "QUEUED_STATUSES", "TRANSITIONS"]

S = OrderStatus
# Dispatching an order that is out gives it to somebody else (改派).
TRANSITIONS: dict[OrderStatus, tuple[OrderStatus, ...]] = {
    S.DRAFT: (S.DISPATCHED, S.CANCELLED),
    S.DISPATCHED: (S.ACCEPTED, S.DECLINED, S.DISPATCHED, S.CANCELLED),
    S.ACCEPTED: (S.TRAVELLING, S.ON_SITE, S.DECLINED, S.DISPATCHED, S.CANCELLED),
    S.TRAVELLING: (S.ON_SITE, S.DISPATCHED, S.CANCELLED),
    # Accepted again: the visit is over, and another one follows.
    S.ON_SITE: (S.FINISHED, S.WAITING_PARTS, S.ACCEPTED, S.DISPATCHED, S.CANCELLED),
    # A draft again: the parts are here, and somebody is to be sent.
    S.WAITING_PARTS: (S.TRAVELLING, S.ON_SITE, S.ACCEPTED, S.DRAFT, S.DISPATCHED, S.CANCELLED),
    # On site again: finishing is taken back.
    S.FINISHED: (S.FILED, S.ON_SITE),
    S.FILED: (S.ARCHIVED,),
    S.DECLINED: (S.DISPATCHED, S.CANCELLED),
    S.ARCHIVED: (),
    S.CANCELLED: (),
}
# Where somebody must say why.
NEEDS_REASON = (S.DECLINED, S.CANCELLED, S.WAITING_PARTS)
UNDO_FINISH_WITHIN = timedelta(hours=1)
REWORK_WITHIN = timedelta(days=30)
# Kinds that stand behind the warranty gate: they mend, change or deliver (workflows, gate); looking and advising pass.
GATED_KINDS = (OrderKind.REPAIR, OrderKind.RETROFIT, OrderKind.PARTS_DELIVERY)
# Kinds of work in the pit of a machine unless the dispatcher says otherwise.
PIT_KINDS = frozenset(OrderKind) - {OrderKind.TRAINING, OrderKind.PARTS_DELIVERY}


def may_go(present: OrderStatus, target: OrderStatus) -> bool:
    """Whether the way exists."""
    return target in TRANSITIONS[present]
