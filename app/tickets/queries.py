"""What screens show of tickets: the list, one ticket, what is counted."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from datetime import time as day_time
from typing import Any, NamedTuple

from peewee import JOIN, ModelSelect, fn

from app.core import clock, paging, textsearch
from app.core.errors import N_, NotFound
from app.core.paging import Order
from app.core.prepared import Prepared
from app.core.types import Actor, Page, Row
from app.customers.models import Contact, Customer, Site
from app.machines.models import Machine, MachineModel
from app.tickets import searching
from app.tickets.models import (
    OPEN_STATUSES,
    Priority,
    Ticket,
    TicketKind,
    TicketNote,
    TicketSource,
    TicketStatus,
    TicketTransition,
    TicketWatch,
)

OPEN, ANY = "open", "any"
OVERDUE, DUE_SOON, HAS_DEADLINE = "overdue", "soon", "any"
DUE = (OVERDUE, DUE_SOON, HAS_DEADLINE)
SOON = timedelta(hours=2)
BY_AGE = Order((Ticket.opened_at, Ticket.id), (True, True))
SORTS = {
    "-opened_at": BY_AGE,
    "opened_at": Order((Ticket.opened_at, Ticket.id), (False, False)),
    # Their codes sort gravest first; within a priority those that were urged most often stand on top.
    "priority": Order((Ticket.priority, Ticket.urged_count, Ticket.opened_at, Ticket.id), (False, True, True, True)),
    "due_at": Order((Ticket.due_at, Ticket.id), (False, False)),
}
# The columns a row ends with: those of every order.
LAST_COLUMNS = (Ticket.due_at, Ticket.priority, Ticket.urged_count, Ticket.opened_at, Ticket.id)
# Sorts that the search index serves, and whether they run from new to old.
_BY_KEY = {"-opened_at": True, "opened_at": False}


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketFilter:
    """What the list is asked for; ``status`` is a state, ``open`` or ``any``; days are the deployment's, ``to_on`` included."""

    q: str = ""
    status: str = OPEN
    kind: TicketKind | None = None
    priority: Priority | None = None
    source: TicketSource | None = None
    machine: str = ""
    customer: int | None = None
    area: int | None = None
    from_on: date | None = None
    to_on: date | None = None
    due: str = ""
    is_urged: bool = False
    is_major: bool = False
    watched_by: int | None = None
    parent: str = ""
    shows_children: bool = False
    sort: str = "-opened_at"

    @property
    def is_narrowed(self) -> bool:
        """Whether more was asked for than what is open."""
        return replace(self, sort="-opened_at", shows_children=False) != TicketFilter()

    @property
    def is_folded(self) -> bool:
        """Whether a page of the list leaves out what stands under an open parent that is on the list itself."""
        return not self.is_narrowed and not self.shows_children


class TicketRow(NamedTuple):
    """A row of the list; the last columns are those it is ordered by."""

    number: str
    status: str
    kind: str
    source: str
    title: str
    is_recurring: bool
    reason: str
    version: int
    serial: str | None
    customer: str | None
    customer_name: str | None
    is_major: bool
    call_again_at: datetime | None
    parent: str | None
    due_at: datetime | None
    priority: str
    urged_count: int
    opened_at: datetime
    id: int


_Parent = Ticket.alias()
PARENT_NUMBER = _Parent.select(_Parent.number).where(_Parent.id == Ticket.parent).alias("parent_number")
COLUMNS = (
    Ticket.number,
    Ticket.status,
    Ticket.kind,
    Ticket.source,
    Ticket.title,
    Ticket.is_recurring,
    Ticket.reason,
    Ticket.version,
    Machine.serial,
    Customer.short_name,
    Customer.name,
    Ticket.is_major,
    Ticket.call_again_at,
    PARENT_NUMBER,
    *LAST_COLUMNS,
)


def visible(actor: Actor) -> ModelSelect:
    """The tickets that ``actor`` may see: all, or those of the areas worked in."""
    query = Ticket.select()
    return query if actor.area_ids is None else query.where(_in_areas(actor.area_ids))


def _in_areas(area_ids: frozenset[int]) -> Any:
    # One area is the usual case; "=" keeps the index's order where "IN" would sort.
    return Ticket.area == next(iter(area_ids)) if len(area_ids) == 1 else Ticket.area.in_(sorted(area_ids))


_by_number = Prepared(
    lambda number: (
        Ticket.select(Ticket, Machine, MachineModel, Site, Customer, Contact)
        .join_from(Ticket, Machine, JOIN.LEFT_OUTER)
        .join_from(Machine, MachineModel, JOIN.LEFT_OUTER)
        .join_from(Machine, Site, JOIN.LEFT_OUTER)
        .join_from(Ticket, Customer, JOIN.LEFT_OUTER)
        .join_from(Ticket, Contact, JOIN.LEFT_OUTER)
        .where(Ticket.number == number)
    )
)


def by_number(actor: Actor, number: str) -> Ticket:
    """The ticket with its machine, customer and contact. Raises ``NotFound`` for one that ``actor`` may not see."""
    ticket: Ticket | None = _by_number.first(number)
    if ticket is None or not (actor.area_ids is None or ticket.area_id in actor.area_ids):
        raise NotFound(N_("There is no such ticket, or it is not for you to see."))
    return ticket


def page(actor: Actor, wanted: TicketFilter, *, after: str | None = None, before: str | None = None) -> Page[TicketRow]:
    """One page of the list. Raises ``Invalid`` for a page that does not exist."""
    matching = _matching(actor, wanted)
    if matching is None:
        return Page([], 0, False, None)
    if wanted.is_folded:
        matching = replace(matching, query=matching.query.where(_is_not_below(actor)))
    order, places = matching.order, _places(matching.order)
    return paging.page_of(
        _with_names(matching.query), order, row=TicketRow, total=matching.count(), after=after, before=before, places=places
    )


def _is_not_below(actor: Actor) -> Any:
    """No open parent that ``actor`` may see stands for the ticket."""
    parent = _Parent.select(_Parent.id).where(_Parent.id == Ticket.parent, _Parent.is_open)
    if actor.area_ids is not None:
        parent = parent.where(_Parent.area.in_(sorted(actor.area_ids)))
    return Ticket.parent.is_null() | ~fn.EXISTS(parent)


def every(actor: Actor, wanted: TicketFilter, columns: tuple[Any, ...], row: Callable[..., Row]) -> Iterator[Row]:
    """All rows that the list would show, page after page, for exports; ``columns`` end as ``COLUMNS`` do."""
    after: str | None = None
    matching = _matching(actor, wanted)
    while matching is not None:
        order = matching.order
        found = paging.page_of(_with_names(matching.query, columns), order, row=row, total=(0, False), after=after, places=_places(order))
        yield from found.rows
        after = found.next_key
        if after is None:
            return


def _places(order: Order) -> tuple[int, ...]:
    """Where in a row the columns of ``order`` stand."""
    return (-5, -1) if order is SORTS["due_at"] else tuple(range(-len(order.columns), 0))


def _with_names(matching: ModelSelect, columns: tuple[Any, ...] = COLUMNS) -> ModelSelect:
    query = matching.select(*columns)
    return query.join_from(Ticket, Machine, JOIN.LEFT_OUTER).join_from(Ticket, Customer, JOIN.LEFT_OUTER)


@dataclass(frozen=True, slots=True)
class _Matching:
    """Tickets and their order; ``clauses`` when the search index alone says which they are."""

    query: ModelSelect
    order: Order
    clauses: list[textsearch.Clause] | None = None

    def count(self) -> tuple[int, bool]:
        """How many there are, counted no further than lists count."""
        if self.clauses is None:
            return paging.capped_count(self.query.select(1))
        return textsearch.capped_count(searching.TABLE, self.clauses, paging.COUNT_CAP)


def _matching(actor: Actor, wanted: TicketFilter) -> _Matching | None:
    """The tickets of ``wanted``; None when words were asked for that nothing can match.

    One filter has an index of its own. Words, and filters that are combined, go through the search index by their marks:
    it answers newest first, so that a frequent combination costs no more than a rare one.
    """
    query = _narrowed(visible(actor), wanted)
    words = [searching.clause(word) for word in textsearch.words(wanted.q)]
    if not all(words):
        return None
    clauses = words + _facets(actor, wanted)
    is_marked = wanted.is_urged or wanted.is_major  # which have no index of their own
    is_simple = len(clauses) < 2 and not is_marked and all(len(clause) == 1 for clause in clauses)
    is_besides = wanted.from_on or wanted.to_on or wanted.due or wanted.watched_by or wanted.parent  # what the search index cannot tell
    has_own_order = is_besides or wanted.sort not in _BY_KEY
    if not words and (is_simple or has_own_order):
        return _Matching(query, SORTS[wanted.sort])
    search = textsearch.source(searching.TABLE)
    key = textsearch.key_of(search)
    found = query.join_from(Ticket, search, on=key == Ticket.id).where(textsearch.matches(search, clauses))
    is_told = wanted.status in (OPEN, ANY) and not is_besides
    return _Matching(found, Order((key,), (_BY_KEY.get(wanted.sort, True),)), clauses if is_told else None)


def _facets(actor: Actor, wanted: TicketFilter) -> list[textsearch.Clause]:
    facets = {
        searching.AREA: actor.area_ids,
        searching.KIND: wanted.kind and [wanted.kind],
        searching.PRIORITY: wanted.priority and [wanted.priority],
        searching.SOURCE: wanted.source and [wanted.source],
        searching.CUSTOMER: wanted.customer and [wanted.customer],
        searching.URGED: [""] if wanted.is_urged else None,
        searching.MAJOR: [""] if wanted.is_major else None,
        searching.OPEN: [""] if wanted.status in (OPEN, *OPEN_STATUSES) else None,
    }
    clauses = [searching.is_one_of(name, keys) for name, keys in facets.items() if keys]
    if wanted.area:
        clauses.append(searching.is_one_of(searching.AREA, [wanted.area]))
    if wanted.machine:
        machine = Machine.select(Machine.id).where(Machine.serial == wanted.machine).scalar()
        clauses.append(searching.is_one_of(searching.MACHINE, [machine]))
    return clauses


def _narrowed(query: ModelSelect, wanted: TicketFilter) -> ModelSelect:
    if wanted.status == OPEN:
        query = query.where(Ticket.is_open)
    elif wanted.status != ANY:
        query = query.where(Ticket.status == wanted.status)
    for column, value in (
        (Ticket.kind, wanted.kind),
        (Ticket.priority, wanted.priority),
        (Ticket.source, wanted.source),
        (Ticket.customer, wanted.customer),
        (Ticket.area, wanted.area),
    ):
        if value is not None:
            query = query.where(column == value)
    if wanted.is_urged:
        query = query.where(Ticket.urged_count > 0)
    if wanted.is_major:
        query = query.where(Ticket.is_major)
    if wanted.watched_by:
        watched = TicketWatch.select(TicketWatch.ticket).where(TicketWatch.user == wanted.watched_by)
        query = query.where(Ticket.id.in_(watched))
    if wanted.parent:
        query = query.where(Ticket.parent == _Parent.select(_Parent.id).where(_Parent.number == wanted.parent))
    if wanted.due:
        query = query.where(_is_due(wanted.due))
    if wanted.machine:
        query = query.where(Ticket.machine == Machine.select(Machine.id).where(Machine.serial == wanted.machine))
    if wanted.from_on:
        query = query.where(Ticket.opened_at >= _start_of(wanted.from_on))
    if wanted.to_on:
        query = query.where(Ticket.opened_at < _start_of(wanted.to_on + timedelta(days=1)))
    return query


def _is_due(due: str) -> Any:
    is_running = Ticket.is_open & Ticket.due_at.is_null(False)
    now = clock.now()
    if due == OVERDUE:
        return is_running & (Ticket.due_at <= now)
    return is_running & Ticket.due_at.between(now, now + SOON) if due == DUE_SOON else is_running


def _start_of(day: date) -> datetime:
    return datetime.combine(day, day_time(), clock.zone())


def open_of_machine(machine: Machine, besides: Ticket | None = None) -> list[Ticket]:
    """The open tickets of ``machine``, oldest first."""
    return [ticket for ticket in _open_of_machine.rows(machine.id) if besides is None or ticket.id != besides.id]


_open_of_machine = Prepared(
    lambda machine_id: Ticket.select().where(Ticket.machine == machine_id, Ticket.is_open).order_by(Ticket.opened_at, Ticket.id)
)


def waiting(actor: Actor, statuses: tuple[TicketStatus, ...], limit: int) -> list[TicketRow]:
    """The tickets in one of ``statuses``, oldest first."""
    rows: list[TicketRow] = []
    for status in statuses:  # one ordered index read each
        order = SORTS["opened_at"]
        query = _with_names(_narrowed(visible(actor), TicketFilter(status=status))).order_by(*order.by()).limit(limit)
        rows += [TicketRow(*values) for values in query.tuples()]
    return sorted(rows, key=lambda row: (row.opened_at, row.id))[:limit]


def notes(ticket: Ticket) -> list[TicketNote]:
    """The notes of ``ticket``, oldest first."""
    return list(ticket.notes.order_by(TicketNote.id))


def newest(actor: Actor, wanted: TicketFilter, limit: int) -> list[TicketRow]:
    """The first ``limit`` rows of the list of ``wanted``, uncounted."""
    matching = _matching(actor, wanted)
    if matching is None:
        return []
    return [TicketRow(*values) for values in _with_names(matching.query).order_by(*matching.order.by()).limit(limit).tuples()]


def count(actor: Actor, status: str) -> tuple[int, bool]:
    """How many tickets are in ``status`` (or ``open``), counted no further than the lists count."""
    return paging.capped_count(_narrowed(visible(actor), TicketFilter(status=status)).select(1))


def count_overdue(actor: Actor) -> tuple[int, bool]:
    """How many open tickets are past a deadline, counted no further than the lists count."""
    return paging.capped_count(_narrowed(visible(actor), TicketFilter(due=OVERDUE)).select(1))


def transitions(ticket: Ticket) -> list[TicketTransition]:
    """Every change of state, oldest first."""
    return list(ticket.transitions.order_by(TicketTransition.id))
