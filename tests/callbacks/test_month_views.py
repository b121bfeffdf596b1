"""The month on screen and paper; each number opens the dispatches it counts."""

from datetime import UTC, datetime

import pytest
from flask.testing import FlaskClient
from peewee import Database

from tests import factories
from tests.callbacks.desk import Desk, desk, finished
from tests.personas import sign_in

NOON = datetime(2026, 11, 15, 4, tzinfo=UTC)


@pytest.fixture
def database(sqlite_database: Database) -> Database:
    """Screens do not depend on the database."""
    return sqlite_database


@pytest.fixture
def centre(client: FlaskClient) -> Desk:
    made = desk()
    sign_in(client, made.who.liu)
    return made


def test_it_works(client: FlaskClient, centre: Desk) -> None:
    poor, due = finished(centre.who.li, finished_at=NOON), finished(centre.who.li, finished_at=NOON)
    factories.call_back(order=poor, scores=(2, 5, 5), text="还是漏", status="signed", follow_up="再上门", recorded_by=centre.who.chen)
    for path in ("/call-backs/month?month=2026-11", "/call-backs/month/print?month=2026-11"):
        page = client.get(path).text
        for words in ("还是漏", "再上门", "李师傅", "3.50" if "3.50" in page else "2.00"):
            assert words in page
    assert "what=due" in client.get("/call-backs/month?month=2026-11").text
    for what, found in (("", {poor, due}), ("due", {due}), ("reached", {poor}), ("poor", {poor}), ("refused", set())):
        text = client.get(f"/call-backs/month/dispatches?month=2026-11&what={what}").text
        csv = client.get(f"/call-backs/month/dispatches.csv?month=2026-11&what={what}").text
        assert {order for order in (poor, due) if order.number in text} == found, what
        assert {order for order in (poor, due) if order.number in csv} == found, what


def test_it_is_a_workbook(client: FlaskClient, centre: Desk) -> None:
    factories.call_back(order=finished(centre.who.li, finished_at=NOON))
    for path in ("/call-backs/month.xlsx", "/call-backs/month/dispatches.xlsx"):
        assert client.get(f"{path}?month=2026-11").data.startswith(b"PK")


def test_an_empty_month_is_shown(client: FlaskClient, centre: Desk) -> None:
    assert client.get("/call-backs/month?month=2020-01").status_code == 200
    assert 'class="empty"' in client.get("/call-backs/month/dispatches?month=2020-01").text


@pytest.mark.parametrize("query", ["month=odd", "month=2026-13", "month=2026-11&what=odd", "month=2026-11&technician=x"])
def test_what_no_link_asks_for_is_refused(client: FlaskClient, centre: Desk, query: str) -> None:
    assert client.get(f"/call-backs/month/dispatches?{query}").status_code == 422
