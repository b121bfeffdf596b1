"""The clock of a process when that of its host steps (monitoring rule 12)."""

from dataclasses import dataclass

import pytest

from app.core.clock import ProcessClock

SECOND, MINUTE, HOUR = 1_000, 60_000, 3_600_000
DAY = 24 * HOUR


@dataclass
class Host:
    """A host whose clock can be set, beside one that only goes on."""

    wall_ms: int = 1_700_000_000_000
    elapsed_ms: int = 77_000

    def clock(self) -> ProcessClock:
        return ProcessClock(lambda: self.wall_ms, lambda: self.elapsed_ms)

    def go_on(self, ms: int) -> None:
        self.wall_ms += ms
        self.elapsed_ms += ms


def test_it_works() -> None:
    host = Host()
    clock = host.clock()
    host.go_on(5 * SECOND)
    assert clock.now_ms() == host.wall_ms
    host.wall_ms += HOUR
    assert clock.now_ms() == host.wall_ms - HOUR
    assert (clock.check(), clock.check()) == (HOUR, 0)
    assert clock.now_ms() == host.wall_ms - HOUR


def test_the_real_clocks_are_read_when_none_are_given() -> None:
    clock = ProcessClock()
    assert clock.check() == 0
    assert clock.now_ms() <= clock.now_ms()


@pytest.mark.parametrize("step_ms", [HOUR, -HOUR, DAY, -DAY])
def test_a_quarter_of_an_hour_lasts_a_second_more_or_less_at_most(step_ms: int) -> None:
    host = Host()
    clock = host.clock()
    host.wall_ms += step_ms
    clock.check()
    for _ in range(100):
        began = clock.now_ms()
        host.go_on(15 * MINUTE)
        assert clock.check() == 0
        assert abs(clock.now_ms() - began - 15 * MINUTE) < SECOND


@pytest.mark.parametrize("step_ms", [2_001, -3_000, 3_600])
def test_a_small_step_is_slewed_in_over_an_hour(step_ms: int) -> None:
    host = Host()
    clock = host.clock()
    host.wall_ms += step_ms
    clock.check()
    host.go_on(HOUR // 2)
    assert clock.now_ms() == pytest.approx(host.wall_ms - step_ms / 2, abs=1)
    host.go_on(HOUR // 2)
    assert clock.now_ms() == host.wall_ms
    host.go_on(DAY)
    assert clock.now_ms() == host.wall_ms


def test_a_step_of_an_hour_has_come_in_after_six_weeks() -> None:
    host = Host()
    clock = host.clock()
    host.wall_ms -= HOUR
    clock.check()
    host.go_on(1_000 * HOUR)
    assert clock.now_ms() == host.wall_ms


def test_a_step_that_is_taken_back_is_forgotten() -> None:
    host = Host()
    clock = host.clock()
    host.wall_ms += HOUR
    clock.check()
    host.go_on(MINUTE)
    host.wall_ms -= HOUR
    before = clock.now_ms()
    assert clock.check() == -HOUR
    assert clock.now_ms() == before  # no jump when the slew begins anew
    host.go_on(HOUR)
    assert clock.now_ms() == host.wall_ms


def test_it_never_goes_back() -> None:
    host = Host()
    clock = host.clock()
    last = clock.now_ms()
    for step_ms in (HOUR, -2 * HOUR, -DAY, 2_500, 3 * DAY) * 3:
        host.wall_ms += step_ms
        clock.check()
        for _ in range(50):
            host.go_on(7)
            assert clock.now_ms() >= last
            last = clock.now_ms()
