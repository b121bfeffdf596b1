"""The month (客户回访分析报告, 1E-05; N-06; 2A-21): dispatches finished = reached + refused + unreachable + still due, and the scores.

A call-back belongs to the month in which its dispatch was finished, in the deployment's zone, whenever the customer was called.
"""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Any

from peewee import JOIN, ModelSelect, fn

from app.accounts.models import User
from app.callbacks import scores
from app.callbacks.models import CallBack, CallBackOutcome
from app.callbacks.queries import Owner
from app.core import paging
from app.core.months import Month
from app.core.paging import Sort
from app.core.types import Actor, Page
from app.customers.models import Customer
from app.machines.models import Machine
from app.work_orders.models import WorkOrder

REACHED, REFUSED, UNREACHABLE = CallBackOutcome
DUE, POOR = "due", "poor"
# What each number of the month opens.
WHAT = ("", *CallBackOutcome, DUE, POOR)
SORTS = {"finished_at": Sort(WorkOrder.finished_at, lambda order: order.finished_at)}
COLUMNS = (
    "number", "finished_at", "customer", "machine", "technician", "outcome", "called_at", "result_score", "attitude_score",
    "timeliness_score", "text", "follow_up", "owner", "follow_up_due_on", "follow_up_done_at",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Tally:
    """Dispatches by what came of their call-backs."""

    reached: int = 0
    refused: int = 0
    unreachable: int = 0
    due: int = 0
    poor: int = 0

    @property
    def call_backs(self) -> int:
        """Reached, refused, not reachable and still due together."""
        return self.reached + self.refused + self.unreachable + self.due


@dataclass(frozen=True, slots=True)
class Average:
    """The mean of one score to two places, None without any, and of how many calls."""

    mean: float | None
    count: int


@dataclass(frozen=True, slots=True)
class TechnicianLine:
    """The scores of one technician (2A-21)."""

    technician_id: int | None
    name: str
    dispatches: int
    poor: int
    result: Average
    attitude: Average
    timeliness: Average


@dataclass(frozen=True, slots=True)
class Report:
    """A month: ``dispatches`` counts orders alone, ``tally`` what came of each, so that the two can be held against each other."""

    month: Month
    dispatches: int
    tally: Tally
    averages: dict[str, Average]
    technicians: list[TechnicianLine]
    poor: list[WorkOrder]

    @property
    def is_balanced(self) -> bool:
        """Whether dispatches = call-backs."""
        return self.dispatches == self.tally.call_backs


def finished(actor: Actor, month: Month) -> ModelSelect:
    """The orders finished in ``month`` that ``actor`` may see; written so that the index of finishing is used, not that of areas."""
    is_in = (WorkOrder.finished_at >= month.starts_at) & (WorkOrder.finished_at < month.ends_at)
    query = WorkOrder.select().where(is_in)
    return query if actor.area_ids is None else query.where(fn.COALESCE(WorkOrder.area, 0).in_(sorted(actor.area_ids)))


def _called(actor: Actor, month: Month) -> ModelSelect:
    return finished(actor, month).join_from(WorkOrder, CallBack, JOIN.LEFT_OUTER, on=(CallBack.order == WorkOrder.id), attr="call_back")


def report(actor: Actor, month: Month) -> Report:
    """The figures of ``month``."""
    by_outcome = _called(actor, month).select(CallBack.outcome, fn.COUNT(WorkOrder.id)).group_by(CallBack.outcome).tuples()
    counted = {outcome or DUE: number for outcome, number in by_outcome}
    poor = list(dispatches(actor, month, POOR).order_by(WorkOrder.finished_at, WorkOrder.id))
    tally = Tally(**{one.name: counted.get(one.name, 0) for one in fields(Tally) if one.name != POOR}, poor=len(poor))
    return Report(month, finished(actor, month).count(), tally, _averages(actor, month), _technicians(actor, month), poor)


_COLUMNS = [getattr(CallBack, f"{name}_score") for name in scores.NAMES]
_SUMS = [found for column in _COLUMNS for found in (fn.AVG(column), fn.COUNT(column))]


def _averages(actor: Actor, month: Month) -> dict[str, Average]:
    return dict(zip(scores.NAMES, _pairs(_called(actor, month).select(*_SUMS).tuples().get()), strict=True))


def _pairs(values: tuple[Any, ...]) -> list[Average]:
    return [
        Average(None if mean is None else round(float(mean), 2), number)
        for mean, number in zip(values[::2], values[1::2], strict=True)
    ]  # fmt: skip


def _technicians(actor: Actor, month: Month) -> list[TechnicianLine]:
    poor = fn.SUM(CallBack.is_poor.cast("integer"))
    query = _called(actor, month).join_from(WorkOrder, User, JOIN.LEFT_OUTER, on=(WorkOrder.lead == User.id))
    query = query.select(WorkOrder.lead, User.name, fn.COUNT(WorkOrder.id), poor, *_SUMS).group_by(WorkOrder.lead, User.name)
    return [
        TechnicianLine(lead, name or "", number, bad or 0, *_pairs(tuple(sums)))
        for lead, name, number, bad, *sums in query.order_by(User.name, WorkOrder.lead).tuples()
    ]


def dispatches(actor: Actor, month: Month, what: str = "", technician: int | None = None) -> ModelSelect:
    """The orders that a number of the month counts, each with its call-back, customer, machine and lead."""
    query = _called(actor, month).select(WorkOrder, CallBack, Customer, Machine, User, Owner)
    query = query.join_from(WorkOrder, Customer, JOIN.LEFT_OUTER).join_from(WorkOrder, Machine, JOIN.LEFT_OUTER)
    query = query.join_from(WorkOrder, User, JOIN.LEFT_OUTER, on=(WorkOrder.lead == User.id))
    query = query.join_from(CallBack, Owner, JOIN.LEFT_OUTER, on=(CallBack.follow_up_owner == Owner.id), attr="follow_up_owner")
    if technician is not None:
        query = query.where(WorkOrder.lead == technician)
    if what == DUE:
        return query.where(CallBack.id.is_null())
    if what == POOR:
        return query.where(CallBack.is_poor)
    return query.where(CallBack.outcome == what) if what else query


def page(
    actor: Actor, month: Month, what: str, technician: int | None, *, after: str | None = None, before: str | None = None
) -> Page[WorkOrder]:
    """One page of the orders behind a number, in the order of finishing."""
    return paging.page_of_records(dispatches(actor, month, what, technician), SORTS, "finished_at", after=after, before=before)


def rows(query: ModelSelect) -> Iterator[list[Any]]:
    """The rows of ``COLUMNS`` of ``dispatches`` for an export."""
    for order in query.order_by(WorkOrder.finished_at, WorkOrder.id).iterator():
        one = getattr(order, "call_back", None)
        scored = [getattr(one, f"{name}_score", None) for name in scores.NAMES]
        owner = one and one.follow_up_owner_id and one.follow_up_owner.name
        yield [
            order.number, order.finished_at, order.customer and order.customer.name, order.machine and order.machine.serial,
            order.lead and order.lead.name, one.outcome if one else DUE, one and one.called_at, *scored, one.text if one else "",
            one.follow_up if one else "", owner, one and one.follow_up_due_on, one and one.follow_up_done_at,
        ]  # fmt: skip
