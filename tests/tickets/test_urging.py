"""Urging is counted once a sending, moves the ticket up and is told to the deputy; verifying by phone leads three ways."""

from datetime import timedelta

import pytest

from app.accounts.models import Notice, Role
from app.core import clock
from app.core.errors import Conflict, Invalid, NotAllowed
from app.core.types import Actor, system
from app.tickets import moving, operations, queries, urging, verifying
from app.tickets.models import Priority, Ticket, TicketKind, TicketSource, TicketStatus, TicketUrging
from app.tickets.queries import TicketFilter
from tests import factories
from tests.personas import actor_of, make_user

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def chen() -> Actor:
    return actor_of(make_user(Role.CLERK, name="陈文员"))


def opened(by: Actor, **values: object) -> Ticket:
    kinds = {"source": TicketSource.HOTLINE, "kind": TicketKind.FAULT_REPORT, "priority": Priority.HIGH, "title": "漏油"}
    return operations.open_ticket(by=by, customer=factories.customer(), **(kinds | values))


def to_verify() -> Ticket:
    return opened(system("monitoring"), source=TicketSource.MONITORING)


def fresh(ticket: Ticket) -> Ticket:
    return Ticket.get_by_id(ticket.id)


def test_it_works(chen: Actor) -> None:
    ticket = opened(chen)
    urging.urge(by=chen, ticket=ticket, text="下午要检查")
    urging.urge(by=chen, ticket=ticket)
    assert fresh(ticket).urged_count == 2
    assert [row.text for row in urging.of_ticket(fresh(ticket))] == ["下午要检查", ""]


def test_urging_sent_twice_counts_once(chen: Actor) -> None:
    ticket = opened(chen)
    assert urging.urge(by=chen, ticket=ticket, form_token="t") == urging.urge(by=chen, ticket=ticket, form_token="t")
    assert (fresh(ticket).urged_count, TicketUrging.select().count()) == (1, 1)


def test_urging_makes_nobody_elses_page_stale(chen: Actor) -> None:
    ticket = opened(chen)
    urging.urge(by=chen, ticket=fresh(ticket))
    moving.change_status(by=chen, ticket=ticket, to=TicketStatus.TRIAGED, version=1)
    assert fresh(ticket).status == TicketStatus.TRIAGED


def test_a_finished_ticket_is_not_urged(chen: Actor) -> None:
    ticket = opened(chen)
    moving.change_status(by=chen, ticket=ticket, to=TicketStatus.RESOLVED, version=1)
    with pytest.raises(Conflict):
        urging.urge(by=chen, ticket=ticket)


def test_the_deputy_is_told_of_each_urging(chen: Actor) -> None:
    zhao, ticket = make_user(Role.DEPUTY), opened(chen)
    urging.urge(by=chen, ticket=ticket)
    urging.urge(by=chen, ticket=ticket)
    assert [notice.href for notice in Notice.select().where(Notice.user == zhao)] == [f"/tickets/{ticket.number}"] * 2


def test_within_a_priority_the_urged_stand_on_top(chen: Actor) -> None:
    urged, later, graver = opened(chen), opened(chen), opened(chen, priority=Priority.CRITICAL)
    urging.urge(by=chen, ticket=urged)
    page = queries.page(chen, TicketFilter(sort="priority"))
    assert [row.number for row in page.rows] == [graver.number, urged.number, later.number]
    assert [row.number for row in queries.page(chen, TicketFilter(is_urged=True)).rows] == [urged.number]


def test_too_many_words_are_refused_and_count_nothing(chen: Actor) -> None:
    ticket = opened(chen)
    with pytest.raises(Invalid):
        urging.urge(by=chen, ticket=ticket, text="x" * 501)
    assert fresh(ticket).urged_count == 0


def test_who_may_not_open_tickets_does_not_urge(chen: Actor) -> None:
    with pytest.raises(NotAllowed):
        urging.urge(by=actor_of(make_user(Role.QUALITY)), ticket=opened(chen))


# --- verifying by phone ---


def test_a_confirmed_fault_goes_to_dispatch(chen: Actor) -> None:
    ticket = to_verify()
    verifying.confirm(by=chen, ticket=ticket, version=1, note="站长确认停机")
    last = moving.last_transition(ticket)
    assert last is not None
    assert (fresh(ticket).status, last.reason) == ("waiting_dispatch", "站长确认停机")


def test_a_false_alarm_needs_its_reason(chen: Actor) -> None:
    ticket = to_verify()
    with pytest.raises(Invalid):
        verifying.dismiss(by=chen, ticket=ticket, version=1, reason=" ")
    verifying.dismiss(by=chen, ticket=ticket, version=1, reason="现场正在检修")
    assert fresh(ticket).status == TicketStatus.CANCELLED


def test_who_was_not_reached_is_phoned_again_later(chen: Actor) -> None:
    ticket, again_at = to_verify(), clock.now() + timedelta(hours=1)
    verifying.not_reached(by=chen, ticket=ticket, version=1, again_at=again_at)
    assert (fresh(ticket).status, fresh(ticket).call_again_at) == ("to_verify", again_at)
    assert [note.text for note in queries.notes(ticket)] == ["电话未接通。"]


@pytest.mark.parametrize("hours", [-1, 8 * 24])
def test_again_is_soon_and_not_over(chen: Actor, hours: int) -> None:
    with pytest.raises(Invalid):
        verifying.not_reached(by=chen, ticket=to_verify(), version=1, again_at=clock.now() + timedelta(hours=hours))


def test_what_is_verified_is_not_verified_again(chen: Actor) -> None:
    ticket = to_verify()
    verifying.confirm(by=chen, ticket=ticket, version=1)
    with pytest.raises(Conflict):
        verifying.dismiss(by=chen, ticket=ticket, version=ticket.version, reason="x")


def test_resolving_by_hand_says_what_solved_it(chen: Actor) -> None:
    ticket = opened(chen)
    with pytest.raises(Invalid) as refusal:
        moving.change_status(by=chen, ticket=ticket, to=TicketStatus.RESOLVED, version=1, solution=" ")
    assert "solution" in refusal.value.fields
    moving.change_status(by=chen, ticket=ticket, to=TicketStatus.RESOLVED, version=1, solution="远程复位")
    assert fresh(ticket).solution == "远程复位"


def test_overdue_and_due_soon_are_filters(chen: Actor) -> None:
    late, soon, later = (opened(chen) for _ in range(3))
    now = clock.now()
    for ticket, hours in ((late, -1), (soon, 1), (later, 9)):
        Ticket.update(due_at=now + timedelta(hours=hours)).where(Ticket.id == ticket.id).execute()
    for due, expected in (("overdue", [late]), ("soon", [soon]), ("any", [late, soon, later])):
        page = queries.page(chen, TicketFilter(due=due, sort="due_at"))
        assert [row.number for row in page.rows] == [ticket.number for ticket in expected]
