"""FI-05, FI-11, FI-12, FI-23 to FI-26, FI-38: broker away, clocks that are wrong or step, reboots, what the broker kept.

Long times pass by a clock that the test moves; everything behind the network is the real thing.
"""

import json
from datetime import UTC, datetime, timedelta

import pytest
from peewee import Database

from app.core import clock
from app.core.clock import ProcessClock
from app.machines.models import DeviceProfile
from app.machines.operations import seed_profiles
from app.monitoring import banners, intake
from app.monitoring.models import (
    Alarm,
    AlarmNotice,
    ClockStep,
    Condition,
    Episode,
    FeedOutage,
    Gap,
    GapState,
    InboxMessage,
    RejectedMessage,
    Terminal,
    TerminalSilence,
)
from app.tickets.models import Ticket
from mqtt import payloads
from mqtt.payloads import Received
from tests import factories
from tests.faults.conftest import IS_LONG
from tests.faults.publisher import Publisher
from tests.faults.site import Site, wait_for
from tests.monitoring.sender import Sender
from tests.monitoring.silence.clocked import HOUR, MINUTE, SECOND, Clocked

DAY = 24 * HOUR


@pytest.fixture
def profile(sqlite_database: Database) -> DeviceProfile:
    """The profile that comes with the product."""
    seed_profiles()
    return DeviceProfile.get(DeviceProfile.name == "underground_compactor_v1")


@pytest.fixture
def devices(profile: DeviceProfile) -> list[Sender]:
    """Four machines on the feed."""
    return [Sender(factories.machine(device=f"EVC-{number}", profile=profile).device) for number in range(4)]


@pytest.fixture
def clocked(devices: list[Sender]) -> Clocked:
    """All of them have been speaking for six minutes."""
    running = Clocked()
    running.pass_by(6 * MINUTE, *devices)
    return running


@pytest.fixture
def one(devices: list[Sender], clocked: Clocked) -> Sender:
    """The machine that the case is about."""
    return devices[0]


def terminal(device: str = "EVC-0") -> Terminal:
    return Terminal.get(Terminal.device == device)


def alarm(code: str) -> Alarm:
    return Alarm.get(Alarm.code == code)


def receive(site: Clocked, kind: str, **body: object) -> None:
    """A payload of EVC-0 as the network brings it."""
    raw = Received(f"evc/EVC-0/{kind}", json.dumps(body).encode(), clock.to_ms(site.now))
    intake.store(list(payloads.read(raw, "evc")), at_ms=clock.to_ms(site.now))
    site.look()


def no_negative_durations() -> bool:
    return all(row.ended_at is None or row.ended_at >= row.started_at for row in Episode.select())


# --- FI-05 ------------------------------------------------------------------


@pytest.mark.slow
def test_fi_05_a_stopped_broker_is_told_above_every_page_and_found_again(site: Site, publisher: Publisher, record_property) -> None:
    """Long: until the outage of the feed is there, too, 90 s."""
    from flask_babel import force_locale

    from app.factory import create_app

    site.start_subscriber()
    for number, device in enumerate(site.devices):
        publisher.send(f"evc/{device}/telemetry", json.dumps({"boot": "b", "seq": number, "metrics": {"oil_temp": 40}}))
    publisher.settle()
    wait_for(lambda: Terminal.select().count() == len(site.devices), 10)
    app = create_app(site.config)

    def banner() -> str:
        with app.test_request_context(), force_locale("zh_CN"):
            shown = banners.feed_banner()
            return str(shown.text) if shown else ""

    assert banner() == ""
    site.end("broker")
    record_property("told_after_s", wait_for(lambda: "未连接到消息服务器" in banner(), 10))
    if IS_LONG:
        record_property("outage_after_s", wait_for(FeedOutage.select().exists, 110, 1))
        assert (FeedOutage.select().count(), AlarmNotice.select().count(), Alarm.select().count()) == (1, 1, 0)
    since_ms = clock.now_ms()
    site.start_broker()
    wait_for(lambda: site.is_connected("one", since_ms), 70)
    assert (Alarm.select().count(), TerminalSilence.select().count()) == (0, 0)


@pytest.mark.parametrize("away", [10 * MINUTE, 8 * HOUR], ids=["10min", "8h"])
def test_fi_05_a_broker_away_is_one_alarm_of_the_feed_and_none_of_machines(
    clocked: Clocked, devices: list[Sender], away: timedelta
) -> None:
    left_at = clocked.now
    clocked.is_connected = False
    clocked.pass_by(95 * SECOND, every=5 * SECOND)
    assert FeedOutage.select().count() == 1
    clocked.pass_by(away, every=MINUTE)
    clocked.is_connected = True
    clocked.pass_by(20 * MINUTE, *devices)
    outage = FeedOutage.get()
    assert (outage.from_at, outage.ended_at is not None) == (left_at, True)
    assert (FeedOutage.select().count(), AlarmNotice.select().count()) == (1, 1)
    assert Alarm.select().count() == TerminalSilence.select().count() == Ticket.select().count() == 0


# --- FI-11, FI-12 -----------------------------------------------------------


@pytest.mark.parametrize(
    "wrong",
    [DAY, datetime(2099, 1, 1, tzinfo=UTC), datetime(1970, 1, 1, tzinfo=UTC), datetime(1970, 1, 21, 12, tzinfo=UTC)],
    ids=["a day ahead", "2099", "1970", "seconds for milliseconds"],
)
def test_fi_11_a_wrong_clock_is_one_alarm_until_it_is_right(clocked: Clocked, one: Sender, wrong: timedelta | datetime) -> None:
    def stamp() -> datetime:
        return clocked.now + wrong if isinstance(wrong, timedelta) else wrong

    seen_at = terminal().last_seen_at
    for number in range(20):
        clocked.receive(one.fault("E04", stamp() + number * SECOND, is_active=number % 2 == 0))
        clocked.pass_by(10 * SECOND, every=10 * SECOND)
    assert (alarm("CLOCK_SKEW").condition, alarm("CLOCK_SKEW").severity) == (Condition.ACTIVE, "low")
    skewed = list(Episode.select().where(Episode.code == "CLOCK_SKEW"))
    assert [(row.count, row.ended_at, row.ticket_id) for row in skewed] == [(1, None, None)]
    assert max(seen_at, stamp() if stamp() < clocked.now else seen_at) >= terminal().last_seen_at
    clocked.pass_by(5 * MINUTE, one)
    assert terminal().is_clock_trusted
    assert alarm("CLOCK_SKEW").condition == Condition.NORMAL
    assert Episode.select().where(Episode.code == "CLOCK_SKEW").count() == 1
    assert no_negative_durations()


def test_fi_11_a_clock_that_jumps_back_in_a_fault_makes_no_negative_time(clocked: Clocked, one: Sender) -> None:
    clocked.hear(one, "fault", "E04")
    clocked.receive(one.fault("E04", clocked.now - DAY, is_active=False))
    clocked.pass_by(5 * MINUTE, one)
    clocked.hear(one, "fault", "E04", is_active=False)
    clocked.pass_by(5 * MINUTE, one)
    assert no_negative_durations()
    assert terminal().last_seen_at <= clocked.now


def test_fi_11_a_time_without_zone_is_refused(clocked: Clocked, one: Sender) -> None:
    receive(clocked, "fault", ts="2026-03-02T10:00:00", boot="z", seq=0, code="E04", active=True)
    assert RejectedMessage.select().count() == 1
    assert InboxMessage.select().count() == 0


@pytest.mark.parametrize(
    ("at", "times"),
    [
        (datetime(2029, 1, 1, 0, 1, tzinfo=UTC), ["2028-12-31T23:59:59Z", "2028-12-31T23:59:60Z", "2029-01-01T00:00:01Z"]),
        (datetime(2028, 2, 29, 12, 1, tzinfo=UTC), ["2028-02-28T23:59:59Z", "2028-02-29T00:00:00Z", "2028-02-29T12:00:00Z"]),
        (datetime(2026, 10, 25, 1, 31, tzinfo=UTC), ["2026-10-25T02:29:00+02:00", "2026-10-25T02:00:00+01:00", "2026-10-25T01:30:00Z"]),
        (datetime(2027, 1, 1, 0, 1, tzinfo=UTC), ["2026-12-31T23:59:59Z", "2027-01-01T08:00:00+08:00", "2027-01-01T00:00:01Z"]),
    ],
    ids=["leap second", "29 February", "change of zone", "end of year"],
)  # fmt: skip
def test_fi_12_odd_moments_keep_their_order(profile: DeviceProfile, at: datetime, times: list[str]) -> None:
    factories.machine(device="EVC-0", profile=profile)
    site = Clocked(at)
    for seq, ts in enumerate(times):
        receive(site, "telemetry" if seq == 1 else "fault", ts=ts, boot="a", seq=seq, code="E04", active=seq == 0, metrics={"oil_temp": 4})
    faults = list(InboxMessage.select().order_by(InboxMessage.seq))
    assert [row.seq for row in faults] == [0, 2]
    assert faults[0].at < faults[1].at <= at
    site.pass_by(3 * MINUTE)
    episode = Episode.get(Episode.code == "E04")
    assert (episode.started_at, episode.ended_at) == (faults[0].at, faults[1].at)


# --- FI-23 to FI-26 ---------------------------------------------------------


def test_fi_23_a_reboot_in_a_fault_keeps_it_and_a_birth_settles_it(clocked: Clocked, one: Sender, devices: list[Sender]) -> None:
    clocked.hear(one, "birth")
    clocked.hear(one, "fault", "E04")
    clocked.hear(one, "will", boot="a1")
    clocked.pass_by(20 * SECOND, *devices[1:])
    assert (terminal().is_late, alarm("E04").condition) == (True, Condition.ACTIVE)
    clocked.pass_by(20 * MINUTE, *devices[1:])
    assert (terminal().is_silent, alarm("E04").condition, alarm("COMM_LOST").condition) == (True, Condition.ACTIVE, Condition.ACTIVE)
    again = Sender(one.device, boot="a2")
    clocked.hear(again, "birth", "E04")
    clocked.pass_by(MINUTE, again, *devices[1:])
    assert (alarm("E04").condition, alarm("COMM_LOST").condition) == (Condition.ACTIVE, Condition.NORMAL)
    clocked.hear(again, "fault", "E04")
    clocked.pass_by(MINUTE, again, *devices[1:])
    assert Ticket.select().count() == Episode.select().where(Episode.code == "E04").count() == 1
    third = Sender(one.device, boot="a3")
    clocked.hear(third, "birth")
    clocked.pass_by(3 * MINUTE, third, *devices[1:])
    assert alarm("E04").condition == Condition.NORMAL


def test_fi_24_the_death_of_an_earlier_boot_is_ignored(clocked: Clocked, one: Sender, devices: list[Sender]) -> None:
    clocked.hear(one, "birth")
    again = Sender(one.device, boot="a2")
    clocked.hear(again, "birth")
    clocked.hear(one, "will", boot="a1")
    clocked.pass_by(20 * SECOND, *devices[1:])
    assert (terminal().is_online, terminal().is_late) == (True, False)


def test_fi_24_a_lost_birth_and_a_lost_death_are_made_good_by_what_is_said(clocked: Clocked, one: Sender, devices: list[Sender]) -> None:
    clocked.hear(one, "birth")
    clocked.hear(one, "will", boot="a1")
    clocked.pass_by(MINUTE, *devices)  # its birth was lost
    assert (terminal().is_online, terminal().is_late) == (True, False)
    clocked.pass_by(15 * MINUTE, *devices[1:])  # its death was lost
    assert terminal().is_silent


def test_fi_25_a_hole_is_a_gap_that_late_numbers_close(clocked: Clocked, one: Sender) -> None:
    """No birth is asked for: the contract has no topic for that, the receipt names what is missing."""
    clocked.hear(one, oil_temp=40)
    held = one.reading(clocked.now, oil_temp=41)
    lost = one.reading(clocked.now, oil_temp=42)
    clocked.hear(one, oil_temp=43)
    assert [(gap.first, gap.last, gap.state) for gap in Gap.select()] == [(held.seq, lost.seq, GapState.OPEN)]
    clocked.now += 3 * SECOND
    clocked.receive(held)
    assert [(gap.first, gap.last, gap.state) for gap in Gap.select()] == [(lost.seq, lost.seq, GapState.OPEN)]
    clocked.receive(lost)
    assert [gap.state for gap in Gap.select()] == [GapState.FILLED]


def test_fi_26_what_the_broker_kept_opens_nothing(clocked: Clocked, one: Sender) -> None:
    import msgspec

    for code in ("E04", "E06"):
        clocked.receive(msgspec.structs.replace(one.fault(code, clocked.now - HOUR), is_retained=True))
    clocked.look()
    clocked.receive(msgspec.structs.replace(one.fault("E04", clocked.now), is_retained=True, seq=None, boot=None))
    clocked.pass_by(3 * MINUTE, one)
    assert Episode.select().count() == Ticket.select().count() == Alarm.select().count() == 0


# --- FI-38 ------------------------------------------------------------------


@pytest.mark.parametrize("step", [HOUR, -HOUR], ids=["ahead", "back"])
def test_fi_38_a_step_of_the_hosts_clock_moves_no_timer(clocked: Clocked, one: Sender, devices: list[Sender], step: timedelta) -> None:
    """The subscriber's process clock drives the evaluation; a fault's off-delay and the silence of a machine run while the host steps."""
    elapsed, stepped = timedelta(), timedelta()
    began = clocked.now
    process = ProcessClock(lambda: clock.to_ms(began + elapsed + stepped), lambda: elapsed // timedelta(milliseconds=1))
    clocked.hear(one, "fault", "E04")
    clocked.hear(one, "fault", "E04", is_active=False)
    happened: dict[str, timedelta] = {}
    tick = 5.1 * SECOND
    for number in range(1, 160):
        elapsed += tick
        if number == 4:
            stepped = step
        if step_ms := process.check():
            intake.note_clock_step(process.now_ms(), step_ms)
        clocked.now = clock.from_ms(process.now_ms())
        if number % 12 == 0:
            for device in devices[1:]:
                clocked.hear(device, oil_temp=40)
        clocked.look()
        if alarm("E04").condition == Condition.NORMAL:
            happened.setdefault("cleared", elapsed)
        if terminal().is_late:
            happened.setdefault("late", elapsed)
        if terminal().is_silent:
            happened.setdefault("silent", elapsed)
    assert set(happened) == {"cleared", "late", "silent"}
    for name, due in (("cleared", 60 * SECOND), ("late", 180 * SECOND), ("silent", 780 * SECOND)):
        assert abs(happened[name] - due) <= tick + SECOND, (name, happened[name])
    assert [row.step_ms for row in ClockStep.select()] == [step // timedelta(milliseconds=1)]
    assert FeedOutage.select().count() == 0
    assert no_negative_durations()
