"""The one sentence that the clerk reads to a customer who asks how far it is (workflows, Ticket); pure.

It says what has been done and when, what comes next and by when, in words for the customer: no codes, no names of states.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.core.errors import N_
from app.tickets.models import TicketStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What the sentence is made of; ``moved_at`` is when the ticket came into its state, ``due_at`` its next deadline."""

    number: str
    status: TicketStatus
    opened_at: datetime
    moved_at: datetime
    now: datetime
    due_at: datetime | None = None
    urged_count: int = 0
    call_again_at: datetime | None = None
    solution: str = ""
    merged_into: str = ""


@dataclass(frozen=True, slots=True)
class Phrase:
    """A message id with its parameters; a time among them is said in the reader's words (``when``)."""

    message: str
    params: dict[str, Any]


# What has been done, per state.
_DONE = {
    TicketStatus.TO_VERIFY: N_(
        "Our monitoring noticed it %(opened)s (number %(number)s); we are asking you about it before we send somebody."
    ),
    TicketStatus.NEW: N_("Your request was taken down %(opened)s under number %(number)s and is being looked at."),
    TicketStatus.TRIAGED: N_("Your request %(number)s was accepted %(moved)s; we are settling how it is done."),
    TicketStatus.WAITING_DISPATCH: N_("Your request %(number)s is accepted; we are arranging who comes."),
    TicketStatus.IN_WORK: N_("Your request %(number)s was given to a technician %(moved)s and is being worked on."),
    TicketStatus.WAITING_CUSTOMER: N_("For your request %(number)s we have been waiting for word from you since %(moved)s."),
    TicketStatus.RESOLVED: N_("Your request %(number)s was settled %(moved)s."),
    TicketStatus.CLOSED: N_("Your request %(number)s was settled and closed %(moved)s."),
    TicketStatus.CANCELLED: N_("Your request %(number)s was cancelled %(moved)s."),
    TicketStatus.MERGED: N_("Your request %(number)s is handled together with %(into)s."),
}
# What comes next and by when, while a deadline runs.
_NEXT = {
    TicketStatus.TO_VERIFY: N_("You hear from us by %(due)s."),
    TicketStatus.NEW: N_("You hear from us by %(due)s."),
    TicketStatus.TRIAGED: N_("Somebody is arranged for by %(due)s."),
    TicketStatus.WAITING_DISPATCH: N_("Somebody is arranged for by %(due)s."),
    TicketStatus.IN_WORK: N_("By our plan it is done by %(due)s."),
}
_LATE = N_("It has taken longer than we promised; we are sorry and are hurrying it on.")
_URGED = N_("You have urged %(count)s times; it is marked as urgent.")
_URGED_ONCE = N_("You have urged once; it is marked as urgent.")
_AGAIN = N_("We phone again %(again)s.")
_SOLVED_BY = N_("What was done: %(solution)s")
_TODAY, _TOMORROW, _YESTERDAY = N_("today at %(time)s"), N_("tomorrow at %(time)s"), N_("yesterday at %(time)s")
_THAT_DAY = N_("on %(month)s/%(day)s at %(time)s")


def phrases(ticket: Standing) -> list[Phrase]:
    """The sentence in its parts, in the order they are read."""
    words: dict[str, Any] = {"number": ticket.number, "opened": ticket.opened_at, "moved": ticket.moved_at, "into": ticket.merged_into}
    found = [Phrase(_DONE[ticket.status], words)]
    if ticket.status == TicketStatus.TO_VERIFY and ticket.call_again_at and ticket.call_again_at > ticket.now:
        found.append(Phrase(_AGAIN, {"again": ticket.call_again_at}))
    elif ticket.due_at is not None and ticket.status in _NEXT:
        is_late = ticket.due_at <= ticket.now
        found.append(Phrase(_LATE, {}) if is_late else Phrase(_NEXT[ticket.status], {"due": ticket.due_at}))
    if ticket.solution and ticket.status in (TicketStatus.RESOLVED, TicketStatus.CLOSED):
        found.append(Phrase(_SOLVED_BY, {"solution": ticket.solution}))
    if ticket.urged_count and ticket.status in _NEXT:
        found.append(Phrase(_URGED_ONCE, {}) if ticket.urged_count == 1 else Phrase(_URGED, {"count": ticket.urged_count}))
    return found


def when(at: datetime, now: datetime) -> Phrase:
    """How a time is said on the phone; both are of the deployment's zone."""
    days = (at.date() - now.date()).days
    message = {0: _TODAY, 1: _TOMORROW, -1: _YESTERDAY}.get(days, _THAT_DAY)
    return Phrase(message, {"time": f"{at:%H:%M}", "month": at.month, "day": at.day})
