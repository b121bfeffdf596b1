"""The report on the tablet: each step without JavaScript and saved by itself, what is wrong beside its field, nobody else's job."""

import io
import re
from typing import Any

import pytest
from flask.testing import FlaskClient
from peewee import Database

from app.service_reports.models import ReportPart, ReportPhoto, ReportReading, ServiceReport
from app.work_orders.models import OrderKind, OrderStatus, Visit, WorkOrder
from tests import factories
from tests.personas import People, people, sign_in

HTMX = {"HX-Request": "true"}


@pytest.fixture
def database(sqlite_database: Database) -> Database:
    return sqlite_database


@pytest.fixture
def who(client: FlaskClient) -> People:
    everybody = people()
    sign_in(client, everybody.li)
    return everybody


@pytest.fixture
def order(who: People) -> WorkOrder:
    return factories.work_order(lead=who.li, status=OrderStatus.ON_SITE)


def address(order: WorkOrder, step: str) -> str:
    return f"/my/jobs/{order.number}/report?step={step}"


def send(client: FlaskClient, order: WorkOrder, step: str, **values: Any) -> Any:
    """Open a step, fill it and send it, as a browser does."""
    page = client.get(address(order, step)).text
    hidden = dict(re.findall(r'<input type="hidden"[^>]* name="(client_id|version)" value="([^"]*)"', page))
    return client.post(address(order, step), data={"go": "next"} | hidden | values)


def test_it_works(client: FlaskClient, who: People, order: WorkOrder) -> None:
    visit = Visit.get(Visit.order == order)
    steps: dict[str, dict[str, Any]] = {
        "finding": {"finding": "油封漏油", "component": "液压"},
        "cause": {"cause": "wear", "cause_text": "三年"},
        "action": {"action": "换油封", "is_solved": "1"},
        "parts": {"part-0-name": "油封", "part-0-serial_on": "B2", "part-0-is_old_kept": "1", "part-1-quantity": "1"},
        "readings": {"reading-0-name": "压力", "reading-0-before": "9", "reading-0-after": "15"},
        "photos": {"kind": "after", "caption": "修好", "files": (io.BytesIO(factories.picture()), "a.png")},
        "times": {
            f"visit-{visit.id}-arrived_at": "2026-01-02T08:30", "labour_minutes-h": "1", "labour_minutes-m": "30", "distance_km": "42",
            "money_fen": "350.50",
        },
        "remark": {"customer_remark": "很好"},
    }  # fmt: skip
    ways = [send(client, order, step, **values).headers["Location"].rpartition("=")[2] for step, values in steps.items()]
    assert ways == ["cause", "action", "parts", "readings", "photos", "times", "remark", f"/my/jobs/{order.number}/report/signature"]
    report = ServiceReport.get()
    assert (report.finding, report.cause, report.action, report.is_solved) == ("油封漏油", "wear", "换油封", True)
    assert (report.labour_minutes, report.distance_km, report.money_fen, report.customer_remark) == (90, 42, 35_050, "很好")
    assert (ReportPart.get().name, ReportPart.get().is_old_kept, ReportReading.get().after) == ("油封", True, "15")
    assert (ReportPhoto.get().kind, ReportPhoto.get().caption) == ("after", "修好")
    assert Visit.get_by_id(visit.id).is_entered_later
    for step in steps:
        assert client.get(address(order, step)).status_code == 200


def test_a_step_saves_itself_while_one_types(client: FlaskClient, who: People, order: WorkOrder) -> None:
    first = {"client_id": "made-on-the-page", "version": "0", "finding": "漏"}
    answer = client.post(address(order, "finding"), data=first, headers=HTMX)
    assert 'name="version" value="1"' in answer.text
    assert "已存到中心" in answer.text
    answer = client.post(address(order, "finding"), data=first | {"version": "1", "finding": "漏油"}, headers=HTMX)
    assert 'name="version" value="2"' in answer.text
    assert (ServiceReport.select().count(), ServiceReport.get().finding) == (1, "漏油")


def test_what_cannot_be_saved_by_itself_is_said(client: FlaskClient, who: People, order: WorkOrder) -> None:
    data = {"client_id": "made-on-the-page", "version": "0", "part-0-serial_on": "B2"}
    answer = client.post(address(order, "parts"), data=data, headers=HTMX)
    assert answer.status_code == 422
    assert "尚未保存" in answer.text


@pytest.mark.parametrize(
    ("step", "values", "words"),
    [
        ("finding", {"finding": "x" * 4_001}, "内容太长"),
        ("parts", {"part-0-serial_on": "B2"}, "是什么配件"),
        ("parts", {"part-0-name": "阀", "part-0-quantity": "many"}, "请填整数"),
        ("readings", {"reading-0-after": "B2"}, "读的是什么"),
        ("times", {"labour_minutes-h": "two"}, "请填整数"),
        ("times", {"money_fen": "12.345"}, "请填金额"),
        ("times", {"money_fen": "-5"}, "请填金额"),
        ("photos", {"caption": "修好", "kind": "selfie", "files": (io.BytesIO(b"x"), "a.png")}, "照片拍的是什么"),
    ],
)
def test_what_is_wrong_is_said_beside_its_field_and_nothing_is_lost(
    client: FlaskClient, who: People, order: WorkOrder, step: str, values: dict[str, Any], words: str
) -> None:
    answer = send(client, order, step, **values)
    assert answer.status_code == 422
    assert words in answer.text
    typed = next(value for value in values.values() if isinstance(value, str))
    assert typed in answer.text


def test_a_photo_that_is_none_is_refused(client: FlaskClient, who: People, order: WorkOrder) -> None:
    answer = send(client, order, "photos", kind="site", files=(io.BytesIO(b"%PDF-1.4 no photo"), "a.pdf"))
    assert answer.status_code == 422
    assert not ReportPhoto.select().exists()


def test_a_photo_is_looked_at_and_taken_out(client: FlaskClient, who: People, order: WorkOrder) -> None:
    send(client, order, "photos", kind="site", go="stay", files=(io.BytesIO(factories.picture()), "a.png"))
    photo, report = ReportPhoto.get(), ServiceReport.get()
    assert client.get(f"/service-reports/{report.number}/photos/{photo.id}?preview=1").mimetype == "image/jpeg"
    for _ in range(2):
        assert client.post(f"/my/jobs/{order.number}/report/photos/{photo.id}/removal").status_code == 303
    assert not ReportPhoto.select().exists()
    assert client.get(f"/service-reports/{report.number}/photos/{photo.id}").status_code == 404


def test_one_may_jump_between_the_steps_and_take_a_line_out(client: FlaskClient, who: People, order: WorkOrder) -> None:
    assert send(client, order, "finding", finding="x", go="times").headers["Location"].endswith("step=times")
    send(client, order, "parts", **{"part-0-name": "油封", "part-1-name": "阀"})
    answer = send(client, order, "parts", **{"part-0-name": "油封", "part-1-name": "阀", "drop": "0"})
    assert answer.headers["Location"].endswith("step=parts")
    assert [part.name for part in ReportPart.select()] == ["阀"]


def test_parts_off_warranty_are_refused_with_what_can_be_done(client: FlaskClient, who: People) -> None:
    order = factories.work_order(lead=who.li, status=OrderStatus.ON_SITE, warranty="off", kind=OrderKind.DIAGNOSIS)
    assert "保外且未批复" in client.get(address(order, "parts")).text
    answer = send(client, order, "parts", **{"part-0-name": "油封"})
    assert (answer.status_code, ReportPart.select().count()) == (409, 0)
    assert "油封" in answer.text


def test_the_report_of_another_technician_is_not_to_be_seen(client: FlaskClient, who: People) -> None:
    order = factories.work_order(lead=who.wang, status=OrderStatus.ON_SITE)
    for path in ("report", "report/signature"):
        assert client.get(f"/my/jobs/{order.number}/{path}").status_code == 404
        assert client.post(f"/my/jobs/{order.number}/{path}", data={"finding": "x"}).status_code == 404


def test_a_signed_report_leads_to_its_signature(client: FlaskClient, who: People) -> None:
    report = factories.service_report(lead=who.li)
    answer = client.get(address(report.order, "parts"))
    assert answer.headers["Location"].endswith("/report/signature")
    assert send(client, report.order, "parts").status_code in (303, 409)
