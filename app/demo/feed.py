"""What the terminals of the demo world said, handed to the intake as if it had come off the feed."""

import json
import math
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from app.core.clock import from_ms, to_ms
from app.machines.profiles import MetricKind, Profile
from app.monitoring import intake
from app.monitoring.messages import Fault, Message, State, Telemetry, digest, identity

BOOT = "d1"
BATCH = 500
_TOPIC_ROOT = "evc"
_ON_THE_WAY_MS = 180


@dataclass(slots=True)
class Feed:
    """The terminals' numbering, and the readings that wait to be stored together."""

    seqs: dict[str, int] = field(default_factory=dict)
    waiting: list[Message] = field(default_factory=list)

    def birth(self, device: str, at: datetime) -> None:
        """The terminal starts."""
        content = {"online": True, "firmware": "1.4.2", "faults": []}
        self._add(State(**self._said(device, "state", at, content), is_online=True, firmware="1.4.2"))

    def will(self, device: str, at: datetime) -> None:
        """The terminal goes silent."""
        self._add(State(**self._said(device, "state", at, {"online": False}), is_online=False))

    def fault(self, device: str, at: datetime, code: str, is_active: bool, text: str = "") -> None:
        """A fault comes or goes."""
        content: dict[str, Any] = {"code": code, "active": is_active} | ({"text": text} if text else {})
        self._add(Fault(**self._said(device, "fault", at, content), code=code, is_active=is_active))

    def reading(self, device: str, at: datetime, metrics: dict[str, Any]) -> None:
        """One telemetry message."""
        said = self._said(device, "telemetry", at, {"metrics": metrics})
        del said["payload"]
        self._add(Telemetry(**said, metrics=json.dumps(metrics, sort_keys=True, separators=(",", ":"))))

    def store(self, at: datetime) -> None:
        """Give the intake what waits."""
        if self.waiting:
            intake.store(self.waiting, at_ms=to_ms(at))
            self.waiting = []

    def _said(self, device: str, kind: str, at: datetime, content: dict[str, Any]) -> dict[str, Any]:
        seq = self.seqs[device] = self.seqs.get(device, -1) + 1
        payload = json.dumps({"ts": to_ms(at), "boot": BOOT, "seq": seq} | content, sort_keys=True, ensure_ascii=False)
        return {
            "topic": f"{_TOPIC_ROOT}/{device}/{kind}",
            "device": device,
            "boot": BOOT,
            "seq": seq,
            "key": identity(device, BOOT, seq),
            "content": digest(kind.encode() + payload.encode()),
            "at_ms": to_ms(at),
            "received_ms": to_ms(at) + _ON_THE_WAY_MS,
            "payload": payload,
        }

    def _add(self, message: Message) -> None:
        self.waiting.append(message)
        if len(self.waiting) >= BATCH:
            self.store(from_ms(message.received_ms))


def readings(profile: Profile, dice: random.Random, times: list[datetime], drift: dict[str, float]) -> Iterator[dict[str, Any]]:
    """Believable values for ``times``: each metric wanders within what is normal; ``drift`` names values it climbs to in the last hour."""
    numbers = {key: metric.normal for key, metric in profile.metrics.items() if metric.kind is MetricKind.NUMBER and metric.normal}
    values = {key: low + (high - low) * dice.uniform(0.3, 0.6) for key, (low, high) in numbers.items()}
    last = times[-1]
    for at in times:
        for key, (low, high) in numbers.items():
            step = (high - low) * 0.03
            values[key] = min(high, max(low, values[key] + dice.uniform(-step, step)))
        values["oil_temp"] += math.sin(at.hour / 24 * 2 * math.pi) * 0.05
        share = max(0.0, 1 - (last - at) / timedelta(hours=1))
        shown = {key: value + (drift[key] - value) * share if key in drift else value for key, value in values.items()}
        yield {key: round(value, 2) for key, value in shown.items()} | {"mode": "auto", "e_stop": False}
