"""A ticket for an alarm by hand: a new one, or an open one of its machine (monitoring §6)."""

from datetime import datetime

from app.core import clock, db, history, live
from app.core.errors import N_, Conflict, Invalid
from app.core.types import Actor
from app.machines.queries import profile_of
from app.monitoring import ticketing
from app.monitoring.models import Alarm, Episode
from app.monitoring.subjects import subject
from app.tickets.faults import FaultTicket
from app.tickets.models import Ticket


def open_tickets(alarm: Alarm) -> list[Ticket]:
    """The open tickets of its machine, newest first, at most twenty."""
    query = Ticket.select().where(Ticket.machine == alarm.machine_id, Ticket.is_open)
    return list(query.order_by(Ticket.opened_at.desc(), Ticket.id.desc()).limit(20))


def find_ticket(*, by: Actor, alarm: Alarm, version: int, join: int | None = None, at: datetime | None = None) -> FaultTicket:
    """Give the last episode of ``alarm`` a ticket: the open one of its family if there is one, else ``join`` (the id of an open ticket of
    the same machine), else a new one.

    Raises ``NotAllowed``; ``Conflict`` when the alarm is no longer as it was at ``version`` or has a ticket already; ``Invalid`` when the
    ticket to join is no open one of this machine.
    """
    by.require("alarms.acknowledge")
    by.require("tickets.open")
    asked_at = at or clock.now()
    with db.transaction():
        now = db.for_update(Alarm.select().where(Alarm.id == alarm.id, Alarm.version == version)).first()
        episode = Episode.select().where(Episode.alarm == alarm.id).order_by(Episode.started_at.desc()).first()
        if now is None or episode is None:
            raise Conflict(N_("This alarm has changed meanwhile. Its present state is shown; look, then decide again."))
        if episode.ticket_id is not None:
            raise Conflict(N_("This alarm has a ticket already: %(number)s."), number=episode.ticket.number)
        about = subject(alarm.machine, profile_of(alarm.machine), alarm.code)
        beside = _joined(alarm, join)
        found = ticketing.for_code(by=by, subject=about, episode=episode, policy=about.policy, beside=beside, at=asked_at)
        episode.ticket = found.ticket
        episode.save(only=[Episode.ticket])
        history.record(
            by, "alarm.ticket_found", "alarm", alarm.id, after={"ticket": found.ticket.number, "outcome": found.outcome, "code": alarm.code}
        )
        live.touch("alarms")
    return found


def _joined(alarm: Alarm, ticket_id: int | None) -> Ticket | None:
    if ticket_id is None:
        return None
    ticket = Ticket.get_or_none(Ticket.id == ticket_id, Ticket.machine == alarm.machine_id, Ticket.is_open)
    if ticket is None:
        message = N_("This is no open ticket of this machine.")
        raise Invalid(message, fields={"ticket": message})
    return ticket
