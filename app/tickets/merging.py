"""Joining two tickets into one and parting one in two. Both numbers stay findable, nothing that was said is lost.

A merged ticket keeps its own notes, attachments and history; the page of the one it went into shows them beside its own.
Its faults go along, so that a family keeps one open ticket, and so do those who watch it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from app.core import clock, db, submissions
from app.core.errors import N_, Conflict, Invalid, NotFound
from app.core.prepared import Prepared, PreparedWrite
from app.core.types import Actor
from app.tickets import clocks, moving, operations, searching, states, watching
from app.tickets.models import (
    Priority,
    Ticket,
    TicketAttachment,
    TicketFault,
    TicketKind,
    TicketNote,
    TicketSource,
    TicketStatus,
    TicketTransition,
)
from app.tickets.writing import MISSING, claim, record, stale

MAX_DEPTH = 20
NOBODY = 0  # no ticket has this id

_related = Prepared(
    lambda merged, split: Ticket.select().where((Ticket.merged_into == merged) | (Ticket.split_from == split)).order_by(Ticket.id)
)
_locked = Prepared(lambda one, two: db.for_update(Ticket.select().where(Ticket.id.in_((one, two))).order_by(Ticket.id)))
_take_fault = PreparedWrite(
    lambda ticket_id, machine_id, family: TicketFault.insert(
        ticket=ticket_id, machine=machine_id, family=family, is_open=True
    ).as_rowcount()
)


def merge(*, by: Actor, ticket: Ticket, into: Ticket, version: int, reason: str = "", at: datetime | None = None) -> None:
    """Let ``into`` stand for ``ticket`` as well: both open, of one machine or one customer; the graver priority holds.

    Raises ``Invalid`` for a target that is none, ``Conflict`` when either changed meanwhile, ``NotAllowed``.
    """
    by.require("tickets.edit")
    problem = why_not(ticket, into)
    if problem:
        raise Invalid(problem, fields={"into": problem})
    merged_at = at or clock.now()
    with db.transaction():
        present = {one.id: one for one in _locked.rows(ticket.id, into.id)}  # in one order, so that two merges cannot wait in a circle
        if not (present[ticket.id].is_open and present[into.id].is_open):
            raise stale(into.id if present[ticket.id].is_open else ticket.id)
        into.version = present[into.id].version
        moving.move(by, ticket, TicketStatus.MERGED, version, at=merged_at, reason=reason.strip(), merged_into=into.id)
        for fault in TicketFault.select().where(TicketFault.ticket == ticket):
            _take_fault.count(into.id, fault.machine_id, fault.family)
        _raise_priority(into, Priority(ticket.priority), merged_at)
        watching.bring_along(ticket, into)
        record(by, "took_in", into, after={"merged": ticket.number, "priority": into.priority})
        watching.tell(by, into, N_("%(who)s merged %(merged)s into %(number)s"), who=by.name, merged=ticket.number)


def why_not(ticket: Ticket, into: Ticket) -> str | None:
    """Why ``ticket`` cannot go into ``into``, as a message id; None when it can."""
    if ticket.id == into.id:
        return N_("A ticket cannot be merged into itself.")
    if not ticket.is_open:
        return N_("Only an open ticket can be merged.")
    if ticket.open_orders:
        return N_("Somebody is on the way to it or at work. Merge the other ticket into this one, or call the order off first.")
    if not into.is_open:
        return N_("The other ticket is finished; choose an open one.")
    if ticket.kind == TicketKind.COMPLAINT and into.kind != TicketKind.COMPLAINT:
        return N_("A complaint can only go into another complaint: its answer is owed.")
    is_of_one = _same(ticket.machine_id, into.machine_id) or _same(ticket.customer_id, into.customer_id)
    is_of_nobody = ticket.machine_id is None and ticket.customer_id is None
    return None if is_of_one or is_of_nobody else N_("That ticket is about another customer and another machine.")


def _same(one: int | None, other: int | None) -> bool:
    return one is not None and one == other


def _raise_priority(into: Ticket, priority: Priority, at: datetime) -> None:
    is_graver = states.RANK[priority] > states.RANK[Priority(into.priority)]
    claim(into, into.version, changed_at=at, **({"priority": priority} if is_graver else {}))
    if is_graver:
        clocks.retarget(into, at)
        searching.index(into)


def unmerge(*, by: Actor, ticket: Ticket, version: int, at: datetime | None = None) -> None:
    """Take a merged ticket out again, in the state it had, while the one it went into is open.

    Raises ``Conflict`` when it is not merged or the other is finished or itself merged, ``NotAllowed``.
    """
    by.require("tickets.edit")
    taken_at = at or clock.now()
    with db.transaction():
        present = {one.id: one for one in _locked.rows(ticket.id, ticket.merged_into_id or 0)}
        into = present.get(ticket.merged_into_id or 0)
        last = moving.last_transition(ticket)
        if into is None or last is None or present[ticket.id].version != version:
            raise stale(ticket.id)
        if not into.is_open:
            raise Conflict(N_("%(number)s is no longer open; what went into it stays there."), number=into.number)
        families = TicketFault.select(TicketFault.machine, TicketFault.family).where(TicketFault.ticket == ticket).tuples()
        for machine_id, family in families:
            TicketFault.delete().where(
                TicketFault.ticket == into, TicketFault.machine == machine_id, TicketFault.family == family
            ).execute()
        moving.move(
            by, ticket, TicketStatus(last.from_status), version, at=taken_at, reason=states.TAKEN_OUT, undone=last, merged_into=None
        )
        record(by, "gave_back", into, after={"unmerged": ticket.number})


def split(
    *,
    by: Actor,
    ticket: Ticket,
    title: str,
    text: str = "",
    kind: TicketKind | None = None,
    priority: Priority | None = None,
    note_ids: Sequence[int] = (),
    form_token: str = "",
    at: datetime | None = None,
) -> Ticket:
    """Make a ticket of its own of a part: these notes of ``ticket`` go there, with the files handed in with them.

    It is new, about the same machine and customer. Sent again it answers with the ticket of the first sending. Raises ``Invalid`` without
    a title, ``NotFound`` for a note of another ticket, ``Conflict`` for a merged ticket, ``NotAllowed``.
    """
    by.require("tickets.edit")
    if ticket.status == TicketStatus.MERGED:
        raise Conflict(N_("A merged ticket cannot be split; split the one it went into."), status=ticket.status)
    if not title.strip():
        raise Invalid(MISSING, fields={"title": operations.NO_TITLE})
    split_at = at or clock.now()
    with db.transaction():
        if form_token and not submissions.claim(form_token):
            return Ticket.get_by_id(int(submissions.result_of(form_token)))
        part = operations.open_ticket(
            by=by,
            source=TicketSource(ticket.source) if ticket.source != TicketSource.MONITORING else TicketSource.INSPECTION,
            kind=kind or TicketKind(ticket.kind),
            priority=priority or Priority(ticket.priority),
            title=title,
            text=text,
            machine=ticket.machine,
            customer=ticket.customer,
            contact=ticket.contact,
            channel=ticket.channel,
            caller_name=ticket.caller_name,
            caller_phone=ticket.caller_phone,
            split_from=ticket,
            at=split_at,
        )
        _hand_over(ticket, part, note_ids)
        if form_token:
            submissions.settle(form_token, part.id)
        record(by, "split", ticket, after={"part": part.number, "notes": list(note_ids)})
        watching.bring_along(ticket, part)
        watching.tell(by, ticket, N_("%(who)s split %(part)s off %(number)s"), who=by.name, part=part.number)
    return part


def _hand_over(ticket: Ticket, part: Ticket, note_ids: Sequence[int]) -> None:
    wanted = set(note_ids)
    if not wanted:
        return
    if TicketNote.update(ticket=part).where(TicketNote.id.in_(wanted), TicketNote.ticket == ticket).execute() != len(wanted):
        raise NotFound(N_("One of these notes is not on this ticket any more. Look at it again."))
    TicketAttachment.update(ticket=part).where(TicketAttachment.note.in_(wanted)).execute()
    searching.index(ticket)
    searching.index(part)


@dataclass(frozen=True, slots=True)
class Relatives:
    """What went into a ticket, with what went into that, and what was split off it; the oldest first."""

    merged: list[Ticket]
    parts: list[Ticket]


def relatives(ticket: Ticket) -> Relatives:
    """The tickets merged into ``ticket`` and those split off it."""
    nearest = _related.rows(ticket.id, ticket.id)
    parts = [one for one in nearest if one.split_from_id == ticket.id]
    found = frontier = [one for one in nearest if one.merged_into_id == ticket.id]
    for _depth in range(MAX_DEPTH):
        frontier = [further for one in frontier for further in _related.rows(one.id, NOBODY)]
        if not frontier:
            break
        found = found + frontier
    return Relatives(sorted(found, key=lambda one: one.id), parts)


def transition_of_merge(ticket: Ticket) -> TicketTransition | None:
    """When and by whom a merged ticket was merged."""
    last = moving.last_transition(ticket)
    return last if last is not None and last.to_status == TicketStatus.MERGED else None
