"""The 400 records as screens show them: the deputy's queue, the list with its filters, how many wait."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from datetime import time as day_time
from typing import Any

from peewee import JOIN, ModelSelect

from app.core import clock, paging
from app.core.paging import Sort
from app.core.types import Actor, Page
from app.customers.models import Customer
from app.machines.models import Machine
from app.tickets import hotline
from app.tickets.models import HotlineRecord, Ticket, TicketKind

UNSIGNED, SIGNED, ANY = "unsigned", "signed", "any"
STATES = (UNSIGNED, SIGNED, ANY)
SORTS = {"called_at": Sort(HotlineRecord.called_at, lambda record: record.called_at)}
COLUMNS = (
    "number", "kind", "called_at", "taken_by", "caller", "phone", "customer", "machine", "title", "text",
    "status", "signed_at", "signed_by", "by_dispatch", "remark",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordFilter:
    """What the list is asked for; days are the deployment's, ``to_on`` included. What waits is read oldest first."""

    state: str = UNSIGNED
    kind: TicketKind | None = None
    from_on: date | None = None
    to_on: date | None = None
    sort: str = "called_at"

    @property
    def is_narrowed(self) -> bool:
        """Whether more was asked for than what waits."""
        return replace(self, sort="called_at") != RecordFilter()


def visible(actor: Actor) -> ModelSelect:
    """The records of the tickets that ``actor`` may see, each with its ticket, machine and customer."""
    query = HotlineRecord.select(HotlineRecord, Ticket, Machine, Customer).join(Ticket)
    query = query.join_from(Ticket, Machine, JOIN.LEFT_OUTER).join_from(Ticket, Customer, JOIN.LEFT_OUTER)
    return query if actor.area_ids is None else query.where(Ticket.area.in_(sorted(actor.area_ids)))


def page(actor: Actor, wanted: RecordFilter, *, after: str | None = None, before: str | None = None) -> Page[HotlineRecord]:
    """One page of the list. Raises ``Invalid`` for a page or order that does not exist."""
    return paging.page_of_records(_matching(actor, wanted), SORTS, wanted.sort, after=after, before=before)


def rows(actor: Actor, wanted: RecordFilter) -> Iterator[list[Any]]:
    """All rows of the list for an export, in the order of ``COLUMNS``; phones whole, as they are on the paper form."""
    for one in paging.whole(_matching(actor, wanted), SORTS, wanted.sort):
        said = hotline.content(one)
        yield [
            one.ticket.number, said["kind"], one.called_at, one.taken_by_name, said["caller_name"], said["caller_phone"],
            said["customer"], said["machine"], said["title"], said["text"], one.ticket.status,
            one.signed_at, one.signed_by_name, one.is_signed_by_dispatch, one.remark,
        ]  # fmt: skip


def waiting(actor: Actor) -> tuple[int, bool]:
    """How many records wait for a signature, counted no further than the lists count."""
    return paging.capped_count(_matching(actor, RecordFilter()).select(HotlineRecord.id))


def _matching(actor: Actor, wanted: RecordFilter) -> ModelSelect:
    query = visible(actor)
    if wanted.state != ANY:
        query = query.where(HotlineRecord.signed_at.is_null(wanted.state == UNSIGNED))
    if wanted.kind:
        query = query.where(Ticket.kind == wanted.kind)
    if wanted.from_on:
        query = query.where(HotlineRecord.called_at >= _start_of(wanted.from_on))
    if wanted.to_on:
        query = query.where(HotlineRecord.called_at < _start_of(wanted.to_on + timedelta(days=1)))
    return query


def _start_of(day: date) -> datetime:
    return datetime.combine(day, day_time(), clock.zone())
