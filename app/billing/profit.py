"""Secondary profit (二次利润, 2A-05): what off-warranty service brought in, less what it cost, by month, area or machine.

Revenue is what was invoiced without tax, on the day of the invoice; red invoices take theirs back. Cost is that of off-warranty jobs,
and of the parts that were sold.
"""

from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from peewee import JOIN, SQL, ModelSelect, fn

from app.accounts.models import Area
from app.billing import cutting
from app.billing.models import Invoice, InvoiceStatus, JobCost
from app.contracts.models import Contract
from app.core import clock
from app.core.money import FEN, ZERO, rounded
from app.customers.models import Customer
from app.machines.models import Machine
from app.machines.warranty import WarrantyState
from app.parts.models import MovementKind, Part, PlaceKind, StockMovement, StockPlace
from app.supply.models import PartsOrder, Shipment
from app.work_orders.models import WorkOrder

READ = "profit.read"
BY = ("month", "area", "machine")
COLUMNS = ("name", "revenue", "cost", "goods", "profit", "margin")
SORTS: cutting.Sorts = {
    "name": lambda line: line.name,
    "revenue": lambda line: int(line.revenue / FEN),
    "cost": lambda line: int((line.cost + line.goods) / FEN),
    "profit": lambda line: int(line.profit / FEN),
}


@dataclass(slots=True, kw_only=True)
class ProfitLine:
    """One month, area or machine. ``key`` is the month or the number of the record; None: what belongs to none."""

    id: int
    key: int | str | None
    name: str
    revenue: Decimal = ZERO
    cost: Decimal = ZERO
    goods: Decimal = ZERO

    @property
    def profit(self) -> Decimal:
        """What is left."""
        return self.revenue - self.cost - self.goods

    @property
    def margin(self) -> Decimal | None:
        """The share of the revenue that is left, in per cent; None without revenue."""
        return (self.profit * 100 / self.revenue).quantize(Decimal("0.1"), ROUND_HALF_UP) if self.revenue > 0 else None


def lines(by: str, first: date, last: date) -> list[ProfitLine]:
    """The lines of all days from ``first`` to ``last``, in no order."""
    found: dict[Any, ProfitLine] = {}
    for name, rows in (("revenue", _revenue(by, first, last)), ("cost", _cost(by, first, last)), ("goods", _goods(by, first, last))):
        for key, title, amount in rows:
            line = found.setdefault(key, ProfitLine(id=key if isinstance(key, int) else len(found), key=key, name=title or ""))
            setattr(line, name, getattr(line, name) + amount)
    return list(found.values())


def summed(found: list[ProfitLine]) -> ProfitLine:
    """All lines together."""
    total = ProfitLine(id=0, key=None, name="")
    for line in found:
        total.revenue, total.cost, total.goods = total.revenue + line.revenue, total.cost + line.cost, total.goods + line.goods
    return total


def _month_of(column: Any) -> Any:
    return fn.SUBSTR(column.cast("TEXT"), SQL("1"), SQL("7"))


def _revenue(by: str, first: date, last: date) -> list[tuple[Any, str, Decimal]]:
    contract_machine, order_machine = Machine.alias(), Machine.alias()
    machine_id = fn.COALESCE(order_machine.id, contract_machine.id)
    keys = {
        "month": (_month_of(Invoice.issued_on),) * 2,
        "area": (Area.id, Area.name),
        "machine": (machine_id, fn.COALESCE(order_machine.serial, contract_machine.serial)),
    }[by]
    query = Invoice.select(*keys, fn.SUM(Invoice.amount).coerce(False)).join(WorkOrder, JOIN.LEFT_OUTER, on=(Invoice.order == WorkOrder.id))
    query = query.join(order_machine, JOIN.LEFT_OUTER, on=(WorkOrder.machine == order_machine.id))
    query = query.join_from(Invoice, Contract, JOIN.LEFT_OUTER, on=(Invoice.contract == Contract.id))
    query = query.join(contract_machine, JOIN.LEFT_OUTER, on=(Contract.machine == contract_machine.id))
    query = query.join_from(Invoice, Area, JOIN.LEFT_OUTER, on=(Invoice.area == Area.id))
    query = query.where(Invoice.status != InvoiceStatus.VOID, Invoice.issued_on.between(first, last)).group_by(*keys)
    return [(key, name, Decimal(int(fen)) * FEN) for key, name, fen in query.tuples()]


def _cost(by: str, first: date, last: date) -> list[tuple[Any, str, Decimal]]:
    keys = {"month": (_month_of(JobCost.on_date),) * 2, "area": (Area.id, Area.name), "machine": (Machine.id, Machine.serial)}[by]
    query = JobCost.select(*keys, fn.SUM(JobCost.amount).coerce(False)).join(WorkOrder)
    query = query.join(Area, JOIN.LEFT_OUTER, on=(WorkOrder.area == Area.id))
    query = query.join_from(WorkOrder, Machine, JOIN.LEFT_OUTER, on=(WorkOrder.machine == Machine.id))
    query = query.where(WorkOrder.warranty == WarrantyState.OFF, JobCost.on_date.between(first, last)).group_by(*keys)
    return [(key, name, Decimal(int(fen)) * FEN) for key, name, fen in query.tuples()]


def _goods(by: str, first: date, last: date) -> list[tuple[Any, str, Decimal]]:
    """What the parts cost that were sold by parts orders, on the day on which they left."""
    found: dict[Any, tuple[Any, str, Decimal]] = {}
    for row in _sold(first, last):
        area = row.customer.area if row.customer else None
        month = f"{row.sent_at.astimezone(clock.zone()):%Y-%m}"
        key, name = {"month": (month, month), "area": (area.id if area else None, area.name if area else ""), "machine": (None, "")}[by]
        cost = row.cost_of_it if row.cost_of_it is not None else rounded(row.moved * (row.part_cost or ZERO))
        found[key] = (key, name, found.get(key, (key, name, ZERO))[2] + cost)
    return list(found.values())


def _sold(first: date, last: date) -> ModelSelect:
    columns = (StockMovement.cost.alias("cost_of_it"), StockMovement.quantity.alias("moved"), Part.cost.alias("part_cost"))
    query = Shipment.select(Shipment, Customer, Area, *columns).join(PartsOrder).switch(Shipment)
    query = query.join(Customer, JOIN.LEFT_OUTER, on=(Shipment.customer == Customer.id)).join(Area, JOIN.LEFT_OUTER)
    moved = (StockMovement.about == Shipment.number) & (StockMovement.kind == MovementKind.SHIPPED)
    query = query.join_from(Shipment, StockMovement, on=moved).join_from(StockMovement, Part, on=(StockMovement.part == Part.id))
    query = query.join_from(StockMovement, StockPlace, on=(StockMovement.to_place == StockPlace.id))
    in_time = (Shipment.sent_at >= clock.start_of(first)) & (Shipment.sent_at < clock.end_of(last))
    return query.where(in_time, StockPlace.kind == PlaceKind.CUSTOMER).objects()


def exported(by: str, first: date, last: date, sort: str) -> list[list[Any]]:
    """The rows of ``COLUMNS`` for an export."""
    found = cutting.ordered(lines(by, first, last), SORTS, sort)
    return [[line.name, line.revenue, line.cost, line.goods, line.profit, line.margin] for line in found]
