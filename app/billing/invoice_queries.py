"""Invoices as people may see them: those of their areas and of their own jobs (product.md, settled question 13)."""

from typing import Any

from peewee import JOIN, ModelSelect

from app.accounts.models import User
from app.billing.models import Invoice, InvoiceDelivery, InvoiceFile, InvoiceLine, Receivable
from app.contracts.models import Contract
from app.core.errors import N_, NotFound
from app.core.files import StoredFile
from app.core.types import Actor
from app.customers.models import Customer
from app.work_orders import queries as orders
from app.work_orders.models import WorkOrder


def within(query: ModelSelect, actor: Actor) -> ModelSelect:
    """``query`` over invoices, narrowed to what ``actor`` may see."""
    if actor.area_ids is None:
        return query
    own = WorkOrder.select(WorkOrder.id).where(orders.works_on(actor.user_id))
    # "+ 0" keeps the index of the query's order, as in ``work_orders.queries``.
    return query.where((Invoice.area + 0).in_(sorted(actor.area_ids)) | (Invoice.order + 0).in_(own))


def joined(*more: Any) -> ModelSelect:
    """Invoices, each with its customer, what is owed by it, its contract and its order in one read."""
    query = Invoice.select(Invoice, Customer, Receivable, Contract, WorkOrder, *more).join_from(Invoice, Customer)
    query = query.join_from(Invoice, Receivable, JOIN.LEFT_OUTER, on=(Receivable.invoice == Invoice.id), attr="owed")
    query = query.join_from(Invoice, Contract, JOIN.LEFT_OUTER, on=(Invoice.contract == Contract.id))
    return query.join_from(Invoice, WorkOrder, JOIN.LEFT_OUTER, on=(Invoice.order == WorkOrder.id))


def by_id(actor: Actor, invoice_id: int) -> Invoice:
    """The invoice. Raises ``NotFound`` for one that ``actor`` may not see."""
    found = within(joined(), actor).where(Invoice.id == invoice_id).get_or_none()
    if found is None:
        raise NotFound(N_("There is no such invoice, or it is not for you to see."))
    return found


def lines_of(invoice: Invoice) -> list[InvoiceLine]:
    """The lines as printed."""
    return list(InvoiceLine.select().where(InvoiceLine.invoice == invoice).order_by(InvoiceLine.position))


def red_of(invoice: Invoice) -> Invoice | None:
    """The red invoice that points to ``invoice``."""
    return Invoice.get_or_none(Invoice.red_of == invoice)


def deliveries_of(invoice: Invoice) -> list[InvoiceDelivery]:
    """How it was sent, newest first."""
    query = InvoiceDelivery.select(InvoiceDelivery, User).join(User, JOIN.LEFT_OUTER, on=InvoiceDelivery.by)
    return list(query.where(InvoiceDelivery.invoice == invoice).order_by(InvoiceDelivery.at.desc(), InvoiceDelivery.id.desc()))


def files_of(invoice: Invoice) -> list[InvoiceFile]:
    """Its files, oldest first."""
    query = InvoiceFile.select(InvoiceFile, StoredFile).join(StoredFile)
    return list(query.where(InvoiceFile.invoice == invoice).order_by(InvoiceFile.id))


def file_of(invoice: Invoice, file_id: int) -> InvoiceFile:
    """One file of ``invoice``. Raises ``NotFound``."""
    found = InvoiceFile.get_or_none(InvoiceFile.invoice == invoice, InvoiceFile.id == file_id)
    if found is None:
        raise NotFound(N_("There is no such file."))
    return found


def of_order(actor: Actor, order: WorkOrder) -> list[Invoice]:
    """The invoices of an order and of its contracts that ``actor`` may see, newest first."""
    contracts = Contract.select(Contract.id).where(Contract.order == order)
    query = within(joined(), actor).where((Invoice.order == order) | Invoice.contract.in_(contracts))
    return list(query.order_by(Invoice.issued_on.desc(), Invoice.id.desc()))
