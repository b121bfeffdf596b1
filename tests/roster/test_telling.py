"""People are told by messenger and mail as each chose, in quiet hours by the duty roster, and never twice."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from peewee import Database

from app.accounts.models import MessageChoice, Notice, Role, User
from app.core import db, known_settings, wecom
from app.core.outbox import Channel, OutboxMessage
from app.core.types import system
from app.roster import telling
from app.roster.models import DutyShift
from app.web import i18n
from tests.personas import make_user

NOON = datetime(2026, 11, 25, 4, tzinfo=UTC)  # in Shanghai
NIGHT = datetime(2026, 11, 25, 15, 30, tzinfo=UTC)  # half past eleven
MORNING = datetime(2026, 11, 25, 23, 0, tzinfo=UTC)  # seven


@pytest.fixture(autouse=True)
def _robot() -> Iterator[None]:
    i18n.compile_catalogues(i18n.TRANSLATIONS)
    wecom.configure("https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=k")
    yield
    wecom.configure(None)


def person(*roles: Role, phone: str = "", email: str = "", locale: str | None = None, name: str | None = None) -> User:
    user = make_user(*(roles or (Role.TECHNICIAN,)), name=name)
    with db.transaction():
        User.update(phone=phone, email=email, locale=locale).where(User.id == user.id).execute()
    return user


def choose(user: User, **choice: bool) -> None:
    with db.transaction():
        MessageChoice.create(user=user, **choice)


def shift(user: User, role: Role, at: datetime) -> None:
    with db.transaction():
        DutyShift.create(user=user, role=role, starts_at=at - timedelta(hours=1), ends_at=at + timedelta(hours=8))


def tell(*people: User, at: datetime = NOON, **how: object) -> None:
    with db.transaction():
        telling.tell([one.id for one in people], "%(who)s returned %(number)s %(title)s: %(reason)s", at=at,
                     who="李工", number="D2611-0001", title="油泵", reason="车坏了", **how)  # fmt: skip  # type: ignore[arg-type]


def sent(channel: Channel = Channel.WECOM) -> list[OutboxMessage]:
    return list(OutboxMessage.select().where(OutboxMessage.channel == channel).order_by(OutboxMessage.id))


def times() -> list[datetime]:
    return [one.next_try_at for one in sent()]


def test_it_works(database: Database) -> None:
    li, wang = person(phone="138 0000 1111", email="li@works.example", name="李工"), person(phone="13900002222", name="王工")
    tell(li, wang)
    (message,) = sent()
    assert message.recipient == "13800001111,13900002222"
    assert message.body == "李工 退回 D2611-0001 油泵：车坏了\n致：李工、王工"
    assert (message.about, message.next_try_at) == ("D2611-0001", NOON)
    (mail,) = sent(Channel.EMAIL)
    assert (mail.recipient, mail.subject) == ("li@works.example", "李工 退回 D2611-0001 油泵：车坏了")
    assert Notice.select().count() == 2


def test_without_a_robot_nothing_is_queued_for_it(database: Database) -> None:
    wecom.configure(None)
    tell(person(phone="13800001111"))
    assert (sent(), Notice.select().count()) == ([], 1)


def test_each_reads_the_own_language(sqlite_database: Database) -> None:
    tell(person(phone="13800001111"), person(phone="13900002222", locale="en"))
    assert [one.body.split("\n")[0] for one in sent()] == [
        "李工 退回 D2611-0001 油泵：车坏了", "李工 returned D2611-0001 油泵: 车坏了",
    ]  # fmt: skip


def test_who_has_no_mobile_is_named_all_the_same(sqlite_database: Database) -> None:
    tell(person(phone="0755-1234", name="张三"))
    (message,) = sent()
    assert (message.recipient, message.body.split("\n")[-1]) == ("", "致：张三")


def test_choices_are_kept_and_the_notice_comes_in_any_case(sqlite_database: Database) -> None:
    quiet = person(phone="13800001111", email="a@works.example")
    choose(quiet, takes_email=False, takes_wecom=False)
    mails_only = person(phone="13900002222", email="b@works.example")
    choose(mails_only, takes_wecom=False)
    tell(quiet, mails_only)
    assert sent() == []
    assert [mail.recipient for mail in sent(Channel.EMAIL)] == ["b@works.example"]
    assert Notice.select().count() == 2


def test_the_same_is_told_once_on_every_way(database: Database) -> None:
    li, wang = person(phone="13800001111", email="a@works.example"), person(phone="13900002222")
    tell(li, key="returned:1")
    tell(li, wang, key="returned:1")
    assert [one.recipient for one in sent()] == ["13800001111", "13900002222"]
    assert len(sent(Channel.EMAIL)) == 1


def test_what_is_rolled_back_is_told_to_nobody(database: Database) -> None:
    li = person(phone="13800001111", email="a@works.example")
    with pytest.raises(ZeroDivisionError), db.transaction():
        telling.tell([li.id], "x", at=NOON)
        raise ZeroDivisionError
    assert (OutboxMessage.select().count(), Notice.select().count()) == (0, 0)


def test_who_was_shut_out_gets_no_messages(sqlite_database: Database) -> None:
    gone = person(phone="13800001111", email="a@works.example")
    with db.transaction():
        User.update(is_active=False).where(User.id == gone.id).execute()
    tell(gone)
    assert OutboxMessage.select().count() == 0


def test_more_people_than_one_message_can_mention_get_several(sqlite_database: Database) -> None:
    tell(*(person(phone=f"138000011{number:02}") for number in range(20)))
    assert [len(one.recipient.split(",")) for one in sent()] == [15, 5]


# --- quiet hours --------------------------------------------------------------


def test_at_night_what_is_not_urgent_waits_for_the_morning(database: Database) -> None:
    tell(person(phone="13800001111", email="a@works.example"), at=NIGHT)
    assert times() == [MORNING]
    assert sent(Channel.EMAIL)[0].next_try_at == MORNING
    assert Notice.select().count() == 1


def test_whose_shift_it_is_reads_everything_at_once(database: Database) -> None:
    on_shift, asleep = person(Role.CLERK, phone="13800001111"), person(Role.CLERK, phone="13900002222")
    shift(on_shift, Role.CLERK, NIGHT)
    tell(on_shift, asleep, at=NIGHT)
    assert {one.recipient: one.next_try_at for one in sent()} == {"13800001111": NIGHT, "13900002222": MORNING}


def test_what_is_urgent_wakes_by_the_roster_and_not_by_title(database: Database) -> None:
    clerk, manager = person(Role.CLERK, phone="13800001111"), person(Role.MANAGER, phone="13900002222")
    shift(clerk, Role.MANAGER, NIGHT)
    with db.transaction():
        DutyShift.update(user=clerk).execute()
    other = person(Role.MANAGER, phone="13700003333")
    shift(other, Role.MANAGER, NIGHT)
    tell(clerk, manager, other, at=NIGHT, is_urgent=True)
    assert {one.recipient: one.next_try_at for one in sent()} == {"13800001111,13700003333": NIGHT, "13900002222": MORNING}


def test_where_nobody_has_the_shift_what_is_urgent_reaches_everybody_who_answers(database: Database) -> None:
    tell(person(Role.DEPUTY, phone="13800001111"), at=NIGHT, is_urgent=True)
    assert times() == [NIGHT]


def test_whose_job_it_is_is_told_at_once_when_it_is_urgent(sqlite_database: Database) -> None:
    on_duty = person(Role.TECHNICIAN)
    shift(on_duty, Role.TECHNICIAN, NIGHT)
    mine = person(Role.TECHNICIAN, phone="13800001111")
    tell(mine, at=NIGHT, is_urgent=True)
    tell(mine, at=NIGHT, is_urgent=True, is_theirs=True)
    tell(mine, at=NIGHT, is_theirs=True)
    assert times() == [MORNING, NIGHT, MORNING]


def test_who_keeps_no_quiet_hours_reads_everything_at_once(sqlite_database: Database) -> None:
    awake = person(phone="13800001111")
    choose(awake, has_quiet_hours=False)
    tell(awake, at=NIGHT)
    assert times() == [NIGHT]


@pytest.mark.parametrize(
    ("span", "local", "end"),
    [
        ("21:00-07:00", "20:59", None), ("21:00-07:00", "21:00", "07:00"), ("21:00-07:00", "06:59", "07:00"),
        ("21:00-07:00", "07:00", None),
        ("12:00-13:30", "12:30", "13:30"), ("12:00-13:30", "13:30", None), ("00:00-06:00", "00:00", "06:00"), ("", "03:00", None),
    ],
)  # fmt: skip
def test_quiet_hours_may_cross_midnight_or_not_be_there(sqlite_database: Database, span: str, local: str, end: str | None) -> None:
    known_settings.change(by=system("test"), values={"quiet_hours": span}) if span != "21:00-07:00" else None
    hour, minute = map(int, local.split(":"))
    at = datetime(2026, 11, 25, hour, minute, tzinfo=UTC) - timedelta(hours=8)
    until = telling.quiet_until(at)
    assert (until and (until + timedelta(hours=8)).strftime("%H:%M")) == end
    assert until is None or timedelta() < until - at <= timedelta(hours=10)


@pytest.mark.parametrize("span", ["21-7", "25:00-07:00", "21:00-21:00", "21:00–07:00", "always"])
def test_a_span_that_is_none_is_refused(span: str) -> None:
    assert telling.QUIET_HOURS.problem(span)
