"""What makers of devices are given, run for real: the examples in shell, Python and C, and the check."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.core import db
from app.core.types import system
from app.monitoring import operations
from app.monitoring.models import CredentialState, DeviceCredential, Episode, InboxMessage, Reading
from mqtt.commands import main
from tests.conftest import need
from tests.faults.site import ROOT, Site, wait_for

EXAMPLES = ROOT / "static/feed"
DEVICE = "EVC-0"


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    from mqtt import broker

    need(broker.mosquitto() is not None, "mosquitto")
    running = Site(tmp_path, devices=1)
    running.start_broker()
    yield running
    running.stop()


def password_of(device: str) -> str:
    """The secret of a new credential, once the broker has it."""
    secret = operations.create_credential(by=system("test"), device=device)
    wait_for(lambda: DeviceCredential.get(DeviceCredential.device == device).state == CredentialState.ACTIVE)
    return secret


def command_for(example: str, folder: Path) -> list[str]:
    if example == "device.c":
        built = folder / "device"
        subprocess.run(["cc", "-Wall", "-Wextra", "-Werror", "-o", built, EXAMPLES / example, "-lmosquitto"], check=True)
        return [str(built)]
    return [sys.executable if example.endswith(".py") else "sh", str(EXAMPLES / example)]


@pytest.mark.slow
@pytest.mark.parametrize("example", ["device.sh", "device.py", "device.c"])
def test_each_example_is_taken_in_under_its_own_credential_and_gets_its_receipt(site: Site, example: str) -> None:
    site.start_subscriber()
    command = [*command_for(example, site.folder), "127.0.0.1", str(site.port), DEVICE, password_of(DEVICE)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=30, check=True)
    wait_for(lambda: InboxMessage.select().count() + Reading.select().count() >= 4)
    with db.transaction():
        assert [row.kind for row in InboxMessage.select().order_by(InboxMessage.position)][:3] == ["state", "fault", "fault"]
    wait_for(lambda: Episode.select().where(Episode.code == "E04").count() == 1)
    if example == "device.sh":
        assert json.loads(ended.stdout)["missing"] == []
    else:
        assert ended.stdout.strip() == "stored"


@pytest.mark.slow
def test_the_check_hears_a_device_at_a_broker_and_says_what_is_wrong(site: Site, capfd: pytest.CaptureFixture[str]) -> None:
    site.end("broker")
    plain = site.folder / "plain.conf"
    plain.write_text(f"listener {site.port} 127.0.0.1\nallow_anonymous true\n")
    site.start_broker(plain)
    check = [sys.executable, "-m", "mqtt", "check", "--port", str(site.port), "--seconds", "6", "--language", "en"]
    listening = subprocess.Popen(check, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    wait_for(lambda: "check-" in (site.folder / "broker.log").read_text(encoding="utf8", errors="replace"))
    publish = ["mosquitto_pub", "-V", "mqttv5", "-h", "127.0.0.1", "-p", str(site.port), "-t", "evc/D9/fault"]
    for options in (["-q", "0", "-m", '{"ts":1795420800,"boot":"a","seq":3,"code":"E04","active":true}'], ["-q", "1", "-r", "-m", "{"]):
        subprocess.run([*publish, *options], check=True, timeout=10)
    said, _ = listening.communicate(timeout=20)
    assert listening.returncode == 1
    for words in ("QoS 0", "looks like seconds", "retain flag", "not JSON", "No state was received", "D9: 2 messages"):
        assert words in said, words


def test_it_works(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    recorded = tmp_path / "recorded.ndjson"
    lines = [
        {"topic": "evc/D1/state", "payload": {"ts": 1_795_420_800_000, "boot": "a", "seq": 0, "online": True, "faults": []}},
        {"topic": "evc/D1/telemetry", "payload": {"ts": 1_795_420_860_000, "boot": "a", "seq": 1, "metrics": {"oil_temp": 51}}},
    ]
    recorded.write_text("\n".join(map(json.dumps, lines)), encoding="utf8")
    assert main(["check", "--file", str(recorded)]) == 0
    assert "没有发现问题" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("content", "status"),
    [("", 1), ("nonsense", 2), ('{"topic": 1, "payload": {}}', 2), ('{"topic": "evc/D1/telemetry", "payload": "{"}', 1)],
)
def test_a_file_is_judged_or_refused_in_words(tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str, status: int) -> None:
    recorded = tmp_path / "recorded.ndjson"
    recorded.write_text(content, encoding="utf8")
    assert main(["check", "--file", str(recorded)]) == status
    said = capsys.readouterr()
    assert said.out or said.err


def test_a_broker_that_is_not_there_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--port", "1", "--seconds", "1"]) == 2
    assert "127.0.0.1" in capsys.readouterr().err


def test_the_contract_is_printed_for_another_root(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["contract", "--root", "works"]) == 0
    assert json.loads(capsys.readouterr().out)["channels"]["ack"]["address"] == "works/{device}/ack"
