"""Papers of parts that wait for somebody: to be approved, issued, sent, received, released, shipped, settled."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.core.errors import N_
from app.core.types import Actor
from app.home.items import USUAL, Item, Step
from app.supply import parts_orders, purchases, requisitions, shipments, unsettled
from app.supply.consumption import SETTLE
from app.supply.models import (
    PartsOrder,
    PartsOrderStatus,
    PurchaseRequest,
    PurchaseStatus,
    Requisition,
    RequisitionStatus,
    Shipment,
)


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A list that waits for whoever holds ``permission``: its rows, since when, and where they stand filtered."""

    key: str
    permission: str
    query: Any
    since: Any
    label: str
    step: str
    href: str
    icon: str = "clipboard-text"


def of_supply(actor: Actor, now: datetime) -> list[Item]:
    """Everything of supply that waits for ``actor``, one item for each kind with how many it counts."""
    return [item for waiting in _lists(actor) if actor.may(waiting.permission) for item in _counted(waiting)] + list(_unsettled(actor, now))


def _lists(actor: Actor) -> Iterator[_Waiting]:
    asked = (Requisition.status == RequisitionStatus.REQUESTED) & (Requisition.requested_by != actor.user_id)
    yield _Waiting(
        "requisitions-asked", requisitions.DECIDE, Requisition.select().where(asked), Requisition.requested_at,
        N_("Requisitions to approve: %(count)s"), N_("Approve"), "/requisitions?status=requested",
    )  # fmt: skip
    approved = Requisition.select().where(Requisition.status == RequisitionStatus.APPROVED)
    yield _Waiting(
        "requisitions-approved", requisitions.ISSUE, approved, Requisition.decided_at, N_("Requisitions to issue: %(count)s"), N_("Issue"),
        "/requisitions?status=approved",
    )  # fmt: skip
    drafts = PurchaseRequest.select().where(PurchaseRequest.status == PurchaseStatus.DRAFT)
    yield _Waiting(
        "purchases-drafted", purchases.EDIT, drafts, PurchaseRequest.created_at, N_("Purchase requests to send: %(count)s"), N_("Send"),
        "/purchases?status=draft",
    )  # fmt: skip
    released = PartsOrder.select().where(PartsOrder.status.in_(parts_orders.RELEASED))
    yield _Waiting(
        "parts-orders-released", shipments.EDIT, released, PartsOrder.released_at, N_("Parts orders to ship: %(count)s"), N_("Ship"),
        "/parts-orders?status=open", "truck",
    )  # fmt: skip
    quotes = PartsOrder.select().where(PartsOrder.status == PartsOrderStatus.QUOTE, PartsOrder.by != actor.user_id)
    yield _Waiting(
        "parts-orders-quoted", parts_orders.CREDIT, quotes, PartsOrder.created_at,
        N_("Quotes that wait for payment or credit: %(count)s"), N_("Decide"),
        "/parts-orders?status=quote",
    )  # fmt: skip
    on_their_way = Shipment.select().where(Shipment.received_at.is_null())
    yield _Waiting(
        "shipments-open", shipments.EDIT, on_their_way, Shipment.sent_at,
        N_("Shipments not received yet: %(count)s"), N_("Ask the customer"),
        "/shipments", "truck",
    )  # fmt: skip


def _counted(waiting: _Waiting) -> Iterator[Item]:
    first = waiting.query.order_by(waiting.since).first()
    if first is not None:
        step = Step(label=waiting.step, href=waiting.href, icon=waiting.icon)
        yield Item(
            key=waiting.key, rank=USUAL, since=getattr(first, waiting.since.name), href=waiting.href, step=step, label=waiting.label,
            label_count=waiting.query.count(), state_text=N_("Parts"),
        )  # fmt: skip


def _unsettled(actor: Actor, _now: datetime) -> Iterator[Item]:
    found = unsettled.unsettled() if actor.may(SETTLE) else []
    if found:
        step = Step(label=N_("Settle"), href="/supply/unsettled", icon="check")
        yield Item(
            key="parts-unsettled", rank=USUAL, since=found[0].since, href=step.href, step=step,
            label=N_("Parts used without stock: %(count)s"),
            label_count=len(found), state_text=N_("Parts"),
        )  # fmt: skip
