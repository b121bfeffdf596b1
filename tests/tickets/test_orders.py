"""A ticket is in work while an order is out for it; the last one that is finished resolves it."""

import pytest

from app.accounts.models import Role
from app.core import clock, db
from app.core.errors import Conflict
from app.core.types import Actor
from app.tickets import merging, moving, orders
from app.tickets.models import Ticket, TicketKind, TicketStatus
from tests import factories
from tests.personas import actor_of, make_user

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def zhao() -> Actor:
    return actor_of(make_user(Role.DEPUTY))


def go_out(by: Actor, ticket: Ticket) -> None:
    with db.transaction():
        orders.went_out(by=by, ticket_id=ticket.id, at=clock.now())


def come_back(by: Actor, ticket: Ticket, *, is_done: bool, has_queued: bool = False) -> None:
    with db.transaction():
        orders.came_back(by=by, ticket_id=ticket.id, at=clock.now(), is_done=is_done, has_queued=has_queued)


def standing(ticket: Ticket) -> tuple[str, int]:
    present = Ticket.get_by_id(ticket.id)
    return present.status, present.open_orders


def test_it_works(zhao: Actor) -> None:
    ticket = factories.ticket(status=TicketStatus.WAITING_DISPATCH)
    go_out(zhao, ticket)
    go_out(zhao, ticket)
    assert standing(ticket) == (TicketStatus.IN_WORK, 2)
    come_back(zhao, ticket, is_done=True)
    assert standing(ticket) == (TicketStatus.IN_WORK, 1)
    come_back(zhao, ticket, is_done=True)
    assert standing(ticket) == (TicketStatus.RESOLVED, 0)


@pytest.mark.parametrize(("is_done", "has_queued"), [(False, False), (True, True)])
def test_what_came_back_or_waits_in_the_queue_makes_the_ticket_wait_for_dispatch(zhao: Actor, is_done: bool, has_queued: bool) -> None:
    ticket = factories.ticket(status=TicketStatus.WAITING_DISPATCH)
    go_out(zhao, ticket)
    come_back(zhao, ticket, is_done=is_done, has_queued=has_queued)
    assert standing(ticket) == (TicketStatus.WAITING_DISPATCH, 0)


def test_nobody_goes_out_for_a_finished_ticket(zhao: Actor) -> None:
    ticket = factories.ticket(status=TicketStatus.CLOSED, closed_at=clock.now())
    with pytest.raises(Conflict, match=ticket.number):
        go_out(zhao, ticket)


def test_an_order_of_a_merged_ticket_works_for_the_one_that_stands_for_it(zhao: Actor) -> None:
    machine = factories.machine()
    ticket, into = factories.ticket(machine=machine, status=TicketStatus.WAITING_DISPATCH), factories.ticket(machine=machine)
    merging.merge(by=zhao, ticket=ticket, into=into, version=1)
    go_out(zhao, ticket)
    assert (standing(ticket), standing(into)) == ((TicketStatus.MERGED, 0), (TicketStatus.IN_WORK, 1))


def test_a_ticket_that_somebody_works_on_is_not_merged_away(zhao: Actor) -> None:
    machine = factories.machine()
    ticket, into = factories.ticket(machine=machine), factories.ticket(machine=machine)
    go_out(zhao, ticket)
    assert merging.why_not(Ticket.get_by_id(ticket.id), into) is not None
    assert merging.why_not(into, Ticket.get_by_id(ticket.id)) is None


def test_what_an_order_did_is_undone_at_the_order_alone(zhao: Actor) -> None:
    ticket = factories.ticket(status=TicketStatus.WAITING_DISPATCH)
    go_out(zhao, ticket)
    come_back(zhao, ticket, is_done=True)
    present = Ticket.get_by_id(ticket.id)
    assert moving.undoable(present, clock.now()) is None
    with db.transaction():
        orders.work_again(by=zhao, ticket_id=ticket.id, at=clock.now())
    assert standing(ticket) == (TicketStatus.IN_WORK, 1)


def test_when_all_orders_are_archived_the_ticket_is_closed_but_for_a_complaint(zhao: Actor) -> None:
    for kind, ends in ((TicketKind.FAULT_REPORT, TicketStatus.CLOSED), (TicketKind.COMPLAINT, TicketStatus.RESOLVED)):
        ticket = factories.ticket(status=TicketStatus.WAITING_DISPATCH, kind=kind)
        go_out(zhao, ticket)
        come_back(zhao, ticket, is_done=True)
        with db.transaction():
            orders.close_when_at_rest(by=zhao, ticket_id=ticket.id, at=clock.now())
        assert standing(ticket)[0] == ends
