"""Contracts follow their invoices: invoiced once all of it is, completed again when an invoice is taken back (workflows, contract)."""

from datetime import datetime
from decimal import Decimal

from peewee import fn

from app.billing.models import Invoice, InvoiceStatus
from app.contracts import progress
from app.contracts.models import Contract
from app.core.money import FEN
from app.core.types import Actor, system
from app.work_orders.models import OrderStatus, WorkOrder
from app.work_orders.writing import FOLLOWERS

BILLING = system("billing")


def invoiced_of(contract: Contract) -> Decimal:
    """What was invoiced of ``contract`` and not taken back, with tax."""
    total = Invoice.select(fn.SUM(Invoice.total).coerce(False)).where(Invoice.contract == contract, Invoice.status != InvoiceStatus.VOID)
    return int(total.scalar() or 0) * FEN


def keep_in_step(by: Actor, contract: Contract | None, at: datetime, note: str = "") -> None:
    """Move ``contract`` on or back as its invoices say, in the running transaction."""
    if contract is None:
        return
    if invoiced_of(contract) >= contract.total > 0:
        progress.invoiced(by=by, contract=contract, at=at, note=note)
    else:
        progress.not_invoiced(by=by, contract=contract, at=at, note=note)


def follow(_by: Actor, order: WorkOrder, at: datetime) -> None:
    """A contract that was invoiced before its work was done is invoiced with the order's end."""
    if order.status == OrderStatus.FINISHED:
        for contract in Contract.select().where(Contract.order == order):
            if invoiced_of(contract) >= contract.total > 0:
                progress.invoiced(by=BILLING, contract=contract, at=at)


FOLLOWERS.append(follow)
