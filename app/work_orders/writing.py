"""What every change of a work order goes through: claimed at its version, its step written, its ticket and the history kept in step."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from app.core import clock, db, history, live
from app.core.errors import N_, Conflict, Invalid, NotFound
from app.core.types import Actor
from app.tickets import orders as ticket_orders
from app.work_orders import states
from app.work_orders.models import OrderStatus, OrderStep, WorkOrder

LIVE = "orders"
MISSING = N_("Something is missing. See the words beside the fields.")
MAX_REASON = 2_000
# What speaks against calling an order off: each is asked while the order's row is locked, and gives the words of its refusal or None.
Hold = Callable[[WorkOrder], str | None]
HOLDS: list[Hold] = []
# What keeps in step with orders: each is called in the transaction after an order changed its state, or became a repair.
Follower = Callable[[Actor, WorkOrder, datetime], None]
FOLLOWERS: list[Follower] = []


def claim(order: WorkOrder, version: int, **fields: Any) -> None:
    """Set ``fields`` if the order still has ``version``, in the running transaction. Raises ``Conflict`` when it has not."""
    claimed = WorkOrder.update(version=WorkOrder.version + 1, **fields).where(WorkOrder.id == order.id, WorkOrder.version == version)
    if claimed.execute() != 1:
        raise stale(order.id)
    for name, value in fields.items():
        setattr(order, name, value)
    order.version = version + 1


def stale(order_id: int) -> Exception:
    """The refusal of a request made for a state that is over: who has the order now and where it stands."""
    present = WorkOrder.get_or_none(WorkOrder.id == order_id)
    if present is None:
        return NotFound(N_("There is no such work order."))
    who = present.lead.name if present.lead_id else ""
    if who and present.status == OrderStatus.DISPATCHED:
        return Conflict(N_("This order has changed meanwhile: %(who)s gave it to %(lead)s."), who=present.dispatched_by_name, lead=who)
    return Conflict(N_("This order has changed meanwhile. Look at its present state, then decide again."), status=present.status)


def move(
    by: Actor, order: WorkOrder, to: OrderStatus, version: int, *, at: datetime, now: datetime, reason: str = "", **fields: Any
) -> None:
    """Put the order into ``to`` with ``fields``, in the running transaction; ``at`` is when it happened, ``now`` the present.

    The ticket follows. Raises ``Conflict`` for another ``version`` or when the way does not exist, ``Invalid`` without a needed reason.
    """
    db.current()
    present = OrderStatus(order.status)
    if order.version != version or not states.may_go(present, to):
        raise stale(order.id)
    if to in states.NEEDS_REASON and not reason.strip():
        raise Invalid(N_("Say why, in a few words."), fields={"reason": N_("A reason is needed here.")})
    if to == OrderStatus.CANCELLED:
        _check_holds(order)
    was_out, is_out = order.is_out, to in states.OUT_STATUSES
    claim(order, version, status=to, is_out=is_out, changed_at=now, **fields)
    note_step(by, order, present, at=at, now=now, reason=reason.strip()[:MAX_REASON])
    _tell_ticket(by, order, was_out, present, now)
    follow(by, order, now)
    record(by, "moved", order, before={"status": present}, after={"status": to, "lead_id": order.lead_id, "reason": reason.strip()})


def locked(order: WorkOrder) -> WorkOrder:
    """The order as it stands now; nobody else changes it until the running transaction ends."""
    return db.for_update(WorkOrder.select().where(WorkOrder.id == order.id)).get()


def follow(by: Actor, order: WorkOrder, now: datetime) -> None:
    """Let what keeps in step with orders see that ``order`` changed, in the running transaction."""
    for follower in FOLLOWERS:
        follower(by, order, now)


def _check_holds(order: WorkOrder) -> None:
    locked(order)
    for hold in HOLDS:
        if (words := hold(order)) is not None:
            raise Conflict(words)


def _tell_ticket(by: Actor, order: WorkOrder, was_out: bool, present: OrderStatus, now: datetime) -> None:
    if order.ticket_id is None or was_out == order.is_out:
        return
    if order.is_out and present == OrderStatus.FINISHED:
        ticket_orders.work_again(by=by, ticket_id=order.ticket_id, at=now)
    elif order.is_out:
        ticket_orders.went_out(by=by, ticket_id=order.ticket_id, at=now)
    else:
        queued = WorkOrder.select().where(WorkOrder.ticket == order.ticket_id, WorkOrder.status.in_(states.QUEUED_STATUSES))
        ticket_orders.came_back(
            by=by,
            ticket_id=order.ticket_id,
            at=now,
            is_done=order.status in states.DONE_STATUSES,
            has_queued=queued.where(WorkOrder.id != order.id).exists(),
        )


def note_step(by: Actor, order: WorkOrder, present: OrderStatus | None, *, at: datetime, now: datetime, reason: str = "") -> None:
    """Write the step from ``present`` to the state the order has now."""
    OrderStep.create(
        order=order,
        at=at,
        recorded_at=now,
        by=by.user_id,
        by_name=by.name,
        from_status=present,
        to_status=order.status,
        lead=order.lead_id,
        reason=reason,
        machine=order.machine_id,
    )


def record(by: Actor, action: str, order: WorkOrder, *, before: dict[str, Any] | None = None, after: dict[str, Any] | None = None) -> None:
    """Note the change in the history and tell the live screens."""
    history.record(by, f"order.{action}", "order", order.number, before=before, after=after)
    live.touch(LIVE)


def moment(at: datetime | None) -> datetime:
    """``at``, or now."""
    return at or clock.now()
