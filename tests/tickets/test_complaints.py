"""Complaints: forwarded at once, answered twice within 24 hours, closed only when nothing is missing (1E-01, 1E-02, 5-05..07)."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from peewee import Database

from app.accounts.models import Notice, Role, User
from app.core.errors import Conflict, Invalid, NotAllowed, NotFound
from app.core.outbox import OutboxMessage
from app.core.types import Actor
from app.tickets import complaints, moving, operations
from app.tickets.complaints import Assessment
from app.tickets.models import (
    CauseClass,
    ClockKind,
    Complaint,
    ComplaintReply,
    Priority,
    ReplyTo,
    Ticket,
    TicketClock,
    TicketKind,
    TicketSource,
    TicketStatus,
)
from app.tickets.states import Outcome
from tests import factories
from tests.personas import People, actor_of, people

AT = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
WHOLE = Assessment(cause=CauseClass.ATTITUDE, is_justified=False)


@pytest.fixture
def who(database: Database) -> People:
    return people()


@pytest.fixture
def clerk(who: People) -> Actor:
    return actor_of(who.chen)


def complain(by: Actor, **values: Any) -> Ticket:
    given: dict[str, Any] = {
        "source": TicketSource.HOTLINE, "kind": TicketKind.COMPLAINT, "priority": Priority.HIGH, "title": "三次维修仍漏油",
        "caller_name": "王站长", "at": AT,
    }  # fmt: skip
    return operations.open_ticket(by=by, **given | values)


def running(ticket: Ticket) -> set[str]:
    rows = TicketClock.select().where(TicketClock.ticket == ticket, TicketClock.met_at.is_null(), TicketClock.stopped_at.is_null())
    return {row.kind for row in rows} & {ClockKind.INTERNAL_ANSWER, ClockKind.CUSTOMER_ANSWER}


def told(user: User) -> int:
    return Notice.select().where(Notice.user == user).count()


def version(ticket: Ticket) -> int:
    return Complaint.get(Complaint.ticket == ticket).version


def assess(by: Actor, ticket: Ticket, found: Assessment = WHOLE) -> None:
    complaints.assess(by=by, ticket=ticket, version=version(ticket), found=found)


def close(by: Actor, ticket: Ticket) -> None:
    for to in (TicketStatus.RESOLVED, TicketStatus.CLOSED):
        present = Ticket.get_by_id(ticket.id)
        if present.status != to:
            moving.change_status(by=by, ticket=present, to=to, version=present.version)


def test_it_works(clerk: Actor, who: People) -> None:
    User.update(email="zhao@works.example").where(User.id == who.zhao.id).execute()
    ticket = complain(clerk)
    complaint = complaints.of_ticket(ticket)
    assert complaint is not None
    assert (complaint.responsible, complaint.forwarded_at) == (who.zhao, AT)
    assert running(ticket) == {ClockKind.INTERNAL_ANSWER, ClockKind.CUSTOMER_ANSWER}
    assert told(who.zhao) == 1
    mail = OutboxMessage.get()
    assert mail.recipient == "zhao@works.example"
    assert mail.subject.startswith(f"[{ticket.number}]")
    assert "2026-11-24 16:00" in mail.body  # 24 hours later, in Shanghai


def test_the_manager_of_its_area_answers_for_a_complaint(clerk: Actor, who: People) -> None:
    ticket = complain(clerk, machine=factories.machine(area=who.north))
    assert Complaint.get(Complaint.ticket == ticket).responsible == who.area_manager
    ticket = complain(clerk, machine=factories.machine(area=who.south))
    assert Complaint.get(Complaint.ticket == ticket).responsible == who.zhao


def test_who_was_chosen_answers_for_it(clerk: Actor, who: People) -> None:
    assert Complaint.get(Complaint.ticket == complain(clerk, responsible=who.sun)).responsible == who.sun


def test_a_major_complaint_reaches_the_manager_at_once(clerk: Actor, who: People) -> None:
    complain(clerk)
    assert told(who.liu) == 0
    complain(clerk, is_major=True)
    assert told(who.liu) == 1


def test_a_complaint_that_becomes_major_reaches_the_manager_then(clerk: Actor, who: People) -> None:
    ticket = complain(clerk)
    operations.edit(by=clerk, ticket=ticket, version=ticket.version, is_major=True, at=AT)
    assert told(who.liu) == 1


def test_a_ticket_that_turns_out_to_be_a_complaint_becomes_one(clerk: Actor, who: People) -> None:
    ticket = complain(clerk, kind=TicketKind.ENQUIRY)
    assert complaints.of_ticket(ticket) is None
    operations.edit(by=clerk, ticket=ticket, version=ticket.version, kind=TicketKind.COMPLAINT, at=AT)
    assert complaints.of_ticket(ticket) is not None
    assert running(ticket) == {ClockKind.INTERNAL_ANSWER, ClockKind.CUSTOMER_ANSWER}


def test_solved_on_the_phone_the_customer_has_been_answered(clerk: Actor, who: People) -> None:
    ticket = complain(clerk, outcome=Outcome.SOLVED, solution="已解释收费标准,客户接受。")
    assert running(ticket) == set()
    assert ComplaintReply.get().reply_to == ReplyTo.CUSTOMER
    assert complaints.NO_ANSWER not in complaints.lacking(Complaint.get())


def test_old_records_start_no_complaint(clerk: Actor, who: People) -> None:
    complain(clerk, source=TicketSource.IMPORT)
    assert (Complaint.select().count(), Notice.select().count()) == (0, 0)


def test_the_answers_end_their_own_clock_and_no_other(clerk: Actor, who: People) -> None:
    ticket = complain(clerk, responsible=who.li)
    complaints.answer_centre(by=actor_of(who.li), ticket=ticket, text="油封装反,已更换。", at=AT + timedelta(hours=2))
    assert running(ticket) == {ClockKind.CUSTOMER_ANSWER}
    assert told(who.chen) == 1
    complaints.answer_customer(by=clerk, ticket=ticket, text="已电话告知。", at=AT + timedelta(hours=3))
    assert running(ticket) == set()


def test_the_first_answer_counts_and_later_ones_stay_in_the_log(clerk: Actor, who: People) -> None:
    ticket = complain(clerk)
    for hours in (1, 5):
        complaints.answer_customer(by=clerk, ticket=ticket, text="已告知。", at=AT + timedelta(hours=hours))
    assert Complaint.get().customer_answered_at == AT + timedelta(hours=1)
    assert ComplaintReply.select().count() == 2


def test_nobody_else_answers(clerk: Actor, who: People) -> None:
    ticket = complain(clerk, responsible=who.li)
    for answer in (complaints.answer_centre, complaints.answer_customer):
        with pytest.raises(NotAllowed):
            answer(by=actor_of(who.wang), ticket=ticket, text="x")
        with pytest.raises(Invalid):
            answer(by=clerk, ticket=ticket, text="  ")


@pytest.mark.parametrize(
    ("found", "is_answered", "missing"),
    [
        (WHOLE, False, complaints.NO_ANSWER),
        (replace(WHOLE, cause=None), True, complaints.NO_CAUSE),
        (replace(WHOLE, is_justified=None), True, complaints.NO_VERDICT),
        (replace(WHOLE, is_justified=True), True, complaints.NO_MEASURE),
    ],
)
def test_it_cannot_be_closed_while_something_is_missing(
    clerk: Actor, who: People, found: Assessment, is_answered: bool, missing: str
) -> None:
    ticket = complain(clerk)
    assess(clerk, ticket, found)
    if is_answered:
        complaints.answer_customer(by=clerk, ticket=ticket, text="已告知。")
    with pytest.raises(Conflict, match=missing):
        close(clerk, ticket)
    assert Ticket.get_by_id(ticket.id).status == TicketStatus.RESOLVED


def test_it_is_closed_when_nothing_is_missing(clerk: Actor, who: People) -> None:
    ticket = complain(clerk)
    measure = replace(WHOLE, is_justified=True, measure="装配线加装油封检查", measure_owner=who.sun, measure_due_on=date(2026, 12, 1))
    assess(clerk, ticket, measure)
    complaints.answer_customer(by=clerk, ticket=ticket, text="已告知。")
    close(clerk, ticket)
    assert Ticket.get_by_id(ticket.id).status == TicketStatus.CLOSED


def test_what_closing_needed_cannot_be_taken_away_afterwards(clerk: Actor, who: People) -> None:
    ticket = complain(clerk)
    assess(clerk, ticket)
    complaints.answer_customer(by=clerk, ticket=ticket, text="已告知。")
    close(clerk, ticket)
    with pytest.raises(Conflict, match=complaints.NO_CAUSE):
        assess(clerk, ticket, replace(WHOLE, cause=None))
    assess(clerk, ticket, replace(WHOLE, cause=CauseClass.CHARGES))
    assert Complaint.get().cause == CauseClass.CHARGES


def test_a_measure_needs_an_owner_and_a_date(clerk: Actor, who: People) -> None:
    ticket = complain(clerk)
    with pytest.raises(Invalid) as refusal:
        assess(clerk, ticket, replace(WHOLE, is_justified=True, measure="培训"))
    assert set(refusal.value.fields) == {"measure_owner", "measure_due_on"}


def test_its_owner_is_told_and_reports_it_done_once(clerk: Actor, who: People) -> None:
    ticket = complain(clerk)
    assess(clerk, ticket, replace(WHOLE, is_justified=True, measure="培训", measure_owner=who.sun, measure_due_on=date(2026, 12, 1)))
    assert told(who.sun) == 1
    with pytest.raises(NotAllowed):
        complaints.finish_measure(by=actor_of(who.li), ticket=ticket, version=version(ticket))
    complaints.finish_measure(by=actor_of(who.sun), ticket=ticket, version=version(ticket))
    with pytest.raises(Conflict):
        complaints.finish_measure(by=clerk, ticket=ticket, version=version(ticket))


def test_another_person_takes_over_with_a_reason_and_is_told(clerk: Actor, who: People) -> None:
    ticket = complain(clerk)
    with pytest.raises(Invalid):
        complaints.reassign(by=clerk, ticket=ticket, version=1, responsible=who.li, reason=" ")
    with pytest.raises(Invalid):
        complaints.reassign(by=clerk, ticket=ticket, version=1, responsible=who.disabled, reason="出差")
    complaints.reassign(by=clerk, ticket=ticket, version=1, responsible=who.li, reason="熟悉现场")
    assert told(who.li) == 1
    with pytest.raises(Conflict):
        complaints.reassign(by=clerk, ticket=ticket, version=1, responsible=who.wang, reason="又改")
    assert Complaint.get().responsible == who.li


def test_two_people_assess_and_the_second_is_told(clerk: Actor, who: People) -> None:
    ticket = complain(clerk)
    complaints.assess(by=clerk, ticket=ticket, version=1, found=WHOLE)
    with pytest.raises(Conflict):
        complaints.assess(by=actor_of(who.zhao), ticket=ticket, version=1, found=WHOLE)


def test_other_tickets_are_no_complaints(clerk: Actor, who: People) -> None:
    ticket = complain(clerk, kind=TicketKind.ENQUIRY)
    with pytest.raises(NotFound):
        complaints.answer_customer(by=clerk, ticket=ticket, text="x")
    close(clerk, ticket)
    assert Ticket.get_by_id(ticket.id).status == TicketStatus.CLOSED


def test_who_may_not_handle_complaints_does_not(clerk: Actor, who: People) -> None:
    ticket = complain(clerk, responsible=who.li)
    with pytest.raises(NotAllowed):
        complaints.assess(by=actor_of(who.li), ticket=ticket, version=1, found=WHOLE)
    with pytest.raises(NotAllowed):
        complaints.reassign(by=actor_of(who.li), ticket=ticket, version=1, responsible=who.wang, reason="x")
    assert Role.TECHNICIAN in actor_of(who.li).roles
