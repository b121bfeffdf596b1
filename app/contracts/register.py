"""The list of contracts (2E-26)."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from peewee import ModelSelect

from app.contracts.models import Contract
from app.contracts.queries import visible
from app.core import clock, paging
from app.core.paging import Sort
from app.core.types import Actor, Page
from app.customers.models import Customer
from app.machines.models import Machine
from app.work_orders.models import WorkOrder

COLUMNS = (
    "number", "kind", "status", "title", "customer", "machine", "order", "total", "author", "created_at", "approved_by", "decided_at",
    "signer", "signed_at", "valid_from", "valid_until", "completed_at",
)  # fmt: skip
SORTS = {
    "created_at": Sort(Contract.created_at, lambda contract: contract.created_at),
    "number": Sort(Contract.number, lambda contract: contract.number),
    "changed_at": Sort(Contract.changed_at, lambda contract: contract.changed_at),
}
DEFAULT_SORT = "-created_at"


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractFilter:
    """What the list is narrowed to; empty values do not narrow."""

    q: str = ""
    status: str = ""
    kind: str = ""
    customer: int | None = None
    machine: str = ""
    from_on: date | None = None
    to_on: date | None = None


def listed(actor: Actor, wanted: ContractFilter) -> ModelSelect:
    """The contracts of the list."""
    query = visible(actor)
    plain = (
        (Contract.status, wanted.status), (Contract.kind, wanted.kind), (Contract.customer, wanted.customer),
        (Machine.serial, wanted.machine),
    )  # fmt: skip
    for column, value in plain:
        if value:
            query = query.where(column == value)
    if wanted.from_on is not None:
        query = query.where(Contract.created_at >= clock.start_of(wanted.from_on))
    if wanted.to_on is not None:
        query = query.where(Contract.created_at < clock.start_of(wanted.to_on + timedelta(days=1)))
    return query.where(_found(wanted.q)) if wanted.q else query


def _found(q: str) -> Any:
    columns = (Contract.title, Customer.name, Customer.short_name, Machine.serial, WorkOrder.number, Contract.author_name)
    condition = Contract.number.contains(q)
    for column in columns:
        condition |= column.contains(q)
    return condition


def page(actor: Actor, wanted: ContractFilter, *, sort: str, after: str | None = None, before: str | None = None) -> Page[Contract]:
    """One page of the list. Raises ``Invalid`` for an unknown sort or page."""
    return paging.page_of_records(listed(actor, wanted), SORTS, sort, after=after, before=before)


def exported(actor: Actor, wanted: ContractFilter, sort: str) -> Iterator[list[Any]]:
    """The rows of ``COLUMNS`` for an export."""
    for one in paging.whole(listed(actor, wanted), SORTS, sort).iterator():
        yield [
            one.number, one.kind, one.status, one.title, one.customer.name, one.machine.serial if one.machine_id else "",
            one.order.number if one.order_id else "", one.total, one.author_name, one.created_at, one.decided_by_name, one.decided_at,
            one.signer_name, one.signed_at, one.valid_from, one.valid_until, one.completed_at,
        ]  # fmt: skip
