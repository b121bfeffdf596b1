"""Many machines fail in a short time: one parent ticket stands for all, and nothing is lost or doubled (monitoring §4; 2E-14 to 2E-16)."""

from datetime import UTC, datetime, timedelta

import pytest
from peewee import Database

from app.core import db, history
from app.core.types import system
from app.customers.models import Customer
from app.machines.models import Machine
from app.monitoring import storms
from app.monitoring.models import AlarmNotice, StormCause, TicketStorm
from app.tickets import faults, moving, parents, reasons
from app.tickets.faults import Outcome
from app.tickets.models import Priority, Ticket, TicketFault, TicketStatus
from app.tickets.reasons import AlarmReason
from tests import factories

AT = datetime(2026, 11, 23, 6, 5, tzinfo=UTC)
BY = system("monitoring")
MINUTE = timedelta(minutes=1)


def fail(machine: Machine, at: datetime = AT, code: str = "E04", priority: Priority = Priority.HIGH) -> Ticket:
    """What ticketing does with a raise."""
    reason = AlarmReason(code=code, name_zh="油温高", name_en="Oil temperature high", at=at)
    with db.transaction():
        said = {"priority": priority, "title": f"{code} 油温高", "reason": reason, "at": at}
        found = faults.for_fault(by=BY, machine=machine, family=code, beside=storms.child_of(machine, at), **said)
        if found.outcome == Outcome.OPENED:
            storms.opened(found.ticket, at)
        elif found.outcome == Outcome.REOPENED:
            storms.reopened(found.ticket, at)
    return found.ticket


def site(count: int, owner: Customer | None = None) -> list[Machine]:
    owner = owner or factories.customer()
    where = factories.site(customer=owner)
    return [factories.machine(customer=owner, site=where) for _ in range(count)]


def the_parent() -> Ticket:
    return TicketStorm.get().ticket


def children(parent: Ticket) -> int:
    return Ticket.select().where(Ticket.parent == parent).count()


def check() -> None:
    """What holds at any time: one open ticket per family of a machine, no parent under a parent, no machine on one."""
    open_faults = [tuple(row) for row in TicketFault.select(TicketFault.machine, TicketFault.family).where(TicketFault.is_open).tuples()]
    assert len(open_faults) == len(set(open_faults))
    of_parents = Ticket.select().where(Ticket.id.in_(Ticket.select(Ticket.parent).where(Ticket.parent.is_null(False))))
    assert all(one.machine_id is None and one.parent_id is None for one in of_parents)
    assert history.verify().problem is None


def test_it_works(database: Database) -> None:
    machines = site(12)
    for number, machine in enumerate(machines):
        fail(machine, AT + timedelta(seconds=number), code="E04" if number % 2 else "E06", priority=Priority.LOW)
    parent = the_parent()
    assert (parent.title, parent.machine, parent.customer, parent.status) == (
        reasons.MANY_FAILED, None, machines[0].customer, TicketStatus.TO_VERIFY,
    )  # fmt: skip
    assert (children(parent), Ticket.select().count()) == (12, 13)
    assert [(notice.kind, notice.storm.ticket) for notice in AlarmNotice.select()] == [("storm", parent)]
    assert reasons.codes(parent.reason) == ["E06", "E04"]
    assert reasons.title_in(parent.title, parent.reason, "en") == "Many machines failed at once"
    check()


def test_nine_machines_are_no_storm_and_neither_are_ten_tickets_of_nine(database: Database) -> None:
    machines = site(9)
    for machine in machines:
        fail(machine)
    fail(machines[0], AT + MINUTE, code="E06")
    assert TicketStorm.select().count() == 0


def test_ten_machines_in_more_than_five_minutes_are_none(database: Database) -> None:
    for number, machine in enumerate(site(10)):
        fail(machine, AT + number * timedelta(seconds=34))
    assert TicketStorm.select().count() == 0


def test_each_customer_has_a_parent_of_its_own(database: Database) -> None:
    for _customer in range(3):
        for machine in site(20):
            fail(machine)
    assert sorted(children(storm.ticket) for storm in TicketStorm.select()) == [20, 20, 20]
    check()


def test_tickets_of_many_customers_have_one_parent_with_the_thirtieth(database: Database) -> None:
    for _customer in range(4):
        for machine in site(8):
            fail(machine)
    storm = TicketStorm.get()
    assert (storm.cause, storm.ticket.customer, children(storm.ticket)) == (StormCause.REST, None, 32)
    check()


def test_a_customer_with_ten_machines_is_taken_out_from_under_the_rest(database: Database) -> None:
    for _customer in range(3):
        for machine in site(9):
            fail(machine)
    mine = site(12)
    for machine in mine:
        fail(machine, AT + MINUTE)
    found = {storm.cause: children(storm.ticket) for storm in TicketStorm.select()}
    assert found == {StormCause.REST: 27, StormCause.CUSTOMER: 12}
    assert TicketStorm.get(TicketStorm.cause == StormCause.CUSTOMER).ticket.customer == mine[0].customer
    check()


def test_what_a_machine_raises_in_a_storm_joins_the_ticket_it_has_there(database: Database) -> None:
    machine, *others = site(10)
    for one in (machine, *others):
        fail(one)
    joined = fail(machine, AT + 2 * MINUTE, code="E06")
    assert (joined.parent, reasons.codes(joined.reason)) == (the_parent(), ["E04", "E06"])
    later = fail(machine, AT + 10 * MINUTE, code="E07")
    assert (later == joined, later.parent) == (False, None)
    check()


def test_a_storm_is_over_after_five_minutes_without_a_ticket(database: Database) -> None:
    *first, late, too_late = site(12)
    for machine in first:
        fail(machine)
    assert fail(late, AT + 5 * MINUTE).parent == the_parent()
    assert fail(too_late, AT + 10 * MINUTE + timedelta(milliseconds=1)).parent is None
    assert TicketStorm.get().ended_at is not None


def test_a_quiet_storm_is_ended_in_time(database: Database) -> None:
    for machine in site(10):
        fail(machine)
    assert storms.end_quiet(AT + 5 * MINUTE) == ""
    assert storms.end_quiet(AT + 6 * MINUTE) == "1 ended"
    assert TicketStorm.get().ended_at == AT + 5 * MINUTE


def test_a_finished_parent_takes_no_more_in(database: Database) -> None:
    *machines, late = site(11)
    for machine in machines:
        fail(machine)
    parent = the_parent()
    moving.change_status(by=BY, ticket=parent, to=TicketStatus.RESOLVED, version=parent.version, at=AT)
    assert fail(late, AT + MINUTE).parent is None


def test_a_graver_child_and_a_new_code_are_the_parents_too(database: Database) -> None:
    *machines, grave = site(11)
    for machine in machines:
        fail(machine, priority=Priority.LOW)
    version = the_parent().version
    assert the_parent().priority == Priority.LOW
    fail(grave, AT + MINUTE, code="E16", priority=Priority.CRITICAL)
    assert (the_parent().priority, reasons.codes(the_parent().reason)) == (Priority.CRITICAL, ["E04", "E16"])
    assert the_parent().version > version
    assert [notice.kind for notice in AlarmNotice.select().where(AlarmNotice.withdrawn_at.is_null())] == ["graver"]


def test_another_child_like_the_others_leaves_what_a_clerk_decides_on(database: Database) -> None:
    *machines, late = site(11)
    for machine in machines:
        fail(machine)
    version = the_parent().version
    fail(late, AT + MINUTE)
    assert the_parent().version == version


def test_tickets_that_come_back_open_their_parent_again_with_the_tenth(database: Database) -> None:
    machines = site(12)
    for machine in machines:
        fail(machine)
    for ticket in (*Ticket.select().where(Ticket.parent.is_null(False)), the_parent()):
        moving.change_status(by=BY, ticket=ticket, to=TicketStatus.RESOLVED, version=ticket.version, at=AT + 10 * MINUTE)
    for machine in machines[:9]:
        fail(machine, AT + 60 * MINUTE)
    assert not the_parent().is_open
    for machine in machines[9:]:
        fail(machine, AT + 61 * MINUTE)
    assert (the_parent().is_open, the_parent().is_recurring, Ticket.select().count()) == (True, True, 13)
    assert TicketStorm.select().count() == 2
    check()


def test_silent_machines_are_gathered_by_whoever_hears_the_silence(database: Database) -> None:
    machines = site(3)
    reason = AlarmReason(code="COMM_LOST", name_zh="失联", name_en="Silent", at=AT)
    with db.transaction():
        storm = storms.gather(StormCause.GATEWAY, "GW-7", AT, machines=machines, reason=[reason], priority=Priority.HIGH)
    assert (storm.ticket.title, storm.ticket.customer, storm.ticket.priority) == (reasons.GATEWAY_SILENT, machines[0].customer, "high")
    ticket = factories.ticket(machine=machines[0])
    with db.transaction():
        assert storms.join(StormCause.GATEWAY, "GW-7", ticket, AT + 600 * MINUTE) == storm
        assert storms.gather(StormCause.GATEWAY, "GW-7", AT + 601 * MINUTE) == storm
        storms.end(StormCause.GATEWAY, "GW-7", AT + 602 * MINUTE)
        assert storms.running(StormCause.GATEWAY, "GW-7", AT + 603 * MINUTE) is None
    assert Ticket.get_by_id(ticket.id).parent == storm.ticket


def test_who_comes_second_finds_the_storm_that_was_begun(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    machines = site(3)
    with db.transaction():
        first = storms.gather(StormCause.GATEWAY, "GW-7", AT, machines=machines)
    looks = iter([None])
    found = storms.running
    monkeypatch.setattr(storms, "running", lambda *about: next(looks, found(*about)))
    with db.transaction():
        assert storms.gather(StormCause.GATEWAY, "GW-7", AT, machines=machines) == first
    assert Ticket.select().count() == 1
    assert history.verify().problem is None


def test_an_untied_child_stands_for_itself(database: Database) -> None:
    for machine in site(10):
        fail(machine)
    child = Ticket.get(Ticket.parent.is_null(False))
    parents.untie(by=BY, ticket=child)
    assert Ticket.get_by_id(child.id).parent is None
    assert children(the_parent()) == 9
