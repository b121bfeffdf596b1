"""Clocks as rows: they start with the ticket, end with what is done, pause for the customer, come back with an undo."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from peewee import Database, IntegrityError

from app.core import db, known_settings, live
from app.core.types import Actor, system
from app.roster.models import CalendarDay, DaySource
from app.tickets import clocks, faults, moving, operations, orders
from app.tickets.models import ClockKind, ClockTarget, Priority, Ticket, TicketClock, TicketKind, TicketSource, TicketStatus
from app.tickets.reasons import AlarmReason
from app.tickets.states import Outcome
from tests import factories
from tests.personas import actor_of, make_user

MONDAY = datetime(2026, 11, 23, 1, tzinfo=UTC)  # nine o'clock in Shanghai
HOUR = timedelta(hours=1)
BY = system("test")
ANSWER, DISPATCH, ARRIVAL, REPAIR = ClockKind.ANSWER, ClockKind.DISPATCH, ClockKind.ARRIVAL, ClockKind.REPAIR
S = TicketStatus


@pytest.fixture
def deputy(database: Database) -> Actor:
    """A person: what the program does cannot be taken back."""
    return actor_of(make_user("deputy"))


def opened(**values: Any) -> Ticket:
    defaults = {
        "source": TicketSource.HOTLINE, "kind": TicketKind.FAULT_REPORT, "priority": Priority.CRITICAL, "title": "Pump",
        "at": MONDAY, "caller_name": "Wu",
    }  # fmt: skip
    return operations.open_ticket(by=BY, **defaults | values)


def go(ticket: Ticket, to: TicketStatus, at: datetime, by: Actor = BY) -> None:
    moving.change_status(by=by, ticket=ticket, to=to, version=ticket.version, reason="so", at=at)


def rows(ticket: Ticket) -> dict[str, TicketClock]:
    """The last clock of each kind."""
    return {row.kind: row for row in TicketClock.select().where(TicketClock.ticket == ticket).order_by(TicketClock.id)}


def running(ticket: Ticket) -> set[str]:
    return {kind for kind, row in rows(ticket).items() if row.met_at is None and row.stopped_at is None}


def due(ticket: Ticket) -> datetime | None:
    return Ticket.get_by_id(ticket.id).due_at


def test_it_works(database: Database) -> None:
    ticket = opened()
    assert running(ticket) == {ANSWER, DISPATCH, ARRIVAL, REPAIR}
    assert due(ticket) == rows(ticket)[ANSWER].due_at == MONDAY + HOUR / 4
    assert rows(ticket)[ARRIVAL].due_at == MONDAY + 4 * HOUR
    assert rows(ticket)[ARRIVAL].next_look_at == MONDAY + 3 * HOUR


def test_each_step_of_the_work_meets_its_clock_and_the_next_deadline_is_the_tickets(database: Database) -> None:
    ticket = opened()
    go(ticket, S.WAITING_DISPATCH, MONDAY + timedelta(minutes=5))
    assert rows(ticket)[ANSWER].met_at == MONDAY + timedelta(minutes=5)
    assert due(ticket) == rows(ticket)[DISPATCH].due_at
    with db.transaction():
        orders.went_out(by=BY, ticket_id=ticket.id, at=MONDAY + timedelta(minutes=20))
    assert due(ticket) == rows(ticket)[ARRIVAL].due_at
    with db.transaction():
        orders.came_back(by=BY, ticket_id=ticket.id, at=MONDAY + 5 * HOUR, is_done=True)
    assert rows(ticket)[ARRIVAL].met_at == rows(ticket)[REPAIR].met_at == MONDAY + 5 * HOUR
    assert running(ticket) == set()
    assert due(ticket) is None


def test_a_call_that_goes_straight_to_dispatch_was_answered(database: Database) -> None:
    assert running(opened(outcome=Outcome.DISPATCH)) == {DISPATCH, ARRIVAL, REPAIR}


def test_what_was_solved_on_the_phone_and_what_is_imported_runs_no_clock(database: Database) -> None:
    assert rows(opened(outcome=Outcome.SOLVED, solution="reset")) == {}
    assert rows(opened(source=TicketSource.IMPORT)) == {}


def test_a_complaint_solved_on_the_phone_was_answered_then(database: Database) -> None:
    """What solved it was said to the customer (5-06), and nobody else has to answer for it."""
    ticket = opened(kind=TicketKind.COMPLAINT, outcome=Outcome.SOLVED, solution="said sorry")
    assert running(ticket) == set()
    assert due(ticket) is None


def test_waiting_for_the_customer_pauses_and_going_on_moves_the_deadlines(database: Database) -> None:
    ticket = opened()
    go(ticket, S.WAITING_CUSTOMER, MONDAY + HOUR)
    assert due(ticket) == rows(ticket)[DISPATCH].due_at  # passed before the pause: it stays late
    assert rows(ticket)[ARRIVAL].due_at is None
    assert rows(ticket)[ARRIVAL].next_look_at is None
    go(ticket, S.WAITING_DISPATCH, MONDAY + 11 * HOUR)
    assert rows(ticket)[ARRIVAL].due_at == MONDAY + 14 * HOUR
    assert rows(ticket)[REPAIR].due_at == MONDAY + 34 * HOUR


def test_cancelling_stops_every_clock(database: Database) -> None:
    ticket = opened()
    go(ticket, S.CANCELLED, MONDAY + HOUR)
    assert {row.stopped_at for row in rows(ticket).values()} == {MONDAY + HOUR}
    assert due(ticket) is None


def test_opening_again_starts_new_clocks_and_keeps_the_old_ones(database: Database) -> None:
    ticket = opened()
    go(ticket, S.RESOLVED, MONDAY + HOUR)
    go(ticket, S.TRIAGED, MONDAY + 48 * HOUR)
    assert running(ticket) == {DISPATCH, ARRIVAL, REPAIR}
    assert rows(ticket)[REPAIR].due_at == MONDAY + 72 * HOUR
    assert TicketClock.select().where(TicketClock.ticket == ticket, TicketClock.kind == REPAIR).count() == 2


def test_taking_a_change_back_lets_the_clocks_run_on(deputy: Actor) -> None:
    ticket = opened()
    before = {kind: row.due_at for kind, row in rows(ticket).items()}
    go(ticket, S.RESOLVED, MONDAY + HOUR, by=deputy)
    moving.undo(by=deputy, ticket=ticket, version=ticket.version, at=MONDAY + 2 * HOUR)
    assert running(ticket) == {ANSWER, DISPATCH, ARRIVAL, REPAIR}
    assert {kind: row.due_at for kind, row in rows(ticket).items()} == before
    assert TicketClock.select().where(TicketClock.ticket == ticket).count() == 4


def test_taking_an_opening_back_stops_what_it_started(deputy: Actor) -> None:
    ticket = opened()
    go(ticket, S.RESOLVED, MONDAY + HOUR)
    go(ticket, S.TRIAGED, MONDAY + 5 * HOUR, by=deputy)
    moving.undo(by=deputy, ticket=ticket, version=ticket.version, at=MONDAY + 5.5 * HOUR)
    assert running(ticket) == set()
    assert rows(ticket)[REPAIR].stopped_at == MONDAY + 5.5 * HOUR


def test_another_priority_gives_the_running_clocks_another_time_from_their_start(database: Database) -> None:
    ticket = opened(priority=Priority.HIGH)
    assert rows(ticket)[REPAIR].due_at == datetime(2026, 11, 26, 1, tzinfo=UTC)  # three working days
    operations.edit(by=BY, ticket=ticket, version=ticket.version, at=MONDAY + HOUR, priority=Priority.CRITICAL)
    assert rows(ticket)[REPAIR].due_at == MONDAY + 24 * HOUR
    assert due(ticket) == MONDAY + HOUR / 4


def test_another_kind_stops_what_does_not_belong_to_it_and_starts_what_does(database: Database) -> None:
    ticket = opened()
    operations.edit(by=BY, ticket=ticket, version=ticket.version, at=MONDAY + HOUR, kind=TicketKind.COMPLAINT)
    assert running(ticket) == {ANSWER, ClockKind.INTERNAL_ANSWER, ClockKind.CUSTOMER_ANSWER}
    assert rows(ticket)[ClockKind.CUSTOMER_ANSWER].due_at == MONDAY + 25 * HOUR


def test_a_graver_alarm_that_joins_tightens_the_clocks(database: Database) -> None:
    machine = factories.machine()
    reasons = [AlarmReason(code=code, name_zh=code, name_en=code, at=MONDAY, device="d", text="") for code in ("E04", "E05")]
    for reason, priority, at in zip(reasons, (Priority.LOW, Priority.CRITICAL), (MONDAY, MONDAY + HOUR / 6), strict=True):
        faults.for_fault(by=BY, machine=machine, family="E04", priority=priority, title="Oil", reason=reason, at=at)
    ticket = Ticket.get()
    assert rows(ticket)[ANSWER].due_at == MONDAY + HOUR / 4


def test_a_target_that_was_set_takes_the_place_of_the_default(database: Database) -> None:
    with db.transaction():
        for clock, minutes in ((ANSWER, 7), (REPAIR, None)):
            ClockTarget.create(
                ticket_kind=TicketKind.FAULT_REPORT, priority=Priority.CRITICAL, clock=clock, minutes=minutes, is_round_the_clock=True
            )
        live.touch(clocks.TARGETS)
    ticket = opened()
    assert running(ticket) == {ANSWER, DISPATCH, ARRIVAL}
    assert due(ticket) == MONDAY + timedelta(minutes=7)


def test_no_target_softens_the_two_answers_of_a_complaint(database: Database) -> None:
    with db.transaction():
        ClockTarget.create(
            ticket_kind=TicketKind.COMPLAINT, priority=Priority.LOW, clock=ClockKind.CUSTOMER_ANSWER, minutes=None, is_round_the_clock=False
        )
        live.touch(clocks.TARGETS)
    ticket = opened(kind=TicketKind.COMPLAINT, priority=Priority.LOW)
    assert rows(ticket)[ClockKind.CUSTOMER_ANSWER].due_at == MONDAY + 24 * HOUR


def test_a_changed_calendar_is_seen_by_the_next_ticket(database: Database) -> None:
    assert due(opened(priority=Priority.HIGH)) == MONDAY + HOUR / 2
    with db.transaction():
        CalendarDay.create(day=date(2026, 11, 23), is_working=False, name="放假", source=DaySource.HAND)
        live.touch("calendar")
    assert due(opened(priority=Priority.HIGH)) == datetime(2026, 11, 24, 1, tzinfo=UTC)
    known_settings.change(by=BY, values={"working_hours": "10:00-12:00"})
    assert due(opened(priority=Priority.HIGH)) == datetime(2026, 11, 24, 2, 30, tzinfo=UTC)


def test_a_ticket_has_one_running_clock_of_a_kind(database: Database) -> None:
    ticket = opened()
    with pytest.raises(IntegrityError), db.transaction():
        TicketClock.create(ticket=ticket, kind=REPAIR, started_at=MONDAY, target_minutes=5, is_round_the_clock=True)


def test_meeting_a_clock_that_does_not_run_changes_nothing(database: Database) -> None:
    ticket = opened(outcome=Outcome.DISPATCH)
    with db.transaction():
        clocks.meet(ticket, ANSWER, MONDAY + HOUR)
    assert running(ticket) == {DISPATCH, ARRIVAL, REPAIR}
