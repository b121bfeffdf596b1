"""Real readings (ZeMA hydraulic test rig, UCI 447, CC BY 4.0) through a real Mosquitto: each stored once, and drawn.

Four temperatures at 1 Hz of one device. The suite takes the first cycles; ``FAULTS=long`` all 2,205 of them (132,300 readings).
"""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path

import paho.mqtt.client as paho
import pytest
from flask.testing import FlaskClient
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from app.accounts.models import Role
from app.core import clock
from app.machines.models import DeviceProfile
from app.machines.profiles import code
from app.machines.profiles.parsing import parse
from app.monitoring import conditions, feed
from app.monitoring.alarm_machine import parameters
from app.monitoring.alarm_machine.transitions import fold
from app.monitoring.models import Gap, Reading
from tests import factories
from tests.benchmarks.hydraulic import DATA, RULE, Span, confusion, whole_rig
from tests.personas import make_user, sign_in

ROOT = Path(__file__).parent.parent.parent
IS_LONG = os.environ.get("FAULTS") == "long"
CYCLES = 2_205 if IS_LONG else 30
PATIENCE_S = 900 if IS_LONG else 60
SECONDS_A_CYCLE = 60
DEVICE = "RIG-1"
UNDER_WAY = 5_000  # the client numbers at most 65,535 messages under way
LATE_IN_THE_DAY = timedelta(minutes=1)

pytestmark = [pytest.mark.slow, pytest.mark.skipif(not DATA.exists(), reason="../shared/data is not there")]


def readings() -> Iterator[dict[str, float]]:
    """The metrics of one second after the other."""
    files = [(DATA / f"TS{number}.txt").open(encoding="ascii") for number in (1, 2, 3, 4)]
    for lines in islice(zip(*files, strict=True), CYCLES):
        for values in zip(*(line.split() for line in lines), strict=True):
            yield {f"ts{number}": float(value) for number, value in enumerate(values, start=1)}
    for file in files:
        file.close()


def episodes(on: int, off: int, deadband: str) -> list[Span]:
    """The episodes that the rule makes of the whole rig, in seconds from its begin."""
    start_ms = clock.to_ms(datetime(2026, 11, 23, tzinfo=UTC))
    profile = parse(RULE.format(on=on, off=off, deadband=deadband))
    watched = conditions.by_metric(conditions.watches(profile))
    signals = [
        signal
        for second, value in enumerate(whole_rig())
        for _code, signal in conditions.heard(second, start_ms + second * 1_000, {"ts1": value}, watched)
    ]
    until = clock.from_ms(start_ms) + timedelta(days=2)
    found = fold(signals, parameters.of_code(profile, code(profile, "T01")), until=until).occurrences
    return [tuple(at and clock.to_ms(at) / 1000 - start_ms / 1000 for at in (one.started_at, one.ended_at)) for one in found]


def test_delays_and_a_deadband_make_one_episode_of_what_flickers_around_its_limit() -> None:
    assert len(episodes(on=0, off=0, deadband="0.000001")) == 51
    assert len(episodes(on=60, off=120, deadband="1")) == 2


def test_the_rule_sees_the_failing_cooler_and_never_the_sound_one() -> None:
    """Of 732 cycles with a cooler close to failure 405 exceed 55 °C, of those with a reduced one 2, of those with a sound one none."""
    assert confusion(episodes(on=0, off=0, deadband="0.000001")) == {
        3: {"open": 405, "not": 327}, 20: {"open": 2, "not": 730}, 100: {"open": 0, "not": 741},
    }  # fmt: skip
    with_delays = confusion(episodes(on=60, off=120, deadband="1"))
    assert with_delays[3]["open"] > 400
    assert (with_delays[20]["open"] <= 4, with_delays[100]["open"]) == (True, 0)


def wait_for(done: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not done():
        assert time.monotonic() < deadline, feed.stats()
        time.sleep(0.1)


@pytest.fixture
def broker_port(needs: Callable[[str], str], tmp_path: Path) -> Iterator[int]:
    """A Mosquitto of this test on a free port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings = tmp_path / "mosquitto.conf"
    settings.write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\nmax_queued_messages 0\nmax_inflight_messages 1000\n")
    with (tmp_path / "mosquitto.log").open("wb") as log:
        process = subprocess.Popen([needs("mosquitto"), "-c", str(settings)], stdout=log, stderr=log)
    yield port
    process.terminate()
    process.wait(10)


@pytest.fixture
def subscriber(broker_port: int, environment: dict[str, str], tmp_path: Path) -> Iterator[None]:
    """The product's own subscriber, connected."""
    settings = environment | {"MQTT_URL": f"mqtt://127.0.0.1:{broker_port}", "PYTHONPATH": str(ROOT)}
    with (tmp_path / "subscriber.log").open("wb") as log:
        process = subprocess.Popen([sys.executable, "-m", "mqtt", "run"], env=settings, cwd=tmp_path, stdout=log, stderr=log)
    wait_for(lambda: feed.health().is_receiving)
    yield
    process.terminate()
    process.wait(20)


def publish(port: int, start: datetime) -> int:
    """Send every reading with its device time; returns how many, after the broker has acknowledged them all."""
    client = paho.Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5)
    client.max_inflight_messages_set(500)
    client.max_queued_messages_set(0)
    client.connect("127.0.0.1", port)
    client.loop_start()
    count, last = 0, None
    for seq, metrics in enumerate(readings()):
        said = {"ts": (start + timedelta(seconds=seq)).isoformat(), "boot": "rig", "seq": seq, "metrics": metrics}
        last = client.publish(f"evc/{DEVICE}/telemetry", json.dumps(said), qos=1)
        count += 1
        if count % UNDER_WAY == 0:
            last.wait_for_publish(PATIENCE_S)
    last.wait_for_publish(PATIENCE_S)
    client.disconnect()
    client.loop_stop()
    return count


def test_it_works(client: FlaskClient, subscriber: None, broker_port: int, profile: DeviceProfile) -> None:
    factories.machine(device=DEVICE, profile=profile)
    whole = CYCLES * SECONDS_A_CYCLE
    start = clock.now() - timedelta(seconds=whole) - LATE_IN_THE_DAY
    assert publish(broker_port, start) == whole
    wait_for(lambda: feed.stats()["stored"] == whole)
    assert publish(broker_port, start) == whole
    wait_for(lambda: feed.stats()["received"] == 2 * whole)
    stats = feed.stats()
    assert (stats["stored"], stats["duplicates"], stats["rejected"], stats["quarantined"]) == (whole, whole, 0, 0)
    assert Reading.select().count() == whole
    assert Gap.select().count() == 0
    check_drawing(sign_in(client, make_user(Role.CLERK)), start, whole)


def check_drawing(client: FlaskClient, start: datetime, seconds: int) -> None:
    """The chart of the whole time shows the extremes of the file, no gap."""
    query = {"metric": "ts1", "from": start.isoformat(), "to": (start + timedelta(seconds=seconds)).isoformat()}
    drawn = client.get(f"/monitoring/machines/{DEVICE}/readings.json", query_string=query).json
    values = [metrics["ts1"] for metrics in readings()]
    assert None not in drawn["values"]
    assert len(drawn["values"]) <= 600
    assert (min(drawn["values"]), max(drawn["values"])) == (min(values), max(values))
    page = client.get(f"/monitoring/machines/{DEVICE}", query_string=query)
    assert "data-chart=" in page.text
