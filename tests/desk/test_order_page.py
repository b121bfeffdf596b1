"""The page of a work order: what it shows to whom, and which buttons stand on it."""

import io
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from app.core import clock, db
from app.machines.warranty import WarrantyState
from app.work_orders.models import Guidance, OrderKind, OrderStatus, OrderStep, Visit, VisitAssistant, WorkOrder
from tests import factories, filemakers
from tests.personas import People, people, sign_in


@pytest.fixture
def who(client: FlaskClient) -> People:
    everybody = people()
    sign_in(client, everybody.chen)
    return everybody


def order_in_the_north(who: People, **values: Any) -> WorkOrder:
    return factories.work_order(machine=factories.machine(area=who.north), **{"lead": who.li} | values)


def test_it_works(client: FlaskClient, who: People) -> None:
    order = order_in_the_north(who, title="油缸漏油", instructions="先查压力", bring="密封圈 2 套", is_pit=True, component="油缸")
    with db.transaction():
        VisitAssistant.create(visit=order.visits.get(), user=who.wang)
        Guidance.create(order=order, at=clock.now(), by_name="赵副经理", is_question=False, text="先放压再拆管")
    page = client.get(f"/work-orders/{order.number}").text
    for words in ("油缸漏油", "先查压力", "密封圈 2 套", "李师傅", "王师傅", order.machine.serial, order.site.name, "先放压再拆管"):
        assert words in page, words
    assert "有限空间作业：先通风、再检测、后作业；断电挂牌上锁；专人监护，严禁单人下坑" in page


@pytest.mark.usefixtures("still_clock")
def test_a_poll_is_answered_by_304_while_nothing_changed(client: FlaskClient, who: People) -> None:
    address = f"/work-orders/{order_in_the_north(who).number}"
    tag = client.get(address).headers["HX-PTag"]
    assert client.get(address, headers={"HX-PTag": tag, "HX-Request": "true"}).status_code == 304


def test_an_order_of_another_area_is_not_there_for_a_technician_unless_it_is_his(client: FlaskClient, who: People) -> None:
    order, his = order_in_the_north(who), order_in_the_north(who, lead=who.wang)
    sign_in(client, who.wang)
    assert client.get(f"/work-orders/{order.number}").status_code == 404
    assert client.get(f"/work-orders/{order.number}/sheet").status_code == 404
    assert client.get(f"/work-orders/{order.number}/sheet.pdf").status_code == 404
    assert client.get(f"/work-orders/{his.number}").status_code == 200


@pytest.mark.parametrize("status", [OrderStatus.DISPATCHED, OrderStatus.FINISHED])
def test_the_phone_is_whole_only_while_somebody_has_to_go_there(client: FlaskClient, who: People, status: OrderStatus) -> None:
    machine = factories.machine(area=who.north)
    contact = factories.contact(customer=machine.customer, phone="13912345678")
    order = factories.work_order(machine=machine, lead=who.li, status=status, contact=contact)
    for address in (f"/work-orders/{order.number}", f"/work-orders/{order.number}/sheet"):
        assert ("13912345678" in client.get(address).text) == (status == OrderStatus.DISPATCHED), address
    sign_in(client, who.sun)
    assert "13912345678" not in client.get(f"/work-orders/{order.number}").text


def test_who_called_is_phoned_when_no_contact_is_named_else_somebody_at_the_site(client: FlaskClient, who: People) -> None:
    machine = factories.machine(area=who.north)
    ticket = factories.ticket(machine=machine, caller_name="钱站长", caller_phone="13500001111")
    assert "13500001111" in client.get(f"/work-orders/{factories.work_order(machine=machine, lead=who.li, ticket=ticket).number}").text
    factories.contact(customer=machine.customer, site=machine.site, name="孙操作", phone="13600002222")
    assert "13600002222" in client.get(f"/work-orders/{factories.work_order(machine=machine, lead=who.li).number}").text


def test_the_gate_is_told_shut_or_by_which_way_it_is_open(client: FlaskClient, who: People) -> None:
    shut = order_in_the_north(who, warranty=WarrantyState.OFF)
    assert "没有合同、协议或报价确认单" in client.get(f"/work-orders/{shut.number}").text
    diagnosis = order_in_the_north(who, warranty=WarrantyState.OFF, kind=OrderKind.DIAGNOSIS)
    page = client.get(f"/work-orders/{diagnosis.number}").text
    assert "没有合同、协议或报价确认单" not in page
    assert "批复后方可维修" in page
    first = order_in_the_north(who, status=OrderStatus.FINISHED)
    rework = order_in_the_north(who, warranty=WarrantyState.OFF, rework_of=first)
    page = client.get(f"/work-orders/{rework.number}").text
    assert first.number in page
    assert "返修" in page
    assert rework.number in client.get(f"/work-orders/{first.number}").text


def test_what_was_written_down_later_says_so(client: FlaskClient, who: People) -> None:
    order = order_in_the_north(who)
    assert "补录" not in client.get(f"/work-orders/{order.number}").text
    with db.transaction():
        OrderStep.create(
            order=order, at=clock.now(), recorded_at=clock.now() + timedelta(hours=2), by_name="李师傅",
            from_status=OrderStatus.ACCEPTED, to_status=OrderStatus.ON_SITE,
        )  # fmt: skip
        Visit.update(is_entered_later=True).execute()
    page = client.get(f"/work-orders/{order.number}").text
    assert "补录" in page
    assert "时间为补录" in page


def test_what_belongs_together_is_linked(client: FlaskClient, who: People) -> None:
    machine = factories.machine(area=who.north)
    ticket = factories.ticket(machine=machine)
    order = factories.work_order(machine=machine, ticket=ticket, lead=who.li, status=OrderStatus.FINISHED)
    page = client.get(f"/work-orders/{order.number}").text
    assert f"/tickets/{ticket.number}" in page
    assert f"/machines/{machine.serial}" in page


def test_scans_dropped_on_an_order_lead_back_to_it(client: FlaskClient, who: People) -> None:
    order = order_in_the_north(who)
    sent = {"form_type": "service_report", "about": order.number, "from": "order", "form_token": "one"}
    sent |= {"scans": (io.BytesIO(filemakers.pdf()), "a.pdf")}
    answer = client.post(f"/machines/{order.machine.serial}/documents/new", data=sent)
    assert answer.headers["Location"].endswith(f"/work-orders/{order.number}")
    assert "还没有本派工单的资料" not in client.get(f"/work-orders/{order.number}").text


def test_the_report_and_the_call_back_stand_there(client: FlaskClient, who: People) -> None:
    order = order_in_the_north(who, status=OrderStatus.FINISHED)
    report = factories.service_report(order=order)
    page = client.get(f"/work-orders/{order.number}").text
    assert f"/service-reports/{report.number}" in page
    assert "Seal changed" in page
    assert f"/call-backs/new?order={order.number}" in page


def paths(page: str) -> str:
    return page.split('class="moves"', 1)[1].split("</div>", 1)[0] if 'class="moves"' in page else ""


@pytest.mark.parametrize(
    ("status", "persona", "there", "absent"),
    [
        (OrderStatus.DRAFT, "zhao", "dispatch cancellation", "reassignment acceptance parts-received"),
        (OrderStatus.DRAFT, "chen", "dispatch cancellation", "reassignment override"),
        (OrderStatus.DRAFT, "sun", "", "dispatch cancellation"),
        (OrderStatus.DISPATCHED, "zhao", "acceptance reassignment cancellation", "dispatch"),
        (OrderStatus.DISPATCHED, "chen", "reassignment", "acceptance cancellation"),
        (OrderStatus.WAITING_PARTS, "chen", "parts-received next-visit", "acceptance"),
        (OrderStatus.DISPATCHED, "area_manager", "proposals", "reassignment cancellation"),
        (OrderStatus.CANCELLED, "zhao", "", "dispatch reassignment cancellation"),
    ],
)
def test_what_can_be_done_is_a_button_and_what_cannot_is_absent(
    client: FlaskClient, who: People, status: OrderStatus, persona: str, there: str, absent: str
) -> None:
    order = order_in_the_north(who, status=status, lead=None if status in (OrderStatus.DRAFT, OrderStatus.CANCELLED) else who.li)
    sign_in(client, getattr(who, persona))
    found = paths(client.get(f"/work-orders/{order.number}").text)
    for name in there.split():
        assert f"/work-orders/{order.number}/{name}" in found, name
    for name in absent.split():
        assert f'/work-orders/{order.number}/{name}"' not in found, name


def test_the_technician_has_the_way_to_the_own_job(client: FlaskClient, who: People) -> None:
    order = order_in_the_north(who)
    sign_in(client, who.li)
    assert f"/my/jobs/{order.number}" in paths(client.get(f"/work-orders/{order.number}").text)
