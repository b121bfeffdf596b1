"""The daily and monthly report writes itself from the visits, is changed, sent, sent again."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from app.accounts.models import User
from app.core import clock, db
from app.desk import day_text
from app.service_reports.models import ReportPart, ServiceReport
from app.work_orders.models import OrderStatus, TechnicianReport, Visit, WorkOrder
from tests import factories
from tests.personas import People, people, sign_in

ON = date(2026, 11, 20)


@pytest.fixture
def who(client: FlaskClient) -> People:
    everybody = people()
    sign_in(client, everybody.li)
    return everybody


def at(hour: int, on: date = ON) -> datetime:
    return datetime(on.year, on.month, on.day, hour, tzinfo=clock.zone()).astimezone(UTC)


def visited(lead: User, *, hour: int = 9, on: date = ON, **values: Any) -> WorkOrder:
    """A finished order with a visit from ``hour`` for two hours."""
    order = factories.work_order(lead=lead, status=OrderStatus.FINISHED, **values)
    times = {"departed_at": at(hour - 1, on), "arrived_at": at(hour, on), "left_at": at(hour + 2, on)}
    with db.transaction():
        Visit.update(planned_from=at(hour, on), planned_until=at(hour + 2, on), **times).where(Visit.order == order).execute()
    return order


def reported(order: WorkOrder, **values: Any) -> ServiceReport:
    now = clock.now()
    defaults = {
        "number": f"R-{order.number}", "order": order, "client_id": order.number, "status": "draft", "machine": order.machine,
        "by": order.lead, "finding": "压力上不去", "cause": "wear", "action": "更换油封", "labour_minutes": 90, "distance_km": 35,
        "money_fen": 12_050, "created_at": now, "changed_at": now,
    }  # fmt: skip
    with db.transaction():
        report = ServiceReport.create(**defaults | values)
        ReportPart.create(report=report, position=1, name="B 型油封", quantity=2, machine=order.machine)
    return report


def test_it_works(client: FlaskClient, who: People) -> None:
    order = visited(who.li, title="油缸漏油")
    reported(order)
    page = client.get(f"/my/day?on={ON}").text
    for words in ("油缸漏油", order.machine.serial, "更换油封", "B 型油封×2", "35", "120.50"):
        assert words in page
    answer = client.post(f"/my/day?on={ON}", data={"text": "改过的日报", "version": "0"})
    assert answer.headers["Location"] == f"/my/day?on={ON}"
    assert "改过的日报" in client.get(f"/my/day?on={ON}").text
    client.post(f"/my/day?on={ON}", data={"text": "又改了", "version": "1"})
    report = TechnicianReport.get()
    assert (report.user, report.starts_on, report.text, report.version) == (who.li, ON, "又改了", 2)


def test_the_text_of_a_day_is_exactly_this(who: People) -> None:
    machine = factories.machine(serial="YJ-1", customer=factories.customer(name="望河县城市管理局", short_name="望河城管"))
    order = visited(who.li, number="D1", title="油缸漏油", machine=machine)
    reported(order, is_solved=False)
    plan = factories.work_order(lead=who.li, number="D2", title="季度巡检", machine=machine)
    tomorrow = ON + timedelta(days=1)
    with db.transaction():
        Visit.update(planned_from=at(10, tomorrow), planned_until=at(12, tomorrow)).where(Visit.order == plan).execute()
    place = f"望河城管 {machine.site.name} YJ-1"
    assert day_text.day_text(who.li, ON, "zh_CN") == (
        "【日报】2026-11-20 李师傅\n"
        f"1. {place} 油缸漏油 D1\n"
        "现象：压力上不去\n原因：正常磨损\n处理：更换油封\n配件：B 型油封×2\n在场 09:00-11:00\n"
        "合计：上门 1 次，工时 1.5 小时，里程 35 公里，收款 ¥120.50\n"
        "问题：未解决：D1\n"
        "明日计划：\n"
        f"10:00 {place} 季度巡检"
    )


def test_a_report_counts_once_however_many_visits_it_took(who: People) -> None:
    order = visited(who.li)
    reported(order)
    with db.transaction():
        Visit.create(
            order=order, number=2, lead=who.li, planned_from=at(14), planned_until=at(16), arrived_at=at(14), left_at=at(15)
        )  # fmt: skip
    total = day_text.sums(day_text.visited(who.li.id, ON, ON + timedelta(days=1)))
    assert (total.visits, total.finished, total.minutes, total.km, total.fen) == (2, 1, 90, 35, 12_050)


def test_a_month_sums_its_days_and_names_what_came_again(client: FlaskClient, who: People) -> None:
    machine = factories.machine(area=who.north)
    for day in (3, 17):
        visited(who.li, on=ON.replace(day=day), machine=machine, title=f"漏油{day}")
    visited(who.li, on=date(2026, 10, 31))
    visited(who.wang)
    page = client.get("/my/month?on=2026-11").text
    assert f"{machine.serial} ×2" in page
    days = [
        day_text.sums(day_text.visited(who.li.id, ON.replace(day=day), ON.replace(day=day) + timedelta(days=1))) for day in range(1, 31)
    ]
    month = day_text.sums(day_text.visited(who.li.id, date(2026, 11, 1), date(2026, 12, 1)))
    assert month.visits == sum(day.visits for day in days) == 2
    assert client.post("/my/month?on=2026-11", data={"text": page[:50], "version": "0"}).status_code == 303
    assert TechnicianReport.get().starts_on == date(2026, 11, 1)


def test_two_devices_do_not_overwrite_each_other(client: FlaskClient, who: People) -> None:
    client.post(f"/my/day?on={ON}", data={"text": "手机上的", "version": "0"})
    assert client.post(f"/my/day?on={ON}", data={"text": "手机上的", "version": "0"}).status_code == 303  # the same, sent twice
    answer = client.post(f"/my/day?on={ON}", data={"text": "平板上的", "version": "0"})
    assert answer.status_code == 409
    assert "平板上的" in answer.text
    assert TechnicianReport.get().text == "手机上的"


@pytest.mark.parametrize(("text", "on"), [(" ", str(ON)), ("x" * 20_001, str(ON)), ("x", "2999-01-01"), ("x", "yesterday")])
def test_what_cannot_be_a_report_is_refused(client: FlaskClient, who: People, text: str, on: str) -> None:
    assert client.post(f"/my/day?on={on}", data={"text": text, "version": "0"}).status_code == 422
    assert TechnicianReport.select().count() == 0
