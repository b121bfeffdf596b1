"""What terminals said last: all in one pass, or one by one, it is the same."""

import random
from datetime import timedelta

import pytest

from app.core import clock
from app.core.clock import to_ms
from app.machines.models import DeviceProfile
from app.monitoring import last_readings
from app.monitoring.evaluation import inbox
from app.monitoring.last_readings import FEW, Said
from app.monitoring.models import Reading, Terminal
from tests import factories
from tests.monitoring.sender import Sender, store

START = clock.now().replace(microsecond=0) - timedelta(hours=3)


@pytest.fixture
def senders(profile: DeviceProfile) -> list[Sender]:
    """More terminals than are read one by one, with readings that came in no order; the first was silent for long."""
    chance = random.Random(5)
    found = [Sender(f"EVC-{number}") for number in range(FEW + 4)]
    for one in found:
        factories.machine(device=one.device, profile=profile)
    store(*(found[0].reading(START + timedelta(seconds=second), temp=second) for second in range(3)))
    readings = [(one, second) for one in found[1:] for second in range(1_000, 1_040)]
    chance.shuffle(readings)
    for begin in range(0, len(readings), 50):
        some = readings[begin : begin + 50]
        store(
            *(one.reading(START + timedelta(seconds=second), **({"temp": second} if second % 3 else {"other": 1})) for one, second in some)
        )
    return found


def wanted(senders: list[Sender], second: int) -> dict[int, Said]:
    devices = [one.device for one in senders]
    since_ms = to_ms(START + timedelta(seconds=second))
    ids = sorted(row.id for row in Terminal.select().where(Terminal.device.in_(devices)))
    return {terminal_id: Said(since_ms, {"temp": []}) for terminal_id in ids}


@pytest.mark.parametrize("chunk", [7, last_readings.CHUNK])
@pytest.mark.parametrize("second", [0, 1_020])
def test_one_pass_reads_what_each_one_said(second: int, chunk: int, senders: list[Sender], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(last_readings, "CHUNK", chunk)
    position = inbox.last_position() - 100
    together = wanted(senders, second)
    last_readings.fill(together, position)
    for terminal_id, said in together.items():
        alone = {terminal_id: wanted(senders, second)[terminal_id]}
        last_readings.fill(alone, position)
        assert said == alone[terminal_id]
        assert list(said.times) == sorted(said.times)
    rows = Reading.select().where(Reading.position < position, Reading.at >= START + timedelta(seconds=second)).count()
    assert sum(len(said.times) for said in together.values()) == rows > 100


def test_the_pass_does_not_go_back_to_a_terminal_that_was_silent_for_long(senders: list[Sender], monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows between it and the others would cost more than reading it alone."""
    position = inbox.last_position() + 3  # messages that are no readings lie behind
    monkeypatch.setattr(last_readings, "PASS_IS_CHEAPER", 1)
    asked = wanted(senders, 0)
    silent = Terminal.get(Terminal.device == senders[0].device).id
    assert last_readings._pass(asked, position) == (4, asked.keys() - {silent})


def test_the_newest_reading_before_a_position(senders: list[Sender]) -> None:
    terminal = Terminal.get(Terminal.device == senders[0].device)
    assert last_readings.newest_ms(terminal.id, 3) == to_ms(START + timedelta(seconds=1))
    assert last_readings.newest_ms(terminal.id, 1) == -1
