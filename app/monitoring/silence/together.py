"""Machines of one gateway or one area that fell silent together: one ticket for all of them (monitoring §3, "offline").

It is looked at when the first of them wants its ticket, after two hours of working time: who spoke again by then needs none.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from peewee import JOIN, Expression

from app.core import db
from app.core.errors import N_
from app.core.prepared import Prepared
from app.core.spoken import say
from app.core.types import Actor, system
from app.customers.models import Customer
from app.machines.models import Machine
from app.machines.profiles import COMM_LOST, CodePolicy
from app.monitoring import storms
from app.monitoring.models import Episode, StormCause, TicketStorm
from app.tickets import operations
from app.tickets.models import Priority, Ticket
from app.tickets.reasons import AlarmReason

ACTOR = system("monitoring")
WITHIN = timedelta(minutes=5)
FEWEST = 3
CAUSES = (StormCause.GATEWAY, StormCause.AREA)
ALL_SPEAK = N_("All machines of this ticket speak again.")


def ticket_for(machine: Machine, policy: CodePolicy, episode: Episode, now: datetime) -> Ticket | None:
    """The ticket of those that fell silent together with ``machine``: of its gateway, else of its area; None when it fell silent alone.

    All of them are put on it, in the running transaction. Later ones join as long as any of them is silent.
    """
    for cause, name, is_beside in _groups(machine):
        storm = storms.running(cause, name, now)
        group = [episode] if storm is not None else _together(episode, is_beside)
        if storm is None and len(group) < FEWEST:
            continue
        machines = [row.machine for row in group]
        storm = storms.gather(cause, name, now, machines=machines, reason=[_reason(policy, episode)], priority=Priority(episode.severity))
        Episode.update(ticket=storm.ticket).where(Episode.id.in_([row.id for row in group])).execute()
        return storm.ticket
    return None


def silences_of(by: Actor, ticket: Ticket) -> list[Episode]:
    """The silences behind ``ticket``, of the machines that ``by`` may see, with their customers; who is still silent first."""
    query = Episode.select(Episode, Machine, Customer).join(Machine).join(Customer, JOIN.LEFT_OUTER)
    rows = query.where(Episode.ticket == ticket, Episode.code == COMM_LOST).order_by(Episode.started_at, Episode.id)
    if by.area_ids is not None:
        rows = rows.where(Machine.area.in_(list(by.area_ids)))
    return sorted(rows, key=lambda row: row.ended_at is not None)


def end_those_over(now: datetime) -> None:
    """No machine joins any more where all of them speak again; the ticket says so and stays for a person to close."""
    for storm in _running.rows():
        if Episode.select(Episode.id).where(Episode.ticket == storm.ticket_id, Episode.ended_at.is_null()).limit(1).exists():
            continue
        with db.transaction():
            storms.end(storm.cause, storm.name, max(now, storm.last_at))
            if storm.ticket.is_open:
                operations.leave_words(ACTOR, storm.ticket, say(None, ALL_SPEAK), now)


_running = Prepared(lambda: TicketStorm.select().where(TicketStorm.cause.in_(CAUSES), TicketStorm.ended_at.is_null()))


def _groups(machine: Machine) -> list[tuple[StormCause, str, Expression]]:
    found = []
    if machine.gateway:
        found.append((StormCause.GATEWAY, machine.gateway, Machine.gateway == machine.gateway))
    if machine.area_id is not None:
        found.append((StormCause.AREA, str(machine.area_id), Machine.area == machine.area_id))
    return found


def _together(episode: Episode, is_beside: Expression) -> Sequence[Episode]:
    """The most that began within five minutes of each other, this one among them, and have no ticket of their own."""
    began = Episode.started_at.between(episode.started_at - WITHIN, episode.started_at + WITHIN)
    query = Episode.select(Episode, Machine).join(Machine).where(began, Episode.code == COMM_LOST, Episode.ended_at.is_null(), is_beside)
    near = list(query.where(Episode.ticket.is_null()).order_by(Episode.started_at, Episode.id))
    windows = [
        [row for row in near if first.started_at <= row.started_at <= first.started_at + WITHIN]
        for first in near
        if first.started_at <= episode.started_at
    ]
    return max(windows, key=len, default=[])


def _reason(policy: CodePolicy, episode: Episode) -> AlarmReason:
    return AlarmReason(code=policy.code, name_zh=policy.name_zh, name_en=policy.name_en, at=episode.started_at, severity=episode.severity)
