"""FI-27, FI-28: whatever comes in, who is on duty is told little of it, and nothing that is grave is lost."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from peewee import Database

from app.accounts.models import Notice, Role
from app.core import clock, history, wecom
from app.core.history import HistoryEntry
from app.core.outbox import Channel, OutboxMessage
from app.machines.models import DeviceProfile
from app.machines.operations import seed_profiles
from app.monitoring import storms
from app.monitoring.announcing import escalation, floods, sending
from app.monitoring.evaluation import Evaluator
from app.monitoring.models import Alarm, AlarmFlood, AlarmNotice, Episode, TicketStorm
from app.tickets.models import Ticket, TicketFault
from app.web import i18n
from tests import factories
from tests.faults.conftest import IS_LONG
from tests.monitoring.announcing.test_sending import on_duty
from tests.monitoring.sender import Sender, store

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
START = clock.now().replace(microsecond=0) - timedelta(hours=6)
ONE, SHARED, DIGEST = "紧急报警：", "新报警 ", "报警风暴，合并通知"
CODES = ("E16", "E04", "E07")  # critical, high and low


@pytest.fixture
def profile(sqlite_database: Database) -> Iterator[DeviceProfile]:
    """A clerk is on duty, and the messenger is used."""
    i18n.compile_catalogues(i18n.TRANSLATIONS)
    wecom.configure("https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=k")
    seed_profiles()
    on_duty(Role.CLERK, START + 2 * MINUTE)
    yield DeviceProfile.get(DeviceProfile.name == "underground_compactor_v1")
    wecom.configure(None)


class Host:
    """Evaluation and the jobs of the worker, second by second of a clock of its own."""

    def __init__(self) -> None:
        self.now = START
        self.evaluator = Evaluator(lambda: self.now)

    def at(self, now: datetime) -> None:
        """What happens at ``now``."""
        self.now = now
        while self.evaluator.evaluate_pending():
            pass
        self.evaluator.run_timers(now)
        second = int((now - START) / SECOND)
        for every, job in ((5, floods.look), (3, sending.look), (10, escalation.look), (30, storms.end_quiet)):
            if second % every == 0:
                job(now)

    def until(self, until: datetime) -> None:
        """Nothing more comes in."""
        while self.now < until:
            self.at(self.now + SECOND)


def messages() -> list[tuple[datetime, str]]:
    query = OutboxMessage.select(OutboxMessage.created_at, OutboxMessage.body).where(OutboxMessage.channel == Channel.WECOM)
    return list(query.order_by(OutboxMessage.id).tuples())


def most_in_a_minute(*beginnings: str) -> int:
    """Of the messages that begin so, how many left within any sixty seconds."""
    sent = [at for at, body in messages() if body.startswith(beginnings)]
    return max((sum(first <= one < first + MINUTE for one in sent) for first in sent), default=0)


def test_fi_27_chatter_is_one_ticket_and_one_notice_and_no_table_grows_with_it(profile: DeviceProfile) -> None:
    """Twice a second for an hour (in short for five minutes): counted, tagged, told once."""
    factories.machine(serial="YS0001", device="EVC-1", profile=profile)
    device, host, seconds = Sender("EVC-1"), Host(), 3_600 if IS_LONG else 300
    before = HistoryEntry.select().count()
    for second in range(seconds):
        at = START + second * SECOND
        store(*(device.fault("E04", at + number * SECOND / 4, is_active=number % 2 == 0) for number in range(4)))
        host.at(at + SECOND)
    episode, alarm = Episode.get(), Alarm.get()
    assert (episode.count, episode.ended_at, episode.is_chattering, alarm.is_chattering) == (2 * seconds, None, True, True)
    assert [model.select().count() for model in (Episode, Alarm, Ticket, TicketFault, AlarmNotice, Notice)] == [1] * 6
    ((_at, message),) = messages()
    assert "YS0001" in message
    assert HistoryEntry.select().count() - before <= 5
    host.until(host.now + 10 * MINUTE)
    host.at(host.now + 30 * MINUTE)
    assert (Episode.get().ended_at, Alarm.get().is_chattering) == (START + seconds * SECOND - SECOND / 4, False)
    assert (AlarmNotice.select().count(), len(messages())) == (1, 1)
    assert history.verify().problem is None


@pytest.mark.parametrize("machines", [25, 500 if IS_LONG else 60], ids=["few", "many"])
def test_fi_28_a_flood_leaves_in_twenty_messages_a_minute(profile: DeviceProfile, machines: int) -> None:
    """Three faults of each machine within a minute. Few enough, the critical ones are told singly; of many a parent is told."""
    owners = [factories.customer() for _ in range(machines)]
    fleet = [factories.machine(device=f"EVC-{number}", profile=profile, customer=owner) for number, owner in enumerate(owners)]
    devices, host = [Sender(machine.device) for machine in fleet], Host()
    for second in range(60):
        at, share = START + second * SECOND, range(second * machines // 60, (second + 1) * machines // 60)
        if found := [devices[number].fault(code, at) for number in share for code in CODES]:
            store(*found)
        host.at(at)
    host.until(START + 4 * MINUTE)
    assert Episode.select().count() == 3 * machines
    assert Ticket.select().where(Ticket.machine.is_null(False)).count() <= machines
    assert most_in_a_minute("") <= 20
    assert 1 <= most_in_a_minute(ONE) <= sending.SINGLY_A_MINUTE + 1
    assert most_in_a_minute(DIGEST) == (0 if TicketStorm.select().exists() else 1)  # the parent stands for what is not critical
    assert AlarmNotice.select().where(AlarmNotice.sent_at.is_null(), AlarmNotice.withdrawn_at.is_null()).count() == 0
    flood = AlarmFlood.get()
    assert (flood.most, flood.alarms, flood.digests > 0, flood.ended_at) == (3 * machines, 3 * machines, machines == 25, None)
    told = "\n".join(body for _at, body in messages())
    parent = {storm.ticket_id for storm in TicketStorm.select()}
    for machine in fleet:  # each is named, or its parent is
        assert machine.serial in told or Ticket.get(Ticket.machine == machine).parent_id in parent
    host.at(START + 12 * MINUTE)
    host.at(START + 12 * MINUTE + 5 * SECOND)
    assert AlarmFlood.get().ended_at is not None
