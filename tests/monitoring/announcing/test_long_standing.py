"""Alarms that stand for more than a day stand in a list and are told of once each working day."""

from datetime import UTC, datetime, timedelta

from flask.testing import FlaskClient
from peewee import Database

from app.accounts.models import Notice
from app.core import clock
from app.monitoring.announcing import long_standing
from tests import factories
from tests.personas import make_user, sign_in

NINE = datetime(2026, 11, 25, 1, 0, tzinfo=UTC)  # on a Wednesday in Shanghai
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def test_it_works(database: Database) -> None:
    clerk = make_user("clerk")
    factories.alarm(started_at=NINE - 24 * HOUR)
    factories.alarm(started_at=NINE - 23 * HOUR)
    assert long_standing.look(NINE - MINUTE) == ""
    long_standing.look(NINE)
    long_standing.look(NINE + HOUR)
    assert [(notice.user_id, long_standing.MESSAGE, '"count": 1' in notice.params) for notice in Notice.select()] == [
        (clerk.id, long_standing.MESSAGE, True)
    ]
    long_standing.look(NINE + DAY)
    assert Notice.select().count() == 2


def test_not_on_a_day_that_is_not_worked(sqlite_database: Database) -> None:
    make_user("clerk")
    factories.alarm(started_at=NINE - 2 * DAY)
    assert long_standing.look(NINE + 3 * DAY) == ""


def test_the_register_lists_them(client: FlaskClient) -> None:
    sign_in(client, make_user("clerk"))
    now = clock.now()
    long, new = factories.machine(serial="YS0001"), factories.machine(serial="YS0002")
    factories.alarm(machine=long, started_at=now - 25 * HOUR)
    factories.alarm(machine=new, started_at=now - HOUR)
    page = client.get(long_standing.LIST).text
    assert ("YS0001" in page, "YS0002" in page) == (True, False)
    assert "YS0002" not in client.get("/faults.csv?state=long").text
