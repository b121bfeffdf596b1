"""Parents and children: one ticket stands for many of one cause, and each of these stays a ticket of its own (monitoring §4; 2E-14)."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from peewee import fn

from app.core import clock, db
from app.core.errors import N_, Conflict
from app.core.prepared import PreparedWrite
from app.core.types import Actor
from app.customers.models import Customer
from app.tickets import moving, operations, reasons, states
from app.tickets.models import (
    Priority,
    Ticket,
    TicketAttachment,
    TicketKind,
    TicketNote,
    TicketSource,
    TicketStatus,
    TicketTransition,
)
from app.tickets.reasons import AlarmReason
from app.tickets.writing import record, stale


def open_parent(
    *,
    by: Actor,
    title: str,
    priority: Priority,
    customer: Customer | None = None,
    area: int | None = None,
    reason: list[AlarmReason],
    at: datetime,
) -> Ticket:
    """Open a ticket from monitoring that is about many machines and therefore names none; ``reason`` has each code once."""
    return operations.open_ticket(
        by=by,
        source=TicketSource.MONITORING,
        kind=TicketKind.FAULT_REPORT,
        priority=priority,
        title=title,
        customer=customer,
        area=area,
        reason=reason,
        at=at,
    )


# What a clerk decides on does not change when a ticket is put under a parent, so its version stays.
_adopt = PreparedWrite(
    lambda parent_id, ticket_id, from_id: Ticket.update(parent=parent_id).where(
        Ticket.id == ticket_id, Ticket.is_open, Ticket.parent.is_null() | (Ticket.parent == from_id)
    )
)
NOBODY = 0  # no ticket has this id


def adopt(*, by: Actor, parent: Ticket, children: Iterable[Ticket], instead_of: Ticket | None = None) -> list[Ticket]:
    """Put open tickets under ``parent``, in the running transaction; returns those that were put there.

    One that has a parent stays with it, unless that is ``instead_of``. The parent gets the gravest priority and each code once.
    """
    adopted = [one for one in children if one.id != parent.id and _adopt.count(parent.id, one.id, instead_of.id if instead_of else NOBODY)]
    for one in adopted:
        one.parent = parent
    if adopted:
        record(by, "adopted", parent, after={"children": [one.number for one in adopted]})
        bear(by, parent, adopted)
    return adopted


def bear(by: Actor, parent: Ticket, children: Sequence[Ticket]) -> None:
    """Let the parent be as grave as its gravest child and name the codes of all; nothing is written when it is and does already."""
    known = set(reasons.codes(parent.reason))
    new = {one.code: one for child in reversed(children) for one in reasons.from_json(child.reason) if one.code not in known}
    priority = gravest(children, Priority(parent.priority))
    if new or priority != parent.priority:
        at = max(child.changed_at for child in children)
        joined = sorted(new.values(), key=lambda one: one.at)
        moving.join_reasons(by=by, ticket=parent, priority=priority, joined=joined, at=at)


def gravest(tickets: Iterable[Ticket], least: Priority = Priority.LOW) -> Priority:
    """The gravest priority of ``tickets``, at least ``least``."""
    return max([least, *(Priority(one.priority) for one in tickets)], key=states.RANK.__getitem__)


def untie(*, by: Actor, ticket: Ticket, at: datetime | None = None) -> None:
    """Take a ticket out from under its parent: it has a cause of its own. Raises ``Conflict`` when it has none by now."""
    by.require("tickets.edit")
    parent = ticket.parent
    if parent is None:
        raise Conflict(N_("This ticket stands under no other by now."), status=ticket.status)
    with db.transaction():
        if not Ticket.update(parent=None, changed_at=at or clock.now()).where(Ticket.id == ticket.id, Ticket.parent == parent).execute():
            raise stale(ticket.id)
        ticket.parent = None
        record(by, "untied", ticket, before={"parent": parent.number})


_Parent = Ticket.alias()


def spoken_for() -> Any:
    """The condition on a ticket that an open parent speaks for it: nobody has gone on with the ticket itself."""
    open_parent = _Parent.select(_Parent.id).where(_Parent.id == Ticket.parent, _Parent.is_open)
    return (Ticket.status == TicketStatus.TO_VERIFY) & fn.EXISTS(open_parent)


def is_untouched(ticket: Ticket) -> bool:
    """Whether no person has done anything with the ticket: it waits to be verified as it came, without a word, a file or an urging."""
    if ticket.status != TicketStatus.TO_VERIFY or ticket.urged_count or ticket.call_again_at or ticket.open_orders:
        return False
    return not any(
        model.select(model.id).where(model.ticket == ticket, model.by.is_null(False)).limit(1).exists()
        for model in (TicketTransition, TicketNote, TicketAttachment)
    )


def reopen_for_children(*, by: Actor, parent: Ticket, at: datetime) -> None:
    """Open a finished parent again because what it stood for came back; the caller holds the row and its transaction."""
    assert parent.status in (TicketStatus.RESOLVED, TicketStatus.CLOSED)
    moving.reopen_for_fault(by=by, ticket=parent, at=at)
