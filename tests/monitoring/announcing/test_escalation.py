"""What nobody acknowledges goes up by stored times; what is acknowledged and not started is announced again."""

from datetime import UTC, datetime, timedelta

import pytest
from peewee import Database

from app.accounts.models import Role
from app.core import db, known_settings
from app.monitoring import operations
from app.monitoring.announcing import escalation, intervals, sending
from app.monitoring.models import Alarm, AlarmNotice, Episode
from app.roster import calendars
from app.tickets import moving
from app.tickets.models import Priority, Ticket, TicketStatus
from tests import factories
from tests.personas import actor_of, make_user

NOON = datetime(2026, 11, 25, 3, 0, tzinfo=UTC)  # eleven on a Wednesday in Shanghai
FRIDAY = datetime(2026, 11, 27, 8, 0, tzinfo=UTC)  # four in the afternoon
SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)


def raised(severity: str = "critical", at: datetime = NOON) -> Alarm:
    with db.transaction():
        alarm: Alarm = factories.announced(severity=severity, at=at, code="E16").alarm
    sending.look(at + MINUTE)
    return alarm


def look(at: datetime, until: datetime, step: timedelta = MINUTE) -> None:
    while at <= until:
        escalation.look(at)
        sending.look(at)
        at += step


def announced() -> list[tuple[str, int, datetime]]:
    """What was announced after the beginning: kind, step, time."""
    query = AlarmNotice.select(AlarmNotice.kind, AlarmNotice.step, AlarmNotice.created_at).where(AlarmNotice.kind != "raised")
    return list(query.order_by(AlarmNotice.created_at).tuples())


def acknowledge(alarm: Alarm, at: datetime) -> None:
    alarm = Alarm.get_by_id(alarm.id)
    operations.acknowledge(by=actor_of(make_user("clerk")), alarm=alarm, version=alarm.version, at=at)


def test_it_works(database: Database) -> None:
    """Critical: to the deputy after 15 minutes, to the manager after 30, then no further."""
    alarm = raised()
    look(NOON, NOON + 2 * HOUR)
    assert announced() == [("escalated", 1, NOON + 15 * MINUTE), ("escalated", 2, NOON + 30 * MINUTE)]
    assert (Alarm.get_by_id(alarm.id).escalation, Alarm.get_by_id(alarm.id).announce_at) == (2, None)


def test_not_a_moment_early(sqlite_database: Database) -> None:
    raised()
    look(NOON, NOON + 14 * MINUTE)
    assert escalation.look(NOON + 15 * MINUTE - SECOND) == ""
    assert escalation.look(NOON + 15 * MINUTE) == "1 escalated"


def test_the_steps_go_to_deputy_and_manager(sqlite_database: Database) -> None:
    raised()
    by_step = {notice.step: notice for notice in AlarmNotice.select()}
    look(NOON, NOON + HOUR)
    by_step = {notice.step: sending._roles(notice, NOON) for notice in AlarmNotice.select()}
    assert by_step == {0: (Role.CLERK,), 1: (Role.DEPUTY,), 2: (Role.MANAGER,)}
    assert AlarmNotice.select().where(AlarmNotice.sent_at.is_null()).count() == 0


def test_a_high_alarm_goes_to_the_deputy_after_two_hours_of_working_time(sqlite_database: Database) -> None:
    """At four on Friday there is an hour and a half left: the rest is Monday's, 30 minutes after 08:30."""
    raised("high", FRIDAY)
    monday = datetime(2026, 11, 30, 1, 0, tzinfo=UTC)
    look(FRIDAY, monday - MINUTE, 30 * MINUTE)
    assert announced() == []
    assert Alarm.get().announce_at == monday
    look(monday, monday)
    assert [step for _kind, step, _at in announced()] == [1]


def test_a_low_alarm_goes_to_the_deputy_on_the_next_working_day_at_nine(sqlite_database: Database) -> None:
    raised("low", FRIDAY)
    look(FRIDAY + MINUTE, FRIDAY + HOUR)
    assert Alarm.get().announce_at == datetime(2026, 11, 30, 1, 0, tzinfo=UTC)


def test_acknowledging_stops_it(sqlite_database: Database) -> None:
    """T6."""
    alarm = raised()
    look(NOON, NOON + 15 * MINUTE)
    acknowledge(alarm, NOON + 16 * MINUTE)
    look(NOON + 16 * MINUTE, NOON + 3 * HOUR)
    assert [step for _kind, step, _at in announced()] == [1]


@pytest.mark.parametrize(("severity", "hours"), [("critical", 4), ("high", 12), ("low", None)])
def test_acknowledged_and_not_started_is_announced_again_to_the_next_role(
    sqlite_database: Database, severity: str, hours: int | None
) -> None:
    """T15."""
    alarm = raised(severity)
    acknowledge(alarm, NOON + MINUTE)
    look(NOON, NOON + 13 * HOUR, 30 * SECOND if severity == "critical" else MINUTE)
    if hours is None:
        assert announced() == []
        return
    assert announced()[0] == ("repeated", 1, NOON + hours * HOUR + MINUTE)
    assert not Alarm.get_by_id(alarm.id).is_acknowledged


def test_what_is_in_work_is_not_announced_again(sqlite_database: Database) -> None:
    alarm = raised()
    acknowledge(alarm, NOON + MINUTE)
    with db.transaction():
        Ticket.update(status=TicketStatus.IN_WORK).execute()
    look(NOON, NOON + 5 * HOUR)
    assert (announced(), Alarm.get().announce_at) == ([], None)


def test_what_somebody_deals_with_is_no_news(sqlite_database: Database) -> None:
    """Who accepts the ticket has seen the alarm."""
    raised()
    ticket = Ticket.get()
    moving.change_status(
        by=actor_of(make_user(Role.CLERK)), ticket=ticket, to=TicketStatus.TRIAGED, version=ticket.version, at=NOON + MINUTE
    )
    look(NOON, NOON + HOUR)
    assert announced() == []


def test_what_is_gone_goes_no_further(sqlite_database: Database) -> None:
    alarm = raised()
    with db.transaction():
        Episode.update(ended_at=NOON + MINUTE).execute()
        Alarm.update(condition="normal").where(Alarm.id == alarm.id).execute()
    look(NOON, NOON + HOUR)
    assert announced() == []


def test_a_worker_that_was_away_takes_one_step_after_the_other(sqlite_database: Database) -> None:
    raised()
    late = NOON + 2 * HOUR
    look(late, late + MINUTE, 3 * SECOND)
    assert [step for _kind, step, _at in announced()] == [1, 2]


def test_the_intervals_can_be_set(sqlite_database: Database) -> None:
    manager = actor_of(make_user("manager"))
    known_settings.change(by=manager, values={"alarm_critical_deputy_min": 5, "alarm_critical_repeat_h": 0})
    assert intervals.escalates_at(Priority.CRITICAL, 1, NOON, calendars.present()) == NOON + 5 * MINUTE
    assert intervals.repeats_after(Priority.CRITICAL) is None
