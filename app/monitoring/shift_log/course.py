"""What stands at a moment, for the handover, and what happened during a shift by itself: alarms, tickets."""

import json
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from peewee import JOIN, fn

from app.core import clock
from app.core.types import Actor
from app.machines import profiles
from app.machines.models import Machine
from app.machines.queries import profile_documents
from app.monitoring import queries
from app.monitoring.models import Episode, Terminal
from app.monitoring.shift_log.models import ShiftLog
from app.tickets.models import Priority, Ticket, TicketSource, TicketStatus

MOST_LISTED = 200
UNSEEN = (TicketStatus.TO_VERIFY, TicketStatus.NEW)


@dataclass(frozen=True, slots=True)
class AlarmLeft:
    """An alarm that stands when the shift ends."""

    serial: str
    customer: str
    code: str
    name_zh: str
    name_en: str
    severity: str
    since: str
    is_active: bool
    is_acknowledged: bool
    ticket: str

    def name(self, language: str) -> str:
        """The code's name for a reader of ``language``."""
        return self.name_zh if language.startswith("zh") else self.name_en


@dataclass(frozen=True, slots=True)
class TicketLeft:
    """A ticket that nobody has accepted yet when the shift ends."""

    number: str
    title: str
    status: str
    priority: str
    since: str


@dataclass(frozen=True, slots=True)
class SilentLeft:
    """A terminal that says nothing when the shift ends."""

    serial: str
    device: str
    since: str


@dataclass(frozen=True, slots=True)
class Handover:
    """What one clerk hands over to the next; ``alarm_count`` counts beyond what is listed."""

    alarms: tuple[AlarmLeft, ...] = ()
    alarm_count: int = 0
    tickets: tuple[TicketLeft, ...] = ()
    ticket_count: int = 0
    silent: tuple[SilentLeft, ...] = ()
    silent_count: int = 0

    @property
    def active(self) -> int:
        """How many of the listed alarms are still there."""
        return sum(alarm.is_active for alarm in self.alarms)

    @property
    def unacknowledged(self) -> int:
        """How many of the listed alarms nobody has acknowledged."""
        return sum(not alarm.is_acknowledged for alarm in self.alarms)

    def as_text(self) -> str:
        """As it is kept."""
        return json.dumps(asdict(self), ensure_ascii=False)


def handover_in(text: str) -> Handover:
    """The handover that was kept as ``text``."""
    found: dict[str, Any] = json.loads(text)
    found["alarms"] = tuple(AlarmLeft(**one) for one in found["alarms"])
    found["tickets"] = tuple(TicketLeft(**one) for one in found["tickets"])
    found["silent"] = tuple(SilentLeft(**one) for one in found["silent"])
    return Handover(**found)


def standing(by: Actor) -> Handover:
    """What stands now, as far as ``by`` may see it."""
    alarms, tickets, silent = queries.standing(by), _unseen(by), _silent(by)
    return Handover(
        tuple(_alarm(row) for row in alarms), max(len(alarms), queries.standing_count(by)),
        tuple(TicketLeft(row.number, row.title, row.status, row.priority, _text(row.opened_at)) for row in tickets.limit(MOST_LISTED)),
        tickets.count(),
        tuple(SilentLeft(row.machine.serial, row.device, _text(row.silent_since)) for row in silent.limit(MOST_LISTED)),
        silent.count(),
    )  # fmt: skip


def _alarm(row: queries.AlarmRow) -> AlarmLeft:
    machine, policy = row.machine, row.policy
    customer = machine.customer.short_name or machine.customer.name if machine.customer_id else ""
    ticket = row.episode.ticket.number if row.episode.ticket_id else ""
    return AlarmLeft(
        machine.serial, customer, row.alarm.code, policy.name_zh, policy.name_en, row.alarm.severity, _text(row.episode.started_at),
        row.is_active, row.alarm.is_acknowledged, ticket,
    )  # fmt: skip


def _text(at: datetime | None) -> str:
    return at.astimezone(clock.zone()).isoformat(timespec="seconds") if at else ""


def _unseen(by: Actor) -> Any:
    query = Ticket.select().where(Ticket.status.in_(UNSEEN)).order_by(Ticket.opened_at, Ticket.id)
    return query if by.area_ids is None else query.where(Ticket.area.in_(list(by.area_ids)))


def _silent(by: Actor) -> Any:
    query = Terminal.select(Terminal, Machine).join(Machine, on=(Machine.device == Terminal.device), attr="machine")
    query = query.where(Terminal.is_silent).order_by(Terminal.silent_since, Terminal.id)
    return query if by.area_ids is None else query.where(Machine.area.in_(list(by.area_ids)))


# --- what happened by itself ---------------------------------------------------


@dataclass(frozen=True, slots=True)
class Figures:
    """What a shift had: alarms that came, how many of them critical, acknowledged; tickets opened, how many by monitoring."""

    alarms: int
    critical: int
    acknowledged: int
    tickets: int
    from_monitoring: int


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened by itself during a shift."""

    at: datetime
    kind: str  # "alarm" or "ticket"
    severity: str
    what: str
    about: str
    href: str


def figures(log: ShiftLog, until: datetime) -> Figures:
    """The figures of ``log`` up to ``until`` or its end."""
    end = log.ended_at or until
    came = (Episode.started_at >= log.started_at) & (Episode.started_at < end)
    by_severity = dict(Episode.select(Episode.severity, fn.COUNT(Episode.id)).where(came).group_by(Episode.severity).tuples())
    seen = (Episode.acknowledged_at >= log.started_at) & (Episode.acknowledged_at < end) & (Episode.acknowledged_by == log.user_id)
    opened = (Ticket.opened_at >= log.started_at) & (Ticket.opened_at < end)
    by_source = dict(Ticket.select(Ticket.source, fn.COUNT(Ticket.id)).where(opened).group_by(Ticket.source).tuples())
    return Figures(
        sum(by_severity.values()), by_severity.get(Priority.CRITICAL, 0), Episode.select().where(seen).count(),
        sum(by_source.values()), by_source.get(TicketSource.MONITORING, 0),
    )  # fmt: skip


def events(log: ShiftLog, until: datetime, language: str) -> list[Event]:
    """Critical and high alarms and new tickets of ``log``, oldest first; at most ``MOST_LISTED`` of each."""
    end = log.ended_at or until
    found = [*_alarm_events(log.started_at, end, language), *_ticket_events(log.started_at, end)]
    return sorted(found, key=lambda event: event.at)


def _alarm_events(start: datetime, end: datetime, language: str) -> list[Event]:
    documents = profile_documents()
    worth = (Priority.CRITICAL, Priority.HIGH)
    query = Episode.select(Episode, Machine).join(Machine).where(Episode.started_at >= start, Episode.started_at < end)
    query = query.where(Episode.severity.in_(worth)).order_by(Episode.started_at, Episode.id).limit(MOST_LISTED)
    return [_alarm_event(row, profiles.code(documents.get(row.machine.profile_id), row.code).name(language)) for row in query]


def _alarm_event(row: Episode, name: str) -> Event:
    machine = row.machine
    href = f"/monitoring/machines/{machine.device}" if machine.device else f"/machines/{machine.serial}"
    return Event(row.started_at, "alarm", row.severity, f"{row.code} {name}" if name != row.code else name, machine.serial, href)


def _ticket_events(start: datetime, end: datetime) -> list[Event]:
    query = Ticket.select(Ticket, Machine).join(Machine, JOIN.LEFT_OUTER).where(Ticket.opened_at >= start, Ticket.opened_at < end)
    return [
        Event(row.opened_at, "ticket", row.priority, row.title, row.number, f"/tickets/{row.number}")
        for row in query.order_by(Ticket.opened_at, Ticket.id).limit(MOST_LISTED)
    ]
