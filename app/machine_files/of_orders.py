"""What work orders tell of a machine: every step of each, in words, and the guidance that was asked for and given."""

from typing import Any

from peewee import JOIN, ModelSelect

from app.accounts.models import User
from app.core.errors import N_
from app.machine_files.timeline import EntryKind, Rows
from app.tickets.models import Ticket
from app.work_orders.models import DONE_STATUSES, Guidance, OrderStatus, OrderStep, WorkOrder

READ = "orders.read"
# What a customer may know of it: that somebody was sent, was there and has finished.
_FOR_CUSTOMERS = (OrderStatus.DISPATCHED, OrderStatus.ON_SITE, *DONE_STATUSES)


def _steps(machine_id: Any) -> ModelSelect:
    columns = (WorkOrder.id, WorkOrder.number, WorkOrder.title, WorkOrder.kind, WorkOrder.area, WorkOrder.ticket)
    query = OrderStep.select(OrderStep, *columns, User.id, User.name, Ticket.id, Ticket.reason).join_from(OrderStep, WorkOrder)
    query = query.join_from(OrderStep, User, JOIN.LEFT_OUTER, on=OrderStep.lead).join_from(WorkOrder, Ticket, JOIN.LEFT_OUTER)
    return query.where(OrderStep.machine == machine_id)


def _made(machine_id: Any) -> ModelSelect:
    return _steps(machine_id).where(OrderStep.from_status.is_null())


def _moved(machine_id: Any) -> ModelSelect:
    return _steps(machine_id).where(OrderStep.from_status.is_null(False))


def _guidance(machine_id: Any) -> ModelSelect:
    columns = (WorkOrder.id, WorkOrder.number, WorkOrder.title, WorkOrder.area)
    return Guidance.select(Guidance, *columns).join(WorkOrder).where(Guidance.machine == machine_id)


_STEP_WORDS = (WorkOrder.number, WorkOrder.title, OrderStep.reason, OrderStep.by_name, User.name)
ORDERS = EntryKind(
    name="order",
    label=N_("Work orders"),
    icon="truck",
    permission=READ,
    template="machine_files/entries/order.html",
    sources=(
        Rows(name="order_made", query=_made, at=OrderStep.at, id=OrderStep.id, searched=_STEP_WORDS, area=WorkOrder.area),
        Rows(
            name="order_step",
            query=_moved,
            at=OrderStep.at,
            id=OrderStep.id,
            searched=_STEP_WORDS,
            area=WorkOrder.area,
            is_counted=False,
        ),
    ),
    href=lambda step: f"/work-orders/{step.order.number}",
    tone=lambda step: "strong" if step.to_status == OrderStatus.FINISHED else "plain",
    is_for_customers=lambda step: step.to_status in _FOR_CUSTOMERS,
)
GUIDANCE = EntryKind(
    name="guidance",
    label=N_("Technical guidance"),
    icon="message",
    permission=READ,
    template="machine_files/entries/order.html",
    sources=(
        Rows(
            name="guidance",
            query=_guidance,
            at=Guidance.at,
            id=Guidance.id,
            searched=(Guidance.text, Guidance.by_name, WorkOrder.number),
            area=WorkOrder.area,
        ),
    ),
    href=lambda one: f"/work-orders/{one.order.number}",
    tone=lambda one: "strong" if one.is_question else "plain",
    is_for_customers=lambda _one: False,
)
