"""The one sentence that the clerk reads to a customer who asks how far it is (workflows, Ticket); pure.

It says what has been done and when, what comes next and by when, in words for the customer: no codes, no names of states.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from app.core.errors import N_
from app.tickets.models import TicketStatus


class Going(StrEnum):
    """How far somebody is who was sent."""

    SENT = "sent"
    ON_THE_WAY = "on_the_way"
    THERE = "there"
    WAITS_FOR_PARTS = "waits_for_parts"


@dataclass(frozen=True, slots=True, kw_only=True)
class Somebody:
    """Who was sent, when, and how far they are; ``expected_at`` is when they are planned to be there."""

    name: str
    sent_at: datetime
    going: Going
    expected_at: datetime | None = None
    arrived_at: datetime | None = None


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
    somebody: Somebody | None = None


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
# The same once somebody was sent.
_SENT = {
    Going.SENT: N_("For your request %(number)s %(name)s was sent %(sent)s."),
    Going.ON_THE_WAY: N_("For your request %(number)s %(name)s was sent %(sent)s and is on the way."),
    Going.THERE: N_("For your request %(number)s %(name)s has been there since %(arrived)s and is working on it."),
    Going.WAITS_FOR_PARTS: N_("For your request %(number)s %(name)s was there; parts are needed and are on order."),
}
_EXPECTED = N_("You can expect them %(expected)s.")
_BEHIND_PLAN = N_("They were to be with you %(expected)s; we are asking where they are and phone you back.")
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
    if ticket.somebody is not None and ticket.status == TicketStatus.IN_WORK:
        found = _of_somebody(ticket, ticket.somebody)
    else:
        found = [Phrase(_DONE[ticket.status], words)]
    if ticket.status == TicketStatus.TO_VERIFY and ticket.call_again_at and ticket.call_again_at > ticket.now:
        found.append(Phrase(_AGAIN, {"again": ticket.call_again_at}))
    elif ticket.due_at is not None and ticket.status in _NEXT:
        is_late = ticket.due_at <= ticket.now
        is_said = any(phrase.message == _BEHIND_PLAN for phrase in found)  # one excuse is enough
        found += [] if is_said else [Phrase(_LATE, {}) if is_late else Phrase(_NEXT[ticket.status], {"due": ticket.due_at})]
    if ticket.solution and ticket.status in (TicketStatus.RESOLVED, TicketStatus.CLOSED):
        found.append(Phrase(_SOLVED_BY, {"solution": ticket.solution}))
    if ticket.urged_count and ticket.status in _NEXT:
        found.append(Phrase(_URGED_ONCE, {}) if ticket.urged_count == 1 else Phrase(_URGED, {"count": ticket.urged_count}))
    return found


def _of_somebody(ticket: Standing, sent: Somebody) -> list[Phrase]:
    words = {"number": ticket.number, "name": sent.name, "sent": sent.sent_at, "arrived": sent.arrived_at or sent.sent_at}
    return [Phrase(_SENT[sent.going], words), *expected(sent, ticket.now)]


def expected(sent: Somebody, now: datetime) -> list[Phrase]:
    """When somebody is expected who is not there yet."""
    if sent.expected_at is None or sent.going not in (Going.SENT, Going.ON_THE_WAY):
        return []
    return [Phrase(_EXPECTED if sent.expected_at > now else _BEHIND_PLAN, {"expected": sent.expected_at})]


def when(at: datetime, now: datetime) -> Phrase:
    """How a time is said on the phone; both are of the deployment's zone."""
    days = (at.date() - now.date()).days
    message = {0: _TODAY, 1: _TOMORROW, -1: _YESTERDAY}.get(days, _THAT_DAY)
    return Phrase(message, {"time": f"{at:%H:%M}", "month": at.month, "day": at.day})
