"""Call-backs that are due (待回访): finished orders without a record, overdue ones first; who is to be called later stands at the end."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from peewee import JOIN, Case, ModelSelect, fn

from app.accounts.models import User
from app.callbacks import queries, tries
from app.callbacks.models import CallTry
from app.callbacks.queries import Wanted
from app.callbacks.writing import is_due
from app.core import clock, paging
from app.core.errors import N_, NotFound
from app.core.paging import Order
from app.core.personal import masked_phone
from app.core.types import Actor, Page
from app.customers.models import Contact, Customer, Site
from app.machines.models import Machine
from app.service_reports.models import ReportStatus, ServiceReport
from app.work_orders import queries as work_orders
from app.work_orders import visits
from app.work_orders.models import Visit, WorkOrder

DUE = "due"
COLUMNS = ("number", "kind", "customer", "site", "machine", "technician", "finished_at", "due_at", "tries", "again_at")
MOST_CONTACTS = 8
MOST_OTHERS = 20


@dataclass(frozen=True, slots=True)
class Line:
    """An order to be called back about; ``tried`` are the calls that reached nobody."""

    order: WorkOrder
    tried: list[CallTry]

    @property
    def again_at(self) -> datetime | None:
        """When to call again, as the last of them said."""
        return self.tried[-1].again_at if self.tried else None

    @property
    def days(self) -> int:
        """On how many different days was tried."""
        return tries.days(self.tried)


def _again_at() -> ModelSelect:
    last = CallTry.select(CallTry.again_at).where(CallTry.order == WorkOrder.id)
    return last.order_by(CallTry.at.desc(), CallTry.id.desc()).limit(1)


def _later(at: datetime) -> Any:
    return Case(None, [(_again_at() > clock.to_ms(at), 1)], 0)


_LISTED = (
    WorkOrder.id, WorkOrder.number, WorkOrder.kind, WorkOrder.title, WorkOrder.customer, WorkOrder.site, WorkOrder.machine, WorkOrder.lead,
    WorkOrder.finished_at, WorkOrder.call_back_due_at, WorkOrder.called_back_at, Customer.id, Customer.name, Site.id, Site.name,
    Machine.id, Machine.serial, User.id, User.name,
)  # fmt: skip


def _joined(query: ModelSelect, at: datetime) -> ModelSelect:
    """``query`` with customer, site, machine and lead; ``is_later`` says that it is not yet time again."""
    query = query.select(*_LISTED, _later(at).alias("is_later"))
    for model in (Customer, Site, Machine):
        query = query.join_from(WorkOrder, model, JOIN.LEFT_OUTER)
    return query.join_from(WorkOrder, User, JOIN.LEFT_OUTER, on=(WorkOrder.lead == User.id))


def _due(actor: Actor) -> ModelSelect:
    """The orders that are due and that ``actor`` may see, bare; written so that the index of what is due is used, not that of areas."""
    query = WorkOrder.select().where(WorkOrder.call_back_due_at.is_null(False), WorkOrder.called_back_at.is_null())
    return query if actor.area_ids is None else query.where(fn.COALESCE(WorkOrder.area, 0).in_(sorted(actor.area_ids)))


def listed(actor: Actor, wanted: Wanted) -> ModelSelect:
    """The orders whose call-back is due, bare."""
    query = _due(actor)
    for given, condition in (
        (wanted.technician, WorkOrder.lead == wanted.technician),
        (wanted.area, WorkOrder.area == wanted.area),
        (wanted.customer, WorkOrder.customer == wanted.customer),
    ):
        if given:
            query = query.where(condition)
    if wanted.q:
        query = query.where(queries.meant(wanted.q, WorkOrder.id, WorkOrder.customer, WorkOrder.machine))
    if wanted.from_on:
        query = query.where(WorkOrder.finished_at >= clock.start_of(wanted.from_on))
    if wanted.to_on:
        query = query.where(WorkOrder.finished_at < clock.end_of(wanted.to_on))
    return query


def _order(at: datetime) -> Order:
    return Order((_later(at), WorkOrder.call_back_due_at, WorkOrder.id), (False, False, False))


def page(actor: Actor, wanted: Wanted, at: datetime, *, after: str | None = None, before: str | None = None) -> Page[Line]:
    """One page of what is due at ``at``. Raises ``Invalid`` for a page that does not exist."""
    query = listed(actor, wanted)
    total = paging.capped_count(query.select(WorkOrder.id))
    found = paging.page_in_order(_joined(query, at), _order(at), _key, total=total, after=after, before=before)
    tried = tries.of_orders(found.rows)
    lines = [Line(order, tried.get(order.id, [])) for order in found.rows]
    return Page(lines, found.total, found.is_total_capped, found.next_key, found.previous_key)


def _key(order: Any) -> tuple[Any, ...]:
    return order.is_later, order.call_back_due_at, order.id


def count(actor: Actor) -> tuple[int, bool]:
    """How many are due, counted no further than the lists count."""
    return paging.capped_count(_due(actor).select(WorkOrder.id))


def rows(actor: Actor, wanted: Wanted, at: datetime) -> Iterator[list[Any]]:
    """The rows of ``COLUMNS`` for an export."""
    orders = list(_joined(listed(actor, wanted), at).order_by(*_order(at).by()))
    tried = tries.of_orders(orders)
    for order in orders:
        line = Line(order, tried.get(order.id, []))
        yield [
            order.number, order.kind, order.customer and order.customer.name, order.site and order.site.name,
            order.machine and order.machine.serial, order.lead and order.lead.name, order.finished_at, order.call_back_due_at,
            len(line.tried), line.again_at,
        ]  # fmt: skip


# --- what the clerk has before them while they call ----------------------------


@dataclass(frozen=True, slots=True)
class Person:
    """Whom to phone: name, number, and what they are, in a code of ``ContactRole`` or ``caller``."""

    name: str
    phone: str
    role: str

    @property
    def masked(self) -> str:
        """The number as lists show it."""
        return masked_phone(self.phone)


@dataclass(frozen=True, slots=True)
class Sheet:
    """Everything about one finished dispatch that a call needs."""

    line: Line
    visits: list[Visit]
    report: ServiceReport | None
    people: list[Person]
    others: list[Line]

    @property
    def order(self) -> WorkOrder:
        """The dispatch that is called about."""
        return self.line.order

    @property
    def went_on(self) -> date:
        """The day of the last visit, else of finishing."""
        at: datetime = self.visits[-1].arrived_at if self.visits else self.order.finished_at
        return clock.day_of(at)

    @property
    def may_give_up(self) -> bool:
        """Whether "not reachable" may be said by now."""
        return tries.may_give_up(self.order)


def sheet(actor: Actor, number: str, at: datetime) -> Sheet:
    """What there is to a call about the order ``number``. Raises ``NotFound`` for one that ``actor`` may not see or nobody finished."""
    order = work_orders.by_number(actor, number)
    if order.finished_at is None:
        raise NotFound(N_("This order is not finished; nobody is to be called yet."))
    others = _others(actor, order, at) if is_due(order) else []
    tried = tries.of_orders([order, *others])
    lines = [Line(other, tried.get(other.id, [])) for other in others]
    return Sheet(Line(order, tried.get(order.id, [])), visits_of(order), report_of(order), people(order), lines)


def visits_of(order: WorkOrder) -> list[Visit]:
    """The visits on which somebody arrived."""
    return [visit for visit in visits.of_order(order) if visit.arrived_at]


def report_of(order: WorkOrder) -> ServiceReport | None:
    """The service report of ``order``, None while it is a draft."""
    return ServiceReport.get_or_none(ServiceReport.order == order, ServiceReport.status != ReportStatus.DRAFT)


def _others(actor: Actor, order: WorkOrder, at: datetime) -> list[WorkOrder]:
    if order.customer_id is None:
        return []
    query = listed(actor, Wanted(customer=order.customer_id)).where(WorkOrder.id != order.id)
    return list(_joined(query, at).order_by(WorkOrder.call_back_due_at, WorkOrder.id).limit(MOST_OTHERS))


def people(order: WorkOrder) -> list[Person]:
    """Whom to phone about ``order``, the likeliest first: its contact, who called, those of the site, others of the customer."""
    found = [Person(order.contact.name, order.contact.phone, order.contact.role)] if order.contact_id else []
    if order.ticket_id and order.ticket.caller_phone:
        found.append(Person(order.ticket.caller_name, order.ticket.caller_phone, "caller"))
    if order.customer_id:
        here_first = Case(None, [(Contact.site == order.site_id, 0)], 1)
        query = Contact.select().where(Contact.customer == order.customer_id, Contact.phone != "").order_by(here_first, Contact.id)
        found += [Person(one.name, one.phone, one.role) for one in query.limit(MOST_CONTACTS)]
    by_number: dict[str, Person] = {}
    for one in found:
        if one.phone:
            by_number.setdefault(one.phone, one)
    return list(by_number.values())
