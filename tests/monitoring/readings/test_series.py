"""Points of a chart: thinned to what a screen shows, with gaps, the same on both databases."""

from datetime import datetime, timedelta

import pytest

from app.core import bulk
from app.core.clock import UTC, to_ms
from app.core.errors import NotFound
from app.machines.models import Machine
from app.monitoring import charts, readings
from app.monitoring.drawing import draw
from app.monitoring.models import Reading, Terminal
from app.monitoring.sources import sources
from tests.monitoring.sender import Sender, ago, store

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)


def series(machine: Machine, metric: str, from_at: datetime, to_at: datetime) -> readings.Series:
    return readings.series(machine, sources(machine), metric, from_at, to_at)


def test_it_works(machine: Machine, device: Sender) -> None:
    start = ago(minutes=10)
    store(*(device.reading(start + number * MINUTE, oil_temp=50 + number) for number in range(5)))
    found = series(machine, "oil_temp", start, start + 10 * MINUTE)
    assert found.points == [(to_ms(start + number * MINUTE), 50.0 + number) for number in range(5)]
    assert (found.unit, found.is_thinned) == ("°C", False)


def test_a_pause_longer_than_three_intervals_is_a_gap(machine: Machine, device: Sender) -> None:
    start = ago(minutes=30)
    store(*(device.reading(start + minute * MINUTE, oil_temp=50) for minute in (0, 1, 2, 5, 9, 10)))
    values = [value for _at, value in series(machine, "oil_temp", start, start + 30 * MINUTE).points]
    assert values == [50, 50, 50, 50, None, 50, 50]


def test_the_window_includes_its_beginning_and_not_its_end(machine: Machine, device: Sender) -> None:
    start = ago(minutes=30)
    store(*(device.reading(start + minute * MINUTE, oil_temp=minute) for minute in range(4)))
    assert [value for _at, value in series(machine, "oil_temp", start + MINUTE, start + 3 * MINUTE).points] == [1, 2]


def test_switches_are_ones_and_zeros_and_words_are_passed_over(machine: Machine, device: Sender) -> None:
    start = ago(minutes=30)
    store(device.reading(start, e_stop=False, mode="auto"), device.reading(start + MINUTE, e_stop=True, mode="auto"))
    assert [value for _at, value in series(machine, "e_stop", start, start + 2 * MINUTE).points] == [0, 1]
    assert series(machine, "mode", start, start + 2 * MINUTE).points == []
    assert series(machine, "never_sent", start, start + 2 * MINUTE).points == []


@pytest.mark.parametrize("metric", ["", 'a"b', "x" * 65])
def test_a_name_that_no_metric_can_have_is_not_found(machine: Machine, device: Sender, metric: str) -> None:
    store(device.reading(ago(minutes=5), oil_temp=50))
    with pytest.raises(NotFound):
        series(machine, metric, ago(minutes=6), ago(minutes=1))


def test_36_hours_at_one_a_second_keep_their_extremes_and_their_gap(machine: Machine, device: Sender) -> None:
    start = ago(hours=40)
    store(device.reading(start, oil_temp=40))
    terminal, first = Terminal.get(), to_ms(start)
    seconds = [second for second in range(1, 20_000) if not 9_000 <= second < 10_000]
    rows = [(1_000_000 + second, terminal.id, first + second * 1_000, first, f'{{"oil_temp":{40 + second % 20}}}') for second in seconds]
    rows[7_777] = (*rows[7_777][:4], '{"oil_temp":99.5}')
    bulk.insert(Reading, ("position", "terminal", "at", "received_at", "metrics"), rows)
    found = series(machine, "oil_temp", start, start + 20_000 * SECOND)
    known = [value for _at, value in found.points if value is not None]
    assert found.is_thinned
    assert len(known) <= readings.MAX_POINTS
    assert (min(known), max(known)) == (40, 99.5)
    assert len(found.points) - len(known) == 1
    times = [at for at, _value in found.points]
    assert times == sorted(times)
    assert charts.as_json(charts.Panel(found, draw(found, UTC, charts.PICTURE)))["at"][0] == first / 1_000


def test_the_newest_value_of_every_metric_is_found(machine: Machine, device: Sender) -> None:
    store(device.reading(ago(minutes=5), oil_temp=50, mode="auto"), device.reading(ago(minutes=4), oil_temp=51))
    newest = {one.metric: one.value for one in readings.latest(sources(machine))}
    assert newest == {"oil_temp": 51, "mode": "auto"}


def test_numbers_and_switches_are_charted_in_the_order_of_the_profile(machine: Machine, device: Sender) -> None:
    from app.machines.queries import profile_of

    store(device.reading(ago(minutes=5), zeta=1, oil_temp=50, mode="auto", sys_pressure=9, e_stop=True))
    charted = readings.charted(profile_of(machine), readings.latest(sources(machine)))
    assert charted[:2] == ["sys_pressure", "oil_temp"]
    assert "zeta" in charted
    assert "mode" not in charted
