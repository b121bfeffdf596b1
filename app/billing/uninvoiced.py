"""What should have been invoiced and is not: jobs done off warranty, parts shipped off warranty (2E-12); never silent."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from peewee import JOIN, ModelSelect, fn

from app.accounts.models import User
from app.billing.models import Invoice, InvoiceStatus
from app.contracts.models import IN_FORCE, Contract, ContractKind, ContractStatus, WarrantyRuling
from app.core import paging
from app.core.paging import Sort
from app.core.types import Actor, Page
from app.customers.models import Customer
from app.machines.models import Machine
from app.machines.warranty import WarrantyState
from app.supply.models import PartsOrder, Shipment
from app.work_orders import queries as orders
from app.work_orders.models import GateOverride, WorkOrder

ORDER_COLUMNS = ("order", "customer", "machine", "technician", "finished_at", "contract", "total")
ORDER_SORTS = {"finished_at": Sort(WorkOrder.finished_at, lambda order: order.finished_at)}
ORDER_SORT = "finished_at"
SHIPMENT_COLUMNS = ("shipment", "customer", "parts_order", "order", "sent_at", "received_at", "total")
SHIPMENT_SORTS = {"sent_at": Sort(Shipment.sent_at, lambda shipment: shipment.sent_at)}
SHIPMENT_SORT = "sent_at"
_NOT_INVOICED = tuple(status for status in IN_FORCE if status not in (ContractStatus.INVOICED, ContractStatus.SETTLED))
# An invoice that was voided or taken back whole invoices nothing, nor does the red one.
COUNTS = Invoice.status.not_in((InvoiceStatus.VOID, InvoiceStatus.RED)) & (Invoice.total > 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class UninvoicedFilter:
    """What the lists are narrowed to; empty values do not narrow."""

    q: str = ""


def _contract_id() -> Any:
    """The contract or quote by which the work of an order is paid."""
    kinds = (ContractKind.REPAIR, ContractKind.QUOTE)
    query = Contract.select(fn.MAX(Contract.id)).where(Contract.order == WorkOrder.id, Contract.kind.in_(kinds))
    return query.where(Contract.status.in_(IN_FORCE), Contract.total > 0)


def _paid_for() -> Any:
    """Orders that somebody pays for: few, as contracts leave it once all of them is invoiced."""
    contracts = Contract.select(Contract.order).where(Contract.order.is_null(False), Contract.status.in_(_NOT_INVOICED))
    return GateOverride.select(GateOverride.order) | contracts


def _is_invoiced(condition: Any) -> Any:
    return fn.EXISTS(Invoice.select(Invoice.id).where(COUNTS, condition))


def _invoiced_of_contract() -> Any:
    total = fn.COALESCE(fn.SUM(Invoice.total), 0).coerce(False)
    return Invoice.select(total).where(Invoice.contract == Contract.id, Invoice.status != InvoiceStatus.VOID)


def jobs(actor: Actor, wanted: UninvoicedFilter) -> ModelSelect:
    """Finished orders off warranty, done by contract, quote or override, that no invoice is for; each with its contract.

    One that somebody decided to be in warranty after all is none.
    """
    ruled_in = WarrantyRuling.select(WarrantyRuling.order).where(WarrantyRuling.state == WarrantyState.IN, WarrantyRuling.part_name == "")
    is_invoiced = _is_invoiced((Invoice.order == WorkOrder.id) & Invoice.contract.is_null())
    query = (
        WorkOrder.select(WorkOrder, Customer, Machine, User, Contract)
        .join_from(WorkOrder, Customer, JOIN.LEFT_OUTER)
        .join_from(WorkOrder, Machine, JOIN.LEFT_OUTER)
        .join_from(WorkOrder, User, JOIN.LEFT_OUTER, on=(WorkOrder.lead == User.id), attr="lead_person")
        .join_from(WorkOrder, Contract, JOIN.LEFT_OUTER, on=(Contract.id == _contract_id()), attr="paid_by")
        .where(WorkOrder.finished_at.is_null(False), WorkOrder.warranty != WarrantyState.IN, WorkOrder.rework_of.is_null())
        .where(WorkOrder.id.in_(_paid_for()))
        .where(~is_invoiced, WorkOrder.id.not_in(ruled_in))
        .where(Contract.id.is_null() | (Contract.total > _invoiced_of_contract()))
    )
    query = orders.within(query, actor)
    return query.where(WorkOrder.number.contains(wanted.q) | Customer.name.contains(wanted.q)) if wanted.q else query


def jobs_page(actor: Actor, wanted: UninvoicedFilter, *, sort: str, after: str | None = None, before: str | None = None) -> Page[WorkOrder]:
    """One page of ``jobs``. Raises ``Invalid`` for an unknown sort or page."""
    return paging.page_of_records(jobs(actor, wanted), ORDER_SORTS, sort, after=after, before=before)


def jobs_exported(actor: Actor, wanted: UninvoicedFilter, sort: str) -> Iterator[list[Any]]:
    """The rows of ``ORDER_COLUMNS`` for an export."""
    for order in paging.whole(jobs(actor, wanted), ORDER_SORTS, sort).iterator():
        contract = contract_of(order)
        yield [
            order.number, order.customer.name if order.customer_id else "", order.machine.serial if order.machine_id else "",
            order.lead_person.name if order.lead_id else "", order.finished_at, contract.number if contract else "",
            contract.total if contract else None,
        ]  # fmt: skip


def contract_of(order: WorkOrder) -> Contract | None:
    """The contract that ``jobs`` read with ``order``."""
    contract = getattr(order, "paid_by", None)
    return contract if contract is not None and contract.id else None


def shipments(actor: Actor, wanted: UninvoicedFilter) -> ModelSelect:
    """Shipments off warranty that no invoice is for: neither for them, nor for their parts order, nor for their work order."""
    contracts = Contract.select(Contract.id).where(Contract.order == Shipment.order)
    of_order = (Invoice.order == Shipment.order) | Invoice.contract.in_(contracts)
    query = (
        Shipment.select(Shipment, Customer, PartsOrder, WorkOrder)
        .join_from(Shipment, Customer, JOIN.LEFT_OUTER)
        .join_from(Shipment, PartsOrder, JOIN.LEFT_OUTER)
        .join_from(Shipment, WorkOrder, JOIN.LEFT_OUTER, on=(Shipment.order == WorkOrder.id))
        .where(Shipment.is_chargeable, ~_is_invoiced(Invoice.shipment == Shipment.id))
        .where(~_is_invoiced(Invoice.parts_order == Shipment.parts_order), ~_is_invoiced(of_order))
    )
    if actor.area_ids is not None:
        query = query.where(fn.COALESCE(PartsOrder.area, WorkOrder.area, Customer.area).in_(sorted(actor.area_ids)))
    return query.where(Shipment.number.contains(wanted.q) | Customer.name.contains(wanted.q)) if wanted.q else query


def shipments_page(
    actor: Actor, wanted: UninvoicedFilter, *, sort: str, after: str | None = None, before: str | None = None
) -> Page[Shipment]:
    """One page of ``shipments``. Raises ``Invalid`` for an unknown sort or page."""
    return paging.page_of_records(shipments(actor, wanted), SHIPMENT_SORTS, sort, after=after, before=before)


def shipments_exported(actor: Actor, wanted: UninvoicedFilter, sort: str) -> Iterator[list[Any]]:
    """The rows of ``SHIPMENT_COLUMNS`` for an export."""
    for row in paging.whole(shipments(actor, wanted), SHIPMENT_SORTS, sort).iterator():
        yield [
            row.number, row.customer.name if row.customer_id else "", row.parts_order.number if row.parts_order_id else "",
            row.order.number if row.order_id else "", row.sent_at, row.received_at, row.parts_order.total if row.parts_order_id else None,
        ]  # fmt: skip
