"""Who comes on duty at night learns what nobody has acknowledged yet, once for each shift."""

from datetime import UTC, datetime, timedelta

from peewee import Database

from app.accounts.models import Notice, Role, User
from app.core import db
from app.monitoring.announcing import relief, sending
from app.monitoring.models import Alarm
from app.roster.models import DutyShift
from tests import factories
from tests.personas import make_user

NIGHT = datetime(2026, 11, 25, 18, 0, tzinfo=UTC)  # two in the morning in Shanghai
NOON = datetime(2026, 11, 25, 3, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def on_duty(at: datetime) -> User:
    user = make_user(Role.CLERK)
    with db.transaction():
        DutyShift.create(user=user, role=Role.CLERK, starts_at=at, ends_at=at + 300 * MINUTE)
    return user


def raised(at: datetime) -> None:
    with db.transaction():
        factories.announced(at=at)
    sending.look(at)


def told(user: User) -> int:
    return Notice.select().where(Notice.user == user, Notice.is_urgent).count()


def test_it_works(sqlite_database: Database) -> None:
    raised(NIGHT - 20 * MINUTE)
    later = on_duty(NIGHT)
    assert relief.look(NIGHT + MINUTE) == "1 told"
    assert relief.look(NIGHT + 2 * MINUTE) == ""
    assert told(later) == 1


def test_within_working_hours_the_desk_sees_them(sqlite_database: Database) -> None:
    raised(NOON - 20 * MINUTE)
    on_duty(NOON)
    assert relief.look(NOON + MINUTE) == ""


def test_what_is_acknowledged_is_no_news(sqlite_database: Database) -> None:
    raised(NIGHT - 20 * MINUTE)
    with db.transaction():
        Alarm.update(is_acknowledged=True).execute()
    on_duty(NIGHT)
    assert relief.look(NIGHT + MINUTE) == ""


def test_what_came_up_after_the_shift_began_is_told_as_news_alone(sqlite_database: Database) -> None:
    clerk = on_duty(NIGHT)
    raised(NIGHT + MINUTE)
    assert relief.look(NIGHT + 2 * MINUTE) == ""
    assert told(clerk) == 1
