"""Publishers that nobody here wrote drive the feed, each as a device with its own credential, and wait for its receipt."""

import json
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.core import clock
from app.core.types import system
from app.monitoring import operations
from app.monitoring.models import CredentialState, DeviceCredential, Episode, InboxMessage, Reading
from tests.conftest import need
from tests.faults.site import ROOT, Site, wait_for

MQTTJS = ROOT / "build" / "mqttjs"
DEVICE = "EVC-0"
READINGS = 30

pytestmark = pytest.mark.slow


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    from mqtt import broker

    need(broker.mosquitto() is not None, "mosquitto")
    running = Site(tmp_path, devices=1)
    running.start_broker()
    running.start_subscriber()
    yield running
    running.stop()


@pytest.fixture
def password(site: Site) -> str:
    """Of the device, once the broker knows it."""
    secret = operations.create_credential(by=system("test"), device=DEVICE)
    wait_for(lambda: DeviceCredential.get().state == CredentialState.ACTIVE)
    return secret


def story() -> list[dict[str, Any]]:
    """A birth, a fault that comes and goes, readings."""
    began = clock.now_ms() - 120_000
    bodies = [("state", {"online": True, "firmware": "1.4", "faults": []}), ("fault", {"code": "E04", "active": True, "text": "油温高"})]
    bodies += [("telemetry", {"metrics": {"oil_temp": 40 + number}}) for number in range(READINGS)]
    bodies += [("fault", {"code": "E04", "active": False})]
    return [
        {
            "topic": f"evc/{DEVICE}/{kind}",
            "payload": json.dumps({"ts": began + 1_000 * seq, "boot": "f1", "seq": seq} | body, ensure_ascii=False),
            "retain": kind == "state",
        }
        for seq, (kind, body) in enumerate(bodies)
    ]


def check_stored(said: list[dict[str, Any]]) -> None:
    assert Reading.select().count() == READINGS
    assert [row.kind for row in InboxMessage.select().order_by(InboxMessage.position)] == ["state", "fault", "fault"]
    wait_for(lambda: Episode.select().where(Episode.code == "E04", Episode.ended_at.is_null(False)).exists())
    episode = Episode.get()
    begin, end = (json.loads(said[number]["payload"])["ts"] for number in (1, -1))
    assert (clock.to_ms(episode.started_at), clock.to_ms(episode.ended_at), episode.text) == (begin, end, "油温高")


def test_mqtt_js_drives_the_feed_and_gets_its_receipt(site: Site, password: str) -> None:
    need(shutil.which("node") is not None and (MQTTJS / "node_modules/mqtt").is_dir(), "MQTT.js (tests/system-packages installs it)")
    said = story()
    command = ["node", str(MQTTJS / "publish.js"), str(site.port), DEVICE, password, "f1", str(len(said) - 1)]
    shutil.copy(Path(__file__).parent / "mqttjs/publish.js", MQTTJS)  # beside its library, where node looks for it
    lines = "\n".join(json.dumps(line) for line in said)
    ended = subprocess.run(command, input=lines, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 0, ended.stderr
    assert json.loads(ended.stdout) == {"boot": "f1", "upto": len(said) - 1, "missing": []}
    check_stored(said)


def test_mosquitto_pub_drives_the_feed_and_mosquitto_sub_hears_the_receipt(site: Site, password: str, needs) -> None:
    account = ["-V", "5", "-h", "127.0.0.1", "-p", str(site.port), "-u", DEVICE, "-P", password]
    said = story()
    listen = [needs("mosquitto_sub"), *account, "-i", f"{DEVICE}-ack", "-q", "1", "-t", f"evc/{DEVICE}/ack", "-W", "40"]
    heard: list[dict[str, Any]] = []
    with subprocess.Popen(listen, stdout=subprocess.PIPE, text=True) as listening:
        assert listening.stdout is not None
        reading = threading.Thread(target=lambda: heard.extend(map(json.loads, listening.stdout)), daemon=True)
        reading.start()
        for line in [said[0], said[1], said[-1]]:
            publish(account, line, needs)
        by_line = "\n".join(line["payload"] for line in said[2:-1])
        command = [needs("mosquitto_pub"), *account, "-q", "1", "-t", f"evc/{DEVICE}/telemetry", "-l"]
        subprocess.run(command, input=by_line, text=True, timeout=30, check=True)
        wait_for(lambda: heard and heard[-1] == {"boot": "f1", "upto": len(said) - 1, "missing": []}, 20)
        listening.terminate()
        reading.join(5)
    check_stored(said)


def publish(account: list[str], line: dict[str, Any], needs) -> None:
    options = ["-r"] if line["retain"] else []
    command = [needs("mosquitto_pub"), *account, "-q", "1", *options, "-t", line["topic"], "-m", line["payload"]]
    subprocess.run(command, timeout=15, check=True)
    time.sleep(0.05)
