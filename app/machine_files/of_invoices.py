"""What invoices tell of a machine: what work on it was invoiced, for those who may see money."""

from typing import Any

from peewee import ModelSelect

from app.billing.models import Invoice
from app.contracts.models import Contract
from app.core.errors import N_
from app.machine_files.timeline import EntryKind, Rows
from app.work_orders.models import WorkOrder

_SEARCHED = (Invoice.number, Invoice.buyer_name, Invoice.remark)


def _of_orders(machine_id: Any) -> ModelSelect:
    query = Invoice.select(Invoice, WorkOrder.id, WorkOrder.number).join_from(Invoice, WorkOrder, on=(Invoice.order == WorkOrder.id))
    return query.where(WorkOrder.machine == machine_id)


def _of_contracts(machine_id: Any) -> ModelSelect:
    query = Invoice.select(Invoice, Contract.id, Contract.number).join_from(Invoice, Contract, on=(Invoice.contract == Contract.id))
    return query.where(Contract.machine == machine_id, Invoice.order.is_null())


INVOICES = EntryKind(
    name="invoice",
    label=N_("Invoices"),
    icon="file-text",
    permission="money.read",
    template="machine_files/entries/invoice.html",
    sources=(
        Rows(name="invoice", query=_of_orders, at=Invoice.registered_at, id=Invoice.id, searched=_SEARCHED, area=Invoice.area),
        Rows(name="contract_invoice", query=_of_contracts, at=Invoice.registered_at, id=Invoice.id, searched=_SEARCHED, area=Invoice.area),
    ),
    href=lambda invoice: f"/invoices/{invoice.id}",
    is_for_customers=lambda _invoice: False,  # another owner of the machine is not told what this one paid
)
