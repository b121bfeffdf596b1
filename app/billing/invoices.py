"""The register of invoices that the tax platform issued (2E-09, F-22): registering, correcting, voiding; nothing is issued here.

Registering opens the receivable in the same transaction; corrections stand in ``app.billing.correcting``, what takes an invoice back
in ``app.billing.taking_back``.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from app.billing import accounts, contract_progress, invoice_numbers, unpaid
from app.billing.models import Invoice, InvoiceKind, InvoiceLine, InvoiceStatus, Receivable, ReceivableKind
from app.contracts.models import IN_FORCE, Contract
from app.core import clock, db, history, live, submissions
from app.core.errors import N_, Conflict, Invalid
from app.core.money import ZERO
from app.core.types import Actor
from app.customers import tax_numbers
from app.customers.models import Customer, CustomerKind
from app.supply.models import PartsOrder, Shipment
from app.work_orders.models import WorkOrder

EDIT = "invoices.edit"
READ = "money.read"
MISSING = N_("Something is missing or wrong. See the words beside the fields.")
CHANGED = N_("This invoice was changed meanwhile. Look at its present state.")
# Days to pay where no contract says otherwise, and by which the law wants it paid (保障中小企业款项支付条例).
USUAL_DAYS = 30
STATUTORY_DAYS = {CustomerKind.PUBLIC_BODY: 30, CustomerKind.COMPANY: 60}
MOST_LINES = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class LineDetails:
    """One line as printed; ``amount`` is without tax, ``tax_rate`` 0.13 for 13 %."""

    name: str
    model: str = ""
    unit: str = ""
    quantity: Decimal | None = None
    price: Decimal | None = None
    amount: Decimal
    tax_rate: Decimal = ZERO
    tax: Decimal = ZERO


@dataclass(frozen=True, slots=True, kw_only=True)
class Basis:
    """What an invoice is for: a contract, a work order, a parts order or a shipment."""

    contract: Contract | None = None
    order: WorkOrder | None = None
    parts_order: PartsOrder | None = None
    shipment: Shipment | None = None

    @property
    def fields(self) -> dict[str, Any]:
        """The columns of an invoice."""
        return {"contract": self.contract, "order": self.order, "parts_order": self.parts_order, "shipment": self.shipment}


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceDetails:
    """What is printed on an invoice, and when it is to be paid. Sums that are None are those of the lines."""

    kind: InvoiceKind
    code: str = ""
    number: str
    issued_on: date | None
    buyer_name: str
    buyer_tax_number: str = ""
    tax_number_reason: str = ""
    seller_name: str = ""
    seller_tax_number: str = ""
    lines: Sequence[LineDetails] = field(default_factory=tuple)
    amount: Decimal | None = None
    tax: Decimal | None = None
    total: Decimal | None = None
    payment_days: int | None = None
    issuer: str = ""
    remark: str = ""


def register(
    *,
    by: Actor,
    customer: Customer,
    details: InvoiceDetails,
    basis: Basis | None = None,
    form_token: str | None = None,
    at: datetime | None = None,
) -> Invoice:
    """Write down an invoice that was issued, and what the customer owes by it; the same form sent again gives the same invoice.

    Raises ``Invalid`` with the words beside each field, ``NotAllowed``.
    """
    by.require(EDIT)
    now, about = at or clock.now(), basis or Basis()
    with db.transaction():
        if form_token and not submissions.claim(form_token):
            return Invoice.get_by_id(int(submissions.result_of(form_token)))
        _check_basis(customer, about)
        invoice = enter(by=by, customer=customer, fields=checked(customer, details, now), details=details, basis=about, at=now)
        open_receivable(invoice, details, about, now)
        contract_progress.keep_in_step(by, invoice, now)
        if form_token:
            submissions.settle(form_token, invoice.id)
    return invoice


def enter(
    *,
    by: Actor,
    customer: Customer,
    fields: dict[str, Any],
    details: InvoiceDetails,
    basis: Basis,
    at: datetime,
    red_of: Invoice | None = None,
) -> Invoice:
    """Write an invoice whose ``fields`` were checked, with its lines, in the running transaction."""
    about = basis.order or basis.contract
    invoice: Invoice = Invoice.create(
        **fields, **basis.fields, status=InvoiceStatus.ISSUED, customer=customer, area=_area_of(customer, basis), red_of=red_of,
        person=about.lead if isinstance(about, WorkOrder) else about.author if about else by.user_id, registered_at=at,
        by=by.user_id, by_name=by.name,
    )  # fmt: skip
    write_lines(invoice, details.lines)
    record(by, "registered", invoice, after=shown(invoice))
    return invoice


def _area_of(customer: Customer, basis: Basis) -> int | None:
    """The area of what it is for, else that of the customer."""
    for row in (basis.order, basis.contract, basis.parts_order):
        if row is not None and row.area_id is not None:
            return int(row.area_id)
    return customer.area_id


def write_lines(invoice: Invoice, lines: Sequence[LineDetails], first: int = 1) -> None:
    """Write lines, the first of them at position ``first``."""
    for position, line in enumerate(lines, start=first):
        InvoiceLine.create(
            invoice=invoice, position=position, name=line.name, model=line.model, unit=line.unit, quantity=line.quantity, price=line.price,
            amount=line.amount, tax_rate=line.tax_rate, tax=line.tax,
        )  # fmt: skip


def open_receivable(invoice: Invoice, details: InvoiceDetails, basis: Basis, at: datetime) -> None:
    """What the customer owes by a new invoice; it takes the place of what was noted of the order before."""
    if invoice.total > 0:
        if basis.order is not None:
            unpaid.replace(order=basis.order, invoice_number=invoice.number, at=at)
        about = {"invoice": invoice, "order": basis.order, "contract": basis.contract, "area": invoice.area_id, "person": invoice.person_id}
        accounts.owe(
            kind=ReceivableKind.INVOICE, customer=invoice.customer, amount=invoice.total, at=at, about=invoice.number,
            **days(invoice, details, basis.contract), **about,
        )  # fmt: skip


def days(invoice: Invoice, details: InvoiceDetails, contract: Contract | None) -> dict[str, Any]:
    """From when it is owed, by when it is to be paid, and by when the law wants it paid."""
    agreed = details.payment_days if details.payment_days is not None else contract.payment_days if contract else USUAL_DAYS
    legal = STATUTORY_DAYS.get(CustomerKind(invoice.customer.kind))
    return {
        "since_on": invoice.issued_on,
        "due_on": invoice.issued_on + timedelta(days=agreed),
        "statutory_on": invoice.issued_on + timedelta(days=legal) if legal else None,
    }


def basis_of(invoice: Invoice) -> Basis:
    """What ``invoice`` is for."""
    return Basis(contract=invoice.contract, order=invoice.order, parts_order=invoice.parts_order, shipment=invoice.shipment)


def claim(invoice: Invoice, version: int, statuses: Sequence[InvoiceStatus], **fields: Any) -> None:
    """Change ``invoice`` if it still is as the reader saw it. Raises ``Conflict``."""
    same = (Invoice.id == invoice.id) & (Invoice.version == version) & Invoice.status.in_(statuses)
    if Invoice.update(version=Invoice.version + 1, **fields).where(same).execute() != 1:
        raise Conflict(CHANGED)
    for name, value in fields.items():
        setattr(invoice, name, value)
    invoice.version = version + 1
    live.touch(accounts.LIVE)


def receivable_of(invoice: Invoice) -> Receivable | None:
    """What is owed by ``invoice``; None when nothing is."""
    return Receivable.get_or_none(Receivable.invoice == invoice)


# --- what is wrong --------------------------------------------------------------


def checked(
    customer: Customer, details: InvoiceDetails, at: datetime, invoice: Invoice | None = None, *, is_red: bool = False
) -> dict[str, Any]:
    """The columns of an invoice from what was typed. Raises ``Invalid`` with the words beside each field."""
    code, number = invoice_numbers.normal(details.code), invoice_numbers.normal(details.number)
    today = clock.day_of(at)
    wrong = invoice_numbers.number_mistakes(details.kind, code, number, details.issued_on, today)
    if not wrong and _is_taken(code, number, invoice):
        wrong["number"] = N_("This invoice is registered already.")
    wrong |= _buyer_mistakes(customer, details)
    sums = _sums(details)
    wrong |= _line_mistakes(details, is_red) or invoice_numbers.sum_mistakes([(line.amount, line.tax) for line in details.lines], *sums)
    if wrong:
        raise Invalid(MISSING, fields=wrong)
    return {
        "kind": details.kind, "code": code, "number": number, "issued_on": details.issued_on, "buyer_name": details.buyer_name.strip(),
        "buyer_tax_number": tax_numbers.normal(details.buyer_tax_number), "tax_number_reason": details.tax_number_reason.strip(),
        "seller_name": details.seller_name.strip(), "seller_tax_number": tax_numbers.normal(details.seller_tax_number),
        "amount": sums[0], "tax": sums[1], "total": sums[2], "remark": details.remark.strip(), "issuer": details.issuer.strip(),
    }  # fmt: skip


def _is_taken(code: str, number: str, invoice: Invoice | None) -> bool:
    query = Invoice.select().where(Invoice.code == code, Invoice.number == number)
    return bool((query.where(Invoice.id != invoice.id) if invoice else query).exists())


def _sums(details: InvoiceDetails) -> tuple[Decimal, Decimal, Decimal]:
    amount = details.amount if details.amount is not None else sum((line.amount for line in details.lines), ZERO)
    tax = details.tax if details.tax is not None else sum((line.tax for line in details.lines), ZERO)
    return amount, tax, details.total if details.total is not None else amount + tax


def _line_mistakes(details: InvoiceDetails, is_red: bool) -> dict[str, str]:
    if not details.lines:
        return {"lines": N_("An invoice has at least one line.")}
    if len(details.lines) > MOST_LINES:
        return {"lines": N_("So many lines are not taken.")}
    if not all(line.name.strip() for line in details.lines):
        return {"lines": N_("Each line needs its name.")}
    total = _sums(details)[2]
    if is_red and total >= 0:
        return {"total": N_("A red invoice takes back: its amounts are negative.")}
    return {"total": N_("An invoice is of more than nothing.")} if not is_red and total <= 0 else {}


def _buyer_mistakes(customer: Customer, details: InvoiceDetails) -> dict[str, str]:
    wrong = {} if details.buyer_name.strip() else {"buyer_name": N_("The name of the buyer as it stands on the invoice, please.")}
    return wrong | number_wrong(customer, details.buyer_tax_number, details.tax_number_reason, "buyer_tax_number")


def number_wrong(customer: Customer, text: str, reason: str, name: str) -> dict[str, str]:
    """What is wrong with a customer's tax number: only people have none; a check that does not fit is taken with a reason (facts)."""
    number = tax_numbers.normal(text)
    if not number:
        return (
            {}
            if customer.kind == CustomerKind.PERSON or reason.strip()
            else {name: N_("Only a natural person has no tax number; else say why it is missing.")}
        )
    if not tax_numbers.is_well_formed(number):
        return {name: N_("A tax number has 18 letters and digits (older ones 15 or 20).")}
    if not tax_numbers.is_check_right(number) and not reason.strip():
        return {name: N_("The last character does not fit the others. Check the number; if it is right all the same, say why.")}
    return {}


def _check_basis(customer: Customer, basis: Basis) -> None:
    if basis.contract is not None and basis.contract.status not in IN_FORCE:
        raise Invalid(N_("An invoice follows a contract that was approved and signed by the customer; this one is not."))
    for row in (basis.contract, basis.order, basis.parts_order, basis.shipment):
        if row is not None and row.customer_id is not None and row.customer_id != customer.id:
            raise Invalid(N_("What the invoice is for belongs to another customer."))


# --- history --------------------------------------------------------------------

_SHOWN = ("code", "number", "kind", "buyer_name", "buyer_tax_number", "remark", "void_reason")


def shown(invoice: Invoice) -> dict[str, Any]:
    """An invoice as it stands in the history."""
    texts = {name: getattr(invoice, name) for name in _SHOWN if getattr(invoice, name)}
    sums = {name: str(getattr(invoice, name)) for name in ("issued_on", "amount", "tax", "total")}
    return texts | sums | {"customer": invoice.customer_id, "status": str(invoice.status)}


def record(by: Actor, action: str, invoice: Invoice, **what: Any) -> None:
    """Note in the history what was done to an invoice; the lists that show it are stale."""
    history.record(by, f"invoice.{action}", "invoice", invoice.id, **what)
    live.touch(accounts.LIVE)
