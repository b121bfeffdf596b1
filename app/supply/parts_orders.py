"""Customers' orders of parts (配件订单, workflows): quoted, paid first or credit approved by another, shipped, received, invoiced.

``price`` and ``amount`` include tax. Shipping and receiving are told by app/supply/shipments.py, payment and invoice by billing.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from app.core import clock, db, numbering, submissions
from app.core.errors import N_, Conflict, Invalid, NotAllowed
from app.core.money import ZERO, line_amount
from app.core.types import Actor
from app.customers.models import Contact, Customer
from app.machines.models import Machine
from app.supply.models import PartsOrder, PartsOrderLine, PartsOrderStatus, Shipment, ShipmentLine
from app.supply.writing import MISSING, MOST_WORDS, Wanted, claim, each_once, reason_in, record
from app.tickets.models import Ticket

EDIT, CREDIT = "parts_orders.edit", "parts_orders.approve_credit"
NUMBER_PREFIX = "P"
KIND = "parts_order"
RELEASED = (PartsOrderStatus.PAID, PartsOrderStatus.CREDIT_APPROVED)
OPEN_STATUSES = (PartsOrderStatus.QUOTE, *RELEASED, PartsOrderStatus.SHIPPED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """What is offered to a customer; ``lines`` have prices with tax for one piece and the rate of the tax within.

    A line without a price costs what the catalogue says.
    """

    customer: Customer | None
    lines: Sequence[Wanted]
    contact: Contact | None = None
    machine: Machine | None = None
    ticket: Ticket | None = None
    address: str = ""
    remark: str = ""


def quote(*, by: Actor, wanted: Quote, form_token: str | None = None, at: datetime | None = None) -> PartsOrder:
    """Offer parts to a customer. A form sent again changes nothing. Raises ``Invalid`` with the words beside each field, ``NotAllowed``."""
    by.require(EDIT)
    now, (customer, lines) = at or clock.now(), _checked(wanted)
    if by.user_id is None:
        raise NotAllowed(N_("A person makes the offer."))
    with db.transaction():
        if form_token and not submissions.claim(form_token):
            return PartsOrder.get_by_id(int(submissions.result_of(form_token)))
        row: PartsOrder = PartsOrder.create(
            number=numbering.next_number(NUMBER_PREFIX, now), status=PartsOrderStatus.QUOTE, customer=customer, ticket=wanted.ticket,
            area=customer.area_id, created_at=now, by=by.user_id, by_name=by.name, **_said(wanted),
        )  # fmt: skip
        total = _write_lines(row, lines)
        if form_token:
            submissions.settle(form_token, row.id)
        record(by, "quoted", KIND, row.number, customer=customer.name, total=total)
    return row


def change(*, by: Actor, order: PartsOrder, version: int, wanted: Quote) -> None:
    """Write a quote anew. Raises as ``quote`` does, ``Conflict`` once it is released."""
    by.require(EDIT)
    customer, lines = _checked(wanted)
    with db.transaction():
        claim(order, version, (PartsOrderStatus.QUOTE,), customer=customer, area=customer.area_id, **_said(wanted))
        PartsOrderLine.delete().where(PartsOrderLine.order == order).execute()
        record(by, "changed", KIND, order.number, total=_write_lines(order, lines))


def _said(wanted: Quote) -> dict[str, object]:
    return {
        "contact": wanted.contact,
        "machine": wanted.machine,
        "address": wanted.address.strip()[:200],
        "remark": wanted.remark.strip()[:MOST_WORDS],
    }


def _checked(wanted: Quote) -> tuple[Customer, list[Wanted]]:
    if wanted.customer is None:
        raise Invalid(MISSING, fields={"customer": N_("Name a customer that is in the register.")})
    lines = [line if line.amount is not None else replace(line, amount=line.part.price) for line in each_once(wanted.lines)]
    wrong = {f"line-{n}-amount": N_("What does one cost?") for n, line in enumerate(lines) if line.amount is None}
    wrong |= {f"line-{n}-rate": N_("A tax rate below 100 %, please.") for n, line in enumerate(lines) if not 0 <= line.rate < 1}
    if wrong:
        raise Invalid(MISSING, fields=wrong)
    return wanted.customer, lines


def _write_lines(row: PartsOrder, lines: Sequence[Wanted]) -> Decimal:
    total = ZERO
    for line in lines:
        assert line.amount is not None
        amount = line_amount(line.quantity, line.amount)
        PartsOrderLine.create(order=row, part=line.part, quantity=line.quantity, price=line.amount, tax_rate=line.rate, amount=amount)
        total += amount
    PartsOrder.update(total=total).where(PartsOrder.id == row.id).execute()
    row.total = total
    return total


def release(*, by: Actor, order: PartsOrder, reason: str, at: datetime | None = None) -> None:
    """It is paid (``reason`` names the payment): it may be shipped. Raises ``Invalid`` without a reason, ``Conflict``, ``NotAllowed``."""
    by.require(EDIT)
    _release(by, order, PartsOrderStatus.PAID, reason_in(reason, "paid_by"), at or clock.now())


def approve_credit(*, by: Actor, order: PartsOrder, version: int, reason: str, at: datetime | None = None) -> None:
    """Ship before payment: approved by the manager, never by who made the offer, nor while the customer's service is suspended.

    Raises ``Invalid`` without a reason, ``Conflict``, ``NotAllowed``.
    """
    by.require(CREDIT)
    if by.user_id is not None and by.user_id == order.by_id:
        raise NotAllowed(N_("You made this offer yourself: somebody else approves the credit."))
    if order.customer.service_stopped_at is not None:
        raise Conflict(N_("Off-warranty service of this customer is suspended because money is owed: only paid parts are shipped."))
    if order.version != version:
        raise Conflict(N_("This paper has changed meanwhile. Look at its present state, then decide again."))
    _release(by, order, PartsOrderStatus.CREDIT_APPROVED, reason_in(reason), at or clock.now())


def _release(by: Actor, order: PartsOrder, to: PartsOrderStatus, reason: str, now: datetime) -> None:
    with db.transaction():
        values = {"released_at": now, "released_by": by.user_id, "released_by_name": by.name, "release_reason": reason}
        claim(order, order.version, (PartsOrderStatus.QUOTE,), status=to, **values)
        record(by, to.value, KIND, order.number, reason=reason)


def cancel(*, by: Actor, order: PartsOrder, version: int) -> None:
    """The customer does not want it. Raises ``Conflict`` once something was shipped."""
    by.require(EDIT)
    with db.transaction():
        if Shipment.select().where(Shipment.parts_order == order).exists():
            raise Conflict(N_("Something of it was shipped already."))
        claim(order, version, (PartsOrderStatus.QUOTE, *RELEASED), status=PartsOrderStatus.CANCELLED)
        record(by, "withdrawn", KIND, order.number)


def mark_invoiced(*, by: Actor, order: PartsOrder) -> None:
    """Its invoice is registered, in the running transaction: a shipped order is invoiced with that, any other stays where it is."""
    db.current()
    present, shipped = PartsOrder.get_by_id(order.id), (PartsOrderStatus.SHIPPED, PartsOrderStatus.RECEIVED)
    if present.status in shipped:
        claim(present, present.version, shipped, status=PartsOrderStatus.INVOICED)
        record(by, "invoiced", KIND, order.number)


def mark_not_invoiced(*, by: Actor, order: PartsOrder) -> None:
    """Its invoice was taken back, in the running transaction: an invoiced order is shipped or received again."""
    db.current()
    present = PartsOrder.get_by_id(order.id)
    if present.status == PartsOrderStatus.INVOICED:
        to = PartsOrderStatus.RECEIVED if present.received_at else PartsOrderStatus.SHIPPED
        claim(present, present.version, (PartsOrderStatus.INVOICED,), status=to)
        record(by, "not_invoiced", KIND, order.number)


def lines_of(order: PartsOrder) -> list[PartsOrderLine]:
    """Its lines with their parts."""
    return list(order.lines.order_by(PartsOrderLine.id))


def still_to_ship(order: PartsOrder) -> dict[int, Decimal]:
    """How much of each part (by its id) was not shipped yet; parts of which nothing is left are not there."""
    shipped: dict[int, Decimal] = {}
    for row in ShipmentLine.select(ShipmentLine, Shipment).join(Shipment).where(Shipment.parts_order == order):
        shipped[row.part_id] = shipped.get(row.part_id, Decimal(0)) + row.quantity
    left = {line.part_id: line.quantity - shipped.get(line.part_id, Decimal(0)) for line in lines_of(order)}
    return {part_id: quantity for part_id, quantity in left.items() if quantity > 0}
