"""Warnings and escalations: by roster, each once, whatever becomes of the worker, its twin and the host's clock."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
from peewee import Database

from app.accounts.models import Notice, Role, User
from app.core import clock, db, spoken
from app.core.outbox import OutboxMessage
from app.core.types import system
from app.roster.models import DutyShift, Presence, PresenceState
from app.tickets import clocks, escalation, operations
from app.tickets.models import ClockKind, Complaint, Priority, Ticket, TicketClock, TicketKind, TicketSource, TicketStatus
from app.web import i18n
from tests.personas import make_user
from tests.tickets.test_clocks import MONDAY, go

MINUTE = timedelta(minutes=1)


@pytest.fixture
def line(database: Database) -> dict[str, User]:
    """Clerk, deputy and manager."""
    return {role: make_user(role, name=role) for role in ("clerk", "deputy", "manager")}


def opened(kind: TicketKind = TicketKind.FAULT_REPORT, at: datetime = MONDAY) -> Ticket:
    """A critical ticket: its answer is due after 15 minutes, the dispatch after 30."""
    words = {"source": TicketSource.HOTLINE, "title": "Pump", "caller_name": "Wu"}
    return operations.open_ticket(by=system("test"), kind=kind, priority=Priority.CRITICAL, at=at, **words)  # type: ignore[arg-type]


def only(ticket: Ticket, kind: ClockKind) -> None:
    with db.transaction():
        clocks.stop(ticket, MONDAY, [other for other in ClockKind if other != kind])


def told(user: User) -> list[tuple[str, bool]]:
    """What ``user`` was told: which message, and whether it is urgent."""
    steps = {words: step.name for step, words in escalation.WORDS.items()}
    return [(steps[row.message], row.is_urgent) for row in Notice.select().where(Notice.user == user).order_by(Notice.id)]


def test_it_works(line: dict[str, User]) -> None:
    only(opened(), ClockKind.ANSWER)
    assert escalation.look(MONDAY + 11 * MINUTE) == 0
    assert escalation.look(MONDAY + 12 * MINUTE) == 1
    assert told(line["clerk"]) == [("WARNED", False)]
    escalation.look(MONDAY + 15 * MINUTE)
    assert told(line["clerk"]) == [("WARNED", False), ("LATE", True)]
    assert (told(line["deputy"]), told(line["manager"])) == ([], [])


def test_what_nobody_deals_with_goes_to_the_deputy_and_then_to_the_manager(line: dict[str, User]) -> None:
    ticket = opened()
    only(ticket, ClockKind.ANSWER)
    for minutes in range(0, 120, 5):
        escalation.look(MONDAY + minutes * MINUTE)
    assert told(line["deputy"]) == [("DEPUTY", True)]
    assert told(line["manager"]) == [("MANAGER", True)]
    assert told(line["clerk"]) == [("LATE", True)]
    row = TicketClock.get(TicketClock.ticket == ticket, TicketClock.kind == ClockKind.ANSWER)
    assert (row.warned_at, row.breached_at, row.escalated, row.next_look_at) == (MONDAY + 15 * MINUTE, MONDAY + 15 * MINUTE, 2, None)


def test_a_clock_that_was_met_is_not_spoken_of_any_more(line: dict[str, User]) -> None:
    ticket = opened()
    go(ticket, TicketStatus.CANCELLED, MONDAY + 12 * MINUTE)
    assert escalation.look(MONDAY + timedelta(days=3)) == 0


def test_a_ticket_that_waits_for_its_customer_is_not_spoken_of(line: dict[str, User]) -> None:
    go(opened(), TicketStatus.WAITING_CUSTOMER, MONDAY + MINUTE)
    assert escalation.look(MONDAY + timedelta(days=3)) == 0


def test_a_worker_that_was_away_says_each_step_once_and_no_warning_that_came_too_late(line: dict[str, User]) -> None:
    only(opened(), ClockKind.ANSWER)
    for _restart in range(3):
        escalation.look(MONDAY + timedelta(days=2))
    assert told(line["clerk"]) == [("LATE", True)]
    assert told(line["deputy"]) == [("DEPUTY", True)]
    assert told(line["manager"]) == [("MANAGER", True)]


def test_a_worker_killed_before_its_commit_has_said_nothing_and_the_next_one_says_it(
    line: dict[str, User], monkeypatch: pytest.MonkeyPatch
) -> None:
    only(opened(), ClockKind.ANSWER)

    class Killed(BaseException):
        pass

    def die(name: str) -> None:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(escalation.live, "touch", die)
        with pytest.raises(Killed):
            escalation.look(MONDAY + 15 * MINUTE)
    assert (Notice.select().count(), OutboxMessage.select().count()) == (0, 0)
    escalation.look(MONDAY + 15 * MINUTE)
    assert told(line["clerk"]) == [("LATE", True)]


def test_two_workers_at_once_tell_everybody_once(line: dict[str, User]) -> None:
    for number in range(120):
        opened(at=MONDAY + timedelta(seconds=number))
    gate, found = threading.Barrier(2), []

    def work() -> None:
        gate.wait()
        found.append(escalation.look(MONDAY + 20 * MINUTE))
        db.drop_connection()

    workers = [threading.Thread(target=work) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert sum(found) == 120
    assert told(line["clerk"]) == [("LATE", True)] * 120


def test_who_has_the_shift_is_told_and_who_has_not_sleeps(line: dict[str, User]) -> None:
    on_shift = make_user("clerk")
    with db.transaction():
        DutyShift.create(user=on_shift, role=Role.CLERK, starts_at=MONDAY, ends_at=MONDAY + timedelta(hours=8))
    only(opened(), ClockKind.ANSWER)
    escalation.look(MONDAY + 15 * MINUTE)
    assert told(on_shift) == [("LATE", True)]
    assert told(line["clerk"]) == []


def test_who_is_on_leave_is_told_only_when_nobody_else_holds_the_role(line: dict[str, User]) -> None:
    other = make_user("deputy")
    with db.transaction():
        Presence.create(user=other, state=PresenceState.LEAVE, from_at=MONDAY, by_name="x")
        Presence.create(user=line["manager"], state=PresenceState.LEAVE, from_at=MONDAY, by_name="x")
    only(opened(), ClockKind.ANSWER)
    escalation.look(MONDAY + timedelta(hours=3))
    assert told(other) == []
    assert told(line["deputy"]) == [("DEPUTY", True)]
    assert told(line["manager"]) == [("MANAGER", True)]


def test_the_responsible_person_of_a_complaint_is_told_of_the_answer_that_is_owed(line: dict[str, User]) -> None:
    technician = make_user("technician")
    ticket = opened(TicketKind.COMPLAINT)
    with db.transaction():
        row, _made = Complaint.get_or_create(ticket=ticket)
        Complaint.update(responsible=technician).where(Complaint.id == row.id).execute()
    escalation.look(MONDAY + timedelta(hours=24))
    assert ("LATE", True) in told(technician)
    assert Notice.select().where(Notice.user == technician, Notice.params.contains("customer_answer")).count() == 0


def test_urgent_words_also_go_by_mail_in_the_persons_language_once(line: dict[str, User]) -> None:
    User.update(email="deputy@example.com", locale="en").where(User.id == line["deputy"].id).execute()
    OutboxMessage.delete().execute()
    first, second = opened(), opened()
    for ticket in (first, second):
        only(ticket, ClockKind.ANSWER)
    for _again in range(2):
        escalation.look(MONDAY + timedelta(hours=1))
    mail = OutboxMessage.get(OutboxMessage.recipient == "deputy@example.com")
    assert OutboxMessage.select().where(OutboxMessage.recipient == "deputy@example.com").count() == 1
    assert mail.subject == f"Overdue: {first.number} and 1 more"
    assert f"{second.number}: First answer is overdue since 2026-11-23 09:15" in mail.body


def test_a_deadline_that_was_moved_and_missed_again_is_spoken_of_again(line: dict[str, User]) -> None:
    ticket = opened()
    only(ticket, ClockKind.ANSWER)
    escalation.look(MONDAY + 15 * MINUTE)
    operations.edit(by=system("test"), ticket=ticket, version=ticket.version, at=MONDAY + 16 * MINUTE, priority=Priority.LOW)
    row = TicketClock.get(TicketClock.ticket == ticket, TicketClock.kind == ClockKind.ANSWER)
    assert (row.breached_at, row.warned_at, row.due_at) == (None, None, MONDAY + timedelta(hours=1))
    escalation.look(MONDAY + timedelta(hours=1))
    assert told(line["clerk"]) == [("LATE", True)] * 2


def test_thousands_that_are_due_at_once_go_in_short_transactions(line: dict[str, User], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(escalation, "BATCH", 10)
    for _ in range(25):
        opened()
    sizes = []
    original = escalation._say
    monkeypatch.setattr(escalation, "_say", lambda rows, at: (sizes.append(len(rows)), original(rows, at)))
    assert escalation.look(MONDAY + 12 * MINUTE) == 25
    assert sizes == [10, 10, 5]


def test_nothing_is_said_while_the_hosts_clock_jumps() -> None:
    guard, at = clock.StepGuard(), datetime(2026, 11, 23, tzinfo=UTC)
    assert guard.is_steady(at, 0)
    assert guard.is_steady(at + timedelta(seconds=10), 10)
    assert not guard.is_steady(at + timedelta(days=300), 20)
    assert not guard.is_steady(at + timedelta(seconds=30), 30)
    assert not guard.is_steady(at + timedelta(seconds=200), 200)
    assert guard.is_steady(at + timedelta(seconds=340), 340)


def test_mails_speak_chinese_unless_the_person_wants_english() -> None:
    i18n.compile_catalogues(i18n.TRANSLATIONS)
    assert spoken.say("en", escalation.SUBJECT, numbers="T1") == "Overdue: T1"
    assert spoken.say(None, escalation.SUBJECT, numbers="T1") == "超时：T1"
