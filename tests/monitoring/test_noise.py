"""The rate guard (security §4): 20 messages a second with a burst of 200; marked, never refused."""

import pytest

from app.core.clock import ProcessClock
from app.monitoring import intake
from app.monitoring.intake import RateGuard
from app.monitoring.messages import Telemetry
from app.monitoring.models import Reading, Terminal
from mqtt.noise import NoiseWatch
from tests import factories

NOW = 1_795_000_000_000
S = 1_000


def said(count, *, device="D1", received_every_ms=0.0, at_every_ms=None, since_ms=NOW):
    for number in range(count):
        at_ms = None if at_every_ms is None else NOW - 10_000_000 + int(number * at_every_ms)
        received_ms = since_ms + int(number * received_every_ms)
        yield Telemetry(topic=f"evc/{device}/telemetry", received_ms=received_ms, device=device, at_ms=at_ms, metrics="{}")


def noisy(*parts, now_ms=NOW):
    guard = RateGuard()
    for part in parts:
        guard.note(part)
    return guard.changes(now_ms)[0]


def test_it_works():
    assert noisy(said(201)) == ["D1"]


@pytest.mark.parametrize(
    ("messages", "is_noisy"),
    [
        (said(200), False),
        (said(2_000, received_every_ms=50), False),
        (said(2_000, received_every_ms=40), True),
        (said(2_000, at_every_ms=50), False),  # a backlog: said one by one, it came at once
        (said(2_000, at_every_ms=10), True),
        (said(2_000, at_every_ms=0, received_every_ms=50), False),  # a clock that stands still
    ],
)
def test_noise_is_more_than_the_rate_by_both_clocks(messages, is_noisy):
    assert noisy(messages) == (["D1"] if is_noisy else [])


def test_each_device_has_its_own_allowance():
    assert noisy(said(150), said(150, device="D2"), said(100, device="D2")) == ["D2"]


def test_a_device_is_unmarked_after_it_calmed_and_not_before():
    guard = RateGuard()
    guard.note(said(500))
    guard.settle(*guard.changes(NOW))
    assert guard.marked == {"D1"}
    assert guard.changes(NOW + 4 * S) == ([], [])
    assert guard.changes(NOW + 5 * S) == ([], ["D1"])
    guard.note(said(150, since_ms=NOW + 5 * S))
    assert guard.changes(NOW + 6 * S) == ([], [])


def test_a_mark_of_an_earlier_life_goes_when_the_device_is_calm():
    assert RateGuard(["D1"]).changes(NOW) == ([], ["D1"])


def test_a_noisy_device_is_marked_and_nothing_of_it_is_lost(database):
    factories.machine(device="D1")
    clock = ProcessClock()
    watch = NoiseWatch(clock)
    messages = list(said(300, since_ms=clock.now_ms()))
    assert intake.store(messages).stored == 300
    watch.note(messages)
    watch.settle()
    assert Terminal.get().is_noisy
    assert Reading.select().count() == 300
    later = NoiseWatch(clock)
    later.settle()
    assert not Terminal.get().is_noisy
