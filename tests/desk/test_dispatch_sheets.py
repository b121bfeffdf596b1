"""The dispatch sheet (F-04): the words that must stand on it, and the PDF."""

from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from app.core import clock, db
from app.roster.models import Vehicle
from app.work_orders.models import OrderKind, OrderStatus, Visit, WorkOrder
from tests import factories
from tests.personas import People, people, sign_in

PUT_UP = "有限空间作业：先通风、再检测、后作业；断电挂牌上锁；专人监护，严禁单人下坑"


@pytest.fixture
def who(client: FlaskClient) -> People:
    everybody = people()
    sign_in(client, everybody.zhao)
    return everybody


def sheet(client: FlaskClient, order: WorkOrder) -> str:
    return client.get(f"/work-orders/{order.number}/sheet").text


def in_a_pit(who: People, **values: Any) -> WorkOrder:
    return factories.work_order(**{"lead": who.li, "is_pit": True} | values)


def test_it_works(client: FlaskClient, who: People) -> None:
    machine = factories.machine(area=who.north)
    factories.work_order(machine=machine, lead=who.wang, status=OrderStatus.FINISHED, title="更换油封")
    order = in_a_pit(
        who, machine=machine, title="油缸漏油", instructions="先查压力", bring="密封圈 2 套", wanted_at=clock.now() + timedelta(hours=2)
    )
    with db.transaction():
        Visit.update(vehicle=Vehicle.create(plate="云A·12345")).where(Visit.order == order).execute()
    page = sheet(client, order)
    for words in (
        "派工单", order.number, order.customer.name, order.site.address, machine.serial, machine.model.name, "油缸漏油", "先查压力",
        "密封圈 2 套", "李师傅", "云A·12345", "保内", PUT_UP, "监护人", "气体检测", "更换油封", "王师傅", "客户签字", "data:image/svg+xml",
    ):  # fmt: skip
        assert words in page, words


def test_the_words_of_the_pit_stand_in_chinese_on_the_english_sheet_too(client: FlaskClient, who: People) -> None:
    client.set_cookie("locale", "en")
    page = sheet(client, in_a_pit(who))
    assert PUT_UP in page
    assert "Confined space: ventilate first, then measure, then work" in page


def test_a_safety_stop_is_to_be_confirmed_on_it(client: FlaskClient, who: People) -> None:
    assert "确认前任何人不得下坑" not in sheet(client, in_a_pit(who))
    assert "确认前任何人不得下坑" in sheet(client, in_a_pit(who, is_stop=True))


def test_a_job_outside_of_any_pit_has_no_words_of_the_pit(client: FlaskClient, who: People) -> None:
    assert PUT_UP not in sheet(client, factories.work_order(lead=who.li, kind=OrderKind.TRAINING))


def test_who_agreed_by_phone_stands_there_until_it_is_ratified(client: FlaskClient, who: People) -> None:
    order = in_a_pit(who, agreed_by=who.liu)
    assert "刘经理 电话同意" in sheet(client, order)
    WorkOrder.update(ratified_at=clock.now(), ratified_by_name="赵副经理").execute()
    assert "电话同意" not in sheet(client, order)


def test_it_is_a_pdf_of_one_page(client: FlaskClient, who: People) -> None:
    answer = client.get(f"/work-orders/{in_a_pit(who, is_stop=True).number}/sheet.pdf")
    if answer.status_code == 503:
        pytest.skip("Pango is missing")
    assert answer.data.startswith(b"%PDF")
    assert answer.mimetype == "application/pdf"
