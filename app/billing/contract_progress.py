"""Contracts and parts orders follow their invoices: invoiced once all of it is, and back when an invoice is taken back (workflows)."""

from datetime import datetime
from decimal import Decimal

from peewee import fn

from app.billing import accounts
from app.billing.models import Invoice, InvoiceStatus, Receivable
from app.contracts import progress
from app.contracts.models import Contract
from app.core.money import FEN
from app.core.types import Actor, system
from app.supply import parts_orders
from app.supply.models import PartsOrder, Shipment
from app.work_orders.models import OrderStatus, WorkOrder
from app.work_orders.writing import FOLLOWERS

BILLING = system("billing")


def invoiced_of(contract: Contract) -> Decimal:
    """What was invoiced of ``contract`` and not taken back, with tax."""
    total = Invoice.select(fn.SUM(Invoice.total).coerce(False)).where(Invoice.contract == contract, Invoice.status != InvoiceStatus.VOID)
    return int(total.scalar() or 0) * FEN


def keep_in_step(by: Actor, invoice: Invoice, at: datetime) -> None:
    """Move what ``invoice`` is for on or back as all its invoices say, in the running transaction."""
    if invoice.contract_id is not None:
        _contract(by, invoice.contract, at, invoice.number)
    order = invoice.parts_order or (invoice.shipment.parts_order if invoice.shipment_id is not None else None)
    if order is not None:
        _parts_order(by, order)


def _parts_order(by: Actor, order: PartsOrder) -> None:
    alive = Invoice.status.not_in((InvoiceStatus.VOID, InvoiceStatus.RED)) & (Invoice.total > 0)
    is_its = (Invoice.parts_order == order) | Invoice.shipment.in_(Shipment.select(Shipment.id).where(Shipment.parts_order == order))
    if Invoice.select().where(alive, is_its).exists():
        parts_orders.mark_invoiced(by=by, order=order)
    else:
        parts_orders.mark_not_invoiced(by=by, order=order)


def _contract(by: Actor, contract: Contract, at: datetime, note: str) -> None:
    if invoiced_of(contract) >= contract.total > 0:
        progress.invoiced(by=by, contract=contract, at=at, note=note)
        _settle(contract, at)
    else:
        progress.not_settled(by=BILLING, contract=contract, at=at)
        progress.not_invoiced(by=by, contract=contract, at=at, note=note)


def follow(_by: Actor, order: WorkOrder, at: datetime) -> None:
    """A contract that was invoiced before its work was done is invoiced with the order's end."""
    if order.status == OrderStatus.FINISHED:
        for contract in Contract.select().where(Contract.order == order):
            if invoiced_of(contract) >= contract.total > 0:
                progress.invoiced(by=BILLING, contract=contract, at=at)


def follow_payment(receivable: Receivable, at: datetime) -> None:
    """A contract is settled once nothing is owed by it any more, and invoiced again when a payment is taken off."""
    if receivable.contract_id is not None:
        _settle(receivable.contract, at)


def _settle(contract: Contract, at: datetime) -> None:
    if Receivable.select().where(Receivable.contract == contract, Receivable.is_open).exists():
        progress.not_settled(by=BILLING, contract=contract, at=at)
    else:
        progress.settled(by=BILLING, contract=contract, at=at)


FOLLOWERS.append(follow)
accounts.FOLLOWERS.append(follow_payment)
