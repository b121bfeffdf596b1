"""The bounded queue between network and intake."""

import threading
import time
from collections import deque
from typing import NamedTuple

from mqtt.payloads import Received

CAPACITY = 4_000


class Item(NamedTuple):
    """One PUBLISH and what is needed to acknowledge it: message ids are reused, so they count only for one connection."""

    received: Received
    generation: int
    mid: int
    qos: int


class FeedQueue:
    """First in, first out; one thread puts, one takes."""

    def __init__(self) -> None:
        self._items: deque[Item] = deque()
        self._has_items = threading.Event()
        self._waited_at = time.monotonic()

    def __len__(self) -> int:
        return len(self._items)

    @property
    def is_full(self) -> bool:
        """Whether the network must not be read for now; nothing is ever dropped."""
        return len(self._items) >= CAPACITY

    def put(self, item: Item) -> None:
        """Append ``item``."""
        self._items.append(item)
        if not self._has_items.is_set():
            self._has_items.set()

    def take(self, limit: int, timeout_s: float) -> list[Item]:
        """What is there, at most ``limit``; waits at most ``timeout_s`` for the first, never for more."""
        if not self._has_items.wait(timeout_s):
            return []
        self._has_items.clear()
        taken = [self._items.popleft() for _ in range(min(limit, len(self._items)))]
        if self._items:
            self._waited_at = time.monotonic()
            self._has_items.set()
        return taken

    def wake(self) -> None:
        """Let ``take`` return now."""
        self._has_items.set()

    def quiet_s(self) -> float:
        """Seconds since anything was left waiting after a batch was taken."""
        return time.monotonic() - self._waited_at

    def forget_unacknowledged(self) -> None:
        """After a lost connection: leave out what the broker will deliver again, keep what it will not (QoS 0)."""
        kept = [item for item in self._items if item.qos == 0]
        self._items.clear()
        self._items.extend(kept)
