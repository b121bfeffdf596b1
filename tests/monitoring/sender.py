"""A device whose messages go through the real intake, for tests of what comes behind it."""

import json
from datetime import datetime, timedelta

from app.core import clock
from app.monitoring import intake
from app.monitoring.messages import Fault, State, Telemetry, digest, identity


class Sender:
    """Makes the messages of one device; ``store`` takes them in, in the order given."""

    def __init__(self, device: str, boot: str = "a1") -> None:
        self.device = device
        self.boot = boot
        self.seq = -1

    def fault(self, code: str, at: datetime, *, is_active: bool = True, text: str = "", seq: int | None = None) -> Fault:
        """A fault that comes or goes."""
        payload = json.dumps({"code": code, "active": is_active, "text": text})
        return Fault(**self._envelope("fault", at, payload, seq), code=code, is_active=is_active, payload=payload)

    def birth(self, at: datetime, *faults: str, is_retained: bool = False, seq: int | None = None) -> State:
        """A birth that names the faults that are there."""
        payload = json.dumps({"online": True, "faults": list(faults)})
        return State(**self._envelope("state", at, payload, seq), is_online=True, payload=payload, is_retained=is_retained, firmware="1.4")

    def will(self, received_at: datetime, *, boot: str | None = None) -> State:
        """A last will: no time, no number."""
        payload = json.dumps({"online": False})
        received_ms = clock.to_ms(received_at)
        return State(
            topic=f"evc/{self.device}/state",
            received_ms=received_ms,
            boot=boot,
            device=self.device,
            at_ms=None,
            is_online=False,
            payload=payload,
        )

    def reading(self, at: datetime, **metrics: float | bool | str) -> Telemetry:
        """A reading of some metrics."""
        payload = json.dumps(metrics, sort_keys=True, separators=(",", ":"))
        return Telemetry(**self._envelope("telemetry", at, payload, None), metrics=payload)

    def _envelope(self, kind: str, at: datetime, payload: str, seq: int | None) -> dict:
        if seq is None:
            self.seq += 1
            seq = self.seq
        at_ms = clock.to_ms(at)
        return {
            "topic": f"evc/{self.device}/{kind}",
            "received_ms": max(at_ms, clock.now_ms()),
            "key": identity(self.device, self.boot, seq),
            "content": digest(payload.encode()),
            "boot": self.boot,
            "seq": seq,
            "device": self.device,
            "at_ms": at_ms,
        }


def store(*messages: Fault | State | Telemetry) -> None:
    """Take ``messages`` in as one batch."""
    intake.store(list(messages))


def ago(**parts: float) -> datetime:
    """A time in the past, ``ago(minutes=5)``."""
    return clock.now() - timedelta(**parts)
