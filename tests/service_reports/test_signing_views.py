"""The pages on which one signs: on the tablet, on the customer's own phone, and what stands for a signature."""

import io
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from peewee import Database

from app.core import clock, db
from app.service_reports import content, sheets
from app.service_reports.models import ReportSignature, ReportStatus, ServiceReport
from tests import factories
from tests.personas import People, people, sign_in


@pytest.fixture
def database(sqlite_database: Database) -> Database:
    return sqlite_database


@pytest.fixture
def who(client: FlaskClient) -> People:
    everybody = people()
    sign_in(client, everybody.li)
    return everybody


@pytest.fixture
def report(who: People) -> ServiceReport:
    return factories.service_report(lead=who.li, status=ReportStatus.DRAFT)


def page(report: ServiceReport) -> str:
    return f"/my/jobs/{report.order.number}/report/signature"


def signed(report: ServiceReport, **values: Any) -> dict[str, Any]:
    seen = content.digest(content.text_of(sheets.said_by(ServiceReport.get_by_id(report.id))))
    return {"way": "drawn", "signer": "王站长", "strokes": factories.STROKES, "seen": seen, "digest": ""} | values


def test_it_works(client: FlaskClient, who: People, report: ServiceReport) -> None:
    shown = client.get(page(report)).text
    assert "Seal of the cylinder worn" in shown
    assert "data-signature" in shown
    assert client.post(page(report), data=signed(report)).status_code == 303
    shown = client.get(page(report)).text
    assert ReportSignature.get().digest in shown
    assert f"/my/jobs/{report.order.number}/finish" in shown
    assert "data-signature" not in shown


def test_signing_twice_is_answered_in_words(client: FlaskClient, who: People, report: ServiceReport) -> None:
    given = signed(report)
    client.post(page(report), data=given)
    answer = client.post(page(report), data=given)
    assert answer.status_code == 409
    assert "已由 王站长 签过" in answer.text


@pytest.mark.parametrize(
    ("values", "status", "words"),
    [
        ({"strokes": ""}, 422, "还没有签名"),
        ({"strokes": "[[[5,5,0]]]"}, 422, "还没有签名"),
        ({"signer": ""}, 422, "谁签字"),
        ({"seen": "0" * 64}, 409, "又有改动"),
        ({"digest": "0" * 64}, 409, "校验码不同"),
        ({"way": "dance"}, 422, "如何收尾"),
        ({"way": "refused", "reason": ""}, 422, "请拍照"),
    ],
)
def test_what_keeps_one_from_signing_is_said(
    client: FlaskClient, who: People, report: ServiceReport, values: dict[str, str], status: int, words: str
) -> None:
    answer = client.post(page(report), data=signed(report, **values))
    assert answer.status_code == status
    assert words in answer.text
    assert ServiceReport.get().status == ReportStatus.DRAFT


def test_a_report_that_lacks_something_says_what_and_leads_there(client: FlaskClient, who: People) -> None:
    report = factories.service_report(lead=who.li, status=ReportStatus.DRAFT, action="")
    shown = client.get(page(report)).text
    assert "report?step=action" in shown
    assert "data-signature" not in shown


def test_a_report_is_closed_by_a_photo(client: FlaskClient, who: People, report: ServiceReport) -> None:
    data = {"way": "absent", "reason": "站上没有人", "photo": (io.BytesIO(factories.picture()), "site.png")}
    assert client.post(page(report), data=data).status_code == 303
    assert (ReportSignature.get().way, ReportSignature.get().photo.kind) == ("absent", "site")
    assert "站上没有人" in client.get(page(report)).text


# --- the customer's own phone ---------------------------------------------------


def link(client: FlaskClient, report: ServiceReport) -> str:
    client.post(f"/my/jobs/{report.order.number}/report/signing-link")
    token = ServiceReport.get().sign_token
    assert f"/sign/{token}" in client.get(page(report)).text
    return f"/sign/{token}"


def test_the_customer_reads_and_signs_without_an_account(client: FlaskClient, who: People, report: ServiceReport) -> None:
    path = link(client, report)
    stranger = client.application.test_client()
    shown = stranger.get(path)
    assert "Seal of the cylinder worn" in shown.text
    assert (shown.headers["Referrer-Policy"], shown.headers["X-Robots-Tag"][:7]) == ("same-origin", "noindex")
    assert stranger.get(f"{path}/photos/{report.photos.get().id}?preview=1").status_code == 200
    assert stranger.post(path, data=signed(report)).status_code == 303
    assert "已签名，谢谢" in stranger.get(path).text
    assert ReportSignature.get().way == "remote"
    assert stranger.post(path, data=signed(report)).status_code == 409


def test_a_link_that_leads_nowhere_says_nothing(client: FlaskClient, who: People, report: ServiceReport) -> None:
    path = link(client, report)
    with db.transaction():
        ServiceReport.update(sign_token_until=clock.now() - timedelta(minutes=1)).execute()
    stranger = client.application.test_client()
    for gone in (path, "/sign/unknown", f"{path}/photos/1"):
        answer = stranger.get(gone)
        assert answer.status_code == 404
        assert "已失效" in answer.text
        assert report.number not in answer.text


def test_links_are_not_guessed_and_not_tried_without_end(client: FlaskClient, who: People, report: ServiceReport) -> None:
    path = link(client, report)
    stranger = client.application.test_client()
    tries = [stranger.post(path, data=signed(report, strokes="")).status_code for _ in range(11)]
    assert tries == [422] * 10 + [429]
    guesses = [stranger.get(f"/sign/guess{number}").status_code for number in range(21)]
    assert guesses == [404] * 20 + [429]
