"""The whole feed is silent: one alarm, and none of single machines."""

import pytest

from app.accounts.models import Role
from app.core.errors import Conflict, NotAllowed
from app.core.types import system
from app.machines.models import DeviceProfile
from app.machines.profile_operations import import_profile
from app.monitoring.models import Alarm, AlarmNotice, FeedOutage, Terminal, TerminalSilence
from app.monitoring.silence import outages
from tests import factories
from tests.monitoring.sender import Sender
from tests.monitoring.silence.clocked import HOUR, MINUTE, SECOND, Clocked
from tests.personas import actor_of, make_user


@pytest.fixture
def site(profile: DeviceProfile) -> Clocked:
    return Clocked()


@pytest.fixture
def devices(site: Clocked, profile: DeviceProfile) -> list[Sender]:
    """Four machines that have been speaking for six minutes."""
    found = [Sender(factories.machine(device=f"EVC-{number}", profile=profile).device) for number in range(4)]
    site.pass_by(6 * MINUTE, *found)
    return found


def outage() -> FeedOutage:
    return FeedOutage.get()


def test_it_works(site: Clocked, devices: list[Sender]) -> None:
    heard_at = site.now
    site.pass_by(180 * SECOND)
    assert FeedOutage.select().count() == 0
    site.pass_by(30 * SECOND)
    assert (outage().from_at, outage().noticed_at, outage().ended_at) == (heard_at, site.now, None)
    site.pass_by(5 * HOUR, every=MINUTE)
    assert FeedOutage.select().count() == 1
    assert [notice.outage_id for notice in AlarmNotice.select()] == [outage().id]
    assert Terminal.select().where(Terminal.is_silent | Terminal.is_late).count() == 0
    assert Alarm.select().count() == TerminalSilence.select().count() == 0


def test_the_first_message_ends_it_and_who_stays_silent_is_lost_five_minutes_later(site: Clocked, devices: list[Sender]) -> None:
    site.pass_by(HOUR)
    site.hear(devices[0], oil_temp=40)
    site.pass_by(30 * SECOND)
    assert outage().ended_at == site.now
    site.pass_by(240 * SECOND, *devices[:3])
    assert TerminalSilence.select().count() == 0
    site.pass_by(90 * SECOND, *devices[:3])
    assert [silence.terminal.device for silence in TerminalSilence.select()] == ["EVC-3"]
    assert [alarm.code for alarm in Alarm.select()] == ["COMM_LOST"]
    assert FeedOutage.select().count() == 1


def test_a_broker_that_is_away_for_90_seconds_is_one(site: Clocked, devices: list[Sender]) -> None:
    connected_until = site.now
    site.is_connected = False
    site.pass_by(90 * SECOND)
    assert FeedOutage.select().count() == 0
    site.pass_by(30 * SECOND)
    assert outage().from_at == connected_until
    site.pass_by(8 * HOUR, every=5 * MINUTE)
    assert FeedOutage.select().count() == 1
    assert Alarm.select().count() == 0


def test_an_outage_goes_on_until_something_comes_in_although_the_broker_is_back(site: Clocked, devices: list[Sender]) -> None:
    site.is_connected = False
    site.pass_by(10 * MINUTE)
    site.is_connected = True
    site.pass_by(10 * MINUTE)
    assert (FeedOutage.select().count(), outage().ended_at) == (1, None)
    site.pass_by(2 * MINUTE, *devices)
    assert outage().ended_at is not None
    site.pass_by(20 * MINUTE, *devices)
    assert FeedOutage.select().count() == 1
    assert Alarm.select().count() == 0


def test_it_outlives_a_restart(site: Clocked, devices: list[Sender]) -> None:
    site.is_connected = False
    site.pass_by(10 * MINUTE)
    site.restart()
    site.pass_by(20 * MINUTE)
    assert (FeedOutage.select().count(), outage().ended_at) == (1, None)


def test_a_restart_makes_no_silence(site: Clocked, devices: list[Sender]) -> None:
    site.now += HOUR  # nobody listened
    site.is_connected = False
    site.restart()
    site.pass_by(30 * SECOND)
    site.is_connected = True
    site.pass_by(30 * MINUTE, *devices)
    assert FeedOutage.select().count() == Alarm.select().count() == TerminalSilence.select().count() == 0


def test_two_terminals_say_nothing_of_the_feed(profile: DeviceProfile) -> None:
    site = Clocked()
    pair = [Sender(factories.machine(device=f"EVC-{number}", profile=profile).device) for number in range(2)]
    site.pass_by(6 * MINUTE, *pair)
    site.pass_by(20 * MINUTE)
    assert FeedOutage.select().count() == 0
    assert TerminalSilence.select().count() == 2


def test_who_was_lost_before_does_not_count(site: Clocked, devices: list[Sender]) -> None:
    site.pass_by(20 * MINUTE, *devices[:2])
    site.pass_by(20 * MINUTE)
    assert FeedOutage.select().count() == 0
    assert TerminalSilence.select().count() == 4


def test_machines_that_speak_seldom_are_waited_for(site: Clocked, profile: DeviceProfile) -> None:
    text = "profile: seldom_v1\nname: {zh: 慢, en: Slow}\nexpected_interval_s: 1800\n"
    slow = import_profile(by=system("test"), text=text).row
    seldom = [Sender(factories.machine(device=f"S-{number}", profile=slow).device) for number in range(3)]
    for device in seldom:
        site.hear(device, oil_temp=40)
    site.pass_by(89 * MINUTE, every=MINUTE)
    assert FeedOutage.select().count() == 0
    site.pass_by(3 * MINUTE, every=MINUTE)
    assert FeedOutage.select().count() == 1


def test_it_is_acknowledged_once(site: Clocked, devices: list[Sender]) -> None:
    site.pass_by(10 * MINUTE)
    clerk = actor_of(make_user(Role.CLERK))
    outages.acknowledge(by=clerk, outage=outage(), at=site.now)
    assert (outage().acknowledged_at, outage().acknowledged_by_id) == (site.now, clerk.user_id)
    with pytest.raises(Conflict):
        outages.acknowledge(by=clerk, outage=outage(), at=site.now)


def test_who_may_not_acknowledge_alarms_may_not_acknowledge_it(site: Clocked, devices: list[Sender]) -> None:
    site.pass_by(10 * MINUTE)
    with pytest.raises(NotAllowed):
        outages.acknowledge(by=actor_of(make_user(Role.TECHNICIAN)), outage=outage())
