"""The list of work orders: what it is narrowed to, who sees what, its pages and exports."""

from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from peewee import Database

from app.accounts.models import User
from app.core import clock
from app.machines.warranty import WarrantyState
from app.work_orders import register
from app.work_orders.models import OrderKind, OrderStatus, WorkOrder
from app.work_orders.register import ANY, DONE, OPEN, OUT, QUEUE, OrderFilter
from tests import factories
from tests.personas import People, actor_of, people, sign_in


def numbers(user: User, **asked: Any) -> list[str]:
    return [row.number for row in register.page(actor_of(user), OrderFilter(**asked)).rows]


@pytest.fixture
def who(database: Database) -> People:
    return people()


def test_it_works(who: People) -> None:
    order = factories.work_order(lead=who.li)
    (row,) = register.page(actor_of(who.chen), OrderFilter()).rows
    assert (row.number, row.lead, row.serial) == (order.number, "李师傅", order.machine.serial)
    assert row.planned_from is not None
    assert row.created_at == order.created_at


@pytest.mark.parametrize(
    ("group", "found"),
    [(OPEN, "queued returned out"), (QUEUE, "queued returned"), (OUT, "out"), (DONE, "done"), (ANY, "queued returned out done gone")],
)
def test_a_group_holds_its_states(who: People, group: str, found: str) -> None:
    for title, status in (
        ("queued", OrderStatus.DRAFT), ("returned", OrderStatus.DECLINED), ("out", OrderStatus.ON_SITE), ("done", OrderStatus.FILED),
        ("gone", OrderStatus.CANCELLED),
    ):  # fmt: skip
        factories.work_order(title=title, status=status, lead=None if status in (OrderStatus.DRAFT, OrderStatus.DECLINED) else who.li)
    rows = register.page(actor_of(who.zhao), OrderFilter(status=group)).rows
    assert {row.title for row in rows} == set(found.split())


def test_each_filter_narrows(who: People) -> None:
    machine = factories.machine(area=who.north)
    one = factories.work_order(
        lead=who.li, machine=machine, kind=OrderKind.DIAGNOSIS, warranty=WarrantyState.OFF, agreed_by=who.zhao,
        help_wanted_at=clock.now(), wanted_at=clock.now(), created_at=clock.now() - timedelta(days=40),
    )  # fmt: skip
    rework = factories.work_order(lead=who.wang, rework_of=one)
    for asked in (
        {"kind": OrderKind.DIAGNOSIS}, {"lead": who.li.id}, {"area": who.north.id}, {"machine": machine.serial},
        {"customer": machine.customer_id}, {"warranty": WarrantyState.OFF}, {"is_unratified": True}, {"wants_help": True},
        {"to_on": (clock.now() - timedelta(days=30)).date()}, {"q": one.number}, {"status": "accepted", "q": machine.serial},
    ):  # fmt: skip
        assert numbers(who.chen, **asked) == [one.number], asked
    assert numbers(who.chen, is_rework=True) == [rework.number]
    assert numbers(who.chen, sort="wanted_at") == [one.number, rework.number]


def test_words_find_number_title_machine_and_customer(who: People) -> None:
    customer = factories.customer(name="红星货运有限公司", short_name="红星")
    order = factories.work_order(lead=who.li, machine=factories.machine(customer=customer, serial="PB-7781"), title="油缸漏油")
    factories.work_order(lead=who.wang)
    for words in (order.number, "漏油", "7781", "红星货运", "红星 漏油"):
        assert numbers(who.chen, q=words, status=ANY) == [order.number], words
    assert numbers(who.chen, q="红星 换油", status=ANY) == []


def test_a_technician_sees_the_orders_of_the_area_and_what_is_his_elsewhere(who: People) -> None:
    near = factories.work_order(machine=factories.machine(area=who.north), lead=None, status=OrderStatus.DRAFT)
    his = factories.work_order(machine=factories.machine(area=who.south), lead=who.li)
    factories.work_order(machine=factories.machine(area=who.south), lead=who.wang)
    assert set(numbers(who.li)) == {near.number, his.number}
    assert {row[0] for row in register.exported(actor_of(who.li), OrderFilter())} == {near.number, his.number}


def test_pages_neither_skip_nor_repeat_in_any_order(who: People, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.core.paging.PAGE_SIZE", 2)
    now = clock.now()
    wanted_at = [None, now, None, now + timedelta(hours=1), now]
    orders = {factories.work_order(lead=who.li, wanted_at=at).number for at in wanted_at}
    for sort in register.SORTS:
        seen: list[str] = []
        after = None
        while True:
            page = register.page(actor_of(who.chen), OrderFilter(sort=sort), after=after)
            seen += [row.number for row in page.rows]
            after = page.next_key
            if after is None:
                break
        assert len(seen) == 5, sort
        assert set(seen) == orders, sort
        assert [row.number for row in register.every(actor_of(who.chen), OrderFilter(sort=sort))] == seen


def test_the_page_shows_rows_tabs_and_what_to_do_when_empty(client: FlaskClient) -> None:
    who = people()
    sign_in(client, who.chen)
    order = factories.work_order(lead=who.li, agreed_by=who.zhao)
    page = client.get("/work-orders").text
    assert order.number in page
    assert "待追认" in page
    assert order.number in client.get("/work-orders.csv").text
    assert client.get("/work-orders.xlsx").status_code == 200
    assert "没有符合条件的派工单" in client.get("/work-orders?q=nothing-such").text


@pytest.mark.parametrize("query", ["status=odd", "kind=odd", "technician=x", "from=odd", "sort=odd", "rework=2"])
def test_a_filter_that_no_choice_offers_is_refused(client: FlaskClient, query: str) -> None:
    sign_in(client, people().chen)
    assert client.get(f"/work-orders?{query}").status_code == 422


@pytest.mark.usefixtures("still_clock")
def test_a_poll_is_answered_by_304_while_nothing_changed(client: FlaskClient) -> None:
    sign_in(client, people().chen)
    tag = client.get("/work-orders").headers["HX-PTag"]
    assert client.get("/work-orders", headers={"HX-PTag": tag}).status_code == 304
    assert WorkOrder.select().count() == 0
