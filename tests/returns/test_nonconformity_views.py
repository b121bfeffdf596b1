"""Nonconformity and 8D reports on screen, print, exports."""

import io

import pytest
from flask.testing import FlaskClient

from app.returns.models import EightD, Nonconformity
from tests import factories, money_factories
from tests.personas import People, people, sign_in


@pytest.fixture
def who(client: FlaskClient) -> People:
    everybody = people()
    sign_in(client, everybody.chen)
    return everybody


def test_it_works(client: FlaskClient, who: People) -> None:
    one = money_factories.returned(status="received", part_name="齿轮泵")
    assert client.get(f"/returns/{one.number}/nonconformity").status_code == 200
    files = (io.BytesIO(factories.picture()), "泵.png")
    answer = client.post(f"/returns/{one.number}/nonconformity", data={"description": "泵体裂纹", "batch": "2607A", "files": files})
    at = answer.headers["Location"]
    assert "泵体裂纹" in client.get(at).text
    photo = Nonconformity.get().photos.get()
    assert client.get(f"{at}/photos/{photo.id}?preview=1").status_code == 200
    sign_in(client, who.liu)
    assert client.post(f"{at}/submission", data={"version": 1}).status_code == 303
    sign_in(client, who.sun)
    data = {"version": 2, "cause": "manufacture", "disposition": "scrap", "quality_opinion": "铸造缺陷", "cost": "120.50"}
    assert client.post(f"{at}/verdict", data=data).status_code == 303
    assert client.post(f"{at}/8d").status_code == 303
    words = {"version": EightD.get().version, "d4": "气孔", "do": "save", "owner": str(who.zhao.id)}
    assert client.post(f"{at}/8d/text", data=words).status_code == 303
    assert "气孔" in client.get(f"{at}/8d").text
    assert "气孔" in client.get(f"{at}/8d/print").text
    assert client.post(f"{at}/closing", data={"version": 3, "closing_check": "已报废"}).status_code == 303
    assert "已报废" in client.get(f"{at}/print").text
    assert client.get(f"{at}.pdf").data.startswith(b"%PDF")


def test_a_report_without_words_comes_back_with_what_was_typed(client: FlaskClient, who: People) -> None:
    one = money_factories.returned(status="received")
    answer = client.post(f"/returns/{one.number}/nonconformity", data={"description": " ", "batch": "2607A"})
    assert answer.status_code == 422
    assert "2607A" in answer.text


def test_a_verdict_that_is_not_whole_comes_back(client: FlaskClient, who: People) -> None:
    report = money_factories.nonconformity(status="submitted", submitted_by=who.liu)
    sign_in(client, who.sun)
    answer = client.post(f"/nonconformities/{report.number}/verdict", data={"version": 1, "quality_opinion": "先写到这里"})
    assert answer.status_code == 422
    assert "先写到这里" in answer.text


def test_an_8d_report_that_lacks_its_cause_is_not_closed_and_nothing_is_lost(client: FlaskClient, who: People) -> None:
    report = money_factories.nonconformity()
    sign_in(client, who.sun)
    answer = client.post(f"/nonconformities/{report.number}/8d/text", data={"version": 1, "d0": "停用", "do": "close"})
    assert answer.status_code == 422
    assert "停用" in answer.text
    assert EightD.get().closed_at is None


def test_lists_and_statistics_export(client: FlaskClient, who: People) -> None:
    report = money_factories.nonconformity()
    assert report.number in client.get("/nonconformities").text
    assert report.number in client.get("/nonconformities.csv").text
    for path in ("/nonconformities.xlsx", "/nonconformities/statistics.xlsx?by=cause", "/nonconformities/statistics.csv"):
        assert client.get(path).status_code == 200
    for by in ("part", "batch", "supplier", "cause"):
        assert client.get(f"/nonconformities/statistics?by={by}").status_code == 200


@pytest.mark.parametrize("path", ["?status=odd", "?cause=odd", "?from_on=x", "?sort=odd", "/statistics?by=odd", "/statistics?from_on=x"])
def test_a_filter_that_no_choice_offers_is_refused(client: FlaskClient, who: People, path: str) -> None:
    assert client.get(f"/nonconformities{path}").status_code == 422


def test_technicians_do_not_read_what_quality_says(client: FlaskClient, who: People) -> None:
    report = money_factories.nonconformity(returned=money_factories.returned(status="reported", technician=who.li))
    sign_in(client, who.li)
    assert client.get(f"/nonconformities/{report.number}").status_code == 403
    assert report.number not in client.get(f"/returns/{report.returned.number}").text
