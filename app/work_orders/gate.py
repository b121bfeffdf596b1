"""The warranty gate: before an off-warranty repair, not before the visit (workflows, gate; product.md, settled question 12).

Four ways lead through: a service agreement that covers it, an approved contract signed by the customer, a quote confirmation,
and a logged emergency override. The first three are told by ``COVERS``, to which contracts and quotes add themselves; they do not count
while the customer's service is suspended. A machine whose warranty nobody knows counts as off warranty until somebody says otherwise in
the order.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from app.accounts import authorities
from app.core import clock, db
from app.core.errors import N_, Conflict, Invalid
from app.core.types import Actor
from app.machines.warranty import WarrantyState
from app.tickets.models import Priority
from app.work_orders import states
from app.work_orders.models import GateOverride, OrderKind, WorkOrder
from app.work_orders.writing import follow, record

OVERRIDE = "gate.override"
READ = "gate.read_overrides"
MAX_REASON = 2_000
SUSPENDED = N_(
    "Off-warranty service for %(customer)s is suspended because of what it owes: only what is about safety is done. The manager can"
    " lift it; in an emergency a deputy or manager can override with a reason."
)


class GateWay(StrEnum):
    """By which way an order passes the gate."""

    IN_WARRANTY = "in_warranty"
    REWORK = "rework"
    NOT_A_REPAIR = "not_a_repair"
    SERVICE_AGREEMENT = "service_agreement"
    CONTRACT = "contract"
    QUOTE = "quote"
    OVERRIDE = "override"


@dataclass(frozen=True, slots=True)
class Passage:
    """Why the gate is open: the way, and the number or name that proves it."""

    way: GateWay
    proof: str = ""


# What covers an order off warranty: each is asked in turn and gives a ``Passage`` or None.
Cover = Callable[[WorkOrder, datetime], Passage | None]
COVERS: list[Cover] = []


def passage(order: WorkOrder, at: datetime) -> Passage | None:
    """By which way ``order`` passes the gate for the repair at ``at``; None while it is shut."""
    if order.warranty == WarrantyState.IN:
        return Passage(GateWay.IN_WARRANTY, order.warranty_reason)
    if order.rework_of_id is not None:
        return Passage(GateWay.REWORK, order.rework_of.number)
    if not is_suspended(order):
        for cover in COVERS:
            if (found := cover(order, at)) is not None:
                return found
    overridden = override_of(order)
    return Passage(GateWay.OVERRIDE, f"{overridden.by_name}: {overridden.reason}") if overridden else None


def is_suspended(order: WorkOrder) -> bool:
    """Whether off-warranty service of the customer is suspended for a debt; what is about safety is done all the same."""
    is_safety = order.priority == Priority.CRITICAL or order.is_stop
    return not is_safety and order.customer_id is not None and order.customer.service_stopped_at is not None


def visit_passage(order: WorkOrder, at: datetime) -> Passage | None:
    """By which way somebody may go there: a kind that repairs nothing needs no approval."""
    if order.kind not in states.GATED_KINDS:
        return Passage(GateWay.NOT_A_REPAIR)
    return passage(order, at)


def check_visit(order: WorkOrder, at: datetime) -> Passage:
    """Raise ``Conflict`` when nobody may be sent for this kind of work yet; it says what can be done."""
    found = visit_passage(order, at)
    if found is None:
        _check_suspended(order)
        raise Conflict(
            N_(
                "This repair is off warranty and nothing covers it yet. Send somebody for an off-warranty diagnosis, or have the"
                " repair contract approved first; in an emergency a deputy or manager can override with a reason."
            )
        )
    return found


def check_repair(order: WorkOrder, at: datetime) -> Passage:
    """Raise ``Conflict`` when no repair may be done on ``order`` yet, whatever its kind: no parts, no repair reported."""
    found = passage(order, at)
    if found is None:
        _check_suspended(order)
        raise Conflict(
            N_(
                "Off warranty nothing may be repaired before it is approved: the contract signed by the customer, a service"
                " agreement, a confirmed quote, or an override by the deputy or manager."
            )
        )
    return found


def _check_suspended(order: WorkOrder) -> None:
    if is_suspended(order):
        raise Conflict(SUSPENDED, customer=order.customer.short_name or order.customer.name)


def override_of(order: WorkOrder) -> GateOverride | None:
    """The override of ``order``, None without one."""
    return GateOverride.get_or_none(GateOverride.order == order)


def override(*, by: Actor, order: WorkOrder, reason: str, at: datetime | None = None) -> GateOverride:
    """Open the gate in an emergency, by own right or in somebody's place; it lands in the manager's queue. A second one changes nothing.

    Raises ``Invalid`` without a reason, ``NotAllowed``.
    """
    now = at or clock.now()
    name = authorities.standing(by, OVERRIDE, now).signature(by.name)
    if not reason.strip():
        raise Invalid(N_("Say why, in a few words."), fields=dict.fromkeys(("override_reason", "reason"), N_("A reason is needed here.")))
    with db.transaction():
        words = reason.strip()[:MAX_REASON]
        GateOverride.insert(order=order, at=now, by=by.user_id, by_name=name, reason=words).on_conflict_ignore().execute()
        record(by, "gate_overridden", order, after={"reason": words})
    found: GateOverride = GateOverride.get(GateOverride.order == order)
    return found


def read_override(*, by: Actor, override_id: int, at: datetime | None = None) -> None:
    """The manager, or who stands in for them, has read an override.

    Raises ``Conflict`` when it was read already or was their own, ``NotAllowed``.
    """
    now = at or clock.now()
    name = authorities.standing(by, READ, now).signature(by.name)
    with db.transaction():
        unread = (GateOverride.id == override_id) & GateOverride.read_at.is_null()
        if by.user_id is not None:
            unread &= GateOverride.by.is_null() | (GateOverride.by != by.user_id)
        found = GateOverride.update(read_at=now, read_by=by.user_id, read_by_name=name).where(unread).execute()
        if not found:
            raise Conflict(N_("This override was read already, or it is your own: somebody else reads it."))
        record(by, "override_read", GateOverride.get_by_id(override_id).order)


def begin_repair(*, by: Actor, order: WorkOrder, at: datetime | None = None) -> None:
    """A diagnosis becomes the repair on the same visit, once the gate is open. Raises ``Conflict`` while it is shut or for another kind."""
    begun_at = at or clock.now()
    check_repair(order, begun_at)
    with db.transaction():
        is_diagnosis = (WorkOrder.id == order.id) & (WorkOrder.kind == OrderKind.DIAGNOSIS) & WorkOrder.is_out
        changed = WorkOrder.update(kind=OrderKind.REPAIR, version=WorkOrder.version + 1, changed_at=begun_at).where(is_diagnosis).execute()
        if not changed:
            raise Conflict(N_("This is no running diagnosis any more. Look at the present state."))
        order.kind, order.version = OrderKind.REPAIR, order.version + 1
        follow(by, order, begun_at)
        record(by, "repair_begun", order)
