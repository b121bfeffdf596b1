"""A changed calendar sets the deadlines of open tickets anew; those of finished ones never change (workflows, Clocks).

The worker sees by the version that days or hours changed and goes through the running clocks in short transactions;
how far it is stands in one row, so that a screen can say it and another worker can go on. Whoever opens a ticket while
the calendar changes may still have read the old one: a second round, a minute later, finds that too.
"""

import json
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from peewee import ModelSelect

from app.core import bulk, clock, db, live
from app.core.clock import to_ms
from app.core.settings import Setting
from app.roster import calendars
from app.tickets import clocks
from app.tickets.models import Ticket, TicketClock

STATE = "clocks_recomputed"
BATCH = 200
LASTS_AT_MOST = timedelta(seconds=20)
ROUNDS = 2
ROUND_AFTER = timedelta(minutes=1)


@dataclass(slots=True)
class Progress:
    """How far the clocks follow the calendar: which version, which round, up to which clock, how many of how many."""

    version: int = 0
    round: int = ROUNDS
    next_at: int = 0
    after: int = 0
    done: int = 0
    total: int = 0

    @property
    def is_under_way(self) -> bool:
        """Whether deadlines on the screens may still be those of the old calendar."""
        return self.round == 0


def progress() -> Progress:
    """How far the clocks follow the present calendar."""
    found = _stored()
    version = live.versions(*calendars.VERSIONS)
    return found if found.version == version else Progress(version, round=0, total=_running().count())


def _stored() -> Progress:
    value = Setting.select(Setting.value).where(Setting.name == STATE).scalar()
    return Progress(**json.loads(value)) if value else Progress()


def follow(at: datetime) -> int:
    """Set the deadlines of open tickets anew where the calendar changed; returns how many clocks were looked at.

    Stops after ``LASTS_AT_MOST``; the next call goes on where this one ended.
    """
    looked, began_at = 0, clock.now()
    while clock.now() - began_at < LASTS_AT_MOST:
        found = _next_batch(at)
        if not found:
            break
        looked += found
    return looked


def _next_batch(at: datetime) -> int:
    state = progress()
    if state.round >= ROUNDS or to_ms(at) < state.next_at:
        return 0
    with db.transaction():
        state = progress()
        if state.round >= ROUNDS or to_ms(at) < state.next_at:
            return 0
        rows = list(db.for_update(_running().where(TicketClock.id > state.after).order_by(TicketClock.id).limit(BATCH)))
        set_anew(rows, at)
        state.after, state.done = (rows[-1].id, state.done + len(rows)) if rows else (state.after, state.done)
        if len(rows) < BATCH:
            state = Progress(state.version, state.round + 1, to_ms(at + ROUND_AFTER), total=state.total)
        _store(state)
        live.touch("tickets")
    return len(rows)


def set_anew(rows: list[TicketClock], at: datetime) -> None:
    """Time these running clocks by the present calendar and give their tickets the deadlines."""
    ids = sorted({row.ticket_id for row in rows})
    clocks.time_anew(rows, clocks.waits_of(ids), clocks.rules(), at)
    due: dict[int, datetime | None] = dict.fromkeys(ids)
    for row in TicketClock.select(TicketClock.ticket, TicketClock.due_at).where(TicketClock.ticket.in_(ids), _is_running()):
        known = due[row.ticket_id]
        due[row.ticket_id] = min(row.due_at, known) if row.due_at and known else row.due_at or known
    bulk.update(Ticket, ("due_at",), [(to_ms(due_at) if due_at else None, ticket_id) for ticket_id, due_at in due.items()])


def _running() -> ModelSelect:
    """The running clocks of open tickets, and of complaints that still owe an answer."""
    return TicketClock.select().where(_is_running())


def _is_running() -> Any:
    return TicketClock.met_at.is_null() & TicketClock.stopped_at.is_null()


def _store(state: Progress) -> None:
    value = json.dumps(asdict(state))
    Setting.insert(name=STATE, value=value, changed_at=clock.now()).on_conflict(
        conflict_target=[Setting.name], update={Setting.value: value, Setting.changed_at: clock.now()}
    ).execute()
