"""The list of purchase requests (F-18), and what they are proposed from: below the minimum and not yet asked for."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from peewee import JOIN, ModelSelect

from app.accounts.models import Department
from app.core import paging
from app.core.errors import N_, NotFound
from app.core.paging import Sort
from app.core.types import Page
from app.parts import stock
from app.parts.models import Part, StockPlace
from app.supply import registers
from app.supply.models import PurchaseLine, PurchaseRequest, PurchaseStatus
from app.supply.registers import PaperFilter
from app.work_orders.models import WorkOrder

OPEN_STATUSES = (PurchaseStatus.DRAFT, PurchaseStatus.SENT, PurchaseStatus.PARTLY_RECEIVED)
COLUMNS = (
    "number", "status", "department", "to_place", "order", "wanted_on", "created_at", "by_name", "sent_at", "received_at",
    "part", "name", "unit", "asked", "received", "cost",
)  # fmt: skip
SORTS = {
    "created_at": Sort(PurchaseRequest.created_at, lambda row: row.created_at),
    "number": Sort(PurchaseRequest.number, lambda row: row.number),
}
MOST_PROPOSED = 100
DEFAULT_SORT = "-created_at"


def every() -> ModelSelect:
    """All requests, with department, store and order."""
    return (
        PurchaseRequest.select(PurchaseRequest, Department, StockPlace, WorkOrder)
        .join_from(PurchaseRequest, Department, JOIN.LEFT_OUTER)
        .join_from(PurchaseRequest, StockPlace)
        .join_from(PurchaseRequest, WorkOrder, JOIN.LEFT_OUTER)
    )


def by_number(number: str) -> PurchaseRequest:
    """The request of this number. Raises ``NotFound``."""
    row = every().where(PurchaseRequest.number == number).get_or_none()
    if row is None:
        raise NotFound(N_("There is no purchase request of this number."))
    found: PurchaseRequest = row
    return found


def listed(wanted: PaperFilter) -> ModelSelect:
    """The requests of the list."""
    query = registers.narrowed(every(), wanted, PurchaseRequest.created_at, OPEN_STATUSES)
    for column, value in (
        (PurchaseRequest.to_place, wanted.place),
        (PurchaseRequest.department, wanted.who),
        (WorkOrder.number, wanted.order),
    ):
        if value:
            query = query.where(column == value)
    if wanted.q:
        words = PurchaseRequest.number.contains(wanted.q) | PurchaseRequest.remark.contains(wanted.q) | WorkOrder.number.contains(wanted.q)
        query = query.where(words | PurchaseRequest.id.in_(registers.with_part(PurchaseLine, PurchaseLine.request, wanted.q)))
    return query


def page(wanted: PaperFilter, *, sort: str, after: str | None = None, before: str | None = None) -> Page[PurchaseRequest]:
    """One page of the list. Raises ``Invalid`` for an unknown sort or page."""
    return paging.page_of_records(listed(wanted), SORTS, sort, after=after, before=before)


def lines_of(rows: Page[PurchaseRequest]) -> dict[int, list[PurchaseLine]]:
    """The lines of the requests on a page."""
    return registers.lines_by_paper(PurchaseLine, PurchaseLine.request, rows.rows)


def exported(wanted: PaperFilter, sort: str) -> Iterator[list[Any]]:
    """One row of ``COLUMNS`` for each part of each request."""
    query = paging.whole(listed(wanted), SORTS, sort)
    query = query.select_extend(PurchaseLine, Part).join_from(PurchaseRequest, PurchaseLine, attr="line").join(Part)
    for row in query.iterator():
        line, part = row.line, row.line.part
        yield [
            row.number, row.status, row.department.name if row.department_id else "", row.to_place.name,
            row.order.number if row.order_id else "", row.wanted_on, row.created_at, row.by_name, row.sent_at, row.received_at,
            part.number, part.name, part.unit, line.asked, line.received, line.cost,
        ]  # fmt: skip


def of_order(order: WorkOrder) -> list[PurchaseRequest]:
    """The requests for ``order``, oldest first."""
    return list(PurchaseRequest.select().where(PurchaseRequest.order == order).order_by(PurchaseRequest.id))


def proposed(place: StockPlace) -> list[tuple[Part, Decimal]]:
    """What ``place`` lacks to twice its minimum and is not on its way, for parts below the minimum (2A-13)."""
    below = stock.below_minimum(place)[:MOST_PROPOSED]
    coming = _to_come(place)
    found = [(row.part, 2 * row.minimum - row.quantity - coming.get(row.part_id, Decimal(0))) for row in below]
    return [(part, lacking) for part, lacking in found if lacking > 0]


def _to_come(place: StockPlace) -> dict[int, Decimal]:
    query = PurchaseLine.select(PurchaseLine, PurchaseRequest).join(PurchaseRequest)
    found: dict[int, Decimal] = {}
    for line in query.where(PurchaseRequest.to_place == place, PurchaseRequest.status.in_(OPEN_STATUSES)):
        found[line.part_id] = found.get(line.part_id, Decimal(0)) + line.asked - line.received
    return found
