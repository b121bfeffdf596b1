"""What is due: overdue first, then by due time; who is to be called later stands at the end until then."""

from datetime import timedelta

import pytest
from peewee import Database

from app.callbacks import due, tries
from app.callbacks.queries import Wanted
from app.core import clock
from app.core.errors import NotFound
from app.work_orders.models import OrderStatus
from tests import factories
from tests.callbacks.desk import desk, finished, recorded
from tests.personas import actor_of

NOW = clock.now()


def test_it_works(database: Database) -> None:
    centre = desk()
    soon, late, later = (finished(centre.who.li, call_back_due_at=NOW + timedelta(days=days)) for days in (1, -1, 2))
    recorded(centre)
    finished(centre.who.li, status=OrderStatus.ON_SITE)
    page = due.page(centre.clerk, Wanted(), NOW)
    assert [line.order.number for line in page.rows] == [late.number, soon.number, later.number]
    assert due.count(centre.clerk) == (3, False)
    assert [row[0] for row in due.rows(centre.clerk, Wanted(), NOW)] == [late.number, soon.number, later.number]


def test_after_a_try_it_sinks_until_it_is_time_again(database: Database) -> None:
    centre = desk()
    first, second = (finished(centre.who.li, call_back_due_at=NOW + timedelta(days=days)) for days in (1, 2))
    again_at = clock.now() + timedelta(hours=2)
    tries.note(by=centre.clerk, orders=[first], again_at=again_at)
    assert [line.order.id for line in due.page(centre.clerk, Wanted(), NOW).rows] == [second.id, first.id]
    assert due.page(centre.clerk, Wanted(), NOW).rows[1].again_at == again_at
    after = again_at + timedelta(minutes=1)
    assert [line.order.id for line in due.page(centre.clerk, Wanted(), after).rows] == [first.id, second.id]


def test_the_last_try_says_when_to_call_again(sqlite_database: Database) -> None:
    centre = desk()
    first, second = (finished(centre.who.li, call_back_due_at=NOW + timedelta(days=days)) for days in (1, 2))
    tries.note(by=centre.clerk, orders=[first], again_at=NOW + timedelta(days=3), at=NOW)
    tries.note(by=centre.clerk, orders=[first], at=NOW + timedelta(minutes=5))
    assert [line.order.id for line in due.page(centre.clerk, Wanted(), NOW + timedelta(minutes=6)).rows] == [first.id, second.id]


def test_pages_follow_each_other_without_gap_or_repeat(sqlite_database: Database) -> None:
    centre = desk()
    machine = factories.machine()
    orders = [factories.work_order(lead=centre.who.li, machine=machine, status="finished") for _ in range(60)]
    tries.note(by=centre.clerk, orders=orders[:3], again_at=clock.now() + timedelta(hours=1))
    now = clock.now()
    first = due.page(centre.clerk, Wanted(), now)
    second = due.page(centre.clerk, Wanted(), now, after=first.next_key)
    seen = [line.order.id for line in (*first.rows, *second.rows)]
    assert sorted(seen) == sorted(order.id for order in orders)
    assert seen[-3:] == [order.id for order in orders[:3]]


def test_it_is_narrowed_by_each_filter(database: Database) -> None:
    centre = desk()
    one = finished(centre.who.li, area=centre.who.north)
    other = finished(centre.who.wang, area=centre.who.south, finished_at=NOW - timedelta(days=40))
    today = clock.day_of(NOW)
    for wanted in (
        Wanted(technician=centre.who.li.id), Wanted(area=centre.who.north.id), Wanted(customer=one.customer_id),
        Wanted(q=one.number.lower()), Wanted(q=one.machine.serial), Wanted(q=one.customer.name), Wanted(from_on=today - timedelta(days=2)),
    ):  # fmt: skip
        assert [line.order.id for line in due.page(centre.clerk, wanted, NOW).rows] == [one.id], wanted
    assert [line.order.id for line in due.page(centre.clerk, Wanted(to_on=today - timedelta(days=30)), NOW).rows] == [other.id]
    assert due.page(centre.clerk, Wanted(q="nothing of the kind"), NOW).rows == []


def test_an_area_manager_sees_the_own_area(sqlite_database: Database) -> None:
    centre = desk()
    near = finished(centre.who.li, area=centre.who.north)
    finished(centre.who.wang, area=centre.who.south)
    he = actor_of(centre.who.area_manager)
    assert [line.order.id for line in due.page(he, Wanted(), NOW).rows] == [near.id]
    assert due.count(he) == (1, False)


def test_the_sheet_has_whom_to_phone_likeliest_first_and_each_number_once(sqlite_database: Database) -> None:
    centre, customer = desk(), factories.customer()
    machine = factories.machine(customer=customer)
    factories.contact(customer=customer, name="远", phone="13800000009")
    near = factories.contact(customer=customer, site=machine.site, name="近", phone="13800000002")
    ticket = factories.ticket(machine=machine, caller_name="来电", caller_phone="13800000001")
    order = factories.work_order(machine=machine, lead=centre.who.li, status="finished", ticket=ticket, contact=near)
    sheet = due.sheet(centre.clerk, order.number, NOW)
    assert [(one.name, one.phone) for one in sheet.people] == [("近", "13800000002"), ("来电", "13800000001"), ("远", "13800000009")]


def test_the_sheet_names_other_due_dispatches_of_the_customer(sqlite_database: Database) -> None:
    centre, customer = desk(), factories.customer()
    order, other, called = (finished(centre.who.li, customer) for _ in range(3))
    recorded(centre, order=called)
    finished(centre.who.li)
    assert [line.order.id for line in due.sheet(centre.clerk, order.number, NOW).others] == [other.id]


def test_there_is_no_sheet_of_an_order_that_is_not_finished(sqlite_database: Database) -> None:
    centre = desk()
    order = finished(centre.who.li, status=OrderStatus.TRAVELLING)
    with pytest.raises(NotFound):
        due.sheet(centre.clerk, order.number, NOW)
