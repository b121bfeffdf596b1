"""What waits for the person who looks: unacknowledged alarms and tickets whose next step is theirs, overdue ones first, then the oldest."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from app.core import clock
from app.core.types import Actor
from app.monitoring import queries as monitoring
from app.monitoring.models import Alarm, Condition
from app.monitoring.queries import AlarmRow
from app.tickets import complaint_register, hotline_queries, inbox, states
from app.tickets import queries as tickets
from app.tickets.models import TicketStatus
from app.tickets.queries import TicketFilter, TicketRow

# Whose next step a state is (product.md): the clerk accepts, files and closes; deputy and manager send somebody.
STEPS: dict[str, tuple[TicketStatus, ...]] = {
    "clerk": (TicketStatus.TO_VERIFY, TicketStatus.NEW, TicketStatus.TRIAGED, TicketStatus.RESOLVED),
    "deputy": (TicketStatus.WAITING_DISPATCH,),
    "manager": (TicketStatus.WAITING_DISPATCH,),
}
SHOWN = 50


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that waits; either a ticket with the state its button leads to, or an alarm to acknowledge."""

    since: datetime
    ticket: TicketRow | None = None
    to: TicketStatus | None = None
    alarm: AlarmRow | None = None


@dataclass(frozen=True, slots=True)
class Figures:
    """What the top of the page counts; ``None`` for what this person does not see."""

    open_tickets: tuple[int, bool] | None
    to_verify: tuple[int, bool] | None
    standing_alarms: int
    unsigned_calls: tuple[int, bool] | None
    overdue: tuple[int, bool] | None = None
    own_complaints: int = 0
    mails: int = 0


def steps_of(actor: Actor) -> tuple[TicketStatus, ...]:
    """The states of tickets whose next step is this person's."""
    mine = (status for role in STEPS if role in actor.roles for status in STEPS[role])
    return tuple(dict.fromkeys(mine))


def waiting(actor: Actor) -> list[Item]:
    """What waits for ``actor``, overdue first, then oldest, at most ``SHOWN``.

    An alarm stands in the line of its ticket while that waits itself.
    """
    rows = _with_overdue(actor, tickets.waiting(actor, steps_of(actor), SHOWN))
    items = [Item(row.opened_at, ticket=row, to=states.TRANSITIONS[TicketStatus(row.status)][0]) for row in rows]
    if actor.may("alarms.acknowledge"):
        items += _alarms(actor, {row.id for row in rows})
    now = clock.now()
    return sorted(items, key=lambda item: _place(item, now))[:SHOWN]


def _with_overdue(actor: Actor, oldest: list[TicketRow]) -> list[TicketRow]:
    """``oldest`` and what is overdue of the same states, however young it is."""
    known, mine = {row.id for row in oldest}, steps_of(actor)
    late = tickets.newest(actor, TicketFilter(due=tickets.OVERDUE, sort="due_at"), SHOWN) if mine else []
    return oldest + [row for row in late if row.id not in known and row.status in mine]


def _place(item: Item, now: datetime) -> tuple[int, datetime]:
    """What is overdue on top, then the urged, then the oldest; whom one wants to phone again later stands below until then."""
    ticket = item.ticket
    if ticket is None:
        return 1, item.since
    if ticket.call_again_at and ticket.call_again_at > now and ticket.status == TicketStatus.TO_VERIFY:
        return 2, ticket.call_again_at
    if ticket.due_at and ticket.due_at <= now:
        return -1, ticket.due_at
    return (0 if ticket.urged_count else 1), item.since


def _alarms(actor: Actor, shown_tickets: set[int]) -> Iterable[Item]:
    for row in monitoring.waiting(actor, SHOWN):
        if row.episode.ticket_id not in shown_tickets:
            yield Item(row.episode.started_at, alarm=row)


def open_tickets(actor: Actor) -> list[TicketRow]:
    """The open tickets this person may see, gravest first, for those who move none."""
    return list(tickets.page(actor, TicketFilter(sort="priority")).rows)


def figures(actor: Actor) -> Figures:
    """The figures of the top line."""
    reads = actor.may("tickets.read")
    return Figures(
        open_tickets=tickets.count(actor, tickets.OPEN) if reads else None,
        to_verify=tickets.count(actor, TicketStatus.TO_VERIFY) if reads else None,
        overdue=tickets.count_overdue(actor) if reads else None,
        unsigned_calls=hotline_queries.waiting(actor) if actor.may("hotline.sign") else None,
        own_complaints=complaint_register.count_waiting_for(actor) if reads else 0,
        mails=inbox.waiting() if actor.may("mail.read") else 0,
        standing_alarms=monitoring.visible(actor).where((Alarm.condition != Condition.NORMAL) | ~Alarm.is_acknowledged).count(),
    )
