"""Tickets that close themselves: the fault has gone, its codes allow it, and nobody has taken it up (monitoring §3, T9)."""

from datetime import datetime

from app.core.errors import N_
from app.core.spoken import say
from app.core.types import system
from app.machines import profiles
from app.monitoring.models import Episode, TicketStorm
from app.monitoring.subjects import Subject
from app.tickets import moving, operations, parents, reasons, states
from app.tickets.models import Ticket, TicketNote, TicketStatus

ACTOR = system("monitoring")
GONE = N_("The fault went away by itself. Somebody has taken this ticket up, so it stays open.")
SOLVED = N_("The fault went away by itself.")


def after_end(subject: Subject, ended: list[Episode], at: datetime) -> None:
    """Episodes of a code ended: their tickets close themselves, or are told that the fault has gone, in the running transaction.

    A ticket closes itself when every code on it may (``auto_close``), none of its episodes stands, and no person has done anything with
    it or acknowledged its alarms. For codes that may not, the end of the episode in its timeline says enough.
    """
    if not subject.policy.auto_close:
        return
    for ticket_id in sorted({one.ticket_id for one in ended if one.ticket_id is not None}):
        ticket = Ticket.get_by_id(ticket_id)
        if ticket.is_open and ticket.machine_id is not None and _may_close(subject, ticket):
            _close_or_tell(ticket, at)


def _may_close(subject: Subject, ticket: Ticket) -> bool:
    standing = Episode.select(Episode.id).where(Episode.ticket == ticket, Episode.ended_at.is_null()).limit(1)
    return not standing.exists() and all(profiles.code(subject.profile, code).auto_close for code in reasons.codes(ticket.reason))


def _close_or_tell(ticket: Ticket, at: datetime) -> None:
    acknowledged = Episode.select(Episode.id).where(Episode.ticket == ticket, Episode.acknowledged_by.is_null(False)).limit(1)
    if parents.is_untouched(ticket) and not acknowledged.exists():
        _close(ticket, at)
        if ticket.parent_id is not None:
            close_parent(ticket.parent, at)
        return
    words = say(None, GONE)
    if not TicketNote.select(TicketNote.id).where(TicketNote.ticket == ticket, TicketNote.text == words).limit(1).exists():
        operations.leave_words(ACTOR, ticket, words, at)


def close_parent(parent: Ticket, at: datetime) -> bool:
    """Close the parent of a storm that is over when nobody took it up and none of its children is open; whether it was."""
    running = TicketStorm.select(TicketStorm.id).where(TicketStorm.ticket == parent, TicketStorm.ended_at.is_null()).limit(1)
    children = Ticket.select(Ticket.id).where(Ticket.parent == parent, Ticket.is_open).limit(1)
    if not parent.is_open or running.exists() or children.exists() or not parents.is_untouched(parent):
        return False
    _close(parent, at)
    return True


def _close(ticket: Ticket, at: datetime) -> None:
    for to, solution in ((TicketStatus.RESOLVED, say(None, SOLVED)), (TicketStatus.CLOSED, None)):
        moving.change_status(by=ACTOR, ticket=ticket, to=to, version=ticket.version, reason=states.GONE, solution=solution, at=at)
