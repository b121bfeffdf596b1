"""What is done to tickets is done once, by those who may, and stands in the history."""

import threading
from datetime import timedelta

import pytest

from app.accounts.models import Role
from app.core import clock, db, history, live
from app.core.errors import Conflict, Invalid, NotAllowed
from app.core.history import HistoryEntry
from app.core.types import Actor, system
from app.tickets import moving, operations, states
from app.tickets.models import (
    HotlineRecord,
    Priority,
    Ticket,
    TicketFault,
    TicketKind,
    TicketNote,
    TicketSource,
    TicketStatus,
    TicketTransition,
)
from app.tickets.states import Outcome
from tests import factories
from tests.personas import actor_of, make_area, make_user

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def chen() -> Actor:
    return actor_of(make_user(Role.CLERK, name="陈文员"))


def opened(by: Actor, **values: object) -> Ticket:
    defaults = {
        "source": TicketSource.HOTLINE,
        "kind": TicketKind.FAULT_REPORT,
        "priority": Priority.HIGH,
        "title": "液压站漏油",
        "customer": None if "machine" in values else factories.customer(),
    }
    return operations.open_ticket(by=by, **(defaults | values))


def moved(by: Actor, ticket: Ticket, *targets: TicketStatus) -> Ticket:
    for target in targets:
        moving.change_status(by=by, ticket=ticket, to=target, version=ticket.version, reason="重新处理")
    return ticket


def test_it_works(chen: Actor) -> None:
    machine = factories.machine(area=make_area())
    ticket = Ticket.get_by_id(opened(chen, machine=machine).id)
    assert (ticket.status, ticket.is_open, ticket.customer, ticket.area) == ("new", True, machine.customer, machine.area)


def test_a_ticket_from_monitoring_must_be_verified_first() -> None:
    assert opened(system("monitoring"), source=TicketSource.MONITORING).status == TicketStatus.TO_VERIFY


def test_a_form_sent_twice_opens_one_ticket(chen: Actor) -> None:
    assert opened(chen, form_token="t1") == opened(chen, form_token="t1")
    assert Ticket.select().count() == 1


def test_a_form_sent_twice_at_once_opens_one_ticket(chen: Actor) -> None:
    customer, found = factories.customer(), []
    barrier = threading.Barrier(2)

    def send() -> None:
        barrier.wait()
        found.append(opened(chen, form_token="t1", customer=customer).number)
        db.drop_connection()

    threads = [threading.Thread(target=send) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 2
    assert len(set(found)) == 1
    assert Ticket.select().count() == 1


def test_a_refused_ticket_uses_no_number(chen: Actor) -> None:
    with pytest.raises(Invalid):
        opened(chen, title=" ")
    assert opened(chen).number.endswith("-0001")


def test_a_ticket_names_a_machine_or_a_customer(chen: Actor) -> None:
    with pytest.raises(Invalid) as refusal:
        opened(chen, customer=None)
    assert "machine" in refusal.value.fields


def test_who_may_not_open_opens_nothing() -> None:
    with pytest.raises(NotAllowed):
        opened(actor_of(make_user(Role.QUALITY)))


def test_every_change_of_state_is_a_row_and_stands_in_the_history(chen: Actor) -> None:
    ticket = moved(chen, opened(chen), TicketStatus.TRIAGED, TicketStatus.RESOLVED, TicketStatus.CLOSED)
    rows = [(row.from_status, row.to_status, row.by_name) for row in ticket.transitions.order_by(TicketTransition.id)]
    assert rows == [
        (None, "new", "陈文员"),
        ("new", "triaged", "陈文员"),
        ("triaged", "resolved", "陈文员"),
        ("resolved", "closed", "陈文员"),
    ]
    assert [entry.action for entry in HistoryEntry.select()] == ["ticket.opened", "ticket.moved", "ticket.moved", "ticket.moved"]
    assert history.verify().problem is None


def test_every_change_counts_for_live_screens(chen: Actor) -> None:
    ticket = opened(chen)
    before = live.version("tickets")
    operations.add_note(by=chen, ticket=ticket, text="已回电")
    moved(chen, ticket, TicketStatus.TRIAGED)
    assert live.version("tickets") == before + 2


def test_a_stale_page_changes_nothing(chen: Actor) -> None:
    ticket = opened(chen)
    stale = Ticket.get_by_id(ticket.id)
    moved(chen, ticket, TicketStatus.TRIAGED)
    with pytest.raises(Conflict) as refusal:
        moving.change_status(by=chen, ticket=stale, to=TicketStatus.CANCELLED, version=stale.version, reason="误报")
    assert refusal.value.params["status"] == "triaged"
    assert Ticket.get_by_id(ticket.id).status == "triaged"


@pytest.mark.parametrize("target", [TicketStatus.NEW, TicketStatus.CLOSED, TicketStatus.MERGED, TicketStatus.TO_VERIFY])
def test_no_step_can_be_skipped(chen: Actor, target: TicketStatus) -> None:
    ticket = opened(chen)
    with pytest.raises(Conflict):
        moving.change_status(by=chen, ticket=ticket, to=target, version=ticket.version, reason="x")


def test_cancelling_needs_a_reason(chen: Actor) -> None:
    ticket = opened(chen)
    with pytest.raises(Invalid) as refusal:
        moving.change_status(by=chen, ticket=ticket, to=TicketStatus.CANCELLED, version=ticket.version, reason="  ")
    assert "reason" in refusal.value.fields


def test_a_finished_ticket_opens_again_within_30_days(chen: Actor) -> None:
    ticket = moved(chen, opened(chen), TicketStatus.RESOLVED)
    late = ticket.resolved_at + states.REOPEN_BY_HAND_WITHIN + timedelta(milliseconds=1)
    with pytest.raises(Conflict):
        moving.change_status(by=chen, ticket=ticket, to=TicketStatus.TRIAGED, version=ticket.version, reason="又坏了", at=late)
    in_time = ticket.resolved_at + states.REOPEN_BY_HAND_WITHIN
    moving.change_status(by=chen, ticket=ticket, to=TicketStatus.TRIAGED, version=ticket.version, reason="又坏了", at=in_time)
    assert Ticket.get_by_id(ticket.id).resolved_at is None


def test_a_change_of_state_can_be_undone_once(chen: Actor) -> None:
    ticket = moved(chen, opened(chen), TicketStatus.RESOLVED)
    moving.undo(by=chen, ticket=ticket, version=ticket.version)
    assert (ticket.status, ticket.is_open) == ("new", True)
    with pytest.raises(Conflict):
        moving.undo(by=chen, ticket=ticket, version=ticket.version)


def test_nothing_is_undone_after_an_hour(chen: Actor) -> None:
    ticket = moved(chen, opened(chen), TicketStatus.RESOLVED)
    with pytest.raises(Conflict):
        moving.undo(by=chen, ticket=ticket, version=ticket.version, at=clock.now() + timedelta(minutes=61))


def test_the_opening_cannot_be_undone(chen: Actor) -> None:
    ticket = opened(chen)
    with pytest.raises(Conflict):
        moving.undo(by=chen, ticket=ticket, version=ticket.version)


def test_a_ticket_cannot_open_again_while_another_stands_for_its_fault(chen: Actor) -> None:
    machine = factories.machine()
    ticket = opened(chen, machine=machine)
    TicketFault.create(ticket=ticket, machine=machine, family="oil", is_open=True)
    moved(chen, ticket, TicketStatus.RESOLVED)
    TicketFault.create(ticket=opened(chen, machine=machine), machine=machine, family="oil", is_open=True)
    with pytest.raises(Conflict):
        moving.change_status(by=chen, ticket=ticket, to=TicketStatus.TRIAGED, version=ticket.version, reason="又坏了")
    assert Ticket.get_by_id(ticket.id).status == "resolved"
    assert history.verify().problem is None


def test_a_note_is_never_empty_and_can_be_left_on_a_closed_ticket(chen: Actor) -> None:
    ticket = moved(chen, opened(chen), TicketStatus.RESOLVED, TicketStatus.CLOSED)
    with pytest.raises(Invalid):
        operations.add_note(by=chen, ticket=ticket, text=" \n")
    operations.add_note(by=chen, ticket=ticket, text=" 已回访 ")
    assert [note.text for note in TicketNote.select()] == ["已回访"]


def test_changed_words_keep_the_old_ones_in_the_history(chen: Actor) -> None:
    ticket = opened(chen)
    operations.edit(by=chen, ticket=ticket, version=ticket.version, title="门锁不到位", kind=ticket.kind)
    last = HistoryEntry.select().order_by(HistoryEntry.id.desc()).first()
    assert (last.before, last.after) == ('{"title":"液压站漏油"}', '{"title":"门锁不到位"}')


def test_words_changed_by_two_are_changed_by_the_first(chen: Actor) -> None:
    ticket = opened(chen)
    operations.edit(by=chen, ticket=ticket, version=1, title="门锁不到位")
    with pytest.raises(Conflict):
        operations.edit(by=chen, ticket=Ticket.get_by_id(ticket.id), version=1, title="黑屏")


def test_the_three_buttons_of_the_intake_lead_to_three_states(chen: Actor) -> None:
    found = {
        outcome: (ticket.status, ticket.is_open, bool(ticket.resolved_at))
        for outcome in Outcome
        if (ticket := Ticket.get_by_id(opened(chen, outcome=outcome, solution="远程复位后恢复").id))
    }
    assert found == {
        Outcome.DISPATCH: ("waiting_dispatch", True, False),
        Outcome.SOLVED: ("resolved", False, True),
        Outcome.SAVE: ("new", True, False),
    }


def test_solved_on_the_phone_says_what_solved_it(chen: Actor) -> None:
    with pytest.raises(Invalid) as refusal:
        opened(chen, outcome=Outcome.SOLVED, solution=" ")
    assert "solution" in refusal.value.fields


def test_monitoring_cannot_skip_the_verification() -> None:
    ticket = opened(system("monitoring"), source=TicketSource.MONITORING, outcome=Outcome.DISPATCH)
    assert ticket.status == TicketStatus.TO_VERIFY


@pytest.mark.parametrize(
    ("source", "kind", "has_record"),
    [
        (TicketSource.HOTLINE, TicketKind.FAULT_REPORT, True),
        (TicketSource.HOTLINE, TicketKind.COMPLAINT, True),
        (TicketSource.HOTLINE, TicketKind.ENQUIRY, False),
        (TicketSource.WECHAT, TicketKind.FAULT_REPORT, False),
    ],
)
def test_a_400_call_for_a_repair_or_a_complaint_has_a_record(chen: Actor, source: TicketSource, kind: TicketKind, has_record: bool) -> None:
    called_at = clock.now() - timedelta(minutes=3)
    ticket = opened(chen, source=source, kind=kind, called_at=called_at)
    found = HotlineRecord.get_or_none(HotlineRecord.ticket == ticket)
    assert (found is not None) == has_record
    if found:
        assert (found.called_at, found.taken_by_name, found.signed_at) == (called_at, "陈文员", None)


def test_a_caller_nobody_knows_is_filed_all_the_same(chen: Actor) -> None:
    ticket = opened(chen, customer=None, caller_name="张师傅", caller_phone="13800001234")
    assert (ticket.customer, ticket.caller_phone) == (None, "13800001234")


def test_the_history_keeps_callers_only_as_digests(chen: Actor) -> None:
    opened(chen, caller_name="张师傅", caller_phone="13800001234")
    assert "13800001234" not in HistoryEntry.get().after
    assert history.verify().problem is None
