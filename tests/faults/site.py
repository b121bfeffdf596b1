"""A whole feed on this machine: database, Mosquitto and subscriber as real processes, each with its own log file."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from app.core import db, migrating
from app.core.config import Config, load_config
from app.core.start import start
from app.machines.operations import seed_profiles
from app.monitoring.models import FeedCounter, FeedStatus
from mqtt import broker
from mqtt.security import SIMULATOR
from tests import factories

ROOT = Path(__file__).parents[2]


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(what: Callable[[], object], timeout_s: float = 15.0, every_s: float = 0.05) -> float:
    """Wait until ``what()`` is true and return the seconds it took; fails after ``timeout_s``."""
    started = time.monotonic()
    while not what():
        assert time.monotonic() - started < timeout_s, f"not within {timeout_s} s: {what.__doc__ or what}"
        time.sleep(every_s)
    return time.monotonic() - started


def _is_frozen(pid: int) -> bool:
    """Whether every thread of the process is stopped."""
    return all(task.read_text().rpartition(")")[2].split()[0] == "T" for task in Path(f"/proc/{pid}/task").glob("*/stat"))


class Site:
    """Everything between a device and the inbox. ``stop`` ends all of it."""

    def __init__(self, folder: Path, devices: int = 4, database_url: str | None = None) -> None:
        self.folder = folder
        self.environ = {
            "PATH": os.environ["PATH"],
            "DATA_DIR": str(folder),
            "DATABASE_URL": database_url or f"sqlite:///{folder / 'centre.db'}",
            "SECRET_KEY": "secret key of the tests, long enough for it",
            "AUDIT_KEY": "history key of the tests, long enough for it",
            "MQTT_PORT": str(free_port()),
            "INSTANCE_NAME": "one",
        }
        self.config: Config = load_config(self.environ)
        self.processes: dict[str, subprocess.Popen] = {}
        self.devices = [f"EVC-{number}" for number in range(devices)]
        start(self.config)
        migrating.upgrade()
        seed_profiles()
        for device in self.devices:
            factories.machine(device=device)
        self.mosquitto_conf = broker.prepare(self.config)

    @property
    def port(self) -> int:
        """Where the broker listens."""
        return self.config.mqtt_port

    @property
    def simulator(self) -> tuple[str, str]:
        """Name and password of the account that may write for every device."""
        return SIMULATOR, broker.password(self.config, SIMULATOR)

    def start_broker(self, conf: Path | None = None) -> None:
        """Start Mosquitto and wait until it listens."""
        self.start("broker", [broker.mosquitto(), "-c", str(conf or self.mosquitto_conf)], {})

        def is_listening() -> bool:
            with socket.socket() as probe:
                return probe.connect_ex(("127.0.0.1", self.port)) == 0

        wait_for(is_listening)

    def start_subscriber(
        self, name: str = "subscriber", *, is_awaited: bool = True, command: tuple[str, ...] = ("-m", "mqtt"), **environ: str
    ) -> None:
        """Start a subscriber; unless it is to crash at once, wait until its heartbeat says that it is connected."""
        self.start(name, [sys.executable, *command], environ)
        instance = environ.get("INSTANCE_NAME", "one")
        since_ms = time.time() * 1000
        if is_awaited:
            wait_for(lambda: self.is_connected(instance, since_ms), 30)

    def is_connected(self, instance: str, since_ms: float = 0) -> bool:
        """Whether ``instance`` has connected to the broker after ``since_ms``."""
        row = FeedStatus.get_or_none(FeedStatus.instance == instance)
        return row is not None and row.is_connected and row.connected_at is not None and row.connected_at.timestamp() * 1000 >= since_ms

    def start(self, name: str, command: list[str], environ: dict[str, str]) -> None:
        """Start a process of the product, its words into a log of its name."""
        with (self.folder / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                command, cwd=ROOT, env=self.environ | environ, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )

    def process(self, name: str = "subscriber") -> subprocess.Popen:
        """The running process of that name."""
        return self.processes[name]

    def kill(self, name: str) -> None:
        """SIGKILL, as a crash."""
        self.processes[name].kill()
        self.processes.pop(name).wait(10)

    def freeze(self, name: str) -> None:
        """SIGSTOP, while it writes nothing: frozen inside a transaction it would keep SQLite's one write lock.

        A busy machine takes a moment until the last thread stands still; until then this one keeps the lock.
        """
        process = self.processes[name]
        with db.transaction():
            process.send_signal(signal.SIGSTOP)
            wait_for(lambda: _is_frozen(process.pid))

    def end(self, name: str, timeout_s: float = 15) -> float:
        """SIGTERM; returns the seconds until it had ended."""
        started = time.monotonic()
        process = self.processes.pop(name)
        process.terminate()
        process.wait(timeout_s)
        return time.monotonic() - started

    def stop(self) -> None:
        """End every process."""
        for name, process in self.processes.items():
            process.send_signal(signal.SIGCONT)
            process.kill() if name != "broker" else process.terminate()
            process.wait(10)
        db.drop_connection()

    def log(self, name: str) -> str:
        """What a process wrote."""
        return (self.folder / f"{name}.log").read_text(encoding="utf8", errors="replace")


def counters() -> dict[str, int]:
    """The feed's counters, every name given."""
    names = ("received", "stored", "duplicates", "rejected", "quarantined")
    return dict.fromkeys(names, 0) | {row.name: row.value for row in FeedCounter.select()}
