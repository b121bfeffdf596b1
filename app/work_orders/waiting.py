"""The dispatch queue: tickets that wait for dispatch and orders that nobody has, in one list (workflows, Work order and dispatch)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

from peewee import JOIN, Case, ModelSelect, fn

from app.core import clock, db
from app.core.prepared import Prepared
from app.core.types import Actor
from app.customers.models import Customer, Project, Site
from app.machines import terms
from app.machines.models import Machine
from app.machines.warranty import WarrantyState, prolonged, warranty_on
from app.tickets.models import Priority, Ticket, TicketStatus
from app.work_orders.models import QUEUED_STATUSES, OrderStatus, OrderStep, WorkOrder

# A queue that is longer is worked off from its top; the count says how long it is.
SHOWN = 200


class Waiting(NamedTuple):
    """One thing in the queue: an order, or a ticket that has none there. ``since`` is when it was opened.

    ``returned_by`` and ``returned_why`` say who gave an order back; ``has_parts`` that the parts it waited for have come.
    ``reason`` is the ticket's (``reasons.title_in``).
    """

    order_id: int | None
    order: str | None
    ticket_id: int | None
    ticket: str | None
    priority: str
    kind: str | None
    title: str
    reason: str
    machine_id: int | None
    serial: str | None
    customer: str | None
    site: str | None
    warranty: str
    due_at: datetime | None
    urged_count: int
    since: datetime
    version: int
    returned_by: str = ""
    returned_why: str = ""
    has_parts: bool = False

    @property
    def key(self) -> str:
        """What names it in a form or an address: ``order-D2611-0001`` or ``ticket-T2611-0001``."""
        return f"order-{self.order}" if self.order else f"ticket-{self.ticket}"

    @property
    def path(self) -> str:
        """Where it is dispatched."""
        return f"/work-orders/{self.order}/dispatch" if self.order else f"/dispatch/tickets/{self.ticket}"


@dataclass(frozen=True, slots=True)
class Queue:
    """What waits, most pressing first, and how much there is in all."""

    rows: Sequence[Waiting]
    total: int

    @property
    def is_cut(self) -> bool:
        """Whether more waits than is shown."""
        return self.total > len(self.rows)


def queue(actor: Actor, now: datetime, *, area_id: int | None = None) -> Queue:
    """What waits for dispatch in what ``actor`` may see: critical first, then overdue clocks, then the urged, then the oldest."""
    if actor.area_ids is None and not area_id:
        at = clock.to_ms(now)
        found = _in_order(_every_order.plain(at), _every_ticket.plain(at), now)
        orders, tickets = _orders(), _tickets()
    else:
        orders = _of_area(_visible(_orders(), WorkOrder, actor), WorkOrder, area_id)
        tickets = _of_area(_visible(_tickets(), Ticket, actor), Ticket, area_id)
        found = rows_of(orders, tickets, now)
    total = len(found)
    if total >= SHOWN:
        total = sum(query.select(1).order_by().count() for query in (orders, tickets))
    return Queue(found[:SHOWN], total)


def rows_of(orders: ModelSelect, tickets: ModelSelect, now: datetime) -> list[Waiting]:
    """The rows of these queries in the order of the queue."""
    at = clock.to_ms(now)
    return _in_order(_plain(_pressing_orders(orders, at)), _plain(_pressing_tickets(tickets, at)), now)


def _plain(query: ModelSelect) -> list[Any]:
    return list(db.database.execute(query).fetchall())


def _in_order(orders: list[Any], tickets: list[Any], now: datetime) -> list[Waiting]:
    known = terms.extended() if tickets else {}
    found = [_ticket_row(row, known) for row in tickets] + _with_steps([_order_row(row) for row in orders])
    return sorted(found, key=lambda row: place(row, now))


def place(row: Waiting, now: datetime) -> tuple[bool, bool, bool, datetime]:
    """Where in the queue a row stands."""
    is_late = row.due_at is not None and row.due_at <= now
    return row.priority != Priority.CRITICAL, not is_late, not row.urged_count, row.since


def queued_orders() -> ModelSelect:
    """Orders that nobody has, as ``rows_of`` takes them; more conditions may be added."""
    return _orders()


def waiting_tickets() -> ModelSelect:
    """Tickets that wait for dispatch and have no order in the queue, as ``rows_of`` takes them."""
    return _tickets()


def _orders() -> ModelSelect:
    return (
        WorkOrder.select()
        .join_from(WorkOrder, Ticket, JOIN.LEFT_OUTER)
        .join_from(WorkOrder, Machine, JOIN.LEFT_OUTER)
        .join_from(WorkOrder, Customer, JOIN.LEFT_OUTER, on=WorkOrder.customer == Customer.id)
        .join_from(WorkOrder, Site, JOIN.LEFT_OUTER, on=WorkOrder.site == Site.id)
        .join_from(WorkOrder, Project, JOIN.LEFT_OUTER, on=WorkOrder.project == Project.id)
        .where(WorkOrder.status.in_(QUEUED_STATUSES))
    )


def _tickets() -> ModelSelect:
    queued = WorkOrder.select(WorkOrder.ticket).where(WorkOrder.status.in_(QUEUED_STATUSES), WorkOrder.ticket.is_null(False))
    return (
        Ticket.select()
        .join_from(Ticket, Machine, JOIN.LEFT_OUTER)
        .join_from(Machine, Site, JOIN.LEFT_OUTER)
        .join_from(Ticket, Customer, JOIN.LEFT_OUTER, on=Ticket.customer == Customer.id)
        .where(Ticket.status == TicketStatus.WAITING_DISPATCH, Ticket.id.not_in(queued))
    )


_TICKET_COLUMNS = (
    Ticket.id, Ticket.number, Ticket.priority, Ticket.title, Ticket.reason, Ticket.machine, Machine.serial, Customer.short_name,
    Customer.name, Site.name, Ticket.due_at, Ticket.urged_count, Ticket.opened_at, Ticket.version,
    Machine.accepted_on, Machine.shipped_on, Machine.warranty_months,
)  # fmt: skip
_ORDER_COLUMNS = (
    WorkOrder.id, WorkOrder.number, Ticket.id, Ticket.number, WorkOrder.priority, WorkOrder.kind, WorkOrder.title, Ticket.reason,
    WorkOrder.machine, Machine.serial, Customer.short_name, Customer.name, Site.name, WorkOrder.warranty, Ticket.due_at,
    WorkOrder.wanted_at, Ticket.urged_count, WorkOrder.created_at, WorkOrder.version, Project.name,
)  # fmt: skip


def _pressing_tickets(query: ModelSelect, now: Any) -> ModelSelect:
    return query.select(*_TICKET_COLUMNS).order_by(*_ranks(Ticket.priority, now), Ticket.opened_at).limit(SHOWN).tuples()


def _pressing_orders(query: ModelSelect, now: Any) -> ModelSelect:
    return query.select(*_ORDER_COLUMNS).order_by(*_ranks(WorkOrder.priority, now), WorkOrder.created_at).limit(SHOWN).tuples()


def _ranks(priority: Any, now: Any) -> list[Any]:
    is_late = (Ticket.due_at <= now) if priority is Ticket.priority else (fn.COALESCE(Ticket.due_at, WorkOrder.wanted_at) <= now)
    return [Case(None, ((condition, 0),), 1) for condition in (priority == Priority.CRITICAL, is_late, Ticket.urged_count > 0)]


_every_order = Prepared(lambda now: _pressing_orders(_orders(), now))
_every_ticket = Prepared(lambda now: _pressing_tickets(_tickets(), now))


def _ticket_row(row: tuple[Any, ...], known: Mapping[int, date]) -> Waiting:
    (
        ticket_id, number, priority, title, reason, machine_id, serial, short_name, name, site, due_at, urged, since, version,
        accepted_on, shipped_on, months,
    ) = row  # fmt: skip
    opened_at = clock.from_ms(since)
    warranty = WarrantyState.UNKNOWN
    if machine_id:
        day = clock.day_of(opened_at)
        found = warranty_on(day, accepted_on=_day(accepted_on), shipped_on=_day(shipped_on), months=months)
        warranty = prolonged(found, known.get(machine_id), day).state
    return Waiting(
        None, None, ticket_id, number, priority, None, title, reason, machine_id, serial, short_name or name, site, warranty,
        _time(due_at), urged, opened_at, version,
    )  # fmt: skip


def _day(kept: Any) -> date | None:
    return date.fromisoformat(kept) if isinstance(kept, str) else kept


def _time(kept: int | None) -> datetime | None:
    return clock.from_ms(kept) if kept is not None else None


def _order_row(row: tuple[Any, ...]) -> Waiting:
    (
        order_id, number, ticket_id, ticket, priority, kind, title, reason, machine_id, serial, short_name, name, site, warranty, due_at,
        wanted_at, urged, since, version, project,
    ) = row  # fmt: skip
    return Waiting(
        order_id, number, ticket_id, ticket, priority, kind, title, reason or "", machine_id, serial or project, short_name or name, site,
        warranty, _time(due_at or wanted_at), urged or 0, clock.from_ms(since), version,
    )  # fmt: skip


def _with_steps(rows: list[Waiting]) -> list[Waiting]:
    """The rows with what put them into the queue: who returned them and why, or that the parts have come."""
    ids = [row.order_id for row in rows]
    columns = (OrderStep.order, OrderStep.from_status, OrderStep.to_status, OrderStep.by_name, OrderStep.reason)
    steps = OrderStep.select(*columns).where(OrderStep.order.in_(ids), OrderStep.to_status.in_(QUEUED_STATUSES)).order_by(OrderStep.id)
    last = {row[0]: row[1:] for row in steps.tuples()} if ids else {}
    return [_with_step(row, *last.get(row.order_id, (None, OrderStatus.DRAFT, "", ""))) for row in rows]


def _with_step(row: Waiting, was: str | None, became: str, by_name: str, why: str) -> Waiting:
    if became == OrderStatus.DECLINED:
        return row._replace(returned_by=by_name, returned_why=why)
    return row._replace(has_parts=was == OrderStatus.WAITING_PARTS)


def _visible(query: ModelSelect, model: Any, actor: Actor) -> ModelSelect:
    return query if actor.area_ids is None else query.where(model.area.in_(sorted(actor.area_ids)))


def _of_area(query: ModelSelect, model: Any, area_id: int | None) -> ModelSelect:
    return query.where(model.area == area_id) if area_id else query
