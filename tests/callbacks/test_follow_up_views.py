"""Follow-ups on screen: the owner's list, noting what came of one."""

import pytest
from flask.testing import FlaskClient
from peewee import Database

from app.callbacks.models import CallBack, CallBackStatus
from tests import factories
from tests.callbacks.desk import Desk, desk, finished
from tests.personas import sign_in


@pytest.fixture
def database(sqlite_database: Database) -> Database:
    """Screens do not depend on the database."""
    return sqlite_database


@pytest.fixture
def centre(client: FlaskClient) -> Desk:
    made = desk()
    sign_in(client, made.who.li)
    return made


def given(centre: Desk) -> CallBack:
    return factories.call_back(order=finished(centre.who.li), status=CallBackStatus.SIGNED, follow_up="更换密封件")


def test_it_works(client: FlaskClient, centre: Desk) -> None:
    made = given(centre)
    assert "更换密封件" in client.get("/call-backs/follow-ups").text
    answer = client.post(f"/call-backs/{made.id}/follow-up?whose=mine", data={"result": "已更换"})
    assert answer.headers["Location"] == "/call-backs/follow-ups?whose=mine"
    assert "更换密封件" not in client.get("/call-backs/follow-ups").text
    assert "已更换" in client.get("/call-backs/follow-ups?state=done").text
    assert client.post(f"/call-backs/{made.id}/follow-up", data={"result": "又"}).status_code == 409


def test_what_is_missing_is_said(client: FlaskClient, centre: Desk) -> None:
    made = given(centre)
    answer = client.post(f"/call-backs/{made.id}/follow-up", data={"result": " "})
    assert answer.status_code == 422
    assert "<details open>" in answer.text


def test_another_technician_neither_sees_nor_ends_it(client: FlaskClient, centre: Desk) -> None:
    made = given(centre)
    sign_in(client, centre.who.wang)
    assert "更换密封件" not in client.get("/call-backs/follow-ups?whose=all").text
    assert client.post(f"/call-backs/{made.id}/follow-up", data={"result": "x"}).status_code == 404


def test_it_has_files_and_says_what_to_do_when_it_is_empty(client: FlaskClient, centre: Desk) -> None:
    assert 'class="empty"' in client.get("/call-backs/follow-ups").text
    assert 'class="empty"' in client.get("/call-backs/follow-ups?state=late").text
    made = given(centre)
    assert made.order.number in client.get("/call-backs/follow-ups.csv").text
    assert client.get("/call-backs/follow-ups.xlsx").status_code == 200
    for query in ("state=odd", "whose=odd", "sort=odd", "owner=x"):
        assert client.get(f"/call-backs/follow-ups?{query}").status_code == 422
