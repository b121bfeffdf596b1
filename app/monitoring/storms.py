"""Storms: many machines fail in a short time, and one parent ticket stands for all of their tickets (monitoring §4; 2E-14 to 2E-16).

A storm of a customer begins with the tenth machine, one of the rest with the thirtieth ticket within five minutes; both run until five
minutes have brought no new ticket. Those of a gateway or an area are begun and ended by whoever hears the silence.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.core import clock, db
from app.core.prepared import Prepared, PreparedWrite
from app.core.types import system
from app.customers.models import Customer
from app.machines.models import Machine
from app.monitoring import announcing, auto_close
from app.monitoring.models import StormCause, TicketStorm
from app.tickets import parents, reasons
from app.tickets.models import Priority, Ticket, TicketSource, TicketStatus
from app.tickets.reasons import AlarmReason

ACTOR = system("monitoring")
WITHIN = timedelta(minutes=5)
MACHINES_OF_CUSTOMER = 10
TICKETS_OF_REST = 30
# What a storm of machines that fail has in common; it is over when nothing new has come for ``WITHIN``.
OF_FAILURES = (StormCause.CUSTOMER, StormCause.REST)
TITLES = {
    StormCause.CUSTOMER: reasons.MANY_FAILED,
    StormCause.REST: reasons.MANY_FAILED,
    StormCause.GATEWAY: reasons.GATEWAY_SILENT,
    StormCause.AREA: reasons.AREA_SILENT,
}


@dataclass(frozen=True, slots=True)
class _Founders:
    """What is put under a parent, and what its own ticket says when it is opened for them."""

    tickets: Sequence[Ticket]
    machines: Sequence[Machine] = ()
    reason: Sequence[AlarmReason] = ()
    priority: Priority = Priority.LOW
    instead_of: Ticket | None = None  # under which they may stand already

    def customer(self) -> Customer | None:
        """The customer of all."""
        ids = {one.customer_id for one in (*self.tickets, *self.machines)}
        only = ids.pop() if len(ids) == 1 else None
        return None if only is None else Customer.get_by_id(only)

    def area_id(self) -> int | None:
        """The area of all."""
        ids: set[int | None] = {one.area_id for one in (*self.tickets, *self.machines)}
        return ids.pop() if len(ids) == 1 else None

    def reasons(self) -> list[AlarmReason]:
        """Each code once, as it was raised first."""
        named = [*self.reason, *(one for ticket in self.tickets for one in reasons.from_json(ticket.reason))]
        first = {one.code: one for one in sorted(named, key=lambda one: one.at, reverse=True)}
        return sorted(first.values(), key=lambda one: one.at)


class _Began(Exception):
    """Another transaction began this storm between our look and our insert."""


def join(cause: StormCause, name: str, ticket: Ticket, at: datetime) -> TicketStorm | None:
    """Put ``ticket`` under the running storm of this cause and name, in the running transaction; None when none runs.

    ``name`` is the customer's or area's id as text, or the gateway; empty for the rest.
    """
    storm = running(cause, name, at)
    if storm is not None:
        _add(storm, _Founders([ticket]), at)
    return storm


def gather(
    cause: StormCause,
    name: str,
    at: datetime,
    *,
    tickets: Sequence[Ticket] = (),
    machines: Sequence[Machine] = (),
    reason: Sequence[AlarmReason] = (),
    priority: Priority = Priority.LOW,
) -> TicketStorm:
    """Put ``tickets`` under the running storm of this cause and name, and begin it with a parent ticket if none runs.

    The parent is as grave as ``priority`` or the gravest ticket, names the codes of ``reason`` and of the tickets, and belongs to the
    customer and the area that all ``tickets`` and ``machines`` have in common. Call it in the running transaction, as often as more is
    known; the storm's ``ticket`` is the parent.
    """
    return _gather(cause, name, at, _Founders(tickets, machines, reason, priority))


def end(cause: StormCause, name: str, at: datetime) -> None:
    """No more tickets go under the parent; its children and itself stay as they are."""
    TicketStorm.update(ended_at=at).where(
        TicketStorm.cause == cause, TicketStorm.name == name, TicketStorm.ended_at.is_null(), TicketStorm.last_at <= at
    ).execute()


def end_quiet(at: datetime) -> str:
    """End the storms of failures that brought nothing new for five minutes; says in a few words what it did.

    A parent that nobody took up closes itself when none of its children is open any more (T9).
    """
    is_quiet = TicketStorm.cause.in_(OF_FAILURES) & TicketStorm.ended_at.is_null() & (TicketStorm.last_at < at - WITHIN)
    if not TicketStorm.select(TicketStorm.id).where(is_quiet).exists():
        return ""
    with db.transaction():
        quiet = list(db.for_update(TicketStorm.select().where(is_quiet)))
        for storm in quiet:
            TicketStorm.update(ended_at=storm.last_at + WITHIN).where(TicketStorm.id == storm.id).execute()
            auto_close.close_parent(storm.ticket, at)
    return f"{len(quiet)} ended"


_running = Prepared(
    lambda cause, name: db.for_update(
        TicketStorm.select().where(TicketStorm.cause == cause, TicketStorm.name == name, TicketStorm.ended_at.is_null())
    )
)


_parent = Prepared(lambda ticket_id: Ticket.select().where(Ticket.id == ticket_id))
_brought = PreparedWrite(lambda last_ms, storm_id: TicketStorm.update(last_at=last_ms).where(TicketStorm.id == storm_id))


def running(cause: StormCause, name: str, at: datetime) -> TicketStorm | None:
    """The storm of this cause and name that runs at ``at``, locked; one that is over by then, or whose parent is finished, is ended."""
    storm: TicketStorm | None = _running.first(cause, name)
    if storm is None:
        return None
    storm.ticket = _parent.first(storm.ticket_id)
    is_over = cause in OF_FAILURES and at - storm.last_at > WITHIN
    if is_over or not storm.ticket.is_open:
        end(cause, name, max(at, storm.last_at))
        return None
    return storm


_child_of = Prepared(
    lambda machine_id, since_ms: (
        Ticket.select()
        .join(TicketStorm, on=TicketStorm.ticket == Ticket.parent)
        .where(Ticket.machine == machine_id, Ticket.is_open)
        .where(TicketStorm.cause.in_(OF_FAILURES), TicketStorm.ended_at.is_null(), TicketStorm.last_at >= since_ms)
        .order_by(Ticket.id)
        .limit(1)
    )
)


def child_of(machine: Machine, at: datetime) -> Ticket | None:
    """The open ticket that ``machine`` has in a running storm: what it raises meanwhile joins that, so that it has one (2E-14)."""
    return _child_of.first(machine.id, clock.to_ms(at - WITHIN))


def opened(ticket: Ticket, at: datetime) -> None:
    """A ticket was opened for a machine: it goes under the storm that runs, or may be the one that a storm begins with (§4).

    Three statements by index for a ticket outside of storms.
    """
    customer = str(ticket.customer_id) if ticket.customer_id is not None else None
    if customer is not None and join(StormCause.CUSTOMER, customer, ticket, at) is not None:
        return
    rest = running(StormCause.REST, "", at)
    orphans = _orphans(ticket, rest, at)
    of_customer = {one: machine for one, machine, owner in orphans if owner == ticket.customer_id}
    if customer is not None and len(set(of_customer.values())) >= MACHINES_OF_CUSTOMER:
        founders = _Founders(_loaded(of_customer), instead_of=rest.ticket if rest else None)
        _gather(StormCause.CUSTOMER, customer, at, founders)
    elif rest is not None:
        _add(rest, _Founders([ticket]), at)
    elif len(orphans) >= TICKETS_OF_REST:
        _gather(StormCause.REST, "", at, _Founders(_loaded(one for one, _machine, _owner in orphans)))


def reopened(ticket: Ticket, at: datetime) -> None:
    """A ticket was opened again: it goes under the storm that runs; with its tenth child a finished parent is opened again, too."""
    parent = ticket.parent
    if parent is not None and parent.is_open:
        return
    if ticket.customer_id is not None and join(StormCause.CUSTOMER, str(ticket.customer_id), ticket, at) is not None:
        return
    if parent is not None and parent.status in (TicketStatus.RESOLVED, TicketStatus.CLOSED):
        _come_back(parent, at)


def _come_back(parent: Ticket, at: datetime) -> None:
    last = TicketStorm.select().where(TicketStorm.ticket == parent).order_by(TicketStorm.id.desc()).first()
    back = Ticket.select(Ticket.id).where(Ticket.parent == parent, Ticket.is_open).limit(MACHINES_OF_CUSTOMER)
    if last is None or last.cause not in OF_FAILURES or len(back) < MACHINES_OF_CUSTOMER:
        return
    if running(last.cause, last.name, at) is None and _insert.count(last.cause, last.name, parent.id, *[clock.to_ms(at)] * 2):
        parents.reopen_for_children(by=ACTOR, parent=Ticket.get_by_id(parent.id), at=at)
        announcing.storm(TicketStorm.get(TicketStorm.ticket == parent, TicketStorm.ended_at.is_null()), at)


# What a storm may begin with: with the thirtieth the rest has one, so that there are never many more.
_orphans_since = Prepared(
    lambda since_ms: (
        Ticket.select(Ticket.id, Ticket.machine, Ticket.customer)
        .where(Ticket.source == TicketSource.MONITORING, Ticket.opened_at >= since_ms, Ticket.parent.is_null())
        .where(Ticket.is_open, Ticket.machine.is_null(False))
        .order_by(Ticket.opened_at.desc(), Ticket.id.desc())
        .limit(4 * TICKETS_OF_REST)
    )
)
_of_customer_since = Prepared(
    lambda customer_id, since_ms, rest_id: (
        Ticket.select(Ticket.id, Ticket.machine, Ticket.customer)
        .where(Ticket.customer == customer_id, Ticket.opened_at >= since_ms, Ticket.source == TicketSource.MONITORING)
        .where(Ticket.is_open, Ticket.machine.is_null(False), Ticket.parent.is_null() | (Ticket.parent == rest_id))
    )
)


def _orphans(ticket: Ticket, rest: TicketStorm | None, at: datetime) -> list[tuple[int, int, int | None]]:
    """Ticket, machine and customer of what a storm may begin with; of the customer alone while the rest has one."""
    since_ms = clock.to_ms(at - WITHIN)
    if rest is None:
        return _orphans_since.plain(since_ms)
    return _of_customer_since.plain(ticket.customer_id, since_ms, rest.ticket_id) if ticket.customer_id is not None else []


def _loaded(ids: Iterable[int]) -> list[Ticket]:
    return list(Ticket.select().where(Ticket.id.in_(list(ids))).order_by(Ticket.id))


_insert = PreparedWrite(
    lambda cause, name, ticket_id, started_ms, last_ms: (
        TicketStorm.insert(cause=cause, name=name, ticket=ticket_id, started_at=started_ms, last_at=last_ms)
        .on_conflict_ignore()
        .as_rowcount()
    )
)


def _gather(cause: StormCause, name: str, at: datetime, founders: _Founders) -> TicketStorm:
    storm = running(cause, name, at)
    if storm is None:
        try:
            with db.savepoint():  # a lost round leaves no number and no ticket behind
                return _begin(cause, name, at, founders)
        except _Began:
            storm = running(cause, name, at)
            assert storm is not None
    _add(storm, founders, at)
    return storm


def _begin(cause: StormCause, name: str, at: datetime, founders: _Founders) -> TicketStorm:
    parent = parents.open_parent(
        by=ACTOR,
        title=TITLES[cause],
        priority=parents.gravest(founders.tickets, founders.priority),
        customer=founders.customer(),
        area=int(name) if cause == StormCause.AREA else founders.area_id(),
        reason=founders.reasons(),
        at=at,
    )
    if not _insert.count(cause, name, parent.id, clock.to_ms(at), clock.to_ms(at)):
        raise _Began
    storm = running(cause, name, at)
    assert storm is not None
    storm.ticket = parent
    _add(storm, founders, at)
    announcing.storm(storm, at)
    return storm


def _add(storm: TicketStorm, more: _Founders, at: datetime) -> None:
    if at > storm.last_at:
        storm.last_at = at
        _brought.count(clock.to_ms(at), storm.id)
    if not more.tickets:
        return
    priority = storm.ticket.priority
    parents.adopt(by=ACTOR, parent=storm.ticket, children=more.tickets, instead_of=more.instead_of)
    if storm.ticket.priority != priority:
        announcing.storm(storm, at)
