"""What leaves, when, and to whom: critical alarms one by one while they are few, the others gathered, the worst first."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from peewee import Database

from app.accounts.models import Notice, Role, User
from app.core import db, wecom
from app.core.outbox import Channel, OutboxMessage
from app.monitoring import announcing
from app.monitoring.announcing import floods, sending
from app.monitoring.models import Alarm, AlarmFlood, AlarmNotice, Episode, FeedOutage, StormCause, TicketStorm
from app.roster.models import DutyShift
from app.tickets.models import Ticket
from app.web import i18n
from tests import factories
from tests.personas import make_user

NOON = datetime(2026, 11, 25, 3, 0, tzinfo=UTC)  # eleven on a Wednesday in Shanghai
NIGHT = datetime(2026, 11, 25, 18, 0, tzinfo=UTC)  # two in the morning
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)


@pytest.fixture(autouse=True)
def _robot() -> Iterator[None]:
    i18n.compile_catalogues(i18n.TRANSLATIONS)
    wecom.configure("https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=k")
    yield
    wecom.configure(None)


def on_duty(role: Role, at: datetime = NOON) -> User:
    user = make_user(role)
    with db.transaction():
        User.update(phone=f"1380000{user.id:04}").where(User.id == user.id).execute()
        DutyShift.create(user=user, role=role, starts_at=at - timedelta(hours=2), ends_at=at + timedelta(hours=6))
    return user


def raised(severity: str = "critical", at: datetime = NOON, code: str = "E16", **values: object) -> Episode:
    """An alarm that has just come up and is to be announced."""
    with db.transaction():
        return factories.announced(severity=severity, at=at, code=code, **values)


def told(user: User) -> list[str]:
    return [notice.message for notice in Notice.select().where(Notice.user == user).order_by(Notice.id)]


def messages() -> list[str]:
    query = OutboxMessage.select(OutboxMessage.body).where(OutboxMessage.channel == Channel.WECOM).order_by(OutboxMessage.id)
    return [body for (body,) in query.tuples()]


def look(at: datetime, until: datetime | None = None) -> None:
    """As the worker does: every three seconds."""
    last = until or at
    while at <= last:
        sending.look(at)
        at += 3 * SECOND


def test_it_works(database: Database) -> None:
    clerk, deputy = on_duty(Role.CLERK), on_duty(Role.DEPUTY)
    episode = raised()
    assert sending.look(NOON) == "1 messages"
    assert sending.look(NOON + 3 * SECOND) == ""
    assert (len(told(clerk)), len(told(deputy))) == (1, 0)
    (message,) = messages()
    assert message.startswith(f"紧急报警：{episode.machine.serial} ")
    assert Notice.get().is_urgent
    assert AlarmNotice.get().sent_at == NOON


def test_outside_of_working_hours_a_critical_alarm_is_told_to_the_deputy_too(sqlite_database: Database) -> None:
    clerk, deputy, asleep = on_duty(Role.CLERK, NIGHT), on_duty(Role.DEPUTY, NIGHT), make_user(Role.DEPUTY)
    raised(at=NIGHT)
    look(NIGHT)
    assert [len(told(user)) for user in (clerk, deputy, asleep)] == [1, 1, 0]
    assert len(messages()) == 1


def test_what_is_not_critical_is_gathered_for_a_minute(sqlite_database: Database) -> None:
    """The worst five by machine and code, the rest counted."""
    clerk = on_duty(Role.CLERK)
    for number in range(7):
        raised("low" if number < 6 else "high", NOON + number * SECOND, "E04", serial=f"YS000{number}")
    look(NOON, NOON + MINUTE - SECOND)
    assert messages() == []
    look(NOON + MINUTE)
    (message,) = messages()
    assert message.startswith("新报警 7 条：\nYS0006 ")
    assert "\n另有 2 条" in message
    assert "YS0005" not in message
    assert len(told(clerk)) == 1


def test_the_next_ones_wait_for_their_own_minute(sqlite_database: Database) -> None:
    on_duty(Role.CLERK)
    for second in range(0, 180, 2):
        raised("low", NOON + second * SECOND, "E04")
        look(NOON + second * SECOND)
    assert len(messages()) == 2


def test_above_fifteen_a_minute_critical_ones_share_a_message_that_lists_them_all(sqlite_database: Database) -> None:
    on_duty(Role.CLERK)
    for number in range(40):
        raised(serial=f"YS{number:04}")
    look(NOON, NOON + 2 * MINUTE)
    (message,) = messages()
    assert all(f"YS{number:04}" in message for number in range(40))


def test_a_quarter_of_an_hour_of_critical_alarms_leaves_in_twenty_messages_a_minute(sqlite_database: Database) -> None:
    """FI-28, the notices: one alarm a second, three of ten critical, none lost."""
    on_duty(Role.CLERK)
    at = NOON
    for second in range(300):
        at = NOON + second * SECOND
        raised(("critical", "high", "low")[second % 3], at)
        if second % 3 == 0:
            sending.look(at)
    look(at, at + 2 * MINUTE)
    sent = sorted(created for (created,) in OutboxMessage.select(OutboxMessage.created_at).where(OutboxMessage.channel == "wecom").tuples())
    assert max(sum(first <= one < first + MINUTE for one in sent) for first in sent) <= 20
    assert AlarmNotice.select().where(AlarmNotice.sent_at.is_null()).count() == 0


@pytest.mark.parametrize("what", ["acknowledged", "gone", "suppressed", "laid aside", "below a storm"])
def test_what_is_settled_before_it_left_is_withdrawn(sqlite_database: Database, what: str) -> None:
    on_duty(Role.CLERK)
    episode = raised("high")
    with db.transaction():
        changed = {
            "acknowledged": {"is_acknowledged": True},
            "suppressed": {"suppressed_by": "E01"},
            "laid aside": {"shelved_until": NOON + 9 * MINUTE},
        }.get(what)
        if changed:
            Alarm.update(**changed).where(Alarm.id == episode.alarm_id).execute()
        elif what == "gone":
            Episode.update(ended_at=NOON + SECOND).where(Episode.id == episode.id).execute()
        else:
            Ticket.update(parent=factories.ticket()).where(Ticket.id == episode.ticket_id).execute()
    look(NOON + MINUTE)
    assert (messages(), AlarmNotice.get().withdrawn_at) == ([], NOON + MINUTE)


def test_what_stands_below_a_finished_ticket_is_announced_for_itself(sqlite_database: Database) -> None:
    on_duty(Role.CLERK)
    episode = raised("high")
    with db.transaction():
        Ticket.update(parent=factories.ticket(status="resolved")).where(Ticket.id == episode.ticket_id).execute()
    look(NOON + MINUTE)
    assert (len(messages()), AlarmNotice.get().withdrawn_at) == (1, None)


def test_in_a_flood_what_is_not_critical_is_one_digest_a_minute(sqlite_database: Database) -> None:
    on_duty(Role.CLERK)
    for number in range(12):
        raised("high" if number else "critical", NOON + number * SECOND)
    assert floods.look(NOON + MINUTE) == "flood begins"
    look(NOON, NOON + 2 * MINUTE)
    assert [message.split("：")[0] for message in messages()] == ["紧急报警", "报警风暴，合并通知 11 条报警"]
    assert AlarmFlood.get().digests == 1


def test_a_storm_and_a_silent_feed_are_told_with_the_number_of_the_ticket(sqlite_database: Database) -> None:
    on_duty(Role.CLERK)
    ticket = factories.ticket(priority="critical", title="客户 12 台设备报警")
    with db.transaction():
        storm = TicketStorm.create(cause=StormCause.CUSTOMER, name="1", ticket=ticket, started_at=NOON, last_at=NOON)
        announcing.storm(storm, NOON)
        announcing.outage(FeedOutage.create(from_at=NOON - MINUTE, noticed_at=NOON), NOON)
    look(NOON)
    assert [message.split("\n")[0] for message in messages()] == [
        f"紧急报警：多台设备同时报警：客户 12 台设备报警 {ticket.number}",
        "紧急报警：监控中断：自 11-25 10:59 起收不到任何数据，报警无法送达",
    ]


def test_each_reads_the_own_language(sqlite_database: Database) -> None:
    clerk = on_duty(Role.CLERK)
    with db.transaction():
        User.update(locale="en").where(User.id == clerk.id).execute()
    raised()
    look(NOON)
    assert messages()[0].startswith("Critical alarm: ")
