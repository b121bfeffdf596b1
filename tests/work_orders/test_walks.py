"""Whatever people do to several orders of one ticket, allowed or not, in whatever order: ticket, orders, steps and visits stay in step."""

import random
from contextlib import suppress

import pytest
from peewee import Database

from app.accounts.models import Role
from app.core import clock, history
from app.core.errors import Conflict, Invalid, NotAllowed
from app.tickets import moving
from app.tickets.models import Ticket, TicketStatus
from app.work_orders import dispatching
from app.work_orders.models import WorkOrder
from tests import factories
from tests.personas import actor_of, make_user
from tests.work_orders import in_step
from tests.work_orders.test_illegal_jumps import WAYS, Crew, assigned, go

MOST_ORDERS = 6
REFUSALS = (Conflict, Invalid, NotAllowed)
BY_HAND = {
    f"ticket_{to}": to
    for to in (
        TicketStatus.WAITING_CUSTOMER,
        TicketStatus.IN_WORK,
        TicketStatus.RESOLVED,
        TicketStatus.TRIAGED,
        TicketStatus.WAITING_DISPATCH,
    )
}
# What comes more often than the rest, so that walks get somewhere.
WEIGHTS = {
    "accept": 5,
    "arrive": 5,
    "set_off": 4,
    "finish": 4,
    "dispatch": 5,
    "dispatch_ticket": 4,
    "create": 2,
    "come_again": 2,
    "file": 2,
}
RARE = {"call_off": 0.4, "call_off_as_left_over": 0.4, "accept_for": 0.5, "return_unaccepted": 0.5, **dict.fromkeys(BY_HAND, 0.3)}
MOVES = 70


@pytest.fixture
def crew(sqlite_database: Database) -> Crew:
    return Crew(
        zhao=actor_of(make_user(Role.DEPUTY, name="赵副经理")),
        chen=actor_of(make_user(Role.CLERK, name="陈文员")),
        li=make_user(Role.TECHNICIAN, name="李工"),
        wang=make_user(Role.TECHNICIAN, name="王工"),
    )


def choices(ticket: Ticket, orders: list[WorkOrder], *, is_open: bool) -> list[tuple[str, WorkOrder | None]]:
    """What can be tried: the ways that are open, or all."""
    found: list[tuple[str, WorkOrder | None]] = [
        (name, order) for order in orders for name, (_way, _to, starts) in WAYS.items() if not is_open or order.status in starts
    ]
    if len(orders) < MOST_ORDERS:
        found += [("create", None), ("dispatch_ticket", None)]
    return found + [(name, None) for name in BY_HAND]


def do(crew: Crew, ticket: Ticket, name: str, order: WorkOrder | None, behind: bool) -> None:
    """One move on one order of the ticket, or on the ticket itself; whoever has the order does the technician's part."""
    if name in BY_HAND:
        moving.change_status(by=crew.zhao, ticket=ticket, to=BY_HAND[name], version=ticket.version - behind, reason="x", solution="x")
    elif name == "create":
        dispatching.create(by=crew.zhao, job=dispatching.of_ticket(ticket))
    elif order is None:
        dispatching.dispatch_ticket(by=crew.zhao, job=dispatching.of_ticket(ticket), assignment=assigned(crew.li))
    else:
        wang = crew.wang if order.lead != crew.wang else crew.li
        own = Crew(zhao=crew.zhao, chen=crew.chen, li=order.lead or crew.li, wang=wang)
        go(own, order, name, version=order.version - behind)


@pytest.mark.parametrize("seed", range(12))
def test_it_works(crew: Crew, seed: int) -> None:
    dice = random.Random(seed)
    machine = factories.machine(accepted_on=clock.now().date())
    ticket = factories.ticket(machine=machine, status=TicketStatus.WAITING_DISPATCH)
    for _move in range(MOVES):
        present, orders = Ticket.get_by_id(ticket.id), list(WorkOrder.select().where(WorkOrder.ticket == ticket).order_by(WorkOrder.id))
        found = choices(present, orders, is_open=dice.random() < 0.9)
        weights = [WEIGHTS.get(name) or RARE.get(name, 1) for name, _order in found]
        name, order = dice.choices(found, weights)[0]
        with suppress(*REFUSALS):
            do(crew, present, name, order, behind=dice.random() < 0.1)
        in_step.check(ticket.id)
    assert history.verify().problem is None


def test_a_ticket_that_waits_for_another_order_is_in_work_again_when_finishing_is_taken_back(crew: Crew) -> None:
    machine = factories.machine(accepted_on=clock.now().date())
    ticket = factories.ticket(machine=machine, status=TicketStatus.WAITING_DISPATCH)
    order, _queued = (dispatching.create(by=crew.zhao, job=dispatching.of_ticket(Ticket.get_by_id(ticket.id))) for _each in range(2))
    for name in ("dispatch", "accept", "arrive", "finish"):
        go(crew, order, name)
    assert Ticket.get_by_id(ticket.id).status == TicketStatus.WAITING_DISPATCH
    go(crew, order, "take_back_finish")
    assert Ticket.get_by_id(ticket.id).status == TicketStatus.IN_WORK
    in_step.check(ticket.id)
