"""Requisitions on screen: asked for at the job and at the desk, decided, issued, taken back, listed, printed."""

import pytest
from flask.testing import FlaskClient
from peewee import Database

from app.parts.ledger import place_of
from app.parts.models import PlaceKind
from app.supply import requisitions
from app.supply.models import Requisition, RequisitionStatus
from tests import factories, money_factories
from tests.personas import People, people, sign_in


@pytest.fixture
def database(sqlite_database: Database) -> Database:
    return sqlite_database


@pytest.fixture
def who(client: FlaskClient) -> People:
    return people()


def asked(number: str, **values: str) -> dict[str, str]:
    store = str(place_of(PlaceKind.MAIN).id)
    return {"from_place": store, "line-0-part": number, "line-0-quantity": "2", "form_token": "one"} | values


def test_it_works(client: FlaskClient, who: People) -> None:
    part, order = money_factories.stocked(name="回油滤芯"), factories.work_order(lead=who.li)
    sign_in(client, who.li)
    for _ in range(2):  # a double click
        client.post(f"/my/jobs/{order.number}/parts", data=asked(part.number))
    row = Requisition.get()
    assert "回油滤芯" in client.get(f"/my/jobs/{order.number}/parts").text
    sign_in(client, who.zhao)
    assert row.number in client.get("/requisitions").text
    client.post(f"/requisitions/{row.number}/approval", data={"version": "1"})
    sign_in(client, who.chen)
    line = requisitions.lines_of(row)[0]
    answer = client.post(f"/requisitions/{row.number}/issue", data={"version": "2", f"line-{line.id}": "2"})
    assert answer.status_code == 303
    client.post(f"/requisitions/{row.number}/return", data={"version": "3", f"line-{line.id}": "2"})
    assert Requisition.get().status == RequisitionStatus.CLOSED
    assert row.number in client.get("/requisitions?status=closed").text
    assert "回油滤芯" in client.get("/requisitions.csv?status=").text
    assert client.get("/requisitions.xlsx?status=").status_code == 200
    assert "回油滤芯" in client.get(f"/requisitions/{row.number}/print").text


def test_what_is_wrong_stands_beside_the_field_and_nothing_typed_is_lost(client: FlaskClient, who: People) -> None:
    sign_in(client, who.chen)
    answer = client.post("/requisitions/new", data=asked("NO-SUCH", remark="急用", technician=str(who.li.id)))
    assert answer.status_code == 422
    assert "急用" in answer.text
    assert "NO-SUCH" in answer.text
    assert "配件目录里没有" in answer.text
    assert Requisition.select().count() == 0


def test_more_lines_are_shown_without_asking_for_anything(client: FlaskClient, who: People) -> None:
    sign_in(client, who.chen)
    answer = client.post("/requisitions/new", data=asked("P1", more="1"))
    assert answer.status_code == 200
    assert "line-6-part" in answer.text
    assert Requisition.select().count() == 0


def test_a_step_that_somebody_took_already_is_refused_in_words(client: FlaskClient, who: People) -> None:
    row = money_factories.requisition(technician=who.li)
    sign_in(client, who.zhao)
    client.post(f"/requisitions/{row.number}/approval", data={"version": "1"})
    answer = client.post(f"/requisitions/{row.number}/refusal", data={"version": "1", "reason": "重复"})
    assert answer.status_code == 409
    assert "已被他人改动" in answer.text


def test_a_technician_sees_the_own_requisitions_only(client: FlaskClient, who: People) -> None:
    row = money_factories.requisition(technician=who.wang)
    sign_in(client, who.li)
    assert row.number not in client.get("/requisitions?status=").text
    assert client.get(f"/requisitions/{row.number}").status_code == 404
    assert client.post(f"/requisitions/{row.number}/withdrawal", data={"version": "1"}).status_code == 404


def test_parts_are_offered_while_one_types(client: FlaskClient, who: People) -> None:
    money_factories.part(number="HX-250", name="回油滤芯")
    sign_in(client, who.li)
    assert "HX-250" in client.get("/supply/parts-offered?line-0-part=HX").text
    assert "HX-250" in client.get("/supply/parts-offered?line-0-part=滤芯").text
