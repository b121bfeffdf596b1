"""Readings that come behind newer ones: what they change is put right, what they cannot change costs nothing (T17)."""

import random
from datetime import datetime, timedelta

import pytest

from app.core import clock
from app.core.types import system
from app.machines.models import DeviceProfile, Machine
from app.machines.profile_operations import import_profile
from app.machines.queries import profile_documents
from app.monitoring.evaluation import Evaluator, inbox
from app.monitoring.models import Episode
from app.monitoring.watching import Watching
from tests import factories
from tests.faults.conftest import IS_LONG
from tests.monitoring.sender import Sender, store

SECOND = timedelta(seconds=1)
START = clock.now().replace(microsecond=0) - timedelta(hours=3)
PROFILE = """profile: late_v1
name: {zh: 站, en: Station}
expected_interval_s: 10
codes:
  M1: {name: {zh: 无油位, en: No oil level}, severity: low, off_delay_s: 0}
  T1: {name: {zh: 油温高, en: Oil hot}, severity: high, on_delay_s: 20, off_delay_s: 30}
  T2: {name: {zh: 油温低, en: Oil cold}, severity: low, on_delay_s: 0, off_delay_s: 0}
  R1: {name: {zh: 油温升, en: Oil warms}, severity: low, on_delay_s: 0, off_delay_s: 20}
  R2: {name: {zh: 压力升, en: Pressure rises}, severity: low, on_delay_s: 30, off_delay_s: 0}
rules:
  - {code: M1, metric: level, missing_s: 60}
  - {code: T1, metric: temp, levels: [{above: 65, severity: low}, {above: 75, severity: high}], deadband: 2}
  - {code: T2, metric: temp, below: 52, deadband: 1}
  - {code: R1, metric: temp, rises: 8, within_s: 100, deadband: 1}
  - {code: R2, metric: pressure, rises: 5, within_s: 50}
"""
Said = tuple[float, dict[str, float]]


@pytest.fixture
def machine(profile: DeviceProfile) -> Machine:
    """A machine whose profile has rules of every kind."""
    return factories.machine(serial="YS0001", device="EVC-1", profile=import_profile(by=system("setup"), text=PROFILE).row)


def at(seconds: float) -> datetime:
    return START + seconds * SECOND


def say(device: Sender, readings: list[Said]) -> None:
    store(*(device.reading(at(second), **metrics) for second, metrics in readings))


def run(seconds: float, evaluator: Evaluator) -> None:
    while evaluator.evaluate_pending(40):
        pass
    evaluator.run_timers(at(seconds))


def episodes(machine: Machine) -> list[tuple[str, datetime, datetime | None, str]]:
    rows = Episode.select().where(Episode.machine == machine).order_by(Episode.code, Episode.started_at)
    return [(row.code, row.started_at, row.ended_at, row.severity) for row in rows]


def a_course(chance: random.Random) -> list[Said]:
    """Half an hour of a machine whose values wander; not every reading has every metric."""
    temp, pressure, said = 60.0, 10.0, []
    for number in range(180):
        temp = min(80.0, max(48.0, temp + chance.choice((-6, -1, -0.5, 0, 0, 0.5, 1, 6) if chance.random() < 0.4 else (-0.5, 0, 0.5))))
        pressure = min(20.0, max(5.0, pressure + chance.choice((-0.5, 0, 0.5, 3) if chance.random() < 0.2 else (-0.25, 0))))
        metrics = {"temp": temp, "pressure": pressure, "level": 80.0}
        for metric in tuple(metrics):
            if chance.random() < (0.8 if metric == "level" and number % 60 > 45 else 0.15):
                del metrics[metric]
        said.append((10.0 * number, metrics or {"other": 1.0}))
    return said


def as_it_comes(course: list[Said], share: float, chance: random.Random) -> list[Said]:
    """``share`` of the readings come up to five minutes late."""
    arrival = [second + (chance.uniform(0, 300) if chance.random() < share else 0) for second, _metrics in course]
    return [said for _arrival, said in sorted(zip(arrival, course, strict=True), key=lambda one: one[0])]


@pytest.mark.parametrize("seed", range(60 if IS_LONG else 6))
def test_late_readings_make_the_same_episodes_as_all_in_their_order(seed: int, machine: Machine) -> None:
    """Whatever comes late, in whatever batches, read by evaluators that remember and by ones that were just started."""
    chance = random.Random(seed)
    course = a_course(chance)
    found = []
    for number, share in enumerate((0, 0.03, 0.2, 1)):
        sender = Sender(f"EVC-{number + 10}")
        mine = factories.machine(device=sender.device, profile=machine.profile)
        arriving, evaluator = as_it_comes(course, share, chance), Evaluator(lambda: at(4_000))
        while arriving:
            size = chance.randint(1, 25)
            say(sender, arriving[:size])
            arriving = arriving[size:]
            if chance.random() < 0.2:
                evaluator = Evaluator(lambda: at(4_000))
            if chance.random() < 0.8:
                run(0, evaluator)
        run(4_000, evaluator)
        found.append(episodes(mine))
    assert found[1:] == [found[0]] * 3
    assert found[0]


def takes(watching: Watching, after: int = 0) -> list[str]:
    """The codes that hear of what came behind position ``after``."""
    rows = inbox.readings(inbox.Partition(), after, inbox.last_position())
    return sorted(stream.code for stream in watching.take(rows, profile_documents()))


def test_a_late_reading_that_can_change_nothing_makes_nothing_be_computed_again(machine: Machine, device: Sender) -> None:
    watching = Watching()
    say(device, [(10.0 * number, {"temp": 60, "pressure": 10, "level": 80}) for number in range(20)])
    assert takes(watching) == []
    say(device, [(105, {"temp": 61, "pressure": 10, "level": 80})])
    assert takes(watching, 20) == []
    say(device, [(106, {"temp": 67, "pressure": 10, "level": 80}), (107, {"temp": 53, "pressure": 10, "level": 80})])
    assert takes(watching, 21) == ["R1", "T1"]


@pytest.mark.parametrize("behind", [200, 156])
def test_a_late_value_that_was_only_looked_at_counts_for_those_behind_it(behind: int, machine: Machine, device: Sender) -> None:
    watching = Watching()
    say(device, [(10.0 * number, {"temp": 60, "level": 80}) for number in range(20)])
    say(device, [(155, {"temp": 54, "level": 80})])
    assert takes(watching) == []
    say(device, [(behind, {"temp": 62, "level": 80})])
    assert takes(watching, 21) == ["R1"]


def test_a_late_value_within_an_episode_that_it_cannot_end_leaves_it_alone(machine: Machine, device: Sender) -> None:
    """The device itself reports the code; the readings never came near the rule."""
    evaluator = Evaluator(lambda: at(300))
    say(device, [(10.0 * number, {"temp": 60, "level": 80}) for number in range(12)])
    store(device.fault("T1", at(50)))
    run(120, evaluator)
    watching = Watching()
    assert takes(watching) == []
    say(device, [(85, {"temp": 61, "level": 80})])
    assert takes(watching, inbox.last_position() - 1) == []


def test_a_late_reading_without_the_metric_says_nothing_about_it(machine: Machine, device: Sender) -> None:
    store(device.fault("R2", at(50)), device.fault("T1", at(50)))
    say(device, [(10.0 * number, {"level": 80}) for number in range(12)])
    run(120, Evaluator(lambda: at(300)))
    watching = Watching()
    assert takes(watching) == []
    say(device, [(85, {"level": 80})])
    assert takes(watching, inbox.last_position() - 1) == []


def test_where_nothing_is_known_of_the_time_before_a_late_value_may_end_an_episode(machine: Machine, device: Sender) -> None:
    store(device.fault("T1", at(0)))
    say(device, [(10.0 * number, {"temp": 60, "level": 80}) for number in range(10, 20)])
    run(200, Evaluator(lambda: at(300)))
    watching = Watching()
    assert takes(watching) == []
    say(device, [(95, {"temp": 60, "level": 80})])
    assert "T1" in takes(watching, inbox.last_position() - 1)


def test_a_late_value_ends_what_began_in_the_same_batch(machine: Machine, device: Sender) -> None:
    say(device, [(second, {"temp": temp, "level": 80}) for second, temp in ((0, 54), (10, 51), (30, 51), (20, 54))])
    run(40, Evaluator(lambda: at(300)))
    assert episodes(machine) == [("T2", at(10), at(20), "low"), ("T2", at(30), None, "low")]
