"""The load generator: MQTT 5, writes an id to its ledger only after the PUBACK, and to a second one after the receipt.

An id is (device, boot, seq). ``resend`` publishes again what was not receipted, as a device that follows the receipt does.
"""

import json
import random
import threading
import time
from dataclasses import dataclass, field
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from tests.faults.site import Site, wait_for

Id = tuple[str, str, int]
CODES = ("E04", "E06", "E07", "E10")


@dataclass(slots=True)
class Script:
    """What the fleet is going to say: topic kind and payload by id, in the order of its happening."""

    messages: dict[Id, tuple[str, dict[str, Any]]] = field(default_factory=dict)

    def write(self, devices: list[str], count: int, *, boot: str = "b1", since_ms: int | None = None, step_ms: int = 1) -> "Script":
        """``count`` messages in all, shared among ``devices``: mostly readings, faults that come and go, a birth first.

        They lie ``step_ms`` to three times as far apart.
        """
        chance = random.Random(count)
        at_ms = since_ms or int(time.time() * 1000) - 60_000
        active: dict[str, set[str]] = {device: set() for device in devices}
        for number in range(count):
            device, seq = devices[number % len(devices)], number // len(devices)
            at_ms += step_ms * chance.randrange(1, 4)
            body: dict[str, Any] = {"ts": at_ms, "boot": boot, "seq": seq}
            if seq == 0:
                kind, rest = "state", {"online": True}
            elif chance.random() < 0.2:
                code = chance.choice(CODES)
                is_active = code not in active[device] if chance.random() < 0.9 else code in active[device]
                (active[device].add if is_active else active[device].discard)(code)
                kind, rest = "fault", {"code": code, "active": is_active}
            else:
                kind, rest = "telemetry", {"metrics": {"oil_temp": round(chance.uniform(20, 60), 2), "n": number}}
            self.messages[device, boot, seq] = (kind, body | rest)
        return self

    def end_all(self, at_ms: int) -> "Script":
        """At last every fault that still stands goes, at ``at_ms``."""
        last = {(key[0], body["code"]): body["active"] for key, (kind, body) in self.messages.items() if kind == "fault"}
        seqs = {key[:2]: key[2] for key in self.messages}
        for (device, code), is_active in last.items():
            if is_active:
                (boot,) = (boot for name, boot in seqs if name == device)
                seqs[device, boot] += 1
                body = {"ts": at_ms, "boot": boot, "seq": seqs[device, boot], "code": code, "active": False}
                self.messages[device, boot, seqs[device, boot]] = ("fault", body)
        return self


class Publisher:
    """One connection that speaks for every device."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.acknowledged: set[Id] = set()
        self.receipted: set[Id] = set()
        self.receipts: dict[tuple[str, str], tuple[int, list[list[int]]]] = {}
        self._waiting: dict[int, Id | None] = {}
        self._early: set[int] = set()
        self._lock = threading.Lock()
        self._is_connected = threading.Event()
        self.client = paho.Client(paho.CallbackAPIVersion.VERSION2, client_id="publisher", protocol=paho.MQTTv5, reconnect_on_failure=True)
        self.client.reconnect_delay_set(1, 1)
        self.client.max_inflight_messages_set(200)
        self.client.username_pw_set(*site.simulator)
        self.client.on_connect = self._on_connect
        self.client.on_disconnect = lambda *_: self._is_connected.clear()
        self.client.on_publish = self._on_publish
        self.client.on_message = self._on_message

    def start(self) -> "Publisher":
        """Connect and begin to listen for receipts."""
        properties = Properties(PacketTypes.CONNECT)
        properties.SessionExpiryInterval = 3600
        self.client.connect("127.0.0.1", self.site.port, clean_start=True, properties=properties)
        self.client.loop_start()
        assert self._is_connected.wait(10)
        return self

    def stop(self) -> None:
        """Disconnect."""
        self.client.disconnect()
        self.client.loop_stop()

    def send(self, topic: str, payload: bytes | str, key: Id | None = None) -> None:
        """Publish with QoS 1; ``key`` enters the ledger with the PUBACK."""
        info = self.client.publish(topic, payload, qos=1)  # outside the lock: the network thread holds one of its own
        with self._lock:
            if info.mid in self._early:
                self._early.discard(info.mid)
                self._note(key)
            else:
                self._waiting[info.mid] = key

    def say(self, script: Script, ids: list[Id] | None = None) -> None:
        """Publish what ``script`` has for ``ids`` (all of it, in order, unless given)."""
        for number, key in enumerate(script.messages if ids is None else ids):
            kind, body = script.messages[key]
            self.send(f"evc/{key[0]}/{kind}", json.dumps(body, separators=(",", ":")), key)
            if number % 100 == 99:
                self.settle(60)

    def settle(self, timeout_s: float = 30) -> None:
        """Wait until every publish has its PUBACK."""
        wait_for(lambda: not self._waiting, timeout_s, 0.01)

    def resend(self, script: Script) -> None:
        """Publish again what no receipt has covered, as devices do."""
        self.note_receipts(script)
        self.say(script, [key for key in script.messages if key not in self.receipted])
        self.settle()

    def note_receipts(self, script: Script) -> None:
        """Bring the ledger of receipts up to date."""
        for key in script.messages:
            upto, missing = self.receipts.get(key[:2], (-1, []))
            if key[2] <= upto and not any(first <= key[2] <= last for first, last in missing):
                self.receipted.add(key)

    def _on_connect(self, client: paho.Client, userdata: Any, flags: Any, reason: Any, properties: Any) -> None:
        assert not reason.is_failure, reason
        client.subscribe("evc/+/ack", qos=1)
        self._is_connected.set()

    def _on_publish(self, client: paho.Client, userdata: Any, mid: int, reason: Any, properties: Any) -> None:
        with self._lock:
            if mid not in self._waiting:
                self._early.add(mid)
            else:
                key = self._waiting.pop(mid)
                if reason.value < 0x80:
                    self._note(key)

    def _note(self, key: Id | None) -> None:
        if key is not None:
            self.acknowledged.add(key)

    def _on_message(self, client: paho.Client, userdata: Any, message: paho.MQTTMessage) -> None:
        receipt = json.loads(message.payload)
        self.receipts[message.topic.split("/")[1], receipt["boot"]] = (receipt["upto"], receipt["missing"])
