"""``flask monitoring`` and ``flask mqtt-credentials``, as processes of their own."""

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from peewee import Database

from app.core import clock
from app.machines.models import Machine
from app.monitoring import intake
from app.monitoring.intake import Heartbeat
from app.monitoring.models import DeviceCredential, Episode, Reading
from app.tickets.models import Ticket

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parent.parent.parent
START = datetime(2026, 10, 1, 8, tzinfo=UTC)


def flask(environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "flask", "--app", "app.wsgi", *arguments]
    return subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)


@pytest.fixture
def database(sqlite_database: Database) -> Database:
    """What the commands call is tested on both databases; the commands themselves on one."""
    return sqlite_database


@pytest.fixture
def recording(tmp_path: Path, machine: Machine) -> Path:
    """A machine's morning: readings, a fault that went, one that stayed, and a line that is no message."""
    lines = []

    def say(kind: str, second: int, **words: object) -> None:
        stamp = (START + timedelta(seconds=second)).isoformat()
        payload = {"ts": stamp, "boot": "r1", "seq": len(lines), **words}
        lines.append(json.dumps({"topic": f"evc/{machine.device}/{kind}", "payload": payload}))

    say("state", 0, online=True, faults=[])
    for minute in range(1, 20):
        say("telemetry", minute * 60, metrics={"oil_temp": 40 + minute})
    say("fault", 1_300, code="E04", active=True)
    say("fault", 1_400, code="E04", active=False)
    say("fault", 90_000, code="E06", active=True)
    lines.append(json.dumps({"topic": f"evc/{machine.device}/fault", "payload": "{broken"}))
    file = tmp_path / "morning.ndjson"
    file.write_text("\n".join(lines) + "\n", encoding="utf8")
    return file


def test_it_works(environment: dict[str, str], recording: Path) -> None:
    done = flask(environment, "monitoring", "replay", str(recording))
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {"received": 24, "stored": 23, "duplicates": 0, "rejected": 1, "quarantined": 0}
    stats = json.loads(flask(environment, "monitoring", "stats", "--json").stdout)
    assert {name: stats[name] for name in ("received", "stored", "rejected", "episodes", "open_alarms", "open_tickets")} == {
        "received": 24, "stored": 23, "rejected": 1, "episodes": 2, "open_alarms": 1, "open_tickets": 1,
    }  # fmt: skip
    named = "received stored duplicates rejected quarantined episodes open_alarms open_tickets last_message_at delivery"
    assert set(stats) == set(named.split())  # interfaces.md


def test_the_same_file_again_adds_nothing(environment: dict[str, str], recording: Path) -> None:
    flask(environment, "monitoring", "replay", str(recording))
    again = json.loads(flask(environment, "monitoring", "replay", str(recording)).stdout)
    assert (again["stored"], again["duplicates"]) == (0, 23)
    assert (Reading.select().count(), Episode.select().count(), Ticket.select().count()) == (19, 2, 1)


def test_by_the_device_clock_tickets_open_when_the_fault_came(environment: dict[str, str], recording: Path) -> None:
    done = flask(environment, "monitoring", "replay", str(recording), "--clock", "device")
    assert done.returncode == 0, done.stderr
    opened = [ticket.opened_at for ticket in Ticket.select().order_by(Ticket.opened_at)]
    assert opened == [START + timedelta(seconds=1_300), START + timedelta(seconds=90_000)]


def test_the_device_clock_and_a_running_subscriber_exclude_each_other(environment: dict[str, str], recording: Path) -> None:
    now_ms = clock.now_ms() + 60_000
    alive = {"is_connected": True, "connected_ms": now_ms, "last_message_ms": None, "queue_length": 0, "delivery": "full", "problem": ""}
    intake.beat(Heartbeat(instance="one", heartbeat_ms=now_ms, **alive))
    refused = flask(environment, "monitoring", "replay", str(recording), "--clock", "device")
    assert refused.returncode == 1
    assert "Stop the subscriber first" in refused.stderr
    assert Reading.select().count() == 0


def test_a_line_that_is_no_line_is_named(environment: dict[str, str], recording: Path) -> None:
    recording.write_text(recording.read_text() + "nonsense\n", encoding="utf8")
    refused = flask(environment, "monitoring", "replay", str(recording))
    assert refused.returncode == 1
    assert "line 25" in refused.stderr


def test_a_credential_is_made_renewed_and_withdrawn(environment: dict[str, str]) -> None:
    made = json.loads(flask(environment, "mqtt-credentials", "create", "D1", "--json").stdout)
    assert made["username"] == "D1"
    assert intake.secret_is_right("D1", made["password"])
    renewed = json.loads(flask(environment, "mqtt-credentials", "rotate", "D1", "--json").stdout)
    assert intake.secret_is_right("D1", renewed["password"])
    assert flask(environment, "mqtt-credentials", "revoke", "D1").returncode == 0
    assert DeviceCredential.get().state == "revoking"
    refused = flask(environment, "mqtt-credentials", "rotate", "D1")
    assert (refused.returncode, refused.stderr.strip()) == (1, "This device has no valid credential.")
