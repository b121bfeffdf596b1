"""The list of requisitions (F-19): the desk sees all, a technician the own ones."""

from collections.abc import Iterator
from typing import Any

from peewee import JOIN, ModelSelect

from app.accounts.models import User
from app.core import paging
from app.core.errors import N_, NotFound
from app.core.paging import Sort
from app.core.types import Actor, Page
from app.parts.models import Part, StockPlace
from app.supply import registers
from app.supply.models import Requisition, RequisitionLine, RequisitionStatus
from app.supply.registers import PaperFilter
from app.work_orders.models import WorkOrder

OPEN_STATUSES = (RequisitionStatus.REQUESTED, RequisitionStatus.APPROVED, RequisitionStatus.ISSUED)
COLUMNS = (
    "number", "status", "technician", "order", "from_place", "requested_at", "requested_by", "decided_by", "issued_at",
    "part", "name", "unit", "asked", "issued", "used", "returned",
)  # fmt: skip
SORTS = {
    "requested_at": Sort(Requisition.requested_at, lambda row: row.requested_at),
    "number": Sort(Requisition.number, lambda row: row.number),
}
DEFAULT_SORT = "-requested_at"


def visible(actor: Actor) -> ModelSelect:
    """The requisitions that ``actor`` may see, with technician, order and store."""
    query = (
        Requisition.select(Requisition, User, WorkOrder, StockPlace)
        .join_from(Requisition, User, on=Requisition.technician)
        .join_from(Requisition, WorkOrder, JOIN.LEFT_OUTER, on=Requisition.order)
        .join_from(Requisition, StockPlace, on=Requisition.from_place)
    )
    return query if actor.area_ids is None else query.where(Requisition.technician == actor.user_id)


def by_number(actor: Actor, number: str) -> Requisition:
    """The requisition of this number. Raises ``NotFound`` for one that ``actor`` may not see."""
    row = visible(actor).where(Requisition.number == number).get_or_none()
    if row is None:
        raise NotFound(N_("There is no requisition of this number, or it is not for you to see."))
    found: Requisition = row
    return found


def listed(actor: Actor, wanted: PaperFilter) -> ModelSelect:
    """The requisitions of the list."""
    query = registers.narrowed(visible(actor), wanted, Requisition.requested_at, OPEN_STATUSES)
    for column, value in ((Requisition.from_place, wanted.place), (Requisition.technician, wanted.who), (WorkOrder.number, wanted.order)):
        if value:
            query = query.where(column == value)
    if wanted.q:
        has_part = Requisition.id.in_(registers.with_part(RequisitionLine, RequisitionLine.requisition, wanted.q))
        query = query.where(
            Requisition.number.contains(wanted.q) | User.name.contains(wanted.q) | WorkOrder.number.contains(wanted.q) | has_part
        )
    return query


def page(actor: Actor, wanted: PaperFilter, *, sort: str, after: str | None = None, before: str | None = None) -> Page[Requisition]:
    """One page of the list. Raises ``Invalid`` for an unknown sort or page."""
    return paging.page_of_records(listed(actor, wanted), SORTS, sort, after=after, before=before)


def lines_of(rows: Page[Requisition]) -> dict[int, list[RequisitionLine]]:
    """The lines of the requisitions on a page."""
    return registers.lines_by_paper(RequisitionLine, RequisitionLine.requisition, rows.rows)


def exported(actor: Actor, wanted: PaperFilter, sort: str) -> Iterator[list[Any]]:
    """One row of ``COLUMNS`` for each part of each requisition."""
    query = paging.whole(listed(actor, wanted), SORTS, sort)
    query = query.select_extend(RequisitionLine, Part).join_from(Requisition, RequisitionLine, attr="line").join(Part)
    for row in query.iterator():
        line, part = row.line, row.line.part
        yield [
            row.number, row.status, row.technician.name, row.order.number if row.order_id else "", row.from_place.name, row.requested_at,
            row.requested_by_name, row.decided_by_name, row.issued_at, part.number, part.name, part.unit, line.asked, line.issued,
            line.used, line.returned,
        ]  # fmt: skip


def of_order(order: WorkOrder) -> list[Requisition]:
    """The requisitions for ``order``, oldest first."""
    return list(Requisition.select().where(Requisition.order == order).order_by(Requisition.id))
