"""Taking back what an import did to invoices; never for anything else: an invoice is void or taken back by a red one."""

from collections.abc import Sequence

from app.billing import accounts, contract_progress
from app.billing.invoices import receivable_of, record, shown
from app.billing.models import Invoice, InvoiceLine, InvoiceStatus, Receivable
from app.core import clock
from app.core.types import Actor


def remove_invoices(*, by: Actor, ids: Sequence[int]) -> None:
    """Remove invoices with what is owed by them, in the running transaction. Raises ``IntegrityError`` when money was paid of one."""
    for invoice in Invoice.select().where(Invoice.id.in_(ids)).order_by(Invoice.id.desc()):
        record(by, "import_undone", invoice, before=shown(invoice))
        receivable = receivable_of(invoice)
        if receivable is not None:
            Receivable.delete().where(Receivable.id == receivable.id).execute()
            if receivable.is_open:
                accounts.no_longer_owed(receivable)
        blue = invoice.red_of
        InvoiceLine.delete().where(InvoiceLine.invoice == invoice).execute()
        Invoice.delete().where(Invoice.id == invoice.id).execute()
        if blue is not None:
            _owe_again(blue)
        contract_progress.keep_in_step(by, invoice, clock.now())


def _owe_again(blue: Invoice) -> None:
    """Without its red invoice all of ``blue`` is owed again."""
    if blue.status == InvoiceStatus.RED:
        Invoice.update(status=InvoiceStatus.ISSUED, version=Invoice.version + 1).where(Invoice.id == blue.id).execute()
    receivable = receivable_of(blue)
    if receivable is not None:
        accounts.corrected(receivable, amount=blue.total)
