"""The rate guard: a device that says more than 20 messages a second is marked noisy; nothing of it is refused (security §4).

What counts is the faster of two clocks, receipt and device: messages that waited on the way come at once but were said one by one.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from app.core import db, live
from app.monitoring.messages import Message, Rejected
from app.monitoring.models import Terminal

RATE_PER_S = 20
BURST = 200
CALM = BURST / 2


@dataclass(slots=True)
class _Allowance:
    """Messages a device may still say at once; the times up to which it was filled, in milliseconds since 1970."""

    left: float
    received_ms: int
    at_ms: int


class RateGuard:
    """Counts what each device says. ``marked`` are the devices known as noisy; used by one thread at a time except ``note``."""

    def __init__(self, marked: Iterable[str] = ()) -> None:
        self.marked = set(marked)
        self._allowances: dict[str, _Allowance] = {}
        self._over: set[str] = set()

    def note(self, messages: Iterable[Message]) -> None:
        """Count ``messages``, duplicates and poison too."""
        for message in messages:
            if message.device is not None:
                at_ms = None if isinstance(message, Rejected) else message.at_ms
                self._spend(message.device, message.received_ms, min(at_ms or 0, message.received_ms))

    def _spend(self, device: str, received_ms: int, at_ms: int) -> None:
        allowance = self._allowances.get(device)
        if allowance is None:
            self._allowances[device] = _Allowance(BURST - 1, received_ms, at_ms)
            return
        passed_ms = max(received_ms - allowance.received_ms, at_ms - allowance.at_ms if allowance.at_ms else 0)
        if passed_ms > 0:
            allowance.left = min(BURST, allowance.left + passed_ms * RATE_PER_S / 1000)
            allowance.received_ms = max(allowance.received_ms, received_ms)
            allowance.at_ms = max(allowance.at_ms, at_ms)
        if allowance.left >= 1:
            allowance.left -= 1
        else:
            self._over.add(device)

    def changes(self, now_ms: int) -> tuple[list[str], list[str]]:
        """Devices to mark, and devices that have calmed since they were marked."""
        over, self._over = self._over, set()
        calmed = [device for device in self.marked - over if self._left(device, now_ms) >= CALM]
        return sorted(over - self.marked), sorted(calmed)

    def settle(self, noisy: Iterable[str], calmed: Iterable[str]) -> None:
        """The changes are committed."""
        self.marked.update(noisy)
        self.marked.difference_update(calmed)

    def _left(self, device: str, now_ms: int) -> float:
        allowance = self._allowances.get(device)
        return BURST if allowance is None else allowance.left + max(0, now_ms - allowance.received_ms) * RATE_PER_S / 1000


def noisy_devices() -> list[str]:
    """The devices marked as noisy."""
    with db.available():
        db.connect()
        return [device for (device,) in Terminal.select(Terminal.device).where(Terminal.is_noisy).tuples()]


def mark_noise(noisy: list[str], calmed: list[str]) -> None:
    """Mark ``noisy`` and unmark ``calmed`` devices. Raises ``Unavailable``: nothing was marked."""
    with db.transaction():
        Terminal.update(is_noisy=True).where(Terminal.device.in_(noisy)).execute()
        Terminal.update(is_noisy=False).where(Terminal.device.in_(calmed)).execute()
        live.touch("feed")
