"""The register of demands (催款记录, F-24): who pressed whom, when, by what, and what came of it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from peewee import JOIN, ModelSelect

from app.billing.models import DunningRecord, DunningStep
from app.core import clock, paging
from app.core.errors import N_, NotFound
from app.core.paging import Sort
from app.core.types import Actor, Page
from app.customers import queries as customers
from app.customers.models import Customer

COLUMNS = ("at", "customer", "act", "step", "by_name", "result", "promised_on", "promised", "next_on", "has_letter")
SORTS = {"at": Sort(DunningRecord.at, lambda record: record.at)}
DEFAULT_SORT = "-at"


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordFilter:
    """What the register is narrowed to; empty values do not narrow."""

    q: str = ""
    act: str = ""
    from_on: date | None = None
    to_on: date | None = None


def visible(actor: Actor) -> ModelSelect:
    """The demands made of customers that ``actor`` may see."""
    query = DunningRecord.select(DunningRecord, Customer, DunningStep).join(Customer)
    query = query.join_from(DunningRecord, DunningStep, JOIN.LEFT_OUTER)
    if actor.area_ids is None:
        return query
    return query.where(DunningRecord.customer.in_(customers.visible(actor).select(Customer.id)))


def listed(actor: Actor, wanted: RecordFilter) -> ModelSelect:
    """The demands of the list."""
    query = visible(actor)
    if wanted.act:
        query = query.where(DunningRecord.act == wanted.act)
    if wanted.from_on:
        query = query.where(DunningRecord.at >= clock.start_of(wanted.from_on))
    if wanted.to_on:
        query = query.where(DunningRecord.at < clock.end_of(wanted.to_on))
    if wanted.q:
        found = Customer.name.contains(wanted.q) | DunningRecord.result.contains(wanted.q) | DunningRecord.by_name.contains(wanted.q)
        query = query.where(found)
    return query


def page(actor: Actor, wanted: RecordFilter, *, sort: str, after: str | None = None, before: str | None = None) -> Page[DunningRecord]:
    """One page of the register. Raises ``Invalid`` for an unknown sort or page."""
    return paging.page_of_records(listed(actor, wanted), SORTS, sort, after=after, before=before)


def exported(actor: Actor, wanted: RecordFilter, sort: str) -> Iterator[list[Any]]:
    """The rows of ``COLUMNS`` for an export."""
    for row in paging.whole(listed(actor, wanted), SORTS, sort).iterator():
        yield [
            row.at, row.customer.name, row.act, row.step.name_zh if row.step_id else "", row.by_name, row.result, row.promised_on,
            row.promised, row.next_on, row.letter_id is not None,
        ]  # fmt: skip


def by_id(actor: Actor, record_id: int) -> DunningRecord:
    """One demand. Raises ``NotFound`` for one that ``actor`` may not see."""
    found: DunningRecord | None = visible(actor).where(DunningRecord.id == record_id).get_or_none()
    if found is None:
        raise NotFound(N_("There is no such demand, or it is not for you to see."))
    return found
