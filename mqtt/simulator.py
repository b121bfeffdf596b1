"""A believable fleet for trying things out: every machine with a device code publishes as its terminal would.

Values wander around the normal ones of the shipped profile; now and then a fault comes and goes, a terminal
restarts, and the last machine of the fleet says nothing after its birth.
"""

import json
import random
import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote, urlsplit

import paho.mqtt.client as paho
import structlog

from app.core import clock, db
from app.core.config import Config
from app.core.types import system
from app.machines import queries
from mqtt import broker
from mqtt.security import SIMULATOR

# metric: lowest, highest, largest step from one message to the next
NORMAL = {
    "sys_pressure": (2, 16, 1.5), "oil_temp": (20, 55, 0.8), "oil_level": (70, 95, 0.2), "filter_dp": (0.05, 0.19, 0.01),
    "motor_current": (9, 42, 4), "voltage_u": (372, 396, 2), "voltage_v": (372, 396, 2), "voltage_w": (372, 396, 2),
    "cycle_time": (36, 58, 3), "bin_fill": (0, 90, 3), "lift_skew": (0, 9, 1), "pit_water": (0, 45, 2), "h2s": (0, 4, 0.3),
    "ch4": (0, 4, 0.3),
}  # fmt: skip
STATES = ("standby", "feeding", "compacting", "lifting", "docked", "unloading", "lowering")
# code: how often in relation to the others, what the terminal writes, the metric it shows in and its value
FAULTS = {
    "E04": (6, "oil temperature high", "oil_temp", 76.5), "E06": (4, "oil level low", "oil_level", 33.0),
    "E07": (5, "filter clogged", "filter_dp", 0.36), "E02": (2, "main motor overload", "motor_current", 57.0),
    "E09": (1, "overpressure", "sys_pressure", 21.4), "E10": (3, "push plate forward timeout", "cycle_time", 104.0),
    "E12": (1, "lift out of step", "lift_skew", 26.0), "E18": (6, "bin full", "bin_fill", 100.0),
    "E19": (2, "pit water high", "pit_water", 310.0), "E23": (4, "sensor wire broken", None, None),
    "E25": (2, "maintenance due", None, None),
}  # fmt: skip
FAULT_CHANCE = 0.004
RESTART_CHANCE = 0.0005
SHORTEST_FAULT, LONGEST_FAULT = 3, 12  # in messages of the machine

log = structlog.get_logger()


@dataclass(slots=True)
class SimulatedMachine:
    """One terminal: its boot, its counter, its values, the fault that stands."""

    device: str
    random: random.Random
    boot: str = ""
    seq: int = 0
    values: dict[str, float] = field(default_factory=dict)
    fault: str | None = None
    messages_to_clear: int = 0

    def birth(self) -> tuple[str, dict[str, Any]]:
        """Start (again): a new boot, numbers from 0, the fault that still stands."""
        self.boot, self.seq = secrets.token_hex(4), 0
        self.values = self.values or {name: self.random.uniform(low, high) for name, (low, high, _) in NORMAL.items()}
        faults = [self.fault] if self.fault else []
        return "state", self._numbered({"online": True, "firmware": "1.4.2", "faults": faults})

    def next_messages(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """What the terminal says at its next turn, as (kind, payload)."""
        if self.random.random() < RESTART_CHANCE:
            yield "state", {"online": False}
            yield self.birth()
        elif self.fault is not None:
            self.messages_to_clear -= 1
            if self.messages_to_clear <= 0:
                yield self._clear()
        elif self.random.random() < FAULT_CHANCE:
            yield self._raise()
        yield "telemetry", self._numbered({"metrics": self._read()})

    def _raise(self) -> tuple[str, dict[str, Any]]:
        self.fault = self.random.choices(list(FAULTS), [weight for weight, *_ in FAULTS.values()])[0]
        self.messages_to_clear = self.random.randint(SHORTEST_FAULT, LONGEST_FAULT)
        _, text, _, value = FAULTS[self.fault]
        shown = {} if value is None else {"value": value}
        return "fault", self._numbered({"code": self.fault, "active": True, "text": text} | shown)

    def _clear(self) -> tuple[str, dict[str, Any]]:
        code, self.fault = self.fault, None
        return "fault", self._numbered({"code": code, "active": False})

    def _read(self) -> dict[str, Any]:
        for name, (low, high, step) in NORMAL.items():
            moved = self.values[name] + self.random.uniform(-step, step)
            self.values[name] = min(high, max(low, moved))
        metrics: dict[str, Any] = {name: round(value, 2) for name, value in self.values.items()}
        if self.fault is not None:
            _, _, name, value = FAULTS[self.fault]
            metrics |= {} if name is None else {name: value}
        return metrics | {"mode": "auto", "state": "fault" if self.fault else self.random.choice(STATES), "e_stop": False}

    def _numbered(self, content: dict[str, Any]) -> dict[str, Any]:
        numbered = {"ts": clock.now_ms(), "boot": self.boot, "seq": self.seq} | content
        self.seq += 1
        return numbered


def run(config: Config, *, rate: float, count: int) -> int:
    """Publish ``rate`` messages a second (0: as fast as the broker takes them) until ``count`` are out (0: for ever)."""
    fleet = [SimulatedMachine(device, random.Random(device)) for device in _devices()]
    if not fleet:
        log.error("no_machine_has_a_device_code")
        return 1
    client = _connect(config)
    log.info("fleet_started", machines=len(fleet), rate=rate)
    started, sent = time.monotonic(), 0
    try:
        for device, kind, payload in _conversation(fleet):
            info = client.publish(f"{config.topic_root}/{device}/{kind}", json.dumps(payload), qos=1, retain=kind == "state")
            sent += 1
            if sent == count:
                break
            _keep_pace(info, sent, started, rate)
        info.wait_for_publish(10)
    except KeyboardInterrupt:
        pass
    client.disconnect()
    client.loop_stop()
    log.info("fleet_stopped", sent=sent)
    return 0


def _devices() -> list[str]:
    with db.available():
        db.connect()
        return [machine.device for machine in queries.listed(system("simulator"), queries.Filters(has_device=True))]


def _conversation(fleet: list[SimulatedMachine]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for machine in fleet:
        yield machine.device, *machine.birth()
    speaking = fleet[:-1] or fleet
    while True:
        for machine in speaking:
            for kind, payload in machine.next_messages():
                yield machine.device, kind, payload


def _keep_pace(info: paho.MQTTMessageInfo, sent: int, started: float, rate: float) -> None:
    if sent % 1_000 == 0:
        info.wait_for_publish(30)  # never further ahead of the broker than this
    ahead_s = started + sent / rate - time.monotonic() if rate else 0
    if ahead_s > 0:
        time.sleep(ahead_s)


def _connect(config: Config) -> paho.Client:
    url = urlsplit(config.mqtt_url or broker.portal_url(config, SIMULATOR))
    client = paho.Client(paho.CallbackAPIVersion.VERSION2, client_id=f"simulator-{secrets.token_hex(4)}", protocol=paho.MQTTv311)
    if url.username:
        client.username_pw_set(unquote(url.username), unquote(url.password or ""))
    if url.scheme == "mqtts":
        client.tls_set()
    client.connect(url.hostname or "127.0.0.1", url.port or (8883 if url.scheme == "mqtts" else 1883))
    client.loop_start()
    return client
