"""The dispatch queue holds every ticket and order that waits for somebody, once, the most pressing on top."""

from datetime import datetime, timedelta

import pytest

from app.accounts.models import Role, User
from app.core import clock
from app.core.types import Actor
from app.tickets.models import Priority, Ticket, TicketStatus
from app.work_orders import dispatching, progress, waiting
from app.work_orders.models import OrderStatus
from app.work_orders.visits import Assignment
from tests import factories
from tests.personas import actor_of, make_area, make_user

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def zhao() -> Actor:
    return actor_of(make_user(Role.DEPUTY, name="赵副经理"))


def ticket(**values: object) -> Ticket:
    machine = values.pop("machine", None) or factories.machine(accepted_on=clock.now().date(), area=values.pop("in_area", None))
    return factories.ticket(**{"machine": machine, "status": TicketStatus.WAITING_DISPATCH} | values)


def keys(actor: Actor, now: datetime | None = None) -> list[str | None]:
    return [row.order or row.ticket for row in waiting.queue(actor, now or clock.now()).rows]


def sent(by: Actor, about: Ticket, lead: User) -> dict[str, object]:
    start = clock.now() + timedelta(hours=1)
    assignment = Assignment(lead=lead, planned_from=start, planned_until=start + timedelta(hours=2))
    return {"order": dispatching.dispatch_ticket(by=by, job=dispatching.of_ticket(about), assignment=assignment)}


def test_it_works(zhao: Actor) -> None:
    one, order = ticket(title="漏油"), factories.work_order(status=OrderStatus.DRAFT)
    factories.ticket(status=TicketStatus.TRIAGED)
    factories.work_order(lead=make_user(Role.TECHNICIAN))
    found = waiting.queue(zhao, clock.now())
    assert {row.order or row.ticket for row in found.rows} == {one.number, order.number}
    assert found.total == 2
    row = next(row for row in found.rows if row.ticket == one.number)
    assert (row.title, row.serial, row.warranty, row.path) == ("漏油", one.machine.serial, "in", f"/dispatch/tickets/{one.number}")


def test_critical_stands_first_then_overdue_then_urged_then_the_oldest(zhao: Actor) -> None:
    now = clock.now()
    young = ticket(opened_at=now - timedelta(hours=1))
    old = ticket(opened_at=now - timedelta(hours=9), priority=Priority.LOW)
    urged = ticket(opened_at=now, urged_count=2)
    late = ticket(opened_at=now, due_at=now - timedelta(minutes=1))
    critical = ticket(opened_at=now, priority=Priority.CRITICAL)
    wanted = factories.work_order(status=OrderStatus.DRAFT, wanted_at=now - timedelta(minutes=5), created_at=now - timedelta(minutes=1))
    assert keys(zhao, now) == [one.number for one in (critical, wanted, late, urged, old, young)]


def test_a_ticket_with_an_order_in_the_queue_stands_there_once_with_who_returned_it_and_why(zhao: Actor) -> None:
    about, li = ticket(), make_user(Role.TECHNICIAN, name="李工")
    order = sent(zhao, about, li)["order"]
    assert keys(zhao) == []
    progress.decline(by=actor_of(li), order=order, version=order.version, reason="车坏了")
    (row,) = waiting.queue(zhao, clock.now()).rows
    assert (row.order, row.ticket, row.returned_by, row.returned_why) == (order.number, about.number, "李工", "车坏了")


def test_an_order_whose_parts_have_come_says_so(zhao: Actor) -> None:
    li = make_user(Role.TECHNICIAN)
    order = factories.work_order(lead=li, status=OrderStatus.ON_SITE)
    progress.wait_for_parts(by=actor_of(li), order=order, version=order.version, reason="油泵")
    assert keys(zhao) == []
    progress.parts_are_here(by=zhao, order=order, version=order.version)
    (row,) = waiting.queue(zhao, clock.now()).rows
    assert row.has_parts
    assert not row.returned_by


def test_who_is_bound_to_areas_sees_the_queue_of_these() -> None:
    north, south = make_area("North"), make_area("South")
    here, there = ticket(in_area=north), ticket(in_area=south)
    factories.work_order(status=OrderStatus.DRAFT, machine=there.machine)
    he = actor_of(make_user(Role.AREA_MANAGER, areas=(north,)))
    assert keys(he) == [here.number]


def test_the_count_goes_beyond_what_is_shown(zhao: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "SHOWN", 2)
    machine = factories.machine()
    for _ in range(3):
        ticket(machine=machine)
    found = waiting.queue(zhao, clock.now())
    assert (len(found.rows), found.total, found.is_cut) == (2, 3, True)
