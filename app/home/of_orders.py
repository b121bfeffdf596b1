"""Work orders that wait for somebody at the desk: returned ones, cries for help, what is to be ratified, read, decided or filed."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from peewee import JOIN, Model, ModelSelect

from app.accounts import authorities
from app.core.errors import N_
from app.core.types import Actor
from app.customers.models import Customer
from app.home.items import URGENT, USUAL, Item, Step
from app.machines.models import Machine
from app.service_reports.models import ReportStatus, ServiceReport
from app.work_orders import dispatching, gate, queries
from app.work_orders.models import GateOverride, OrderStatus, Proposal, WorkOrder
from app.work_orders.states import QUEUED_STATUSES


def of_orders(actor: Actor, now: datetime, limit: int) -> list[Item]:
    """Everything of work orders that waits for ``actor``."""
    return [item for source in (_queued, _helpless, _unratified, _overrides, _proposals, _unfiled) for item in source(actor, now, limit)]


def tickets_of_orders(limit: int) -> frozenset[int]:
    """Tickets whose order speaks for them: it stands in the queue, or the ticket closes by itself when it comes to rest."""
    waiting = (*QUEUED_STATUSES, OrderStatus.FINISHED, OrderStatus.FILED)
    found = WorkOrder.select(WorkOrder.ticket).where(WorkOrder.status.in_(waiting), WorkOrder.ticket.is_null(False)).limit(limit)
    return frozenset(ticket_id for (ticket_id,) in found.tuples())


def _orders(actor: Actor, condition: Any, limit: int) -> ModelSelect:
    return queries.within(with_names(WorkOrder.select(WorkOrder, *NAMES)).where(condition), actor).limit(limit)


NAMES = (Machine, Customer)


def with_names(query: ModelSelect) -> ModelSelect:
    """``query`` over orders, or joined to them, with the machine and customer that stand on each row."""
    machine = query.switch(WorkOrder).join(Machine, JOIN.LEFT_OUTER, on=WorkOrder.machine)
    return machine.switch(WorkOrder).join(Customer, JOIN.LEFT_OUTER, on=WorkOrder.customer)


def of_rows(model: type[Model]) -> ModelSelect:
    """The rows of ``model``, each with its order, machine and customer in the same read."""
    return with_names(model.select(model, WorkOrder, *NAMES).join(WorkOrder))


def _queued(actor: Actor, _now: datetime, limit: int) -> Iterator[Item]:
    if not actor.may(dispatching.DISPATCH):
        return
    for order in _orders(actor, WorkOrder.status.in_(QUEUED_STATUSES), limit).order_by(WorkOrder.priority, WorkOrder.created_at):
        rank = URGENT if order.status == OrderStatus.DECLINED else USUAL
        yield _item(order, Step(label=N_("Dispatch"), href=f"/work-orders/{order.number}/dispatch", icon="truck"), order.changed_at, rank)


def _helpless(actor: Actor, _now: datetime, limit: int) -> Iterator[Item]:
    if not actor.may("guidance.give"):
        return
    for order in _orders(actor, WorkOrder.help_wanted_at.is_null(False), limit).order_by(WorkOrder.help_wanted_at):
        step = Step(label=N_("Give guidance"), href=f"/work-orders/{order.number}#guidance", icon="message")
        yield _item(order, step, order.help_wanted_at, URGENT, text=N_("Help wanted"))


def _unratified(actor: Actor, now: datetime, limit: int) -> Iterator[Item]:
    if not authorities.may_act(actor, dispatching.RATIFY, now):
        return
    places = [one.giver_id for one in authorities.held_by(actor.user_id, now) if one.permission == dispatching.RATIFY]
    is_open = WorkOrder.ratified_at.is_null() & WorkOrder.agreed_by.in_([actor.user_id, *places])
    for order in _orders(actor, is_open, limit).order_by(WorkOrder.dispatched_at):
        step = Step(label=N_("Ratify"), href=f"/work-orders/{order.number}/ratification", is_post=True, icon="check")
        yield _item(order, step, order.dispatched_at, USUAL, text=N_("Provisional dispatch"))


def _overrides(actor: Actor, now: datetime, limit: int) -> Iterator[Item]:
    if not authorities.may_act(actor, gate.READ, now):
        return
    query = of_rows(GateOverride).where(GateOverride.read_at.is_null())
    for row in query.where(GateOverride.by.is_null() | (GateOverride.by != actor.user_id)).order_by(GateOverride.at).limit(limit):
        step = Step(label=N_("Mark as read"), href=f"/gate-overrides/{row.id}/reading", is_post=True, icon="check")
        yield _item(row.order, step, row.at, USUAL, text=N_("Emergency override"), title=f"{row.by_name}: {row.reason}")


def _proposals(actor: Actor, _now: datetime, limit: int) -> Iterator[Item]:
    if not actor.may(dispatching.DISPATCH):
        return
    query = of_rows(Proposal).where(Proposal.decided_at.is_null()).order_by(Proposal.at).limit(limit)
    for row in query:
        step = Step(label=N_("Decide"), href=f"/work-orders/{row.order.number}#proposals")
        yield _item(row.order, step, row.at, USUAL, text=N_("Proposal"), title=f"{row.by_name}: {row.text}")


def _unfiled(actor: Actor, _now: datetime, limit: int) -> Iterator[Item]:
    """Reports that came in: the clerk files them."""
    if not actor.may("orders.file"):
        return
    query = of_rows(ServiceReport).where(ServiceReport.status == ReportStatus.SIGNED)
    for report in query.where(WorkOrder.status == OrderStatus.FINISHED).order_by(ServiceReport.signed_at).limit(limit):
        step = Step(label=N_("File the report"), href=f"/service-reports/{report.number}", icon="inbox")
        yield _item(report.order, step, report.signed_at, USUAL)


def _item(order: WorkOrder, step: Step, since: datetime, rank: int, *, text: str = "", title: str = "") -> Item:
    return Item(
        key=f"order-{order.id}-{step.href.rsplit('/', 1)[-1]}",
        rank=rank,
        since=since,
        href=f"/work-orders/{order.number}",
        number=order.number,
        step=step,
        priority=order.priority,
        serial=order.machine.serial if order.machine else "",
        customer=(order.customer.short_name or order.customer.name) if order.customer else "",
        title=title or order.title,
        state=None if text else OrderStatus(order.status),
        state_text=text,
        due_at=order.wanted_at if order.status in QUEUED_STATUSES else None,
    )
