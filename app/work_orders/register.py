"""The list of work orders: what it can be asked for, its pages, its rows for an export (2B-28)."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from peewee import JOIN, ModelSelect, fn

from app.accounts.models import Role, User, UserRole
from app.core import clock, paging, textsearch
from app.core.paging import Order
from app.core.types import Actor, Page
from app.customers import searching as customer_search
from app.customers.models import Customer, Project
from app.machines import searching as machine_search
from app.machines.models import Machine
from app.machines.warranty import WarrantyState
from app.tickets.models import Ticket
from app.work_orders import queries
from app.work_orders.models import DONE_STATUSES, OUT_STATUSES, QUEUED_STATUSES, OrderKind, OrderStatus, Visit, WorkOrder

OPEN, QUEUE, OUT, DONE, ANY = "open", "queue", "out", "done", "any"
GROUPS: dict[str, tuple[OrderStatus, ...]] = {
    OPEN: (*QUEUED_STATUSES, *OUT_STATUSES), QUEUE: QUEUED_STATUSES, OUT: OUT_STATUSES, DONE: DONE_STATUSES, ANY: (),
}  # fmt: skip
# A word that fits more machines or customers than this is not meant as one of them.
MOST_NAMED = 60
_NO_TIME_MS = 2**53
# Orders that nobody promised a time for come last.
_wanted_at = fn.COALESCE(WorkOrder.wanted_at, _NO_TIME_MS).coerce(False)
_BY_AGE = Order((WorkOrder.created_at, WorkOrder.id), (True, True))
SORTS = {
    "-created_at": _BY_AGE,
    "created_at": Order((WorkOrder.created_at, WorkOrder.id), (False, False)),
    # Their codes sort gravest first.
    "priority": Order((WorkOrder.priority, WorkOrder.created_at, WorkOrder.id), (False, True, True)),
    "wanted_at": Order((_wanted_at, WorkOrder.id), (False, False)),
}
DEFAULT_SORT = "-created_at"
# Where the columns of an order stand in a row.
_PLACES = {"priority": (-4, -2, -1), "wanted_at": (-3, -1)}


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderFilter:
    """What the list is asked for; ``status`` is a state or one of ``GROUPS``; days are the deployment's, ``to_on`` included."""

    q: str = ""
    status: str = OPEN
    kind: OrderKind | None = None
    lead: int | None = None
    area: int | None = None
    machine: str = ""
    customer: int | None = None
    project: int | None = None
    warranty: WarrantyState | None = None
    from_on: date | None = None
    to_on: date | None = None
    is_unratified: bool = False
    is_rework: bool = False
    wants_help: bool = False
    sort: str = DEFAULT_SORT

    @property
    def is_narrowed(self) -> bool:
        """Whether more was asked for than what is open."""
        return replace(self, sort=DEFAULT_SORT) != OrderFilter()


class OrderRow(NamedTuple):
    """A row of the list; the last columns are those it is ordered by."""

    number: str
    status: str
    kind: str
    title: str
    warranty: str
    lead: str | None
    serial: str | None
    customer: str | None
    customer_name: str | None
    contract_number: str | None
    ticket: str | None
    reason: str | None
    is_stop: bool
    rework_of_id: int | None
    is_provisional: bool
    help_wanted_at: datetime | None
    planned_from: datetime | None
    finished_at: datetime | None
    version: int
    wanted_at: datetime | None
    priority: str
    wanted_ms: int
    created_at: datetime
    id: int


def _planned() -> Any:
    """When the last visit of an order that was not dropped begins."""
    visit = Visit.alias("planned")
    found = visit.select(visit.planned_from).where(visit.order == WorkOrder.id, visit.dropped_at.is_null())
    return found.order_by(visit.number.desc()).limit(1).alias("planned_from")


def is_unratified() -> Any:
    """The condition that a provisional dispatch waits to be ratified."""
    return WorkOrder.agreed_by.is_null(False) & WorkOrder.ratified_at.is_null()


def _columns() -> tuple[Any, ...]:
    return (
        WorkOrder.number, WorkOrder.status, WorkOrder.kind, WorkOrder.title, WorkOrder.warranty, User.name, Machine.serial,
        Customer.short_name, Customer.name, Project.contract_number, Ticket.number, Ticket.reason, WorkOrder.is_stop, WorkOrder.rework_of,
        is_unratified().alias("is_provisional"), WorkOrder.help_wanted_at, _planned(), WorkOrder.finished_at,
        WorkOrder.version, WorkOrder.wanted_at, WorkOrder.priority, _wanted_at, WorkOrder.created_at, WorkOrder.id,
    )  # fmt: skip


def _row(*values: Any) -> OrderRow:
    row = OrderRow(*values)
    planned: Any = row.planned_from  # a column of a subquery comes as the database keeps it
    return row._replace(planned_from=clock.from_ms(planned) if isinstance(planned, int) else planned)


def page(actor: Actor, wanted: OrderFilter, *, after: str | None = None, before: str | None = None) -> Page[OrderRow]:
    """One page of the list. Raises ``Invalid`` for a page that does not exist."""
    matching = _matching(actor, wanted)
    total = paging.capped_count(matching.select(WorkOrder.id))
    places = _PLACES.get(wanted.sort, (-2, -1))
    return paging.page_of(_joined(matching), SORTS[wanted.sort], row=_row, total=total, after=after, before=before, places=places)


def every(actor: Actor, wanted: OrderFilter) -> Iterator[OrderRow]:
    """All rows that the list would show, page after page."""
    after: str | None = None
    while True:
        places = _PLACES.get(wanted.sort, (-2, -1))
        found = paging.page_of(
            _joined(_matching(actor, wanted)), SORTS[wanted.sort], row=_row, total=(0, False), after=after, places=places
        )
        yield from found.rows
        after = found.next_key
        if after is None:
            return


def newest(actor: Actor, wanted: OrderFilter, limit: int) -> list[OrderRow]:
    """The first ``limit`` rows of the list of ``wanted``, uncounted."""
    query = _joined(_matching(actor, wanted)).order_by(*SORTS[wanted.sort].by()).limit(limit)
    return [_row(*values) for values in query.tuples()]


def count(actor: Actor, wanted: OrderFilter) -> int:
    """How many orders the list of ``wanted`` has, counted no further than lists count."""
    return paging.capped_count(_matching(actor, wanted).select(WorkOrder.id))[0]


def leads() -> list[tuple[int, str]]:
    """Id and name of the technicians who work here, by name; for choices."""
    held = UserRole.select(UserRole.user).where(UserRole.role == Role.TECHNICIAN)
    return list(User.select(User.id, User.name).where(User.is_active, User.id.in_(held)).order_by(User.name, User.id).tuples())


def _joined(query: ModelSelect) -> ModelSelect:
    joined = query.select(*_columns())
    for model, column in (
        (User, WorkOrder.lead), (Machine, WorkOrder.machine), (Customer, WorkOrder.customer), (Project, WorkOrder.project),
        (Ticket, WorkOrder.ticket),
    ):  # fmt: skip
        joined = joined.join_from(WorkOrder, model, JOIN.LEFT_OUTER, on=(column == model.id))
    return joined


def _matching(actor: Actor, wanted: OrderFilter) -> ModelSelect:
    query = queries.visible(actor)
    statuses = GROUPS.get(wanted.status, (wanted.status,))
    if wanted.status == DONE:  # most of all there are: by the index of the order, not by that of the state
        query = query.where(WorkOrder.status.concat("").in_(statuses))
    elif statuses:
        query = query.where(WorkOrder.status.in_(statuses))
    for column, value in (
        (WorkOrder.kind, wanted.kind),
        (WorkOrder.lead, wanted.lead),
        (WorkOrder.area, wanted.area),
        (WorkOrder.customer, wanted.customer),
        (WorkOrder.project, wanted.project),
        (WorkOrder.warranty, wanted.warranty),
    ):
        if value is not None:
            query = query.where(column == value)
    if wanted.machine:
        query = query.where(WorkOrder.machine == Machine.select(Machine.id).where(Machine.serial == wanted.machine))
    return _by_words(_by_time(_by_marks(query, wanted), wanted), wanted.q)


def _by_marks(query: ModelSelect, wanted: OrderFilter) -> ModelSelect:
    if wanted.is_unratified:
        query = query.where(WorkOrder.id.in_(_few_with(lambda order: order.agreed_by.is_null(False) & order.ratified_at.is_null())))
    if wanted.is_rework:
        query = query.where(WorkOrder.rework_of.is_null(False))
    if wanted.wants_help:
        query = query.where(WorkOrder.id.in_(_few_with(lambda order: order.help_wanted_at.is_null(False))))
    return query


def _few_with(condition: Callable[[Any], Any]) -> ModelSelect:
    """The ids of the few orders with ``condition``, found by an index of their own and not by going through all."""
    few = WorkOrder.alias("few")
    return few.select(few.id).where(condition(few))


def _by_time(query: ModelSelect, wanted: OrderFilter) -> ModelSelect:
    if wanted.from_on:
        query = query.where(WorkOrder.created_at >= clock.start_of(wanted.from_on))
    if wanted.to_on:
        query = query.where(WorkOrder.created_at < clock.start_of(wanted.to_on + timedelta(days=1)))
    return query


def _by_words(query: ModelSelect, q: str) -> ModelSelect:
    """Every word is in the number or the title, or names the machine or customer."""
    for word in textsearch.words(q):
        fits = WorkOrder.number.contains(word) | WorkOrder.title.contains(word)
        needed = textsearch.terms(word)
        if needed:
            fits |= WorkOrder.machine.in_(_few(machine_search.TABLE, needed)) | WorkOrder.customer.in_(
                _few(customer_search.CUSTOMERS, needed)
            )
        query = query.where(fits)
    return query


def _few(table: str, needed: Any) -> list[int]:
    keys = textsearch.keys(table, [[needed]], MOST_NAMED + 1)
    return keys if len(keys) <= MOST_NAMED else []


COLUMNS = (
    "number", "created_at", "kind", "status", "priority", "title", "machine", "customer", "contract_number", "ticket", "warranty",
    "technician", "planned_from", "wanted_at", "finished_at", "rework", "provisional",
)  # fmt: skip
# The enumerations of the columns that hold codes.
LABELS = {"kind": "OrderKind", "status": "OrderStatus", "priority": "Priority", "warranty": "WarrantyState"}


def exported(actor: Actor, wanted: OrderFilter) -> Iterator[list[Any]]:
    """The rows of ``COLUMNS`` for an export."""
    for row in every(actor, wanted):
        yield [
            row.number, row.created_at, row.kind, row.status, row.priority, row.title, row.serial, row.customer_name,
            row.contract_number, row.ticket, row.warranty, row.lead, row.planned_from, row.wanted_at, row.finished_at,
            row.rework_of_id is not None, bool(row.is_provisional),
        ]  # fmt: skip
