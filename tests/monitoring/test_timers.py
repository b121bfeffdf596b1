"""Delays, chatter and latches as they are stored: timers run by stored times, whoever runs them (FI-29, FI-30)."""

import random
from datetime import datetime, timedelta

import pytest

from app.core import clock, live
from app.core.types import system
from app.machines.models import DeviceProfile, Machine
from app.machines.profile_operations import import_profile
from app.monitoring.evaluation import Evaluator
from app.monitoring.models import Alarm, Condition, Episode
from app.tickets.models import Priority, Ticket
from tests import factories
from tests.monitoring.sender import Sender, store

MS, SECOND, MINUTE = timedelta(milliseconds=1), timedelta(seconds=1), timedelta(minutes=1)
START = clock.now().replace(microsecond=0) - timedelta(hours=3)
PROFILE = """profile: delays_v1
name: {zh: 站, en: Station}
expected_interval_s: 1
metrics:
  oil_temp: {unit: °C, range: [0, 120], name: {zh: 油温, en: Oil temperature}}
codes:
  D15: {name: {zh: 慢, en: Slow}, severity: high, on_delay_s: 15}
  L01: {name: {zh: 锁, en: Latched}, severity: critical, latching: true}
  T01: {name: {zh: 油温高, en: Oil hot}, severity: high}
  R01: {name: {zh: 急升, en: Rising}, severity: low, ticket: none}
rules:
  - {code: T01, metric: oil_temp, levels: [{above: 65, severity: low}, {above: 75, severity: high}], deadband: 1, on_delay_s: 60,
     off_delay_s: 120}
  - {code: R01, metric: oil_temp, rises: 20, within_s: 30, on_delay_s: 0, off_delay_s: 60}
"""


@pytest.fixture
def machine(profile: DeviceProfile) -> Machine:
    """A machine whose profile has delays, a latch and rules."""
    delays = import_profile(by=system("setup"), text=PROFILE).row
    return factories.machine(serial="YS0001", device="EVC-1", profile=delays)


def at(seconds: float) -> datetime:
    return START + seconds * SECOND


def run(now: datetime, evaluator: Evaluator | None = None) -> None:
    """Everything that is stored, and the timers that are due by ``now``; by an evaluator that has just been started."""
    evaluator = evaluator or Evaluator(lambda: now)
    while evaluator.evaluate_pending():
        pass
    evaluator.run_timers(now)


def alarm(code: str) -> Alarm:
    return Alarm.get(Alarm.code == code)


def episodes(code: str) -> list[tuple[float, float | None, int]]:
    rows = Episode.select().where(Episode.code == code).order_by(Episode.started_at)
    return [((row.started_at - START) / SECOND, row.ended_at and (row.ended_at - START) / SECOND, row.count) for row in rows]


def hot(device: Sender, *values: tuple[float, float]) -> None:
    store(*(device.reading(at(second), oil_temp=value) for second, value in values))


def test_it_works(machine: Machine, device: Sender) -> None:
    """T1 and T3: the episode begins when the condition became true."""
    shown = live.version("alarms")
    store(device.fault("D15", at(0)))
    run(at(15) - MS)
    assert (alarm("D15").condition, alarm("D15").pending_since, alarm("D15").due_at) == (Condition.PENDING, at(0), at(15))
    assert live.version("alarms") == shown
    assert Ticket.select().count() == 0
    run(at(15))
    assert (alarm("D15").condition, alarm("D15").due_at, alarm("D15").is_acknowledged) == (Condition.ACTIVE, None, False)
    assert episodes("D15") == [(0, None, 1)]
    assert Episode.get().ticket == Ticket.get()


def test_what_was_too_short_is_counted_and_no_episode(machine: Machine, device: Sender) -> None:
    """T2."""
    store(device.fault("D15", at(0)))
    run(at(3))
    store(device.fault("D15", at(15) - MS, is_active=False))
    run(at(99))
    assert (alarm("D15").condition, alarm("D15").fleeting_count, episodes("D15")) == (Condition.NORMAL, 1, [])
    assert Ticket.select().count() == 0


def test_a_code_that_goes_and_comes_within_its_off_delay_is_one_episode(machine: Machine, device: Sender) -> None:
    """T7, T8, T9."""
    store(device.fault("E99", at(0)), device.fault("E99", at(10), is_active=False))
    run(at(69))
    assert (alarm("E99").condition, alarm("E99").clearing_since) == (Condition.CLEARING, at(10))
    version = alarm("E99").version
    store(device.fault("E99", at(70) - MS))
    run(at(71))
    assert alarm("E99").version == version  # coming back makes no screen stale
    store(device.fault("E99", at(80), is_active=False))
    run(at(140) - MS)
    assert episodes("E99") == [(0, None, 2)]
    run(at(140))
    assert episodes("E99") == [(0, 80, 2)]
    assert Episode.get().chatter_count == 1
    assert alarm("E99").condition == Condition.NORMAL


def test_an_hour_of_chatter_is_one_episode_and_one_ticket(machine: Machine, device: Sender) -> None:
    """FI-27, in short: a minute at 2 Hz, then quiet."""
    for minute in range(2):
        seconds = [30 * minute + half / 2 for half in range(60)]
        store(*(device.fault("E99", at(second), is_active=number % 2 == 0) for number, second in enumerate(seconds)))
        run(at(30 * minute + 30))
    assert episodes("E99") == [(0, None, 60)]
    assert (Episode.get().chatter_count, Episode.get().is_chattering, alarm("E99").is_chattering) == (59, True, True)
    assert Ticket.select().count() == 1
    run(at(59.5 + 240) - MS)
    assert episodes("E99")[0][1] is None
    run(at(59.5 + 240))
    assert episodes("E99")[0][1] == 59.5
    assert alarm("E99").due_at == at(59) + 30 * MINUTE
    run(at(59) + 30 * MINUTE)
    assert (alarm("E99").is_chattering, alarm("E99").due_at) == (False, None)


def test_a_late_message_keeps_the_memory_of_chatter(machine: Machine, device: Sender) -> None:
    """T17: the neighbourhood is computed from a moment before which nothing matters any more."""
    messages = [device.fault("E99", at(10 * number), is_active=number % 2 == 0) for number in range(8)]
    store(*messages[:2], *messages[3:])
    run(at(200))
    store(messages[2])
    run(at(300))
    assert episodes("E99") == [(0, None, 4)]
    run(at(70 + 240))
    assert episodes("E99") == [(0, 70, 4)]


def test_a_late_message_does_not_hide_since_when_something_is_pending(machine: Machine, device: Sender) -> None:
    """T17: what became true before the late message, and is no episode yet, counts from its own beginning."""
    first, late, last = (device.fault("D15", at(second)) for second in (0, 3, 4))
    store(first, last)
    run(at(5))
    store(late)
    run(at(6))
    assert alarm("D15").pending_since == at(0)
    run(at(15))
    assert episodes("D15") == [(0, None, 3)]


def test_a_late_return_joins_the_episode_whose_off_delay_it_fell_into(machine: Machine, device: Sender) -> None:
    """T17 and T8: the episode had ended already."""
    raised, gone, again, gone_again = (device.fault("E99", at(second), is_active=second in (0, 20)) for second in (0, 10, 20, 30))
    store(raised, gone, gone_again)
    run(at(71))
    assert episodes("E99") == [(0, 10, 1)]
    store(again)
    run(at(91))
    assert episodes("E99") == [(0, 30, 2)]


def test_what_is_latched_waits_for_its_reset(machine: Machine, device: Sender) -> None:
    """T10."""
    store(device.fault("L01", at(0)), device.fault("L01", at(5), is_active=False))
    run(at(500))
    assert (alarm("L01").condition, alarm("L01").clearing_since, alarm("L01").due_at) == (Condition.LATCHED, at(5), None)
    assert episodes("L01") == [(0, None, 1)]
    assert Ticket.select().count() == 1
    store(device.fault("L01", at(600)))
    run(at(601))
    assert episodes("L01") == [(0, None, 2)]


def test_a_rule_over_readings_raises_after_its_delay_and_rises_by_its_levels(machine: Machine, device: Sender) -> None:
    """T5: the first level opens a ticket of low priority, the second makes it high and asks for someone again."""
    hot(device, (0, 60), (10, 66), (40, 64.5), (69, 66))
    run(at(69))
    assert alarm("T01").condition == Condition.PENDING
    run(at(70))
    assert episodes("T01") == [(10, None, 1)]
    assert (alarm("T01").severity, Ticket.get().priority) == (Priority.LOW, Priority.LOW)
    Alarm.update(is_acknowledged=True).execute()
    hot(device, (80, 76))
    run(at(139))
    assert alarm("T01").severity == Priority.LOW
    run(at(140))
    assert (alarm("T01").severity, alarm("T01").is_acknowledged) == (Priority.HIGH, False)
    assert (Episode.get().severity, Ticket.get().priority) == (Priority.HIGH, Priority.HIGH)
    hot(device, (200, 64))
    run(at(320))
    assert episodes("T01") == [(10, 200, 1)]


def test_a_restart_at_any_moment_changes_nothing(machine: Machine, device: Sender) -> None:
    """FI-30: each step with an evaluator of its own, or all with one."""
    one = Evaluator(clock.now)
    other = Sender("EVC-2")
    factories.machine(device="EVC-2", profile=machine.profile)
    said = [(0, 60), (10, 66), (50, 66), (75, 64.5), (90, 63), (150, 66), (160, 90), (200, 60), (400, 60), (410, 99), (500, 40)]
    for second, value in said:
        hot(device, (second, value))
        run(at(second), one)
    first = [(row.code, row.started_at, row.ended_at, row.severity, row.count) for row in Episode.select().order_by(Episode.id)]
    for second, value in said:
        hot(other, (second, value))
        run(at(second))
    rows = Episode.select().join(Machine).where(Machine.device == "EVC-2").order_by(Episode.id)
    assert [(row.code, row.started_at, row.ended_at, row.severity, row.count) for row in rows] == first
    assert len({code for code, *_rest in first}) == 2


def test_late_readings_are_put_in_their_place(machine: Machine, device: Sender) -> None:
    hot(device, (0, 60), (1_000, 60))
    run(at(1_000))
    hot(device, (100, 70), (200, 70), (300, 60))
    run(at(1_001))
    assert episodes("T01") == [(100, 300, 1)]
    assert Episode.get().is_late is False  # the first of its code; nothing stood that it was put before
    assert Ticket.select().count() == 0
    hot(device, (150, 50), (160, 70))
    run(at(1_002))
    assert episodes("T01") == [(160, 300, 1)]
    assert Episode.get().is_late


def test_after_a_late_reading_values_stand_where_the_alarm_says(machine: Machine, device: Sender) -> None:
    """The late value was above the limit, the newest one is within the deadband: it still counts as above."""
    evaluator = Evaluator(clock.now)
    hot(device, (0, 60), (100, 64.5))
    run(at(100), evaluator)
    hot(device, (50, 70))
    run(at(101), evaluator)
    assert alarm("T01").pending_since == at(50)
    hot(device, (130, 63))
    run(at(130), evaluator)
    run(at(250), evaluator)
    assert episodes("T01") == [(50, 130, 1)]


def test_readings_in_any_order_and_any_batches_make_the_same_episodes(machine: Machine, device: Sender) -> None:
    values = [(10 * number, 60 + 8 * (number // 20 % 2) + number % 3) for number in range(140)]
    shapes = set()
    for seed in range(4):
        chance = random.Random(seed)
        sender = Sender(f"EVC-{seed + 10}")
        mine = factories.machine(device=sender.device, profile=machine.profile)
        arriving = list(values)
        if seed:
            chance.shuffle(arriving)
        while arriving:
            size = chance.randint(1, 30)
            hot(sender, *arriving[:size])
            arriving = arriving[size:]
            if chance.random() < 0.7:
                Evaluator().evaluate_pending()
        run(at(5_000))
        rows = Episode.select().where(Episode.machine == mine, Episode.code == "T01").order_by(Episode.started_at)
        shapes.add(tuple((row.started_at, row.ended_at) for row in rows))
    assert len(shapes) == 1
    assert len(shapes.pop()) == 3


def test_a_rule_that_left_the_profile_holds_nothing_any_more(machine: Machine, device: Sender) -> None:
    hot(device, (0, 70))
    run(at(60))
    assert alarm("T01").condition == Condition.ACTIVE
    import_profile(by=system("setup"), text=PROFILE.replace("code: T01, metric: oil_temp, levels", "code: R01, metric: oil_temp, levels"))
    hot(device, (100, 70))
    run(at(100))
    run(at(500))
    assert episodes("T01") == [(0, 100, 1)]


def test_while_messages_wait_to_be_read_timers_wait_too(machine: Machine, device: Sender) -> None:
    """A backlog is judged in its own time: the end of a fault that is still unread must not be overtaken by its delay."""
    store(device.fault("D15", at(0)))
    evaluator = Evaluator(clock.now)
    evaluator.evaluate_pending()
    store(device.fault("D15", at(5), is_active=False))
    assert evaluator.run_timers(clock.now()) == 0
    run(clock.now(), evaluator)
    assert episodes("D15") == []


def test_a_timer_that_raises_holds_up_no_other(machine: Machine, device: Sender, monkeypatch: pytest.MonkeyPatch) -> None:
    from app.monitoring import alarms

    pass_time = alarms.pass_time
    store(device.fault("E98", at(0)), device.fault("E99", at(1)))
    store(device.fault("E98", at(2), is_active=False), device.fault("E99", at(3), is_active=False))
    run(at(4))
    with monkeypatch.context() as patched:
        patched.setattr(
            alarms,
            "pass_time",
            lambda about, known, until, **more: 1 / 0 if known.alarm.code == "E98" else pass_time(about, known, until, **more),
        )
        run(at(90))
    assert (alarm("E98").condition, alarm("E99").condition) == (Condition.CLEARING, Condition.NORMAL)
    run(at(91))
    assert alarm("E98").condition == Condition.NORMAL


def test_a_rule_over_readings_that_raises_holds_up_no_fault(machine: Machine, device: Sender, monkeypatch: pytest.MonkeyPatch) -> None:
    """FI-14."""
    from app.monitoring import conditions

    with monkeypatch.context() as patched:
        patched.setattr(conditions, "heard", lambda *_given: 1 / 0)
        store(device.reading(at(0), oil_temp=70), device.fault("E99", at(1)))
        run(at(2))
    assert [one.code for one in Alarm.select()] == ["E99"]
    hot(device, (3, 70))
    run(at(70))
    assert episodes("T01") == [(3, None, 1)]
