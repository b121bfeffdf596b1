"""An order is given to one person at a time, by whoever may, once the gate is open; its ticket follows."""

from datetime import timedelta

import pytest

from app.accounts.models import Role, User
from app.core import clock
from app.core.errors import Conflict, Invalid, NotAllowed
from app.core.types import Actor
from app.machines.warranty import WarrantyState
from app.tickets import moving
from app.tickets.models import Ticket, TicketStatus
from app.work_orders import dispatching, gate, progress, visits
from app.work_orders.models import OrderKind, OrderStatus, WorkOrder
from app.work_orders.visits import Assignment
from tests import factories
from tests.personas import actor_of, make_user

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def li() -> User:
    return make_user(Role.TECHNICIAN, name="李工")


@pytest.fixture
def zhao() -> Actor:
    return actor_of(make_user(Role.DEPUTY, name="赵副经理"))


def assigned(lead: User, **values: object) -> Assignment:
    start = clock.now() + timedelta(hours=1)
    return Assignment(**{"lead": lead, "planned_from": start, "planned_until": start + timedelta(hours=2)} | values)


def waiting_ticket(**values: object) -> Ticket:
    machine = factories.machine(accepted_on=clock.now().date(), **values)
    return factories.ticket(machine=machine, status=TicketStatus.WAITING_DISPATCH)


def test_it_works(zhao: Actor, li: User) -> None:
    ticket = waiting_ticket()
    order = dispatching.dispatch_ticket(by=zhao, job=dispatching.of_ticket(ticket), assignment=assigned(li))
    assert (order.status, order.lead, order.is_out) == (OrderStatus.DISPATCHED, li, True)
    me = actor_of(li)
    progress.accept(by=me, order=order, version=order.version)
    progress.set_off(by=me, order=order, version=order.version)
    progress.arrive(by=me, order=order, version=order.version, watcher="王站长", gas_reading="O2 20.9 %")
    assert Ticket.get_by_id(ticket.id).status == TicketStatus.IN_WORK
    progress.finish(by=me, order=order, version=order.version)
    assert [step.to_status for step in order.steps] == ["draft", "dispatched", "accepted", "travelling", "on_site", "finished"]
    present = WorkOrder.get_by_id(order.id)
    assert present.call_back_due_at > present.finished_at
    ticket = Ticket.get_by_id(ticket.id)
    assert (ticket.status, ticket.open_orders) == (TicketStatus.RESOLVED, 0)
    assert visits.last(order).left_at == present.finished_at


def test_of_two_who_dispatch_one_ticket_the_second_is_told_who_was_first(zhao: Actor, li: User) -> None:
    ticket = waiting_ticket()
    seen = Ticket.get_by_id(ticket.id)
    dispatching.dispatch_ticket(by=zhao, job=dispatching.of_ticket(ticket), assignment=assigned(li))
    other = actor_of(make_user(Role.MANAGER))
    with pytest.raises(Conflict, match="赵副经理"):
        dispatching.dispatch_ticket(by=other, job=dispatching.of_ticket(seen), assignment=assigned(make_user(Role.TECHNICIAN)))
    assert WorkOrder.select().count() == 1


def test_a_returned_order_stands_in_the_queue_and_its_ticket_waits_again(zhao: Actor, li: User) -> None:
    ticket = waiting_ticket()
    order = dispatching.dispatch_ticket(by=zhao, job=dispatching.of_ticket(ticket), assignment=assigned(li))
    with pytest.raises(Invalid):
        progress.decline(by=actor_of(li), order=order, version=order.version, reason=" ")
    progress.decline(by=actor_of(li), order=order, version=order.version, reason="车坏了")
    assert (order.status, order.lead, order.is_out) == (OrderStatus.DECLINED, None, False)
    assert Ticket.get_by_id(ticket.id).status == TicketStatus.WAITING_DISPATCH
    wang = make_user(Role.TECHNICIAN)
    dispatching.dispatch(by=zhao, order=order, version=order.version, assignment=assigned(wang))
    assert (Ticket.get_by_id(ticket.id).status, order.lead) == (TicketStatus.IN_WORK, wang)


def test_while_an_order_is_out_nobody_moves_the_ticket_by_hand(zhao: Actor, li: User) -> None:
    ticket = waiting_ticket()
    dispatching.dispatch_ticket(by=zhao, job=dispatching.of_ticket(ticket), assignment=assigned(li))
    for to in (TicketStatus.RESOLVED, TicketStatus.CANCELLED, TicketStatus.WAITING_DISPATCH):
        present = Ticket.get_by_id(ticket.id)
        with pytest.raises(Conflict, match="Somebody is on the way"):
            moving.change_status(by=zhao, ticket=present, to=to, version=present.version, reason="x", solution="x")


def test_off_warranty_a_repair_waits_for_the_gate_and_a_diagnosis_does_not(zhao: Actor, li: User) -> None:
    old = factories.machine(accepted_on=clock.now().date() - timedelta(days=900))
    ticket = factories.ticket(machine=old, status=TicketStatus.WAITING_DISPATCH)
    with pytest.raises(Conflict, match="off warranty"):
        dispatching.dispatch_ticket(by=zhao, job=dispatching.of_ticket(ticket), assignment=assigned(li))
    job = dispatching.of_ticket(ticket, kind=OrderKind.DIAGNOSIS)
    order = dispatching.dispatch_ticket(by=zhao, job=job, assignment=assigned(li))
    assert order.warranty == WarrantyState.OFF
    with pytest.raises(Conflict, match="Off warranty"):
        gate.begin_repair(by=actor_of(li), order=order)
    gate.override(by=zhao, order=order, reason="站里停运，有异味")
    gate.begin_repair(by=actor_of(li), order=order)
    assert WorkOrder.get_by_id(order.id).kind == OrderKind.REPAIR


def test_a_clerk_dispatches_provisionally_and_names_who_agreed(li: User) -> None:
    chen, zhao = actor_of(make_user(Role.CLERK)), make_user(Role.DEPUTY)
    job = dispatching.of_ticket(waiting_ticket())
    with pytest.raises(Invalid):
        dispatching.dispatch_ticket(by=chen, job=job, assignment=assigned(li))
    order = dispatching.dispatch_ticket(by=chen, job=job, assignment=assigned(li), agreed_by=zhao)
    with pytest.raises(NotAllowed):
        dispatching.ratify(by=chen, order=order)
    dispatching.ratify(by=actor_of(zhao), order=order)
    assert WorkOrder.get_by_id(order.id).ratified_by == zhao
