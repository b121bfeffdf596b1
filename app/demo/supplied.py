"""Parts in the demo world: bought, drawn into vans, offered to customers, shipped."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from app.accounts.models import Department, User
from app.customers.models import Customer
from app.demo.people import Staff
from app.parts import keeping, ledger
from app.parts.keeping import PartDetails
from app.parts.models import Part, PlaceKind
from app.supply import parts_orders, purchases, requisitions, shipments
from app.supply.models import PurchaseRequest, Route
from app.supply.parts_orders import Quote
from app.supply.purchases import Came, Purchase
from app.supply.shipments import Sending
from app.supply.writing import Wanted
from app.work_orders.models import OrderStatus, WorkOrder

DAY = timedelta(days=1)
# number, name, unit, price with tax, cost
PARTS = (
    ("HX-250", "回油滤芯", "件", "168.00", "92.00"),
    ("GB3452-28", "O 形圈", "件", "6.50", "1.80"),
    ("MF-12", "密封垫", "件", "18.00", "7.20"),
    ("XL-05", "传感器线缆 5 m", "根", "96.00", "48.00"),
    ("BY-63", "液压泵", "台", "6800.00", "4150.00"),
)
TAX = Decimal("0.13")


def supply(staff: Staff, now: datetime) -> None:
    """Fill the main store, and leave a few papers of each kind for somebody to go on with."""
    parts = [_part(staff, details, now - 20 * DAY) for details in PARTS]
    _receive(staff, _buy(staff, parts, 12, now - 16 * DAY), now - 12 * DAY)
    waiting = WorkOrder.select().where(WorkOrder.status == OrderStatus.WAITING_PARTS).order_by(WorkOrder.id).first()
    _buy(staff, parts[4:], 1, now - 2 * DAY, order=waiting)
    _draw(staff, parts, now)
    _sell(staff, parts, now)


def _part(staff: Staff, details: tuple[str, str, str, str, str], at: datetime) -> Part:
    number, name, unit, price, cost = details
    kept: Part | None = Part.get_or_none(Part.number == number)
    wanted = PartDetails(number=number, name=name, unit=unit, price=Decimal(price), cost=Decimal(cost), has_serials=unit == "台")
    return kept or keeping.create_part(by=staff["clerk"], details=wanted, at=at)


def _buy(staff: Staff, parts: Sequence[Part], quantity: int, at: datetime, order: WorkOrder | None = None) -> PurchaseRequest:
    clerk, office = staff["clerk"], Department.get_or_none(Department.name.contains("采购"))
    lines = [Wanted(part, Decimal(quantity), amount=part.cost) for part in parts]
    wanted = Purchase(
        to_place=ledger.place_of(PlaceKind.MAIN), lines=lines, department=office, order=order, wanted_on=(at + 7 * DAY).date()
    )
    row = purchases.draft(by=clerk, wanted=wanted, at=at)
    if office is not None:
        purchases.send(by=clerk, request=row, version=row.version, at=at)
    return row


def _receive(staff: Staff, row: PurchaseRequest, at: datetime) -> None:
    if row.sent_at is not None:
        came = Came(quantities={line.id: line.asked for line in purchases.lines_of(row)}, serials={}, costs={})
        purchases.receive(by=staff["clerk"], request=row, version=row.version, came=came, at=at)


def _draw(staff: Staff, parts: Sequence[Part], now: datetime) -> None:
    """One requisition is issued, one approved, one waits."""
    store = ledger.place_of(PlaceKind.MAIN)
    for username, steps in (("technician", 2), ("technician2", 1), ("technician3", 0)):
        me, at = staff[username], now - (steps + 1) * DAY / 4
        whose = User.get_by_id(me.user_id)
        order = WorkOrder.select().where(WorkOrder.lead == whose, WorkOrder.is_out).order_by(WorkOrder.id).first()
        lines = [Wanted(part, Decimal(2)) for part in parts[:2]]
        row = requisitions.ask(by=me, technician=whose, from_place=store, lines=lines, order=order, at=at)
        if steps:
            requisitions.approve(by=staff["deputy"], requisition=row, version=row.version, at=at)
        held = all(ledger.held(store, line.part) >= line.quantity for line in lines)
        if steps > 1 and held:
            quantities = {line.id: line.asked for line in requisitions.lines_of(row)}
            requisitions.issue(by=staff["clerk"], requisition=row, version=row.version, quantities=quantities, at=at)


def _sell(staff: Staff, parts: Sequence[Part], now: datetime) -> None:
    """One offer waits for the customer, one is paid and on its way."""
    clerk, store = staff["clerk"], ledger.place_of(PlaceKind.MAIN)
    for number, customer in enumerate(Customer.select().order_by(Customer.id).limit(2)):
        lines = [Wanted(part, Decimal(3 - number), amount=part.price, rate=TAX) for part in parts[: 2 + number]]
        wanted = Quote(customer=customer, lines=lines, address=f"{customer.name}设备站")
        row = parts_orders.quote(by=clerk, wanted=wanted, at=now - 2 * DAY)
        if number and all(ledger.held(store, line.part) >= line.quantity for line in lines):
            parts_orders.release(by=clerk, order=row, reason="银行转账，回单已核对", at=now - DAY)
            sending = Sending(
                from_place=store, route=Route.OUTSIDE, lines=lines, parts_order=row, carrier="顺丰速运", waybill="SF1390027715466",
                receiver="仓库管理员", address=row.address, cost=Decimal(38),
            )  # fmt: skip
            shipments.send(by=clerk, wanted=sending, at=now - DAY / 2)
