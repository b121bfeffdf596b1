"""Costs summed by job, ticket, machine, model, batch, technician, area or month (2A-04); in warranty they are the manufacturer's."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import partial
from typing import Any

from peewee import JOIN, SQL, Case, ModelSelect, fn

from app.accounts.models import Area, User
from app.billing import cutting
from app.billing.costs import BUDGET
from app.billing.models import CostKind, JobCost
from app.core.money import FEN, ZERO
from app.customers.models import Customer
from app.machines.models import Machine, MachineModel
from app.tickets.models import Ticket
from app.work_orders.models import WorkOrder

KINDS: tuple[str, ...] = tuple(CostKind)
COLUMNS = ("name", "orders", *KINDS, "total")


def _fen_of(kind: str, line: "CostLine") -> int:
    return int(line.amounts[kind] / FEN)


SORTS: cutting.Sorts = {
    "name": lambda line: line.name,
    "orders": lambda line: line.orders,
    "total": lambda line: int(line.total / FEN),
    **{kind: partial(_fen_of, kind) for kind in KINDS},
}
DEFAULT_SORTS = {"month": "-name", "order": "-name", "ticket": "-name"}
DEFAULT_SORT = "-total"
# 2026-11-23 in both databases.
MONTH = fn.SUBSTR(JobCost.on_date.cast("TEXT"), SQL("1"), SQL("7"))


@dataclass(frozen=True, slots=True)
class Group:
    """What the costs are summed by: what tells the sums apart, and the name of each. ``narrows`` is the filter that opens its jobs."""

    key: Any
    name: Any
    narrows: str = ""


BY = {
    "order": Group(WorkOrder.id, WorkOrder.number),
    "ticket": Group(Ticket.id, Ticket.number, "ticket"),
    "machine": Group(Machine.id, Machine.serial, "machine"),
    "model": Group(MachineModel.id, MachineModel.name, "model"),
    "batch": Group(Machine.batch, Machine.batch, "batch"),
    "technician": Group(User.id, User.name, "technician"),
    "area": Group(Area.id, Area.name, "area"),
    "month": Group(MONTH, MONTH, "month"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CostFilter:
    """What the sums are narrowed to; days are those of the costs, ``to_on`` included."""

    by: str = "order"
    q: str = ""
    warranty: str = ""
    from_on: date | None = None
    to_on: date | None = None
    ticket: int | None = None
    machine: int | None = None
    model: int | None = None
    batch: str | None = None
    technician: int | None = None
    area: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CostLine:
    """One sum. ``key`` is what the group is told apart by; ``name`` is empty for jobs that have none such."""

    id: int
    key: int | str | None
    name: str
    orders: int
    amounts: Mapping[str, Decimal]

    @property
    def total(self) -> Decimal:
        """All kinds together."""
        return sum(self.amounts.values(), ZERO)


def lines(wanted: CostFilter) -> list[CostLine]:
    """The sums, in no order."""
    group = BY[wanted.by]
    sums = [fn.SUM(Case(JobCost.kind, [(kind, JobCost.amount)], 0)).coerce(False) for kind in KINDS]
    query = _narrowed(JobCost.select(group.key, group.name, fn.COUNT(fn.DISTINCT(WorkOrder.id)), *sums), wanted)
    found = []
    for number, (key, name, orders, *amounts) in enumerate(query.group_by(group.key, group.name).tuples()):
        by_kind = {kind: Decimal(int(amount)) * FEN for kind, amount in zip(KINDS, amounts, strict=True)}
        row_id = key if isinstance(key, int) else number
        found.append(CostLine(id=row_id, key=key, name=name or "", orders=orders, amounts=by_kind))
    return found


def _narrowed(query: ModelSelect, wanted: CostFilter) -> ModelSelect:
    query = query.join(WorkOrder).join(Machine, JOIN.LEFT_OUTER, on=(WorkOrder.machine == Machine.id)).join(MachineModel, JOIN.LEFT_OUTER)
    for model, column in ((Ticket, WorkOrder.ticket), (User, WorkOrder.lead), (Area, WorkOrder.area), (Customer, WorkOrder.customer)):
        query = query.join_from(WorkOrder, model, JOIN.LEFT_OUTER, on=(column == model.id))
    plain = (
        (WorkOrder.warranty, wanted.warranty), (WorkOrder.ticket, wanted.ticket), (WorkOrder.machine, wanted.machine),
        (Machine.model, wanted.model), (WorkOrder.lead, wanted.technician), (WorkOrder.area, wanted.area),
    )  # fmt: skip
    for column, value in plain:
        query = query.where(column == value) if value else query
    if wanted.batch is not None:
        query = query.where(Machine.batch == wanted.batch)
    if wanted.from_on:
        query = query.where(JobCost.on_date >= wanted.from_on)
    if wanted.to_on:
        query = query.where(JobCost.on_date <= wanted.to_on)
    return query.where(_found(wanted.q)) if wanted.q else query


def _found(q: str) -> Any:
    columns: Sequence[Any] = (Ticket.number, Machine.serial, User.name, Customer.name)
    condition = WorkOrder.number.contains(q)
    for column in columns:
        condition |= column.contains(q)
    return condition


def summed(found: Sequence[CostLine]) -> CostLine:
    """All lines together. Jobs of several months count once in each."""
    amounts = {kind: sum((line.amounts[kind] for line in found), ZERO) for kind in KINDS}
    return CostLine(id=0, key=None, name="", orders=sum(line.orders for line in found), amounts=amounts)


def exported(wanted: CostFilter, sort: str) -> list[list[Any]]:
    """The rows of ``COLUMNS`` for an export."""
    found = cutting.ordered(lines(wanted), SORTS, sort)
    return [[line.name, line.orders, *(line.amounts[kind] for kind in KINDS), line.total] for line in found]


def budget() -> Decimal:
    """What service may cost in a month; nothing when none is set."""
    return Decimal(BUDGET.value())
