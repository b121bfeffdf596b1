"""What waits for the person who looks: unacknowledged alarms and the tickets whose next step is theirs, oldest first."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from app.core import clock
from app.core.types import Actor
from app.monitoring import queries as monitoring
from app.monitoring.models import Alarm, Condition
from app.monitoring.queries import AlarmRow
from app.tickets import hotline_queries, states
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


def steps_of(actor: Actor) -> tuple[TicketStatus, ...]:
    """The states of tickets whose next step is this person's."""
    mine = (status for role in STEPS if role in actor.roles for status in STEPS[role])
    return tuple(dict.fromkeys(mine))


def waiting(actor: Actor) -> list[Item]:
    """What waits for ``actor``, oldest first, at most ``SHOWN``; an alarm stands in the line of its ticket while that waits itself."""
    rows = tickets.waiting(actor, steps_of(actor), SHOWN)
    items = [Item(row.opened_at, ticket=row, to=states.TRANSITIONS[TicketStatus(row.status)][0]) for row in rows]
    if actor.may("alarms.acknowledge"):
        items += _alarms(actor, {row.id for row in rows})
    now = clock.now()
    return sorted(items, key=lambda item: _place(item, now))[:SHOWN]


def _place(item: Item, now: datetime) -> tuple[int, datetime]:
    """The urged on top, then the oldest; whom one wants to phone again later stands below until then."""
    ticket = item.ticket
    if ticket is None:
        return 1, item.since
    if ticket.call_again_at and ticket.call_again_at > now and ticket.status == TicketStatus.TO_VERIFY:
        return 2, ticket.call_again_at
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
        unsigned_calls=hotline_queries.waiting(actor) if actor.may("hotline.sign") else None,
        standing_alarms=monitoring.visible(actor).where((Alarm.condition != Condition.NORMAL) | ~Alarm.is_acknowledged).count(),
    )
