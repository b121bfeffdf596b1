"""Which ticket stands for a fault of a machine: an open one, one opened again, or a new one (monitoring §4)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from app.core import clock, db
from app.core.errors import N_, Conflict
from app.core.prepared import Prepared, PreparedWrite
from app.core.types import Actor
from app.machines.models import Machine
from app.tickets import moving, operations, reasons, states
from app.tickets.models import Priority, Ticket, TicketFault, TicketKind, TicketSource, TicketStatus
from app.tickets.reasons import AlarmReason

JOIN_WITHIN = timedelta(seconds=30)
MAX_ROUNDS = 3


class Outcome(StrEnum):
    """What became of a raise."""

    OPENED = "opened"
    JOINED = "joined"
    REOPENED = "reopened"


@dataclass(frozen=True, slots=True)
class FaultTicket:
    """The ticket of a fault and how it came to stand for it."""

    ticket: Ticket
    outcome: Outcome


class _LostRound(Exception):
    """Another transaction took the family between our look and our insert."""


def for_fault(
    *,
    by: Actor,
    machine: Machine,
    family: str,
    priority: Priority,
    title: str,
    reason: AlarmReason,
    text: str = "",
    beside: Ticket | None = None,
    reopen_within: timedelta = states.REOPEN_BY_MONITORING_WITHIN,
    at: datetime | None = None,
) -> FaultTicket:
    """The ticket for a fault that was raised at ``at``: open one of its family, ``beside`` if that is open (its parent's, or that of a
    code that means something together with this one), one of this machine opened ≤ 30 s ago, a finished one within the re-open window
    (T12), else a new one (linked to the last as its repeat).

    Two open tickets for one family of one machine cannot exist; under contention at most three rounds, then ``Conflict``.
    """
    raised_at = at or clock.now()
    with db.transaction():
        for _round in range(MAX_ROUNDS):
            try:
                with db.savepoint():  # a lost round leaves no number and no ticket behind
                    found = _join_open(machine, family, raised_at, beside)
                    last = _last_of_family.first(machine.id, family) if found is None else None
                    found = found or _reopen(by, machine, family, last, raised_at, within=reopen_within)
                    if found is not None:
                        _add_reason(by, found.ticket, reason, priority, raised_at)
                        return found
                    return _open(by, machine, family, last, raised_at, priority=priority, title=title, text=text, reason=[reason])
            except _LostRound:
                continue
    raise Conflict(N_("Too many at once want to open a ticket for this fault. Please try again."))


def open_ticket_of(machine_id: int, family: str) -> Ticket | None:
    """The open ticket that stands for ``family`` of a machine, locked until the running transaction ends."""
    return _open_of_family.first(machine_id, family)


_open_of_family = Prepared(
    lambda machine_id, family: db.for_update(
        Ticket.select()
        .join(TicketFault, on=TicketFault.ticket == Ticket.id)
        .where(TicketFault.machine == machine_id, TicketFault.family == family, TicketFault.is_open, Ticket.is_open)
        .limit(1)
    )
)
_opened_between = Prepared(
    lambda machine_id, from_ms, to_ms: db.for_update(
        Ticket.select()
        .where(Ticket.machine == machine_id, Ticket.opened_at.between(from_ms, to_ms), Ticket.is_open)
        .where(Ticket.kind == TicketKind.FAULT_REPORT)
        .order_by(Ticket.opened_at.desc(), Ticket.id.desc())
        .limit(1)
    )
)
_last_of_family = Prepared(
    lambda machine_id, family: db.for_update(
        Ticket.select()
        .join(TicketFault, on=TicketFault.ticket == Ticket.id)
        .where(TicketFault.machine == machine_id, TicketFault.family == family)
        .where(Ticket.status.in_((TicketStatus.RESOLVED, TicketStatus.CLOSED)))
        .order_by(TicketFault.ticket.desc())
        .limit(1)
    )
)


def _join_open(machine: Machine, family: str, at: datetime, beside: Ticket | None) -> FaultTicket | None:
    ticket = open_ticket_of(machine.id, family)
    if ticket is None:
        ticket = beside if beside is not None and beside.is_open else _just_opened(machine, at)
        if ticket is None:
            return None
        _take_family(ticket, machine, family)
    return FaultTicket(ticket, Outcome.JOINED)


def _just_opened(machine: Machine, at: datetime) -> Ticket | None:
    return _opened_between.first(machine.id, clock.to_ms(at - JOIN_WITHIN), clock.to_ms(at))


def _reopen(by: Actor, machine: Machine, family: str, last: Ticket | None, at: datetime, *, within: timedelta) -> FaultTicket | None:
    if last is None or at - _finished_at(last) > within:
        return None
    _take_family(last, machine, family)
    moving.reopen_for_fault(by=by, ticket=last, at=at)
    return FaultTicket(last, Outcome.REOPENED)


def _finished_at(ticket: Ticket) -> datetime:
    ended = moving.ended_at(ticket)
    assert ended is not None
    return ended


def _open(by: Actor, machine: Machine, family: str, last: Ticket | None, at: datetime, **words: Any) -> FaultTicket:
    ticket = operations.open_ticket(
        by=by,
        source=TicketSource.MONITORING,
        kind=TicketKind.FAULT_REPORT,
        machine=machine,
        is_recurring=last is not None,
        repeat_of=last,
        at=at,
        **words,
    )
    _take_family(ticket, machine, family)
    return FaultTicket(ticket, Outcome.OPENED)


_insert_family = PreparedWrite(
    lambda ticket_id, machine_id, family: (
        TicketFault.insert(ticket=ticket_id, machine=machine_id, family=family, is_open=True).on_conflict_ignore().as_rowcount()
    )
)


def _take_family(ticket: Ticket, machine: Machine, family: str) -> None:
    """Insert or nothing: raises ``_LostRound`` when another open ticket stands for the family."""
    if _insert_family.count(ticket.id, machine.id, family):
        return
    held = TicketFault.update(is_open=True).where(
        TicketFault.ticket == ticket, TicketFault.machine == machine, TicketFault.family == family
    )
    if open_ticket_of(machine.id, family) is not None or not held.execute():
        raise _LostRound


def _add_reason(by: Actor, ticket: Ticket, reason: AlarmReason, priority: Priority, at: datetime) -> None:
    """A code joins the ticket's reasons once; a graver one raises its priority."""
    is_graver = states.RANK[priority] > states.RANK[Priority(ticket.priority)]
    is_new = reason.code not in reasons.codes(ticket.reason)
    if not is_graver and not is_new:
        return
    moving.join_reasons(
        by=by,
        ticket=ticket,
        priority=priority if is_graver else Priority(ticket.priority),
        joined=[reason] if is_new else [],
        at=at,
    )
