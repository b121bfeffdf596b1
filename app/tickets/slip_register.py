"""The list of work slips: open and overdue ones, by department (5-08)."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from peewee import ModelSelect

from app.accounts.models import Department
from app.core import paging
from app.core.paging import Sort
from app.core.types import Actor, Page
from app.tickets import queries
from app.tickets.models import Ticket, WorkSlip
from app.tickets.work_slips import IS_OPEN

COLUMNS = ("number", "ticket", "department", "text", "sent_at", "due_at", "by_name", "answered_at", "answer", "withdrawn_at")
SORTS = {"due_at": Sort(WorkSlip.due_at, lambda slip: slip.due_at), "sent_at": Sort(WorkSlip.sent_at, lambda slip: slip.sent_at)}
DEFAULT_SORT = "due_at"
OPEN, LATE, DONE = "open", "late", "done"
STATES = (OPEN, LATE, DONE)


@dataclass(frozen=True, slots=True, kw_only=True)
class SlipFilter:
    """What the list is narrowed to; empty values do not narrow. ``state`` is open, late or done (answered or withdrawn)."""

    q: str = ""
    state: str = OPEN
    department: int | None = None


def visible(actor: Actor) -> ModelSelect:
    """The slips of the tickets that ``actor`` may see, with ticket and department."""
    tickets = queries.visible(actor).select(Ticket.id)
    return (
        WorkSlip.select(WorkSlip, Ticket, Department)
        .join_from(WorkSlip, Ticket)
        .join_from(WorkSlip, Department)
        .where(WorkSlip.ticket.in_(tickets))
    )


def listed(actor: Actor, wanted: SlipFilter, at: datetime) -> ModelSelect:
    """The slips of the list at ``at``."""
    query = visible(actor)
    if wanted.state in (OPEN, LATE):
        query = query.where(IS_OPEN)
    if wanted.state == LATE:
        query = query.where(WorkSlip.due_at <= at)
    if wanted.state == DONE:
        query = query.where(~IS_OPEN)
    if wanted.department is not None:
        query = query.where(WorkSlip.department == wanted.department)
    if wanted.q:
        query = query.where(WorkSlip.number.contains(wanted.q) | WorkSlip.text.contains(wanted.q) | Ticket.number.contains(wanted.q))
    return query


def page(
    actor: Actor, wanted: SlipFilter, at: datetime, *, sort: str = DEFAULT_SORT, after: str | None = None, before: str | None = None
) -> Page[WorkSlip]:
    """One page of the list. Raises ``Invalid`` for an unknown sort or page."""
    return paging.page_of_records(listed(actor, wanted, at), SORTS, sort, after=after, before=before)


def exported(actor: Actor, wanted: SlipFilter, at: datetime, sort: str = DEFAULT_SORT) -> Iterator[list[Any]]:
    """The rows of ``COLUMNS`` for an export."""
    for slip in paging.whole(listed(actor, wanted, at), SORTS, sort).iterator():
        yield [
            slip.number, slip.ticket.number, slip.department.name, slip.text, slip.sent_at, slip.due_at, slip.by_name, slip.answered_at,
            slip.answer, slip.withdrawn_at,
        ]  # fmt: skip


def departments() -> list[Department]:
    """The departments in use, by name."""
    return list(Department.select().where(Department.is_active).order_by(Department.name))
