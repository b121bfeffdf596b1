"""The list of shipments: on their way, received, to be charged (F-20)."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from peewee import JOIN, ModelSelect

from app.core import paging
from app.core.errors import N_, NotFound
from app.core.paging import Sort
from app.core.types import Page
from app.customers.models import Customer
from app.parts.models import Part, StockPlace
from app.supply import registers
from app.supply.models import PartsOrder, Shipment, ShipmentLine
from app.supply.registers import OPEN, PaperFilter
from app.work_orders.models import WorkOrder

RECEIVED, CHARGED = "received", "charged"
STATES = (RECEIVED, CHARGED)
COLUMNS = (
    "number", "route", "customer", "order", "parts_order", "from_place", "to_place", "carrier", "waybill", "receiver", "phone", "address",
    "cost", "is_chargeable", "gate_way", "gate_proof", "sent_at", "by_name", "received_at", "received_by", "part", "name", "quantity",
)  # fmt: skip
SORTS = {
    "sent_at": Sort(Shipment.sent_at, lambda row: row.sent_at),
    "number": Sort(Shipment.number, lambda row: row.number),
}
DEFAULT_SORT = "-sent_at"
_to = StockPlace.alias("to")


@dataclass(frozen=True, slots=True, kw_only=True)
class ShipmentFilter:
    """What the list is narrowed to, with the route."""

    paper: PaperFilter
    route: str = ""


def every() -> ModelSelect:
    """All shipments, with customer, order, parts order and both places."""
    return (
        Shipment.select(Shipment, Customer, WorkOrder, PartsOrder, StockPlace, _to)
        .join_from(Shipment, Customer, JOIN.LEFT_OUTER)
        .join_from(Shipment, WorkOrder, JOIN.LEFT_OUTER, on=Shipment.order)
        .join_from(Shipment, PartsOrder, JOIN.LEFT_OUTER, on=Shipment.parts_order)
        .join_from(Shipment, StockPlace, on=Shipment.from_place)
        .join_from(Shipment, _to, on=(Shipment.to_place == _to.id), attr="to_place")
    )


def by_number(number: str) -> Shipment:
    """The shipment of this number. Raises ``NotFound``."""
    row = every().where(Shipment.number == number).get_or_none()
    if row is None:
        raise NotFound(N_("There is no shipment of this number."))
    found: Shipment = row
    return found


def listed(wanted: ShipmentFilter) -> ModelSelect:
    """The shipments of the list."""
    paper = wanted.paper
    query = registers.narrowed(every(), paper, Shipment.sent_at, ())
    if paper.status in (OPEN, RECEIVED):
        query = query.where(Shipment.received_at.is_null(paper.status == OPEN))
    if paper.status == CHARGED:
        query = query.where(Shipment.is_chargeable)
    for column, value in ((Shipment.route, wanted.route), (Shipment.from_place, paper.place), (WorkOrder.number, paper.order)):
        if value:
            query = query.where(column == value)
    return query.where(_found(paper.q)) if paper.q else query


def _found(q: str) -> Any:
    condition = Shipment.id.in_(registers.with_part(ShipmentLine, ShipmentLine.shipment, q))
    for column in (Shipment.number, Shipment.waybill, Shipment.receiver, Customer.name, WorkOrder.number, PartsOrder.number):
        condition |= column.contains(q)
    return condition


def page(wanted: ShipmentFilter, *, sort: str, after: str | None = None, before: str | None = None) -> Page[Shipment]:
    """One page of the list. Raises ``Invalid`` for an unknown sort or page."""
    return paging.page_of_records(listed(wanted), SORTS, sort, after=after, before=before)


def lines_of(rows: Page[Shipment]) -> dict[int, list[ShipmentLine]]:
    """The lines of the shipments on a page."""
    return registers.lines_by_paper(ShipmentLine, ShipmentLine.shipment, rows.rows)


def exported(wanted: ShipmentFilter, sort: str) -> Iterator[list[Any]]:
    """One row of ``COLUMNS`` for each line of each shipment."""
    query = paging.whole(listed(wanted), SORTS, sort)
    query = query.select_extend(ShipmentLine, Part).join_from(Shipment, ShipmentLine, attr="line").join(Part)
    for row in query.iterator():
        line, part = row.line, row.line.part
        yield [
            row.number, row.route, row.customer.name if row.customer_id else "", row.order.number if row.order_id else "",
            row.parts_order.number if row.parts_order_id else "", row.from_place.name, row.to_place.name, row.carrier, row.waybill,
            row.receiver, row.phone, row.address, row.cost, row.is_chargeable, row.gate_way, row.gate_proof, row.sent_at, row.by_name,
            row.received_at, row.received_by_name, part.number, part.name, line.quantity,
        ]  # fmt: skip


def of_order(order: WorkOrder) -> list[Shipment]:
    """The shipments for ``order``, oldest first."""
    return list(Shipment.select().where(Shipment.order == order).order_by(Shipment.id))


def of_parts_order(order: PartsOrder) -> list[Shipment]:
    """The shipments of a parts order, oldest first."""
    return list(Shipment.select().where(Shipment.parts_order == order).order_by(Shipment.id))
