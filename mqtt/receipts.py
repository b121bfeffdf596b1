"""Receipts to the devices: after commit, at most once a second for each, and again on each birth (monitoring §1)."""

import threading
import time

from app.monitoring import intake
from mqtt import topics
from mqtt.client import FeedClient, receipt_payload

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
        for boot in due:
            receipt = found.get(boot)
            if receipt is not None:
                topic = topics.acknowledgement(receipt.device, self.root)
                self.client.publish(topic, receipt_payload(receipt.boot, receipt.upto, receipt.missing), is_retained=True)
