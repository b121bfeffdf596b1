"""The call on screen: recorded once, for several dispatches at once, tried again later, corrected; nothing typed is lost."""

from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from peewee import Database

from app.callbacks import signing, tries
from app.callbacks.models import CallBack, CallTry
from app.core import clock, known_settings
from tests import factories
from tests.callbacks.desk import Desk, desk, finished, recorded
from tests.personas import make_user, sign_in

SENT = {
    "outcome": "reached",
    "result": "5",
    "attitude": "4",
    "timeliness": "5",
    "text": "修得很好",
    "hotline_told": "1",
    "form_token": "one",
}


@pytest.fixture
def database(sqlite_database: Database) -> Database:
    """Screens do not depend on the database."""
    return sqlite_database


@pytest.fixture
def centre(client: FlaskClient) -> Desk:
    made = desk()
    sign_in(client, made.who.chen)
    return made


def test_it_works(client: FlaskClient, centre: Desk) -> None:
    known_settings.change(by=centre.manager, values={"hotline_phone": "400-000-0000"})
    machine = factories.machine()
    contact = factories.contact(customer=machine.customer, name="王站长", phone="13800001111")
    order = factories.work_order(machine=machine, lead=centre.who.li, status="finished", contact=contact)
    page = client.get(f"/call-backs/new?order={order.number}").text
    for words in ('href="tel:13800001111"', "王站长", "400-000-0000", "李师傅", order.title):
        assert words in page
    for _ in range(2):  # a double click
        answer = client.post(f"/call-backs/new?order={order.number}", data=SENT)
    made = CallBack.get()
    assert answer.headers["Location"] == f"/call-backs/{made.id}"
    assert (made.attitude_score, made.text, made.is_hotline_told) == (4, "修得很好", True)
    assert client.get(f"/call-backs/new?order={order.number}").headers["Location"] == f"/call-backs/{made.id}"


def test_without_a_hotline_none_is_read_aloud(client: FlaskClient, centre: Desk) -> None:
    known_settings.change(by=centre.manager, values={"hotline_phone": ""})
    assert "None" not in client.get(f"/call-backs/new?order={finished(centre.who.li).number}").text


def test_what_is_missing_is_said_and_what_was_typed_stays(client: FlaskClient, centre: Desk) -> None:
    order = finished(centre.who.li)
    answer = client.post(f"/call-backs/new?order={order.number}", data=SENT | {"attitude": ""})
    assert answer.status_code == 422
    assert "修得很好" in answer.text
    assert answer.text.count("has-error") == 1
    assert 'name="result" value="5" checked' in answer.text
    assert 'value="one"' in answer.text
    assert CallBack.select().count() == 0


def test_the_second_clerk_is_told_who_was_first_and_keeps_what_was_typed(client: FlaskClient, centre: Desk) -> None:
    order = finished(centre.who.li)
    recorded(centre, order=order)
    sign_in(client, make_user("clerk", name="林文员"))
    answer = client.post(f"/call-backs/new?order={order.number}", data=SENT)
    assert answer.status_code == 409
    assert "陈文员" in answer.text
    assert "修得很好" in answer.text
    assert CallBack.select().count() == 1


def test_one_call_fills_the_records_that_were_ticked(client: FlaskClient, centre: Desk) -> None:
    customer = factories.customer()
    order, other, third = (finished(centre.who.li, customer) for _ in range(3))
    assert other.number in client.get(f"/call-backs/new?order={order.number}").text
    client.post(f"/call-backs/new?order={order.number}", data=SENT | {"also": [str(other.id)], f"result_{other.id}": "1"})
    kept = {one.order_id: one.result_score for one in CallBack.select()}
    assert kept == {order.id: 5, other.id: 1}
    assert client.get(f"/call-backs/{CallBack.get(CallBack.order == order).id}").text.count(other.number) >= 1
    assert third.number in client.get("/call-backs").text


def test_what_is_ticked_of_another_customer_is_passed_over(client: FlaskClient, centre: Desk) -> None:
    order, far = finished(centre.who.li), finished(centre.who.li)
    client.post(f"/call-backs/new?order={order.number}", data=SENT | {"also": [str(far.id), "x"]})
    assert [one.order_id for one in CallBack.select()] == [order.id]


def test_the_next_customer_follows_when_that_is_asked_for(client: FlaskClient, centre: Desk) -> None:
    order = finished(centre.who.li)
    following = finished(centre.who.li)
    answer = client.post(f"/call-backs/new?order={order.number}", data=SENT | {"then": "next"})
    assert answer.headers["Location"] == f"/call-backs/new?order={following.number}"
    answer = client.post(f"/call-backs/new?order={following.number}", data=SENT | {"then": "next", "form_token": "two"})
    assert answer.headers["Location"] == "/call-backs"


def test_a_call_that_reached_nobody_is_noted(client: FlaskClient, centre: Desk) -> None:
    order = finished(centre.who.li)
    again = (clock.now() + timedelta(days=1)).astimezone(clock.zone())
    for _ in range(2):
        answer = client.post(f"/call-backs/tries?order={order.number}", data=SENT | {"again_at": f"{again:%Y-%m-%dT%H:%M}"})
    assert answer.headers["Location"] == "/call-backs"
    noted = CallTry.get()
    assert (noted.note, noted.again_at.astimezone(clock.zone()).hour) == ("修得很好", again.hour)
    assert CallTry.select().count() == 1


@pytest.mark.parametrize("again_at", ["2020-01-01T09:00", "tomorrow"])
def test_a_time_that_cannot_be_is_said_beside_its_field(client: FlaskClient, centre: Desk, again_at: str) -> None:
    answer = client.post(f"/call-backs/tries?order={finished(centre.who.li).number}", data=SENT | {"again_at": again_at})
    assert answer.status_code == 422
    assert "修得很好" in answer.text
    assert 'id="f-again_at-error"' in answer.text


def test_unreachable_is_offered_after_three_days(client: FlaskClient, centre: Desk) -> None:
    order = finished(centre.who.li)
    path = f"/call-backs/new?order={order.number}"
    for days in (2, 1):
        tries.note(by=centre.clerk, orders=[order], at=clock.now() - timedelta(days=days))
    assert 'value="unreachable"' not in client.get(path).text
    assert client.post(path, data=SENT | {"outcome": "unreachable"}).status_code == 422
    assert client.post(f"/call-backs/tries?order={order.number}", data={"form_token": "try"}).headers["Location"] == path
    assert 'value="unreachable"' in client.get(path).text
    assert client.post(path, data=SENT | {"outcome": "unreachable", "form_token": "two"}).status_code == 303
    assert CallBack.get().outcome == "unreachable"


def test_the_own_record_is_corrected_until_it_is_signed(client: FlaskClient, centre: Desk) -> None:
    made = recorded(centre)
    path = f"/call-backs/{made.id}/edit"
    assert 'name="attitude" value="4" checked' in client.get(path).text
    assert client.post(path, data=SENT | {"version": "1", "result": "9"}).status_code == 422
    assert client.post(path, data=SENT | {"version": "1", "result": "3"}).headers["Location"] == f"/call-backs/{made.id}"
    assert client.post(path, data=SENT | {"version": "1", "result": "2"}).status_code == 409
    signing.sign(by=centre.deputy, call_back=CallBack.get_by_id(made.id), version=2)
    answer = client.post(path, data=SENT | {"version": "3", "result": "2"})
    assert answer.status_code == 409
    assert "赵副经理" in answer.text
    assert CallBack.get().result_score == 3


def test_another_clerks_record_is_not_corrected(client: FlaskClient, centre: Desk) -> None:
    made = recorded(centre)
    sign_in(client, make_user("clerk"))
    assert client.get(f"/call-backs/{made.id}/edit").status_code == 403
    assert client.post(f"/call-backs/{made.id}/edit", data=SENT | {"version": "1"}).status_code == 403


def test_only_the_clerk_calls(client: FlaskClient, centre: Desk) -> None:
    order = finished(centre.who.li)
    for user in (centre.who.zhao, centre.who.liu, centre.who.area_manager):
        sign_in(client, user)
        assert client.get(f"/call-backs/new?order={order.number}").status_code == 403
        assert client.post(f"/call-backs/tries?order={order.number}").status_code == 403


def test_an_order_that_is_not_there_is_not_called_about(client: FlaskClient, centre: Desk) -> None:
    assert client.get("/call-backs/new?order=D0000-0000").status_code == 404
