"""A changed calendar sets the deadlines of open tickets anew and of no others."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from peewee import Database

from app.core import db, known_settings, live
from app.core.types import system
from app.roster import calendars
from app.roster.models import CalendarDay, DaySource
from app.tickets import clocks, moving, operations, recomputing, sla
from app.tickets.models import Priority, Ticket, TicketClock, TicketKind, TicketSource, TicketStatus
from tests.tickets.test_clocks import MONDAY

BY = system("test")
HOUR = timedelta(hours=1)


def opened(at: datetime = MONDAY, kind: TicketKind = TicketKind.FAULT_REPORT) -> Ticket:
    return operations.open_ticket(
        by=BY, source=TicketSource.HOTLINE, kind=kind, priority=Priority.HIGH, title="Pump", caller_name="Wu", at=at
    )


def go(ticket: Ticket, to: TicketStatus, at: datetime) -> None:
    moving.change_status(by=BY, ticket=ticket, to=to, version=ticket.version, reason="so", at=at)


def set_day(day: date, is_working: bool) -> None:
    with db.transaction():
        CalendarDay.insert(day=day, is_working=is_working, source=DaySource.HAND).on_conflict(
            conflict_target=[CalendarDay.day], update={CalendarDay.is_working: is_working}
        ).execute()
        live.touch(calendars.VERSION)


def ended() -> list[tuple[Any, ...]]:
    """All there is of the clocks that ended."""
    over = TicketClock.met_at.is_null(False) | TicketClock.stopped_at.is_null(False)
    return list(TicketClock.select().where(over).order_by(TicketClock.id).tuples())


def assert_open_clocks_are_right() -> None:
    by = clocks.rules()
    for row in TicketClock.select().where(TicketClock.met_at.is_null(), TicketClock.stopped_at.is_null()):
        waits = clocks.waits_of([row.ticket_id]).get(row.ticket_id, ())
        course = sla.course(row.kind, is_round_the_clock=row.is_round_the_clock, calendar=by.calendar, waits=waits)
        assert row.due_at == course.after(row.started_at, timedelta(minutes=row.target_minutes))
    for ticket in Ticket.select():
        rows = TicketClock.select().where(TicketClock.ticket == ticket, TicketClock.met_at.is_null(), TicketClock.stopped_at.is_null())
        assert ticket.due_at == min((row.due_at for row in rows if row.due_at), default=None)


def test_it_works(database: Database) -> None:
    ticket = opened()
    assert recomputing.follow(MONDAY) == 0
    set_day(date(2026, 11, 23), is_working=False)
    assert recomputing.progress().is_under_way
    assert recomputing.follow(MONDAY) == 4
    assert not recomputing.progress().is_under_way
    assert Ticket.get_by_id(ticket.id).due_at == datetime(2026, 11, 24, 1, tzinfo=UTC)


days = st.tuples(st.integers(0, 20).map(lambda number: date(2026, 11, 20) + timedelta(days=number)), st.booleans())
ways = st.lists(
    st.sampled_from(
        (TicketStatus.TRIAGED, TicketStatus.WAITING_CUSTOMER, TicketStatus.WAITING_DISPATCH, TicketStatus.RESOLVED, TicketStatus.CANCELLED)
    ),
    max_size=3,
)


@given(
    tickets=st.lists(st.tuples(st.sampled_from((TicketKind.FAULT_REPORT, TicketKind.COMPLAINT)), st.integers(0, 100), ways), max_size=4),
    edits=st.lists(days, min_size=1, max_size=3),
)
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_is_edited_open_clocks_follow_and_ended_ones_never_change(
    sqlite_database: Database, tickets: list[Any], edits: list[Any]
) -> None:
    for kind, hours, moves in tickets:
        at = MONDAY + hours * HOUR
        ticket = opened(at, kind)
        for number, to in enumerate(moves, start=1):
            from app.tickets import states

            if to in states.TRANSITIONS[TicketStatus(ticket.status)]:
                go(ticket, to, at + number * HOUR)
    before = ended()
    for day, is_working in edits:
        set_day(day, is_working)
        recomputing.follow(MONDAY + timedelta(days=3))
    assert ended() == before
    assert_open_clocks_are_right()


def test_other_working_hours_move_the_deadlines_too(database: Database) -> None:
    ticket = opened()
    known_settings.change(by=BY, values={"working_hours": "13:00-17:00"})
    recomputing.follow(MONDAY)
    assert Ticket.get_by_id(ticket.id).due_at == datetime(2026, 11, 23, 5, 30, tzinfo=UTC)


def test_a_deadline_that_moves_into_the_future_has_not_been_missed(database: Database) -> None:
    from app.tickets import escalation

    ticket = opened()
    escalation.look(MONDAY + HOUR)
    assert TicketClock.select().where(TicketClock.ticket == ticket, TicketClock.breached_at.is_null(False)).exists()
    set_day(date(2026, 11, 23), is_working=False)
    recomputing.follow(MONDAY + HOUR)
    assert not TicketClock.select().where(TicketClock.ticket == ticket, TicketClock.breached_at.is_null(False)).exists()


def test_a_worker_that_stops_in_the_middle_is_followed_by_one_that_goes_on(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recomputing, "BATCH", 4)
    for _ in range(5):
        opened()
    set_day(date(2026, 11, 23), is_working=False)
    assert recomputing._next_batch(MONDAY) == 4
    found = recomputing.progress()
    assert (found.done, found.total, found.is_under_way) == (4, 20, True)
    assert recomputing.follow(MONDAY) == 16
    assert_open_clocks_are_right()


def test_a_second_round_finds_what_was_opened_by_the_old_calendar_meanwhile(database: Database) -> None:
    set_day(date(2026, 11, 23), is_working=False)
    recomputing.follow(MONDAY)
    ticket = opened()
    TicketClock.update(due_at=MONDAY).where(TicketClock.ticket == ticket).execute()
    assert recomputing.follow(MONDAY + timedelta(seconds=30)) == 0
    recomputing.follow(MONDAY + timedelta(minutes=1))
    assert_open_clocks_are_right()
    assert recomputing.follow(MONDAY + timedelta(hours=1)) == 0
