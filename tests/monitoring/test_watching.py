"""Rules over readings as evaluation keeps them: what is missing, late values, profiles that are edited while readings come."""

import random
from datetime import datetime, timedelta

import pytest

from app.core import clock
from app.core.types import system
from app.machines.models import DeviceProfile, Machine
from app.machines.profile_operations import import_profile
from app.monitoring.evaluation import Evaluator
from app.monitoring.models import Alarm, Condition, Episode, EvaluationCursor
from tests import factories
from tests.monitoring.sender import Sender, store

SECOND = timedelta(seconds=1)
START = clock.now().replace(microsecond=0) - timedelta(hours=3)
PROFILE = """profile: missing_v1
name: {zh: 站, en: Station}
expected_interval_s: 10
codes:
  M1: {name: {zh: 无油位, en: No oil level}, severity: low, off_delay_s: 0}
  T1: {name: {zh: 油温高, en: Oil hot}, severity: high, on_delay_s: 0, off_delay_s: 0}
rules:
  - {code: M1, metric: level, missing_s: 60}
  - {code: T1, metric: temp, above: 65, deadband: 1}
"""


@pytest.fixture
def machine(profile: DeviceProfile) -> Machine:
    """A machine whose profile has a rule about what is missing."""
    return factories.machine(serial="YS0001", device="EVC-1", profile=import_profile(by=system("setup"), text=PROFILE).row)


def at(seconds: float) -> datetime:
    return START + seconds * SECOND


def say(device: Sender, *readings: tuple[float, bool]) -> None:
    """Readings: the second, and whether the level was among them."""
    store(*(device.reading(at(second), temp=60, **({"level": 80} if is_there else {})) for second, is_there in readings))


def run(seconds: float, evaluator: Evaluator | None = None) -> None:
    evaluator = evaluator or Evaluator(lambda: at(seconds))
    while evaluator.evaluate_pending():
        pass
    evaluator.run_timers(at(seconds))


def episodes(code: str = "M1", device: str = "EVC-1") -> list[tuple[float, float | None]]:
    rows = Episode.select().join(Machine).where(Machine.device == device, Episode.code == code).order_by(Episode.started_at)
    return [((row.started_at - START) / SECOND, (row.ended_at - START) / SECOND if row.ended_at else None) for row in rows]


def test_it_works(machine: Machine, device: Sender) -> None:
    evaluator = Evaluator(clock.now)
    say(device, (0, True), *((second, False) for second in range(10, 60, 10)))
    run(59, evaluator)
    assert episodes() == []
    say(device, (60, False))
    run(60, evaluator)
    assert episodes() == [(60, None)]
    say(device, (70, False), (80, True))
    run(200, evaluator)
    assert episodes() == [(60, 80)]


def test_a_silent_terminal_misses_nothing(machine: Machine, device: Sender) -> None:
    say(device, (0, True), (10, False))
    run(5_000)
    say(device, (6_000, False))
    run(6_001)
    assert episodes() == []


def test_a_restart_between_two_readings_forgets_no_time(machine: Machine, device: Sender) -> None:
    for second in (0, 15, 30, 45, 61, 75, 90):
        say(device, (second, second in (0, 90)))
        run(second)
    run(200)
    assert episodes() == [(61, 90)]


def test_a_value_that_came_late_takes_back_what_seemed_missing(machine: Machine, device: Sender) -> None:
    evaluator = Evaluator(clock.now)
    say(device, (0, True), *((second, False) for second in range(10, 80, 10)))
    run(70, evaluator)
    assert episodes() == [(60, None)]
    say(device, (35, True))
    run(71, evaluator)
    assert episodes() == []
    say(device, (90, False), (100, False))
    run(100, evaluator)
    assert episodes() == [(100, None)]  # 60 s after the late value, with the next reading


def test_readings_in_any_order_and_any_batches_miss_the_same(machine: Machine, device: Sender) -> None:
    chance = random.Random(7)
    readings = [(10 * number, number % 40 < 12 or chance.random() < 0.05) for number in range(150)]
    shapes = set()
    for seed in range(4):
        sender = Sender(f"EVC-{seed + 10}")
        factories.machine(device=sender.device, profile=machine.profile)
        arriving, chance = list(readings), random.Random(seed)
        if seed:
            chance.shuffle(arriving)
        while arriving:
            size = chance.randint(1, 30)
            say(sender, *arriving[:size])
            arriving = arriving[size:]
            if chance.random() < 0.7:
                run(1_500)
        run(5_000)
        shapes.add(tuple(episodes(device=sender.device)))
    assert len(shapes) == 1
    assert len(shapes.pop()) >= 3


def test_an_edit_between_two_batches_counts_from_the_next_reading_on(machine: Machine, device: Sender) -> None:
    """The evaluator goes on as it is; what the new version no longer raises ends, what it raises begins, nothing is read twice."""
    evaluator = Evaluator(clock.now)
    store(device.reading(at(0), temp=70, level=80))
    run(0, evaluator)
    assert episodes("T1") == [(0, None)]
    edited = PROFILE.replace("metric: temp, above: 65", "metric: temp, above: 75").replace("missing_s: 60", "missing_s: 20")
    import_profile(by=system("setup"), text=edited)
    store(device.reading(at(10), temp=72), device.reading(at(20), temp=72))
    run(20, evaluator)
    assert episodes("T1") == [(0, 10)]
    assert episodes("M1") == [(20, None)]
    import_profile(by=system("setup"), text=edited.replace("  - {code: M1, metric: level, missing_s: 20}\n", ""))
    store(device.reading(at(30), temp=76))
    run(30, evaluator)
    assert episodes("M1") == [(20, 30)]
    assert episodes("T1") == [(0, 10), (30, None)]
    evaluator.tick(clock.to_ms(at(31)))
    assert EvaluationCursor.get().position == 4


def test_a_code_that_left_the_profile_stays_an_alarm_that_is_not_in_it(machine: Machine, device: Sender) -> None:
    evaluator = Evaluator(clock.now)
    store(device.fault("T1", at(0)))
    run(0, evaluator)
    without_t1 = "".join(line for line in PROFILE.splitlines(keepends=True) if "T1" not in line)
    import_profile(by=system("setup"), text=without_t1)
    store(device.fault("T1", at(10), is_active=False), device.fault("T9", at(11)))
    run(100, evaluator)
    assert episodes("T1") == [(0, 10)]
    assert Alarm.get(Alarm.code == "T9").condition == Condition.ACTIVE
