"""Alarms that stand for more than a day: counted for whoever is on duty, once each working day in the morning (monitoring §3, stale)."""

from datetime import datetime, time, timedelta

from peewee import ModelSelect

from app.accounts.models import Role
from app.core import clock, db
from app.core.errors import N_
from app.monitoring.announcing import intervals
from app.monitoring.models import Episode
from app.roster import calendars, telling
from app.roster.queries import on_duty

FROM, TO = time(9), time(12)
MESSAGE = N_("Alarms that stand for more than %(hours)s hours: %(count)s. Deal with them or lay them aside.")
LIST = "/faults?state=long&sort=started_at"


def standing_since(at: datetime) -> datetime:
    """What began before this stands for long at ``at``."""
    return at - timedelta(hours=intervals.STALE_HOURS.value())


def standing(at: datetime) -> ModelSelect:
    """The episodes that stand for long at ``at``."""
    return Episode.select().where(Episode.ended_at.is_null(), Episode.started_at <= standing_since(at))


def look(at: datetime) -> str:
    """Tell the clerks on duty of them, each once a day; says in a few words what it did."""
    local = at.astimezone(clock.zone())
    if not FROM <= local.time() < TO or not calendars.present().is_working_day(local.date()):
        return ""
    count = standing(at).count()
    if not count:
        return ""
    with db.transaction():
        people = [user.id for user in on_duty(Role.CLERK, at)]
        hours = intervals.STALE_HOURS.value()
        telling.tell(people, MESSAGE, href=LIST, key=f"alarms-long:{local.date()}", at=at, hours=hours, count=count)
    return f"{count} stand"
