"""The list of call-backs on screen: its tabs, filters, files, and signing and reading many at once."""

import pytest
from flask.testing import FlaskClient
from peewee import Database

from app.callbacks import signing
from app.callbacks.models import CallBack, CallBackStatus
from tests.callbacks.desk import POOR, Desk, desk, finished, lend, recorded
from tests.personas import sign_in


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
    due, made = finished(centre.who.li), recorded(centre)
    page = client.get("/call-backs").text
    assert due.number in page
    assert made.order.number not in page
    assert made.order.number in client.get("/call-backs?tab=to-sign").text
    assert made.order.number in client.get("/call-backs?tab=all").text
    fragment = client.get("/call-backs", headers={"HX-Request": "true"}).text
    assert fragment.lstrip().startswith("<section")


def test_each_begins_with_what_waits_for_them(client: FlaskClient, centre: Desk) -> None:
    made, read = recorded(centre), recorded(centre)
    signing.sign(by=centre.deputy, call_back=read, version=1)
    sign_in(client, centre.who.zhao)
    page = client.get("/call-backs").text
    assert made.order.number in page
    assert read.order.number not in page
    sign_in(client, centre.who.liu)
    assert read.order.number in client.get("/call-backs").text


def test_the_deputy_signs_the_good_ones_shown_and_the_manager_reads_them(client: FlaskClient, centre: Desk) -> None:
    good, poor = recorded(centre), recorded(centre, POOR)
    sign_in(client, centre.who.zhao)
    page = client.get("/call-backs").text
    assert f'value="{good.id}.1"' in page
    assert f'value="{poor.id}.1"' not in page
    answer = client.post("/call-backs/signatures", data={"record": [f"{good.id}.1", f"{poor.id}.1", "x", "1.2.3"]})
    assert answer.headers["Location"] == "/call-backs?tab=to-sign"
    assert [one.status for one in CallBack.select().order_by(CallBack.id)] == [CallBackStatus.SIGNED, CallBackStatus.RECORDED]
    sign_in(client, centre.who.liu)
    client.post("/call-backs/readings", data={"record": [f"{good.id}.2"]})
    assert CallBack.get_by_id(good.id).status == CallBackStatus.ARCHIVED


def test_whoever_was_given_the_authority_signs_and_who_was_not_is_refused(client: FlaskClient, centre: Desk) -> None:
    made = recorded(centre)
    sign_in(client, centre.who.liu)
    assert client.post("/call-backs/signatures", data={"record": f"{made.id}.1"}).status_code == 403
    lend(centre.who.zhao, centre.who.liu, "call_backs.sign")
    assert client.post("/call-backs/signatures", data={"record": f"{made.id}.1"}).status_code == 303
    assert CallBack.get().signed_for_name == "赵副经理"


def test_one_is_not_offered_to_sign_ones_own(client: FlaskClient, centre: Desk) -> None:
    made = recorded(centre)
    lend(centre.who.zhao, centre.who.chen, "call_backs.sign")
    assert f'value="{made.id}.1"' not in client.get("/call-backs?tab=to-sign").text
    client.post("/call-backs/signatures", data={"record": f"{made.id}.1"})
    assert CallBack.get().status == CallBackStatus.RECORDED


@pytest.mark.parametrize("tab", ["due", "to-sign", "to-read", "all"])
def test_each_tab_says_what_to_do_when_it_is_empty_and_has_its_files(client: FlaskClient, centre: Desk, tab: str) -> None:
    for query in (f"?tab={tab}", f"?tab={tab}&q=nothing"):
        assert 'class="empty"' in client.get(f"/call-backs{query}").text
    assert client.get(f"/call-backs.csv?tab={tab}").status_code == 200
    assert client.get(f"/call-backs.xlsx?tab={tab}").status_code == 200


def test_the_files_hold_what_the_list_holds(client: FlaskClient, centre: Desk) -> None:
    due, made = finished(centre.who.li), recorded(centre)
    assert due.number in client.get("/call-backs.csv").text
    text = client.get("/call-backs.csv?tab=all").text
    assert made.order.number in text
    assert due.number not in text


@pytest.mark.parametrize("query", ["tab=odd", "technician=x", "outcome=odd", "from=yesterday", "poor=2", "sort=odd&tab=all", "after=odd"])
def test_a_filter_that_no_choice_offers_is_refused(client: FlaskClient, centre: Desk, query: str) -> None:
    assert client.get(f"/call-backs?{query}").status_code == 422


def test_a_technician_has_no_business_here(client: FlaskClient, centre: Desk) -> None:
    sign_in(client, centre.who.li)
    assert client.get("/call-backs").status_code == 403
