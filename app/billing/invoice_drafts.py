"""What a new invoice is filled with before it is typed from the paper: buyer, seller and the lines of what it is for. Reads only."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from app.billing import billing_data
from app.billing.invoices import Basis, InvoiceDetails, LineDetails, receivable_of
from app.billing.models import Invoice, InvoiceKind, InvoiceLine
from app.contracts.models import Contract, ContractLine
from app.core.errors import N_, NotFound
from app.core.known_settings import COMPANY_NAME, Group, KnownSetting, register
from app.core.money import MILLI, line_amount, rounded, tax_within
from app.customers.models import Customer, CustomerKind
from app.parts.models import Part
from app.service_reports.models import ReportPart, ServiceReport
from app.supply.models import PartsOrder, PartsOrderLine, Shipment, ShipmentLine
from app.work_orders.models import WorkOrder

USUAL_RATE = Decimal("0.13")
COMPANY_TAX_NUMBER = register(
    KnownSetting("company_tax_number", N_("Tax number of the company"), "", group=Group.COMPANY, most=20)
)  # fmt: skip
_BY_NUMBER = {"contract": Contract, "order": WorkOrder, "parts_order": PartsOrder, "shipment": Shipment}


@dataclass(frozen=True, slots=True)
class Draft:
    """Who is to pay, what for, and what can be said of the invoice already."""

    customer: Customer | None
    basis: Basis
    details: InvoiceDetails


def basis_named(**numbers: str) -> Basis:
    """What an invoice is for, by numbers; empty ones name nothing. Raises ``NotFound``."""
    found = {}
    for name, number in numbers.items():
        if number:
            found[name] = _BY_NUMBER[name].get_or_none(number=number)
            if found[name] is None:
                raise NotFound(N_("What the invoice is for is not there."))
    return Basis(**found)


def for_basis(basis: Basis, customer: Customer | None, today: date) -> Draft:
    """A draft for ``basis``, or for ``customer`` alone."""
    owner = customer or _customer_of(basis)
    if owner is None:
        return Draft(None, basis, _empty(today))
    buyer = billing_data.proposed(owner)
    details = replace(
        _empty(today), buyer_name=buyer.title, buyer_tax_number=buyer.tax_number, tax_number_reason=buyer.tax_number_reason,
        kind=InvoiceKind.DIGITAL_ORDINARY if owner.kind == CustomerKind.PERSON else InvoiceKind.DIGITAL_SPECIAL, lines=lines_for(basis),
        payment_days=basis.contract.payment_days if basis.contract else None,
    )  # fmt: skip
    return Draft(owner, basis, details)


def _empty(today: date) -> InvoiceDetails:
    return InvoiceDetails(
        kind=InvoiceKind.DIGITAL_SPECIAL, number="", issued_on=today, buyer_name="", seller_name=COMPANY_NAME.value(),
        seller_tax_number=COMPANY_TAX_NUMBER.value(),
    )  # fmt: skip


def _customer_of(basis: Basis) -> Customer | None:
    for row in (basis.contract, basis.order, basis.parts_order, basis.shipment):
        if row is not None and row.customer_id is not None:
            return row.customer
    return None


def of_invoice(invoice: Invoice, *, is_red: bool = False) -> InvoiceDetails:
    """An invoice as it stands, for correcting it; ``is_red``: what takes all of it back, still without its number."""
    sign, owed = -1 if is_red else 1, receivable_of(invoice)
    rows = InvoiceLine.select().where(InvoiceLine.invoice == invoice).order_by(InvoiceLine.position)
    lines = [
        LineDetails(
            name=row.name, model=row.model, unit=row.unit, quantity=None if row.quantity is None else sign * row.quantity, price=row.price,
            amount=sign * row.amount, tax_rate=row.tax_rate, tax=sign * row.tax,
        )
        for row in rows
    ]  # fmt: skip
    return InvoiceDetails(
        kind=InvoiceKind(invoice.kind), code="" if is_red else invoice.code, number="" if is_red else invoice.number,
        issued_on=invoice.issued_on, buyer_name=invoice.buyer_name, buyer_tax_number=invoice.buyer_tax_number,
        tax_number_reason=invoice.tax_number_reason, seller_name=invoice.seller_name, seller_tax_number=invoice.seller_tax_number,
        lines=lines, amount=sign * invoice.amount, tax=sign * invoice.tax, total=sign * invoice.total, issuer=invoice.issuer,
        remark=invoice.remark, payment_days=(owed.due_on - owed.since_on).days if owed else None,
    )  # fmt: skip


# --- lines of what it is for ----------------------------------------------------


def lines_for(basis: Basis) -> list[LineDetails]:
    """The lines that follow from what the invoice is for; of a job without a contract only the names are known."""
    if basis.contract is not None:
        return _of_contract(basis.contract)
    if basis.parts_order is not None:
        return [_priced(row.part, row.quantity, row.amount, row.tax_rate) for row in _parts_of(basis.parts_order)]
    if basis.shipment is not None:
        return list(_of_shipment(basis.shipment))
    return list(_of_order(basis.order)) if basis.order is not None else []


def _of_contract(contract: Contract) -> list[LineDetails]:
    rows = ContractLine.select().where(ContractLine.contract == contract, ContractLine.amount > 0).order_by(ContractLine.position)
    return [_line(row.text, row.unit, row.quantity, row.amount, tax=row.tax, rate=row.tax_rate) for row in rows]


def _parts_of(parts_order: PartsOrder) -> Iterable[PartsOrderLine]:
    query = PartsOrderLine.select(PartsOrderLine, Part).join(Part)
    return list(query.where(PartsOrderLine.order == parts_order).order_by(PartsOrderLine.id))


def _of_shipment(shipment: Shipment) -> Iterable[LineDetails]:
    sold = {row.part_id: row for row in _parts_of(shipment.parts_order)} if shipment.parts_order_id else {}
    for row in ShipmentLine.select(ShipmentLine, Part).join(Part).where(ShipmentLine.shipment == shipment).order_by(ShipmentLine.id):
        known = sold.get(row.part_id)
        if known is not None:
            yield _priced(row.part, row.quantity, rounded(known.amount * row.quantity / known.quantity), known.tax_rate)
        else:
            yield _priced(row.part, row.quantity, line_amount(row.quantity, row.part.price or Decimal(0)), USUAL_RATE)


def _of_order(order: WorkOrder) -> Iterable[LineDetails]:
    yield LineDetails(name="*修理修配劳务*维修费", unit="次", quantity=Decimal(1), amount=Decimal(0), tax_rate=USUAL_RATE)
    rows = ReportPart.select().join(ServiceReport).where(ServiceReport.order == order).order_by(ReportPart.position)
    for row in rows:
        part = Part.get_or_none(Part.number == row.part_number) if row.part_number else None
        if part is not None and part.price is not None:
            yield _priced(part, Decimal(row.quantity), line_amount(Decimal(row.quantity), part.price), USUAL_RATE)
        else:
            yield LineDetails(name=row.name, quantity=Decimal(row.quantity), amount=Decimal(0), tax_rate=USUAL_RATE)


def _priced(part: Part, quantity: Decimal, amount: Decimal, rate: Decimal) -> LineDetails:
    """``amount`` includes tax."""
    return _line(part.name, part.unit, quantity, amount, tax=tax_within(amount, rate), rate=rate, model=part.number)


def _line(name: str, unit: str, quantity: Decimal, amount: Decimal, *, tax: Decimal, rate: Decimal, model: str = "") -> LineDetails:
    """A line without tax from one that includes it."""
    net = amount - tax
    return LineDetails(
        name=name, model=model[:60], unit=unit, quantity=quantity.quantize(MILLI), price=rounded(net / quantity), amount=net, tax_rate=rate,
        tax=tax,
    )  # fmt: skip
