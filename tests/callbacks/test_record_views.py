"""One record on screen and paper: signed with its follow-up, read, refused in words; the three hands are named."""

from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from peewee import Database

from app.callbacks import signing
from app.callbacks.models import CallBack, CallBackStatus
from app.core import clock
from tests import factories
from tests.callbacks.desk import POOR, Desk, desk, finished, lend, recorded
from tests.personas import make_user, sign_in


@pytest.fixture
def database(sqlite_database: Database) -> Database:
    """Screens do not depend on the database."""
    return sqlite_database


@pytest.fixture
def centre(client: FlaskClient) -> Desk:
    made = desk()
    sign_in(client, made.who.zhao)
    return made


def due_on() -> str:
    return (clock.today() + timedelta(days=2)).isoformat()


def test_it_works(client: FlaskClient, centre: Desk) -> None:
    made, other = recorded(centre, POOR), recorded(centre)
    page = client.get(f"/call-backs/{made.id}").text
    assert 'name="follow_up"' in page
    data = {"version": "1", "follow_up": "安排再次上门", "owner": str(centre.who.li.id), "due_on": due_on()}
    answer = client.post(f"/call-backs/{made.id}/signature", data=data)
    assert answer.headers["Location"] == f"/call-backs/{other.id}"
    assert "安排再次上门" in client.get(f"/call-backs/{made.id}").text
    sign_in(client, centre.who.liu)
    answer = client.post(f"/call-backs/{made.id}/reading", data={"version": "2"})
    assert answer.headers["Location"] == "/call-backs?tab=to-read"
    assert CallBack.get_by_id(made.id).status == CallBackStatus.ARCHIVED


def test_what_is_missing_of_a_follow_up_is_said_and_the_rest_stays(client: FlaskClient, centre: Desk) -> None:
    made = recorded(centre, POOR)
    answer = client.post(f"/call-backs/{made.id}/signature", data={"version": "1", "follow_up": "安排再次上门", "due_on": "soon"})
    assert answer.status_code == 422
    assert "安排再次上门" in answer.text
    assert 'id="f-due_on-error"' in answer.text
    assert CallBack.get().status == CallBackStatus.RECORDED


def test_it_is_signed_once(client: FlaskClient, centre: Desk) -> None:
    made = recorded(centre)
    client.post(f"/call-backs/{made.id}/signature", data={"version": "1"})
    answer = client.post(f"/call-backs/{made.id}/signature", data={"version": "1"})
    assert answer.status_code == 409
    assert "赵副经理" in answer.text


def test_who_may_not_take_the_next_step_is_told_why(client: FlaskClient, centre: Desk) -> None:
    made = recorded(centre)
    lend(centre.who.zhao, centre.who.chen, "call_backs.sign")
    sign_in(client, centre.who.chen)
    page = client.get(f"/call-backs/{made.id}").text
    assert "/signature" not in page
    answer = client.post(f"/call-backs/{made.id}/signature", data={"version": "1"})
    assert answer.status_code == 403
    assert "本人" in answer.text


def test_it_prints_with_three_hands_and_in_whose_place_they_were(client: FlaskClient, centre: Desk) -> None:
    other = make_user("clerk", name="林文员")
    lend(centre.who.liu, other, "call_backs.read")
    made = recorded(centre)
    signing.sign(by=centre.deputy, call_back=made, version=1)
    sign_in(client, other)
    client.post(f"/call-backs/{made.id}/reading", data={"version": "2"})
    page = client.get(f"/call-backs/{made.id}/print").text
    for words in ("陈文员", "赵副经理", "林文员", "代刘经理", made.order.number):
        assert words in page


def test_it_is_a_pdf_too(client: FlaskClient, centre: Desk) -> None:
    answer = client.get(f"/call-backs/{recorded(centre).id}.pdf")
    assert answer.status_code in (200, 503)  # 503: the system library is not there
    assert answer.status_code == 503 or answer.data.startswith(b"%PDF")


def test_phones_are_masked_on_the_page(client: FlaskClient, centre: Desk) -> None:
    made = factories.call_back(order=finished(centre.who.li), contact_phone="13812345678")
    page = client.get(f"/call-backs/{made.id}").text
    assert "138****5678" in page
    assert "13812345678" not in page


def test_a_record_of_another_area_is_not_to_be_seen(client: FlaskClient, centre: Desk) -> None:
    made = recorded(centre, order=finished(centre.who.wang, area=centre.who.south))
    sign_in(client, centre.who.area_manager)
    for path in ("", "/print", ".pdf"):
        assert client.get(f"/call-backs/{made.id}{path}").status_code == 404
    for path in ("signature", "reading", "follow-up"):
        assert client.post(f"/call-backs/{made.id}/{path}", data={"version": "1"}).status_code == 404
