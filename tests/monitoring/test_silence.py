"""Terminals that stop speaking."""

from datetime import timedelta

from app.core import clock
from app.machines.models import Machine
from app.monitoring.models import Alarm, Terminal
from app.monitoring.silence import Silence, late_after, silent_after
from tests.monitoring.sender import Sender, store

MINUTE = timedelta(minutes=1)


def test_it_works(machine: Machine, device: Sender) -> None:
    now = clock.now()
    store(device.reading(now, oil_temp=50))
    silence = Silence()
    silence.tick(now)
    silence.tick(now + 14 * MINUTE)
    terminal = Terminal.get()
    assert terminal.is_silent
    assert terminal.silent_since == terminal.last_received_at


def test_the_limits_are_three_intervals_and_at_least_three_minutes_then_ten_more() -> None:
    assert late_after(timedelta(seconds=10)) == 3 * MINUTE
    assert late_after(5 * MINUTE) == 15 * MINUTE
    assert silent_after(timedelta(seconds=10)) == 13 * MINUTE


def test_nobody_is_called_silent_just_after_a_start(machine: Machine, device: Sender) -> None:
    now = clock.now()
    store(device.reading(now, oil_temp=50))
    silence = Silence()
    silence.tick(now + 60 * MINUTE)
    silence.tick(now + 64 * MINUTE)
    assert not Terminal.get().is_silent
    silence.tick(now + 66 * MINUTE)
    assert Terminal.get().is_silent


def test_who_speaks_again_is_no_longer_silent_and_no_alarm_was_touched(machine: Machine, device: Sender) -> None:
    now = clock.now()
    store(device.reading(now, oil_temp=50))
    Terminal.update(is_silent=True, silent_since=now).execute()
    Silence().tick(now + MINUTE)
    assert not Terminal.get().is_silent
    assert Terminal.get().silent_since is None
    assert Alarm.select().count() == 0
