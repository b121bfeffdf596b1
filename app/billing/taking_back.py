"""Invoices that count no longer: voided with a reason, or taken back by a red one, whole or in part (facts, Invoices).

What was paid of it already stands on the customer's account as paid ahead then.
"""

from datetime import datetime
from decimal import Decimal

from app.billing import accounts, contract_progress
from app.billing.invoices import EDIT, MISSING, InvoiceDetails, basis_of, checked, claim, enter, receivable_of, record, shown
from app.billing.models import Allocation, Invoice, InvoiceStatus, Receivable
from app.core import clock, db, submissions
from app.core.errors import N_, Conflict, Invalid
from app.core.money import ZERO
from app.core.types import Actor

MOST_REASON = 200
LIVING = (InvoiceStatus.ISSUED, InvoiceStatus.POSTED, InvoiceStatus.DELIVERED, InvoiceStatus.RECEIVED)


def void(*, by: Actor, invoice: Invoice, version: int, reason: str, at: datetime | None = None) -> None:
    """The invoice was void in the tax platform, or registered by mistake: nothing is owed by it any more.

    Raises ``Invalid`` without a reason, ``Conflict`` when a red invoice points to it, money was paid of it, or it was changed meanwhile.
    """
    by.require(EDIT)
    now, words = at or clock.now(), reason.strip()
    if not words or len(words) > MOST_REASON:
        raise Invalid(MISSING, fields={"reason": N_("Say why, in a few words.")})
    with db.transaction():
        if invoice.red_of_id is not None or Invoice.select().where(Invoice.red_of == invoice).exists():
            raise Conflict(N_("A red invoice and the one it takes back cannot be void. Correct the red one if it was typed wrongly."))
        before = shown(invoice)
        receivable = receivable_of(invoice)
        if receivable is not None and receivable.paid > 0:
            raise Conflict(N_("Money was paid of this invoice. Take it back by a red invoice instead."))
        claim(invoice, version, LIVING, status=InvoiceStatus.VOID, void_reason=words)
        if receivable is not None and receivable.is_open:
            _close(receivable, words, now)
        contract_progress.keep_in_step(by, invoice, now)
        record(by, "voided", invoice, before=before, after=shown(invoice))


def register_red(
    *, by: Actor, blue: Invoice, details: InvoiceDetails, form_token: str | None = None, at: datetime | None = None
) -> Invoice:
    """Write down the red invoice that takes ``blue`` back, whole or in part; so much less is owed.

    Raises ``Invalid`` when it takes back more than there is, ``Conflict`` when there is one already.
    """
    by.require(EDIT)
    now = at or clock.now()
    with db.transaction():
        if form_token and not submissions.claim(form_token):
            return Invoice.get_by_id(int(submissions.result_of(form_token)))
        fields = checked(blue.customer, details, now, is_red=True)
        check_blue(blue)
        red = enter(by=by, customer=blue.customer, fields=fields, details=details, basis=basis_of(blue), at=now, red_of=blue)
        take_off(blue, red, by, now)
        if form_token:
            submissions.settle(form_token, red.id)
    return red


def take_off(blue: Invoice, red: Invoice, by: Actor, at: datetime) -> None:
    """Owe so much less of ``blue`` as ``red`` says, in the running transaction. Raises ``Invalid`` when that is more than there is."""
    left = blue.total + red.total
    if left < 0:
        raise Invalid(MISSING, fields={"total": N_("So much was not invoiced.")})
    was_red = blue.status == InvoiceStatus.RED
    status = InvoiceStatus.RED if left == 0 else InvoiceStatus.ISSUED if was_red else blue.status
    if status != blue.status:
        claim(blue, blue.version, (*LIVING, InvoiceStatus.RED), status=status)
    contract_progress.keep_in_step(by, blue, at)
    receivable = receivable_of(blue)
    if receivable is not None and (was_red or receivable.written_off_at is None):
        _release_beyond(receivable, left, by, at)
        _lower(Receivable.get_by_id(receivable.id), left, red, at)


def check_blue(blue: Invoice) -> None:
    """Raise ``Conflict`` when no red invoice can take ``blue`` back."""
    if blue.red_of_id is not None or blue.status not in LIVING:
        raise Conflict(N_("This invoice cannot be taken back: it is void, red itself, or was taken back already."))
    if Invoice.select().where(Invoice.red_of == blue).exists():
        raise Conflict(N_("There is a red invoice for this one already."))


def _lower(receivable: Receivable, left: Decimal, red: Invoice, at: datetime) -> None:
    if left > 0:
        accounts.corrected(receivable, amount=left)
    elif receivable.is_open:
        _close(receivable, red.number, at)


def _release_beyond(receivable: Receivable, left: Decimal, by: Actor, at: datetime) -> None:
    """Take allocations off, the newest first, until no more than ``left`` is paid."""
    too_much = receivable.paid - left
    for allocation in Allocation.select().where(Allocation.receivable == receivable).order_by(Allocation.id.desc()):
        if too_much <= ZERO:
            return
        payment, amount = allocation.payment, allocation.amount
        accounts.release(allocation=allocation, at=at)
        if amount > too_much:
            present = type(payment).get_by_id(payment.id)
            kept = Receivable.get_by_id(receivable.id)
            accounts.allocate(payment=present, receivable=kept, amount=amount - too_much, at=at, by_name=by.name)
        too_much -= amount


def _close(receivable: Receivable, words: str, at: datetime) -> None:
    accounts.no_longer_owed(receivable)
    changes = {"written_off_at": at, "written_off_reason": words, "is_open": False, "version": Receivable.version + 1}
    Receivable.update(changes).where(Receivable.id == receivable.id).execute()
