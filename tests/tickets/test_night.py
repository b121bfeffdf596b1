"""Critical faults outside of working hours reach those on duty by the roster, once each, and a flood is one message."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from peewee import Database

from app.accounts.models import Notice, Role, User
from app.core import db, wecom
from app.core.outbox import Channel, OutboxMessage
from app.core.types import system
from app.roster.models import DutyShift
from app.tickets import faults, moving, night
from app.tickets.models import Priority, Ticket, TicketStatus
from app.tickets.reasons import AlarmReason
from app.web import i18n
from tests import factories
from tests.personas import actor_of, make_user

NIGHT = datetime(2026, 11, 25, 18, 0, tzinfo=UTC)  # two in the morning in Shanghai
NOON = datetime(2026, 11, 25, 3, 0, tzinfo=UTC)  # eleven on a Wednesday
MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def _robot() -> Iterator[None]:
    i18n.compile_catalogues(i18n.TRANSLATIONS)
    wecom.configure("https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=k")
    yield
    wecom.configure(None)


def fault(at: datetime = NIGHT, priority: Priority = Priority.CRITICAL, machine: object = None, family: str = "pump") -> Ticket:
    reason = AlarmReason(code="E16", name_zh="急停", name_en="Emergency stop", at=at)
    about = machine or factories.machine()
    found = faults.for_fault(by=system("evc"), machine=about, family=family, priority=priority, title="E16 急停", reason=reason, at=at)  # type: ignore[arg-type]
    return found.ticket


def on_duty(role: Role, at: datetime = NIGHT) -> User:
    user = make_user(role)
    with db.transaction():
        User.update(phone=f"1380000{user.id:04}").where(User.id == user.id).execute()
        DutyShift.create(user=user, role=role, starts_at=at - timedelta(hours=2), ends_at=at + timedelta(hours=6))
    return user


def told(user: User) -> int:
    return Notice.select().where(Notice.user == user, Notice.message == night.MESSAGE, Notice.is_urgent).count()


def messages() -> list[OutboxMessage]:
    return list(OutboxMessage.select().where(OutboxMessage.channel == Channel.WECOM).order_by(OutboxMessage.id))


def test_it_works(database: Database) -> None:
    clerk, deputy, asleep = on_duty(Role.CLERK), on_duty(Role.DEPUTY), make_user(Role.DEPUTY)
    ticket = fault()
    assert night.look(NIGHT + MINUTE) == "1 told"
    assert night.look(NIGHT + 2 * MINUTE) == ""
    assert [told(user) for user in (clerk, deputy, asleep)] == [1, 1, 0]
    (message,) = messages()
    assert message.next_try_at == NIGHT + MINUTE
    assert message.body.startswith(f"紧急故障 {ticket.number}：E16 急停，")


def test_within_working_hours_the_desk_sees_them(sqlite_database: Database) -> None:
    clerk = on_duty(Role.CLERK, NOON)
    fault(NOON)
    assert (night.look(NOON + MINUTE), told(clerk)) == ("", 0)


def test_what_is_not_critical_waits_for_the_morning(sqlite_database: Database) -> None:
    on_duty(Role.CLERK)
    fault(priority=Priority.HIGH)
    assert night.look(NIGHT + MINUTE) == ""


def test_what_somebody_deals_with_is_no_news(sqlite_database: Database) -> None:
    on_duty(Role.CLERK)
    ticket = fault()
    by = actor_of(make_user(Role.CLERK))
    moving.change_status(by=by, ticket=ticket, to=TicketStatus.TRIAGED, version=ticket.version, at=NIGHT)
    assert night.look(NIGHT + MINUTE) == ""


def test_who_comes_on_duty_learns_what_still_waits(sqlite_database: Database) -> None:
    first = on_duty(Role.CLERK)
    fault()
    night.look(NIGHT + MINUTE)
    later = on_duty(Role.CLERK)
    night.look(NIGHT + 2 * MINUTE)
    assert (told(first), told(later)) == (1, 1)
    assert [one.recipient for one in messages()] == [User.get_by_id(user.id).phone for user in (first, later)]


def test_a_flood_is_told_singly_within_the_product_and_as_one_message(sqlite_database: Database) -> None:
    clerk = on_duty(Role.CLERK)
    for _ in range(30):
        fault()
    assert night.look(NIGHT + MINUTE) == "30 told"
    assert (told(clerk), len(messages())) == (30, 1)
    assert messages()[0].body.startswith("30 起紧急故障尚无人处理：T")


def test_a_fault_that_came_back_is_told_again(sqlite_database: Database) -> None:
    clerk, machine = on_duty(Role.CLERK), factories.machine()
    ticket = fault(machine=machine)
    night.look(NIGHT + MINUTE)
    by = actor_of(make_user(Role.DEPUTY))
    moving.change_status(by=by, ticket=ticket, to=TicketStatus.RESOLVED, version=ticket.version, at=NIGHT + 2 * MINUTE, reason="已处理")
    assert fault(NIGHT + 5 * MINUTE, machine=machine).id == ticket.id
    night.look(NIGHT + 6 * MINUTE)
    assert told(clerk) == 2
