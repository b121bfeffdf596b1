"""A flood begins above ten new alarms in ten minutes for each clerk on duty and ends below five."""

from datetime import UTC, datetime, timedelta

from peewee import Database

from app.accounts.models import Role
from app.core import db
from app.monitoring.announcing import floods
from app.monitoring.models import AlarmFlood
from app.roster.models import DutyShift
from tests import factories
from tests.personas import make_user

NOON = datetime(2026, 11, 25, 3, 0, tzinfo=UTC)
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)


def alarms(number: int, at: datetime = NOON) -> None:
    for _ in range(number):
        factories.alarm(started_at=at)


def clerk() -> None:
    with db.transaction():
        DutyShift.create(user=make_user(Role.CLERK), role=Role.CLERK, starts_at=NOON - MINUTE, ends_at=NOON + 60 * MINUTE)


def test_it_works(database: Database) -> None:
    alarms(10)
    assert floods.look(NOON) == ""
    alarms(1)
    assert floods.look(NOON) == "flood begins"
    alarms(3, NOON + 4 * MINUTE)
    assert floods.look(NOON + 4 * MINUTE) == ""
    assert floods.look(NOON + 9 * MINUTE) == ""
    assert floods.look(NOON + 10 * MINUTE) == "flood is over"
    flood = AlarmFlood.get()
    assert (flood.started_at, flood.ended_at, flood.alarms, flood.most, flood.clerks) == (NOON, NOON + 10 * MINUTE, 14, 14, 1)
    assert floods.running() is None


def test_each_clerk_on_duty_deals_with_as_many(sqlite_database: Database) -> None:
    clerk()
    clerk()
    alarms(20)
    assert floods.look(NOON) == ""
    alarms(1)
    assert floods.look(NOON) == "flood begins"
    assert AlarmFlood.get().clerks == 2


def test_a_flood_is_recorded_once_while_it_goes_on(sqlite_database: Database) -> None:
    alarms(11)
    for second in range(0, 60, 5):
        floods.look(NOON + second * SECOND)
    assert AlarmFlood.select().count() == 1
