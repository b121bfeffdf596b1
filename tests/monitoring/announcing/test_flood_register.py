"""The list of floods says when, how long, how many, and what came most."""

from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from app.accounts.models import User
from app.core import clock, db
from app.monitoring.announcing import floods
from app.monitoring.models import AlarmFlood
from tests import factories
from tests.personas import make_user, sign_in

MINUTE = timedelta(minutes=1)


@pytest.fixture
def clerk(client: FlaskClient) -> FlaskClient:
    user = make_user("clerk")
    with db.transaction():
        User.update(locale="en").where(User.id == user.id).execute()
    return sign_in(client, user)


def flood(began=None, *, goes_on: bool = False) -> AlarmFlood:
    began = began or clock.now() - 30 * MINUTE
    machine = factories.machine(serial="YS0007")
    for number in range(12):
        factories.alarm(started_at=began, code=f"E{number % 2 + 10}", **({"machine": machine} if number < 2 else {}))
    assert floods.look(began) == "flood begins"
    if not goes_on:
        floods.look(began + 20 * MINUTE)
    return AlarmFlood.get()


def test_it_works(clerk: FlaskClient) -> None:
    flood()
    page = clerk.get("/monitoring/floods").text
    assert all(words in page for words in ("E10", "E11", "YS0007", ">12<", ">20<"))


def test_without_floods_it_says_when_one_begins(clerk: FlaskClient) -> None:
    assert "No flood of alarms in this time." in clerk.get("/monitoring/floods").text


def test_the_exports_have_the_same_rows(clerk: FlaskClient) -> None:
    flood()
    lines = clerk.get("/monitoring/floods.csv").text.splitlines()
    assert len(lines) == 2
    assert ",20,12,12,1,0,E10×6 E11×6,YS0007×2" in lines[1]
    assert clerk.get("/monitoring/floods.xlsx").status_code == 200


def test_the_days_narrow_it(clerk: FlaskClient) -> None:
    flood()
    assert "YS0007" not in clerk.get("/monitoring/floods?to=2020-01-01").text


def test_during_a_flood_every_page_says_so(clerk: FlaskClient) -> None:
    flood(goes_on=True)
    assert "Flood of alarms since" in clerk.get("/monitoring/floods").text
    with db.transaction():
        AlarmFlood.update(ended_at=clock.now()).execute()
    assert "Flood of alarms since" not in clerk.get("/monitoring/floods").text
