"""Correcting what was typed wrongly of an invoice, before it left the house; what is owed follows."""

from datetime import datetime

from app.billing import accounts, contract_progress, taking_back
from app.billing.invoices import (
    EDIT,
    InvoiceDetails,
    basis_of,
    checked,
    claim,
    days,
    open_receivable,
    receivable_of,
    record,
    shown,
    write_lines,
)
from app.billing.models import Invoice, InvoiceLine, InvoiceStatus
from app.core import clock, db
from app.core.errors import N_, Conflict
from app.core.types import Actor


def edit(*, by: Actor, invoice: Invoice, version: int, details: InvoiceDetails, at: datetime | None = None) -> None:
    """Write ``details`` over ``invoice``; the customer and what it is for stay.

    Raises ``Invalid``, ``Conflict`` when it is on its way already, was changed meanwhile, or more was paid than it would come to.
    """
    by.require(EDIT)
    now, is_red = at or clock.now(), invoice.red_of_id is not None
    with db.transaction():
        fields = checked(invoice.customer, details, now, invoice, is_red=is_red)
        before = shown(invoice)
        claim(invoice, version, (InvoiceStatus.ISSUED,), **fields)
        InvoiceLine.delete().where(InvoiceLine.invoice == invoice).execute()
        write_lines(invoice, details.lines)
        if is_red:
            taking_back.take_off(Invoice.get_by_id(invoice.red_of_id), invoice, by, now)
        else:
            _owe_anew(invoice, details, now)
            contract_progress.keep_in_step(by, invoice, now)
        record(by, "corrected", invoice, before=before, after=shown(invoice))


def _owe_anew(invoice: Invoice, details: InvoiceDetails, at: datetime) -> None:
    receivable = receivable_of(invoice)
    if receivable is None:
        open_receivable(invoice, details, basis_of(invoice), at)
    elif receivable.written_off_at is not None:
        raise Conflict(N_("What is owed by this invoice was written off; it stays as it is."))
    elif Invoice.select().where(Invoice.red_of == invoice).exists():
        raise Conflict(N_("A red invoice points to this one; it stays as it is."))
    else:
        accounts.corrected(receivable, amount=invoice.total, about=invoice.number, **days(invoice, details, invoice.contract))
