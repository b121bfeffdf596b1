"""Receipts to the devices: after commit, at most once a second for each, and again on each birth (monitoring §1)."""

import json
import threading
import time

from app.monitoring import intake
from mqtt import topics
from mqtt.client import FeedClient

EVERY_S = 1.0


class Receipts:
    """Gathers what wants a receipt and publishes it from time to time."""

    def __init__(self, client: FeedClient, root: str) -> None:
        self.client = client
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
        if not due:
            return
        self._published_at = time.monotonic()
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
