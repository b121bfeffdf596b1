"""Tickets and alarms that wait for somebody: their next step by state (product.md)."""

from collections.abc import Iterator
from datetime import datetime

from app.core.errors import N_
from app.core.types import Actor
from app.home.items import LATE, SLEEPING, URGENT, USUAL, Item, Mark, Step
from app.monitoring import queries as monitoring
from app.tickets import queries as tickets
from app.tickets import states
from app.tickets.models import Priority, TicketKind, TicketStatus
from app.tickets.queries import TicketFilter, TicketRow

# Whose next step a state is (product.md): the clerk accepts, files and closes; deputy and manager send somebody.
STEPS: dict[str, tuple[TicketStatus, ...]] = {
    "clerk": (TicketStatus.TO_VERIFY, TicketStatus.NEW, TicketStatus.TRIAGED, TicketStatus.RESOLVED),
    "deputy": (TicketStatus.WAITING_DISPATCH,),
    "manager": (TicketStatus.WAITING_DISPATCH,),
}
MOVES = {
    TicketStatus.TRIAGED: N_("Accept"),
    TicketStatus.WAITING_DISPATCH: N_("Send to dispatch"),
    TicketStatus.CLOSED: N_("Close the ticket"),
}


def steps_of(actor: Actor) -> tuple[TicketStatus, ...]:
    """The states of tickets whose next step is this person's."""
    mine = (status for role in STEPS if role in actor.roles for status in STEPS[role])
    return tuple(dict.fromkeys(mine))


def of_tickets(actor: Actor, now: datetime, limit: int, besides: frozenset[int] = frozenset()) -> list[Item]:
    """Tickets whose next step is this person's, save ``besides``; overdue ones however young they are."""
    mine = steps_of(actor)
    if not mine:
        return []
    rows = {row.id: row for row in tickets.waiting(actor, mine, limit)}
    rows |= {row.id: row for row in tickets.newest(actor, TicketFilter(due=tickets.OVERDUE, sort="due_at"), limit) if row.status in mine}
    return [_item(row, now) for row in rows.values() if row.id not in besides]


def _item(row: TicketRow, now: datetime) -> Item:
    return Item(
        key=f"ticket-{row.id}",
        rank=_rank(row, now),
        since=row.due_at if row.due_at and row.due_at <= now else row.opened_at,
        href=f"/tickets/{row.number}",
        number=row.number,
        step=_step(row),
        priority=row.priority,
        serial=row.serial or "",
        customer=row.customer or row.customer_name or "",
        ticket=row,
        marks=tuple(_marks(row)),
        state=TicketStatus(row.status),
        due_at=row.due_at,
        again_at=row.call_again_at,
    )


def _rank(row: TicketRow, now: datetime) -> int:
    if row.call_again_at and row.call_again_at > now and row.status == TicketStatus.TO_VERIFY:
        return SLEEPING
    if row.due_at and row.due_at <= now:
        return LATE
    return URGENT if row.urged_count else USUAL


def _step(row: TicketRow) -> Step:
    address = f"/tickets/{row.number}"
    if row.status == TicketStatus.TO_VERIFY:
        return Step(label=N_("Phone the customer"), href=address, icon="phone")
    if row.status == TicketStatus.WAITING_DISPATCH:
        return Step(label=N_("Dispatch"), href=f"/dispatch{address}", icon="truck")
    if row.kind == TicketKind.COMPLAINT and row.status == TicketStatus.RESOLVED:
        return Step(label=N_("Answer and assess"), href=f"{address}/complaint")
    to = next(target for target in states.TRANSITIONS[TicketStatus(row.status)] if target in MOVES)
    return Step(label=MOVES[to], href=f"{address}/state", is_post=True, fields={"to": to, "version": row.version})


def _marks(row: TicketRow) -> Iterator[Mark]:
    if row.urged_count:
        yield Mark(label=N_("Urged × %(count)s"), kind="urged", count=row.urged_count)
    if row.is_major:
        yield Mark(label=N_("Major"), kind="major")
    if row.is_recurring:
        yield Mark(label=N_("Recurring"), kind="recurring")


def of_alarms(actor: Actor, limit: int, shown_tickets: frozenset[int]) -> list[Item]:
    """Alarms nobody has acknowledged; one stands in the line of its ticket while that waits itself."""
    if not actor.may("alarms.acknowledge"):
        return []
    found = []
    for row in monitoring.waiting(actor, limit):
        if row.episode.ticket_id in shown_tickets:
            continue
        machine, alarm = row.machine, row.alarm
        acknowledge = Step(
            label=N_("Acknowledge"), href=f"/alarms/{alarm.id}/acknowledgement", is_post=True, fields={"version": alarm.version}
        )
        found.append(
            Item(
                key=f"alarm-{alarm.id}",
                rank=URGENT if alarm.severity == Priority.CRITICAL else USUAL,
                since=row.episode.started_at,
                href=f"/monitoring/machines/{machine.device or machine.serial}",
                number=alarm.code,
                step=acknowledge,
                priority=alarm.severity,
                is_acknowledged=False,
                serial=machine.serial,
                customer=(machine.customer.short_name or machine.customer.name) if machine.customer else "",
                names=(row.policy.name_zh, row.policy.name_en),
                state_text=N_("Not acknowledged"),
            )
        )
    return found
