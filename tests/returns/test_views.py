"""Returned parts on screen: the list, the page that the tag leads to, what a technician does with several at once."""

import pytest
from flask.testing import FlaskClient

from app.returns.models import DefectiveReturn
from tests import factories, money_factories
from tests.personas import People, people, sign_in


@pytest.fixture
def who(client: FlaskClient) -> People:
    everybody = people()
    sign_in(client, everybody.chen)
    return everybody


def test_it_works(client: FlaskClient, who: People) -> None:
    one = money_factories.returned(technician=who.li, part_name="齿轮泵")
    sign_in(client, who.li)
    assert "齿轮泵" in client.get("/my/returns").text
    answer = client.post("/my/returns", data={"number": one.number, "do": "tag"})
    assert one.number in client.get(answer.headers["Location"]).text
    client.post("/my/returns", data={"number": one.number, "do": "send", "carrier": "顺丰", "waybill": "SF77"})
    sign_in(client, who.chen)
    assert "SF77" in client.get("/returns").text
    version = DefectiveReturn.get().version
    assert client.post(f"/returns/{one.number}/receipt", data={"version": version}).status_code == 303
    assert one.number not in client.get("/returns").text
    assert one.number in client.get("/returns?state=back").text


def test_what_is_missing_is_said_and_what_was_typed_stays(client: FlaskClient, who: People) -> None:
    one = money_factories.returned(technician=who.li, status="tagged")
    sign_in(client, who.li)
    answer = client.post("/my/returns", data={"number": one.number, "do": "send", "waybill": "SF77"})
    assert answer.status_code == 422
    assert "SF77" in answer.text
    assert "checked" in answer.text


def test_choosing_nothing_is_said(client: FlaskClient, who: People) -> None:
    money_factories.returned(technician=who.li)
    sign_in(client, who.li)
    assert client.post("/my/returns", data={"do": "tag"}).status_code == 422


def test_parts_of_another_area_are_not_to_be_seen(client: FlaskClient, who: People) -> None:
    far = money_factories.returned(technician=who.wang, order=factories.work_order(lead=who.wang, area=who.south, status="finished"))
    sign_in(client, who.li)
    for path in (f"/returns/{far.number}", f"/returns/{far.number}/tag", f"/my/returns/tags?number={far.number}"):
        assert client.get(path).status_code == 404
    assert client.post("/my/returns", data={"number": far.number, "do": "tag"}).status_code == 404
    for path in ("/returns", "/returns.csv", "/returns/ageing"):
        assert far.number not in client.get(path).text
        assert who.wang.name not in client.get(path).text


def test_it_exports_and_counts_by_technician(client: FlaskClient, who: People) -> None:
    one = money_factories.returned(technician=who.li)
    assert one.number in client.get("/returns.csv").text
    assert client.get("/returns.xlsx").status_code == 200
    assert who.li.name in client.get("/returns/ageing").text


@pytest.mark.parametrize("query", ["state=odd", "technician=x", "sort=odd", "after=!"])
def test_a_filter_that_no_choice_offers_is_refused(client: FlaskClient, who: People, query: str) -> None:
    assert client.get(f"/returns?{query}").status_code == 422


def test_a_waiver_without_a_reason_comes_back(client: FlaskClient, who: People) -> None:
    one = money_factories.returned()
    sign_in(client, who.zhao)
    assert client.post(f"/returns/{one.number}/waiver", data={"version": 1}).status_code == 422
    assert client.post(f"/returns/{one.number}/waiver", data={"version": 1, "reason": "现场报废"}).status_code == 303
    assert "现场报废" in client.get(f"/returns/{one.number}").text
