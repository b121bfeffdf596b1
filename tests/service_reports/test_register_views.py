"""Reports at the desk: listed, filtered, exported, read with their proof, printed, amended, filed; the missing ones by name."""

import re

import pytest
from flask.testing import FlaskClient
from peewee import Database

from app.core import db
from app.service_reports.models import ReportAmendment, ReportStatus, ServiceReport
from app.work_orders.models import OrderKind, OrderStatus, WorkOrder
from tests import factories
from tests.personas import People, people, sign_in


@pytest.fixture
def database(sqlite_database: Database) -> Database:
    return sqlite_database


@pytest.fixture
def who(client: FlaskClient) -> People:
    everybody = people()
    sign_in(client, everybody.chen)
    return everybody


@pytest.fixture
def report(who: People) -> ServiceReport:
    return factories.service_report(order=factories.work_order(lead=who.li, status=OrderStatus.FINISHED))


def test_it_works(client: FlaskClient, who: People, report: ServiceReport) -> None:
    assert report.number in client.get("/service-reports").text
    shown = client.get(f"/service-reports/{report.number}").text
    assert "签名后没有改动" in shown
    assert client.post(f"/service-reports/{report.number}/filing").status_code == 303
    assert (ServiceReport.get().status, WorkOrder.get().status) == ("filed", "filed")
    answer = client.post(f"/service-reports/{report.number}/filing")
    assert answer.status_code == 409
    assert "已收过此单" in answer.text


@pytest.mark.parametrize("query", ["status=odd", "cause=ghosts", "way=odd", "technician=x", "from=2026-13-01", "sort=odd", "after=x"])
def test_a_filter_that_no_choice_offers_is_refused(client: FlaskClient, who: People, query: str) -> None:
    assert client.get(f"/service-reports?{query}").status_code == 422


def test_lists_are_exported(client: FlaskClient, who: People, report: ServiceReport) -> None:
    factories.work_order(lead=who.li, status=OrderStatus.FINISHED, number="D7-MISSING")
    assert report.number in client.get("/service-reports.csv?status=signed").text
    assert "D7-MISSING" in client.get("/service-reports/missing.csv").text
    for name in ("service-reports", "service-reports/missing"):
        assert client.get(f"/{name}.xlsx").status_code == 200


def test_missing_reports_are_listed_reminded_and_filed_by_paper(client: FlaskClient, who: People) -> None:
    order = factories.work_order(lead=who.li, status=OrderStatus.FINISHED)
    assert order.number in client.get("/service-reports/missing").text
    for words in ("已提醒", "今天已提醒过"):
        client.post(f"/work-orders/{order.number}/report-reminder")
        assert words in client.get("/service-reports/missing").text
    client.post(f"/work-orders/{order.number}/paper-filing")
    assert "还没有上传纸质反馈表" in client.get("/service-reports/missing").text
    assert WorkOrder.get_by_id(order.id).status == OrderStatus.FINISHED


@pytest.mark.parametrize(("kind", "title"), [(OrderKind.DIAGNOSIS, "维修反馈表"), (OrderKind.MAINTENANCE, "售后服务签名反馈表")])
def test_the_title_on_paper_follows_the_kind_of_job(client: FlaskClient, who: People, kind: OrderKind, title: str) -> None:
    report = factories.service_report(order=factories.work_order(lead=who.li, status=OrderStatus.ON_SITE, kind=kind))
    shown = client.get(f"/service-reports/{report.number}/print").text
    assert re.search(rf"<h1>\s*{title}", shown)
    assert report.signatures.get().digest in shown


def test_a_pdf_is_made(client: FlaskClient, who: People, report: ServiceReport) -> None:
    answer = client.get(f"/service-reports/{report.number}.pdf")
    assert answer.status_code in (200, 503)  # without the system library it says so
    assert answer.status_code == 503 or answer.data.startswith(b"%PDF")


def test_tampering_is_said_aloud(client: FlaskClient, who: People, report: ServiceReport) -> None:
    with db.transaction():
        db.database.execute_sql("DROP TRIGGER service_report_is_signed_for_good")
        ServiceReport.update(finding="something else").execute()
    shown = client.get(f"/service-reports/{report.number}").text
    assert "与签名时不一致" in shown
    assert "Seal of the cylinder worn" in shown  # what was signed is shown all the same


def test_a_report_is_amended_by_its_technician(client: FlaskClient, who: People, report: ServiceReport) -> None:
    sign_in(client, who.li)
    page = f"/service-reports/{report.number}/amendments"
    assert "Seal changed" in client.get(page).text
    fields = {
        "version": "0", "reason": "抄错", "finding": report.finding, "component": report.component, "cause": "wear",
        "action": "换了两个油封", "is_solved": "1", "labour_minutes-h": "1", "labour_minutes-m": "30",
        "part-0-name": "Seal", "part-0-serial_on": "B9",
    }  # fmt: skip
    assert client.post(page, data=fields | {"reason": ""}).status_code == 422
    assert client.post(page, data=fields).status_code == 303
    assert client.post(page, data=fields).status_code == 409
    assert ReportAmendment.select().count() == 1
    shown = client.get(f"/service-reports/{report.number}").text
    assert "换了两个油封" in shown
    assert "Seal changed" in shown  # what it said before stands beside it
    assert "抄错" in client.get(f"/service-reports/{report.number}/print").text


def test_reports_of_another_area_are_not_to_be_seen(client: FlaskClient, who: People) -> None:
    far = factories.service_report(order=factories.work_order(lead=who.wang, area=who.south, status=OrderStatus.FINISHED))
    sign_in(client, who.area_manager)
    for path in ("", "/print", ".pdf", f"/photos/{far.photos.get().id}"):
        assert client.get(f"/service-reports/{far.number}{path}").status_code == 404
    assert far.number not in client.get("/service-reports").text
    assert far.number not in client.get("/service-reports.csv").text


def test_the_machine_tells_of_its_reports_and_parts(client: FlaskClient, who: People, report: ServiceReport) -> None:
    shown = client.get(f"/machines/{report.order.machine.serial}").text
    assert f"/service-reports/{report.number}" in shown
    assert "设备上的配件" in shown
    assert "Seal of the cylinder worn" in client.get(f"/machines/{report.order.machine.serial}/print").text


def test_a_draft_is_printed_for_the_stamp(client: FlaskClient, who: People) -> None:
    draft = factories.service_report(lead=who.li, status=ReportStatus.DRAFT)
    assert "草稿" in client.get(f"/service-reports/{draft.number}/print").text
