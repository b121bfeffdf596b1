"""What guards people is told for itself below a storm too, as critical alarms are; its siblings stay silent (monitoring §3 and §4)."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from peewee import Database

from app.accounts.models import Notice, Role
from app.core import db, wecom
from app.core.outbox import Channel, OutboxMessage
from app.core.types import system
from app.customers.models import Customer
from app.machines.models import DeviceProfile, Machine
from app.machines.operations import seed_profiles
from app.monitoring.announcing import escalation, relief, sending
from app.monitoring.evaluation import Evaluator
from app.monitoring.models import AlarmNotice, Episode, NoticeKind, TicketStorm
from app.tickets import parents
from app.tickets.models import Priority, Ticket
from app.web import i18n
from tests import factories
from tests.monitoring.announcing.test_sending import on_duty
from tests.monitoring.sender import Sender, store

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
NOON = datetime(2026, 11, 25, 3, 0, tzinfo=UTC)  # eleven on a Wednesday in Shanghai
ORDINARY, PERSON, WATER = "E10", "E16", "E19"  # high; critical and high of those that guard people


@pytest.fixture
def profile(database: Database) -> Iterator[DeviceProfile]:
    """A clerk and a deputy are on duty, and the messenger is used."""
    i18n.compile_catalogues(i18n.TRANSLATIONS)
    wecom.configure("https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=k")
    seed_profiles()
    on_duty(Role.CLERK, NOON)
    on_duty(Role.DEPUTY, NOON)
    yield DeviceProfile.get(DeviceProfile.name == "underground_compactor_v1")
    wecom.configure(None)


class Site:
    """Machines of one customer that fail, and the portal that watches them."""

    def __init__(self, profile: DeviceProfile, machines: int) -> None:
        owner: Customer = factories.customer()
        self.machines: list[Machine] = [
            factories.machine(serial=f"ZZ{number:04}", customer=owner, profile=profile) for number in range(machines)
        ]
        self._senders = [Sender(machine.device) for machine in self.machines]
        self._now = NOON
        self._evaluator = Evaluator(lambda: self._now)

    def fail(self, number: int, code: str, at: datetime, *, is_active: bool = True) -> None:
        """The machine ``number`` raises ``code`` or says that it has gone."""
        self._now = at
        store(self._senders[number].fault(code, at, is_active=is_active))
        while self._evaluator.evaluate_pending():
            pass

    def storm(self, *, ordinary: int, at: datetime = NOON) -> Ticket:
        """The first ``ordinary`` machines fail, which begins a storm; gives its parent."""
        for number in range(ordinary):
            self.fail(number, ORDINARY, at)
        return TicketStorm.get().ticket


def look(at: datetime, until: datetime) -> None:
    while at <= until:
        sending.look(at)
        at += 3 * SECOND


def messages() -> list[str]:
    query = OutboxMessage.select(OutboxMessage.body).where(OutboxMessage.channel == Channel.WECOM).order_by(OutboxMessage.id)
    return [body for (body,) in query.tuples()]


def told_singly() -> list[str]:
    """The codes of the episodes that were told, as they left."""
    sent = AlarmNotice.select(Episode.code).join(Episode).where(AlarmNotice.sent_at.is_null(False)).order_by(AlarmNotice.id)
    return [code for (code,) in sent.tuples()]


def test_it_works(profile: DeviceProfile) -> None:
    """One of twelve guards people: it is told at once and by name, the parent after its minute, the others not."""
    site = Site(profile, 12)
    parent = site.storm(ordinary=11)
    site.fail(11, PERSON, NOON + SECOND)
    assert Ticket.get(Ticket.machine == site.machines[11]).parent == parent
    assert sending.look(NOON + SECOND) == "2 messages"  # its own and that of the parent, which is critical with it
    assert told_singly() == [PERSON]
    look(NOON + SECOND, NOON + 2 * MINUTE)
    (told,) = [body for body in messages() if "ZZ0011" in body]
    assert told.startswith("紧急报警：ZZ0011 ")
    assert "人员进入（涉及人身安全）" in told
    assert told_singly() == [PERSON]
    assert [body for body in messages() if any(f"ZZ{number:04}" in body for number in range(11))] == []
    assert len(messages()) == 2
    assert AlarmNotice.select().where(AlarmNotice.sent_at.is_null(), AlarmNotice.withdrawn_at.is_null()).count() == 0


def test_a_code_that_guards_people_is_told_at_once_there_though_it_is_not_critical(profile: DeviceProfile) -> None:
    site = Site(profile, 11)
    site.storm(ordinary=10)
    site.fail(10, WATER, NOON + SECOND)
    assert sending.look(NOON + SECOND) == "1 messages"
    (told,) = messages()
    assert told.startswith("重要报警：ZZ0010 ")
    assert "地坑积水高（涉及人身安全）" in told
    assert [notice.is_urgent for notice in Notice.select()] == [True]


def test_outside_of_a_storm_it_is_gathered_as_its_severity_says(profile: DeviceProfile) -> None:
    site = Site(profile, 1)
    site.fail(0, WATER, NOON)
    look(NOON, NOON + MINUTE - SECOND)
    assert messages() == []
    look(NOON + MINUTE, NOON + MINUTE)
    assert (len(messages()), AlarmNotice.get().severity) == (1, Priority.HIGH)


def test_one_that_waits_when_the_storm_begins_is_told_then(profile: DeviceProfile) -> None:
    site = Site(profile, 10)
    site.fail(9, WATER, NOON)
    sending.look(NOON)
    assert messages() == []
    for number in range(9):
        site.fail(number, ORDINARY, NOON + 9 * SECOND)
    assert Ticket.get(Ticket.machine == site.machines[9]).parent == TicketStorm.get().ticket
    sending.look(NOON + 9 * SECOND)
    assert told_singly() == [WATER]


def test_one_that_was_told_before_the_storm_is_not_told_again(profile: DeviceProfile) -> None:
    site = Site(profile, 10)
    site.fail(9, PERSON, NOON)
    assert sending.look(NOON) == "1 messages"
    for number in range(9):
        site.fail(number, ORDINARY, NOON + 9 * SECOND)
    assert Ticket.get(Ticket.machine == site.machines[9]).parent_id is not None
    look(NOON + 9 * SECOND, NOON + 5 * MINUTE)
    assert told_singly() == [PERSON]
    assert len([body for body in messages() if "ZZ0009" in body]) == 1


def test_it_is_told_when_it_joins_the_ticket_that_its_machine_has_in_the_storm(profile: DeviceProfile) -> None:
    site = Site(profile, 10)
    site.storm(ordinary=10)
    site.fail(3, PERSON, NOON + 2 * MINUTE)
    assert Ticket.select().where(Ticket.machine == site.machines[3]).count() == 1
    look(NOON + 2 * MINUTE, NOON + 4 * MINUTE)
    assert told_singly() == [PERSON]


@pytest.mark.parametrize("code", [PERSON, WATER])
def test_above_fifteen_a_minute_they_share_a_message_that_lists_them_all(profile: DeviceProfile, code: str) -> None:
    site = Site(profile, 40)
    site.storm(ordinary=10)
    for number in range(10, 40):
        site.fail(number, code, NOON + SECOND)
    look(NOON + SECOND, NOON + 2 * MINUTE)
    listing = [body for body in messages() if "ZZ0010" in body]
    assert len(listing) == 1
    assert all(f"ZZ{number:04}" in listing[0] for number in range(10, 40))
    assert "另有" not in listing[0]
    assert len(messages()) <= 3


def test_those_that_came_with_fifteen_others_lately_share_too(profile: DeviceProfile) -> None:
    """What is told as critical counts as critical."""
    site = Site(profile, 40)
    site.storm(ordinary=10)
    for number in range(10, 25):
        site.fail(number, WATER, NOON + SECOND)
    look(NOON + SECOND, NOON + SECOND)
    assert len(messages()) == 15
    for number in range(25, 40):
        site.fail(number, WATER, NOON + 20 * SECOND)
    look(NOON + 20 * SECOND, NOON + 40 * SECOND)
    assert len(messages()) == 16


def test_it_escalates_below_a_storm_and_its_siblings_do_not(profile: DeviceProfile) -> None:
    site = Site(profile, 11)
    site.storm(ordinary=10)
    site.fail(10, PERSON, NOON + SECOND)
    at = NOON + SECOND
    while at <= NOON + 3 * 60 * MINUTE:
        sending.look(at)
        escalation.look(at)
        at += 30 * SECOND
    escalated = AlarmNotice.select(Episode.code, AlarmNotice.step).join(Episode).where(AlarmNotice.kind == NoticeKind.ESCALATED)
    assert list(escalated.order_by(AlarmNotice.id).tuples()) == [(PERSON, 1), (PERSON, 2)]


def test_who_comes_on_duty_at_night_learns_of_it(profile: DeviceProfile) -> None:
    night = NOON + 15 * 60 * MINUTE
    site = Site(profile, 11)
    site.storm(ordinary=10, at=night - 20 * MINUTE)
    site.fail(10, WATER, night - 20 * MINUTE)
    sending.look(night - 20 * MINUTE)
    later = on_duty(Role.CLERK, night + 2 * 60 * MINUTE)
    assert relief.look(night + MINUTE) == "1 told"
    assert ["E19" in str(one.params) for one in Notice.select().where(Notice.user == later)] == [True]


def test_what_is_gone_before_it_left_is_not_told(profile: DeviceProfile) -> None:
    site = Site(profile, 11)
    site.storm(ordinary=10)
    site.fail(10, WATER, NOON + SECOND)
    with db.transaction():
        Episode.update(ended_at=NOON + 2 * SECOND).where(Episode.code == WATER).execute()
    look(NOON + 2 * SECOND, NOON + MINUTE)
    assert told_singly() == []


def test_taken_out_of_the_storm_an_ordinary_one_is_as_before(profile: DeviceProfile) -> None:
    """The notice of a sibling was withdrawn with the first look; nothing tells it later by mistake."""
    site = Site(profile, 10)
    site.storm(ordinary=10)
    look(NOON, NOON + 2 * MINUTE)
    parents.untie(by=system("monitoring"), ticket=Ticket.get(Ticket.machine == site.machines[0]))
    look(NOON + 2 * MINUTE, NOON + 4 * MINUTE)
    assert told_singly() == []
