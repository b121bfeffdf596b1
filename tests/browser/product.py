"""The whole product as ``make run`` starts it (broker, subscriber, worker, portal), with the demo world, on free ports."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import cysqlite

ROOT = Path(__file__).parents[2]
PASSWORD = "pictures of the demo world"
UP_WITHIN_S = 60


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(what: Callable[[], object], within_s: float) -> None:
    """Wait until ``what()`` is true. Raises ``TimeoutError``."""
    until = time.monotonic() + within_s
    while not what():
        if time.monotonic() > until:
            raise TimeoutError(f"not within {within_s} s")
        time.sleep(0.1)


class Product:
    """One installation in ``folder``; ``start`` and ``stop`` it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port, self.mqtt_port = free_port(), free_port()
        self.environ = {
            "PATH": os.environ["PATH"],
            "PYTHONUTF8": "1",
            "DATA_DIR": str(folder),
            "DATABASE_URL": f"sqlite:///{folder / 'centre.db'}",
            "PORT": str(self.port),
            "MQTT_PORT": str(self.mqtt_port),
            "DEMO": "1",
            "DEMO_PASSWORD": PASSWORD,
            "PLAIN_HTTP": "1",
            "INSTANCE_NAME": "demo",
        }
        self._process: subprocess.Popen[bytes] | None = None
        self._passwords: dict[str, str] = {}
        self._seqs: dict[str, int] = {}

    @property
    def address(self) -> str:
        """Where the portal answers."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> "Product":
        """Start everything and wait until the portal answers and the subscriber listens."""
        with (self.folder / "run.log").open("wb") as log:
            self._process = subprocess.Popen([sys.executable, "-m", "app.run"], cwd=ROOT, env=self.environ, stdout=log, stderr=log)
        wait_for(lambda: self._answers("/healthz") is not None, UP_WITHIN_S)
        wait_for(lambda: (self._answers("/readyz") or {}).get("checks", {}).get("subscriber") == "ok", UP_WITHIN_S)
        return self

    def stop(self) -> None:
        """End everything, as Ctrl-C does."""
        if self._process is not None:
            self._process.send_signal(signal.SIGINT)
            self._process.wait(30)

    def _answers(self, path: str) -> dict[str, Any] | None:
        try:
            with urlopen(self.address + path, timeout=5) as answer:
                return json.loads(answer.read() or b"{}")
        except ValueError:
            return {}
        except OSError:
            return None

    def quiet_devices(self) -> list[str]:
        """Devices of the demo world without a standing alarm, without an open ticket, and with nobody working at the machine."""
        return [
            device
            for (device,) in self._rows(
                "SELECT device FROM machine WHERE device != '' AND id NOT IN (SELECT machine_id FROM episode WHERE ended_at IS NULL)"
                " AND id NOT IN (SELECT machine_id FROM ticket WHERE is_open AND machine_id IS NOT NULL)"
                " AND id NOT IN (SELECT machine_id FROM work_order WHERE status = 'on_site' AND machine_id IS NOT NULL) ORDER BY id"
            )
        ]

    def serial(self, device: str) -> str:
        """The serial number of the machine with that device."""
        return str(self._rows("SELECT serial FROM machine WHERE device = ?", device)[0][0])

    def device_in_warranty(self, area: str) -> str:
        """A quiet device whose machine stands in ``area`` and was accepted in the last months."""
        wanted = set(self.quiet_devices())
        found = self._rows(
            "SELECT m.device FROM machine m JOIN area a ON a.id = m.area_id WHERE a.name = ? AND m.device != ''"
            " AND m.accepted_on > date('now', '-300 days') AND m.shipped_on > date('now', '-400 days') ORDER BY m.id",
            area,
        )
        return next(device for (device,) in found if device in wanted)

    def device_off_warranty(self, area: str) -> str:
        """A quiet device whose machine stands in ``area``, out of warranty, without orders and contracts, of a customer who is served."""
        wanted = set(self.quiet_devices())
        found = self._rows(
            "SELECT m.device FROM machine m JOIN area a ON a.id = m.area_id JOIN customer c ON c.id = m.customer_id"
            " WHERE a.name = ? AND m.device != '' AND m.accepted_on < date('now', '-370 days') AND c.service_stopped_at IS NULL"
            " AND m.id NOT IN (SELECT machine_id FROM work_order WHERE machine_id IS NOT NULL)"
            " AND m.id NOT IN (SELECT machine_id FROM contract WHERE machine_id IS NOT NULL)"
            " AND m.id NOT IN (SELECT machine_id FROM contract_machine) AND m.id NOT IN (SELECT machine_id FROM warranty_extension)"
            " ORDER BY m.id",
            area,
        )
        return next(device for (device,) in found if device in wanted)

    def order_of(self, ticket: str) -> str:
        """The number of the last work order of a ticket."""
        query = "SELECT o.number FROM work_order o JOIN ticket t ON t.id = o.ticket_id WHERE t.number = ? ORDER BY o.id DESC LIMIT 1"
        return str(self._rows(query, ticket)[0][0])

    def states_of(self, order: str) -> tuple[str, str, str]:
        """Where an order, its ticket and its call-back stand."""
        query = (
            "SELECT o.status, t.status, c.status FROM work_order o JOIN ticket t ON t.id = o.ticket_id"
            " LEFT JOIN call_back c ON c.order_id = o.id WHERE o.number = ?"
        )
        order_status, ticket_status, call_back_status = self._rows(query, order)[0]
        return str(order_status), str(ticket_status), str(call_back_status)

    def _rows(self, query: str, *values: str) -> list[tuple[Any, ...]]:
        database = cysqlite.connect(str(self.folder / "centre.db"))
        try:
            return database.execute(query, values).fetchall()
        finally:
            database.close()

    def introduce(self, device: str) -> None:
        """Give ``device`` a credential and let it say that it is there, unless it has."""
        if device in self._passwords:
            return
        self._passwords[device] = json.loads(self._flask("mqtt-credentials", "create", device, "--json"))["password"]
        wait_for(lambda: self._say(device, "state", {"online": True}) == 0, 10)

    def publish(self, device: str, code: str, *, is_active: bool = True) -> None:
        """Say a fault as ``device`` with its own credential through ``mosquitto_pub`` (MQTT 5, QoS 1)."""
        self.introduce(device)
        assert self._say(device, "fault", {"code": code, "active": is_active}) == 0

    def _say(self, device: str, kind: str, content: dict[str, Any]) -> int:
        seq = self._seqs[device] = self._seqs.get(device, -1) + 1
        message = json.dumps({"ts": int(time.time() * 1000), "boot": "browser", "seq": seq} | content, ensure_ascii=False)
        account = ["-u", device, "-P", self._passwords.get(device, "")]
        address = ["-V", "5", "-q", "1", "-h", "127.0.0.1", "-p", str(self.mqtt_port), "-i", device, "-t", f"evc/{device}/{kind}"]
        program = shutil.which("mosquitto_pub")
        assert program is not None
        return subprocess.run([program, *account, *address, "-m", message], capture_output=True, timeout=10, check=False).returncode

    def _flask(self, *arguments: str) -> str:
        keys = {name.upper(): (self.folder / name).read_text(encoding="ascii").strip() for name in ("secret_key", "audit_key")}
        command = [sys.executable, "-m", "flask", "--app", "app.wsgi", *arguments]
        return subprocess.run(command, cwd=ROOT, env=self.environ | keys, capture_output=True, text=True, timeout=90, check=True).stdout

    def kill_subscriber(self) -> None:
        """SIGKILL; the supervisor starts another one."""
        lines = (self.folder / "logs" / "supervisor.log").read_text(encoding="utf8").splitlines()
        started = [entry for entry in map(json.loads, lines) if entry["event"] == "started" and entry["child"] == "evc"]
        os.kill(started[-1]["pid"], signal.SIGKILL)

    def subscriber_has_returned(self, deaths: int) -> bool:
        """Whether the subscriber was started again after its death number ``deaths`` and is connected."""
        lines = (self.folder / "logs" / "supervisor.log").read_text(encoding="utf8").splitlines()
        starts = sum(1 for entry in map(json.loads, lines) if entry["event"] == "started" and entry["child"] == "evc")
        return starts > deaths and (self._answers("/readyz") or {}).get("checks", {}).get("subscriber") == "ok"
