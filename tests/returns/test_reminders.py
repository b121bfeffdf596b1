"""Technicians are reminded of parts that are due, once before the day and once a week after it."""

from datetime import timedelta

from app.accounts.models import Notice
from app.core import clock
from app.returns import reminders
from tests import money_factories
from tests.personas import people


def test_it_works(database: None) -> None:
    who, now = people(), clock.now()
    money_factories.returned(technician=who.li, due_on=clock.today() + timedelta(days=2))
    money_factories.returned(technician=who.li, due_on=clock.today() + timedelta(days=9))
    money_factories.returned(technician=who.li, due_on=clock.today() - timedelta(days=9), status="received")
    for _ in range(3):
        assert reminders.remind(now) == "1 due"
    assert Notice.select().where(Notice.user == who.li).count() == 1


def test_what_is_late_is_said_again_each_week(database: None) -> None:
    who, now = people(), clock.now()
    money_factories.returned(technician=who.wang, due_on=clock.today())
    for days in range(16):
        reminders.remind(now + timedelta(days=days))
    said = [notice.message.startswith("Overdue") for notice in Notice.select().where(Notice.user == who.wang).order_by(Notice.id)]
    assert said == [False, True, True, True]
