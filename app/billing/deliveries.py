"""How invoices reach the customer (2E-10, 2C-14, F-23): posted, handed over against a signature, sent electronically; and their receipt."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from app.billing.invoices import CHANGED, EDIT, MISSING, record
from app.billing.models import DeliveryWay, Invoice, InvoiceDelivery, InvoiceStatus
from app.billing.taking_back import LIVING
from app.core import clock, db, outbox
from app.core.errors import N_, Conflict, Invalid
from app.core.known_settings import COMPANY_NAME, signed
from app.core.spoken import say
from app.core.types import Actor
from app.service_reports import content

HAND_OVER = "invoices.hand_over"
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")
# Where an invoice stands once it went this way; a signature says that it was received.
_LEADS_TO = {
    DeliveryWay.COURIER: InvoiceStatus.POSTED,
    DeliveryWay.HANDED: InvoiceStatus.RECEIVED,
    DeliveryWay.EMAIL: InvoiceStatus.DELIVERED,
    DeliveryWay.WECHAT: InvoiceStatus.DELIVERED,
    DeliveryWay.QR: InvoiceStatus.DELIVERED,
}
_MOST = {"carrier": 60, "waybill": 60, "receiver": 60, "address": 200}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """How it was sent: courier and waybill, or the address it went to; ``sent_at`` when that was not just now."""

    way: DeliveryWay
    carrier: str = ""
    waybill: str = ""
    receiver: str = ""
    address: str = ""
    sent_at: datetime | None = None


def send(*, by: Actor, invoice: Invoice, version: int, sending: Sending, at: datetime | None = None) -> InvoiceDelivery:
    """Note that ``invoice`` was posted or sent electronically; an e-mail goes out with its number, date and amount.

    Raises ``Invalid`` with the words beside each field, ``Conflict`` when the invoice is void, taken back or was changed meanwhile.
    """
    by.require(EDIT)
    now = at or clock.now()
    fields = {name: " ".join(getattr(sending, name).split()) for name in _MOST}
    if wrong := _mistakes(sending, fields, now):
        raise Invalid(MISSING, fields=wrong)
    with db.transaction():
        row = _noted(by, invoice, version, sending.way, sending.sent_at or now, **fields)
        if sending.way == DeliveryWay.EMAIL:
            _mail(invoice, row, now)
    return row


def _mistakes(sending: Sending, fields: dict[str, str], at: datetime) -> dict[str, str]:
    wrong = {name: N_("too long") for name, most in _MOST.items() if len(fields[name]) > most}
    if sending.way == DeliveryWay.HANDED:
        wrong["way"] = N_("Handing over needs the receiver's signature; the technician takes it on the phone.")
    if sending.way == DeliveryWay.COURIER:
        wrong |= {name: words for name, words in _COURIER.items() if not fields[name]}
    if sending.way == DeliveryWay.EMAIL and not _EMAIL.fullmatch(fields["address"]):
        wrong["address"] = N_("An e-mail address looks like name@example.com.")
    if sending.sent_at is not None and sending.sent_at > at + timedelta(minutes=1):
        wrong["sent_at"] = N_("That is a time to come.")
    return wrong


_COURIER = {"carrier": N_("Which courier?"), "waybill": N_("The number of the waybill, please.")}


def hand_over(*, by: Actor, invoice: Invoice, version: int, receiver: str, strokes: str, at: datetime | None = None) -> InvoiceDelivery:
    """The receiver signed for the invoice on the phone of who brought it.

    Raises ``Invalid`` without name or signature, ``Conflict`` when it was received or changed meanwhile, ``NotAllowed``.
    """
    by.require(HAND_OVER)
    now, name = at or clock.now(), " ".join(receiver.split())
    if not name or len(name) > _MOST["receiver"]:
        raise Invalid(MISSING, fields={"signer": N_("The name of who receives it, please.")})
    content.strokes_in(strokes)
    with db.transaction():
        return _noted(
            by, invoice, version, DeliveryWay.HANDED, now, receiver=name, strokes=strokes, confirmed_at=now, confirmed_by_name=by.name
        )


def _noted(by: Actor, invoice: Invoice, version: int, way: DeliveryWay, at: datetime, **fields: Any) -> InvoiceDelivery:
    if invoice.status == InvoiceStatus.RECEIVED:
        raise Conflict(N_("The customer has received this invoice already."))
    _move(invoice, version, _LEADS_TO[way])
    row: InvoiceDelivery = InvoiceDelivery.create(invoice=invoice, way=way, at=at, by=by.user_id, by_name=by.name, **fields)
    told = {name: fields[name] for name in ("carrier", "waybill", "receiver") if fields.get(name)}
    record(by, "sent", invoice, after={"way": str(way), "status": str(invoice.status)} | told)
    return row


def _move(invoice: Invoice, version: int, status: InvoiceStatus) -> None:
    same = (Invoice.id == invoice.id) & (Invoice.version == version) & Invoice.status.in_(LIVING)
    if Invoice.update(status=status, version=Invoice.version + 1).where(same).execute() != 1:
        raise Conflict(CHANGED)
    invoice.status, invoice.version = status, version + 1


def confirm(*, by: Actor, invoice: Invoice, version: int, name: str = "", at: datetime | None = None) -> None:
    """The customer says that the invoice arrived; ``name`` is who said so. Raises ``Conflict`` when nothing is on its way."""
    by.require(EDIT)
    now = at or clock.now()
    with db.transaction():
        last = InvoiceDelivery.select().where(InvoiceDelivery.invoice == invoice).order_by(InvoiceDelivery.id.desc()).first()
        if last is None or invoice.status not in (InvoiceStatus.POSTED, InvoiceStatus.DELIVERED):
            raise Conflict(N_("This invoice is not on its way: note first how it was sent."))
        _move(invoice, version, InvoiceStatus.RECEIVED)
        who = " ".join(name.split())[:60]
        said = {"confirmed_at": now, "confirmed_by_name": by.name} | ({"receiver": who} if who else {})
        InvoiceDelivery.update(said).where(InvoiceDelivery.id == last.id).execute()
        record(by, "received", invoice, after={"receiver": who or last.receiver})


def _mail(invoice: Invoice, row: InvoiceDelivery, at: datetime) -> None:
    subject = say(None, N_("Invoice %(number)s of %(company)s"), number=invoice.number, company=COMPANY_NAME.value())
    outbox.queue_email(
        to=row.address, subject=subject, body=signed(text_of(invoice, None)), about=f"invoice {invoice.number}",
        key=f"invoice:{invoice.id}:{row.id}", at=at,
    )  # fmt: skip


def text_of(invoice: Invoice, locale: str | None) -> str:
    """What the customer is told of an invoice, to be mailed or copied into a message."""
    lines = (
        say(locale, N_("Invoice number: %(number)s"), number=f"{invoice.code} {invoice.number}".strip()),
        say(locale, N_("Date: %(day)s"), day=invoice.issued_on.isoformat()),
        say(locale, N_("Buyer: %(name)s"), name=invoice.buyer_name),
        say(locale, N_("Total with tax: ¥%(total)s"), total=f"{invoice.total:,.2f}"),
        say(locale, N_("You find it under this number in the tax platform (my invoices).")),
    )
    return "\n".join(lines)


def to_hand_over(statuses: Sequence[InvoiceStatus] = (InvoiceStatus.ISSUED, InvoiceStatus.POSTED, InvoiceStatus.DELIVERED)) -> Any:
    """The condition of an invoice that somebody may still bring to the customer."""
    return Invoice.status.in_(statuses) & (Invoice.total > 0)
