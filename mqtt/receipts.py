"""Receipts to the devices: after commit, at most once a second for each, and again on each birth (monitoring §1)."""

import json
import threading
import time
from collections import deque
from collections.abc import Iterable, Sequence
from typing import Protocol

from app.monitoring import intake
from mqtt import topics

EVERY_S = 1.0
AGAIN_AFTER_S = 2.0


class Publishes(Protocol):
    """What carries receipts to the broker."""

    @property
    def is_connected(self) -> bool:
        """Whether it can now."""

    def publish(self, messages: Sequence[tuple[str, bytes]]) -> None:
        """Publish (topic, payload) retained."""


class Receipts:
    """Gathers what wants a receipt and publishes it from time to time.

    Where intakes share the feed (``is_shared``), two may have a receipt for one device under way, and the older one come last; so each says
    it once more when all that was under way has come.
    """

    def __init__(self, client: Publishes, root: str, *, is_shared: bool = False) -> None:
        self.client = client
        self.is_shared = is_shared
        self._again: deque[tuple[float, Iterable[tuple[str, str]]]] = deque()
        self.root = root
        self._due: dict[tuple[str, str], None] = {}  # in the order in which the boots last spoke
        self._lock = threading.Lock()
        self._published_at = 0.0

    def note(self, outcome: intake.Outcome) -> None:
        """Note the boots of a committed batch."""
        with self._lock:
            for boot in outcome.boots:
                self._due.pop(boot, None)
                self._due[boot] = None

    def publish_due(self) -> None:
        """Publish what is due, unless the last time was less than a second ago; what cannot be sent now stays due."""
        if time.monotonic() - self._published_at < EVERY_S or not self.client.is_connected:
            return
        with self._lock:
            due, self._due = self._due, {}
        self._published_at = time.monotonic()
        if self.is_shared and due:
            self._again.append((self._published_at + AGAIN_AFTER_S, tuple(due)))
        while self._again and self._again[0][0] <= self._published_at:
            due |= dict.fromkeys(self._again.popleft()[1])
        if not due:
            return
        try:
            found = {(receipt.device, receipt.boot): receipt for receipt in intake.receipts(due)}
        except Exception:
            with self._lock:
                self._due = due | self._due
            raise
        ordered = [found[boot] for boot in due if boot in found]
        self.client.publish([(topics.acknowledgement(one.device, self.root), _payload(one)) for one in ordered])


def _payload(receipt: intake.Receipt) -> bytes:
    return json.dumps(
        {"boot": receipt.boot, "upto": receipt.upto, "missing": [list(run) for run in receipt.missing]}, separators=(",", ":")
    ).encode()
