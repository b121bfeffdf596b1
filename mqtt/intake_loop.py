"""Batches from the queue into the inbox, then acknowledgement, in this order and no other (monitoring §2)."""

import shutil
import threading
import time
from collections.abc import Callable

import structlog

from app.core.clock import ProcessClock
from app.core.crash_points import crash_point
from app.core.errors import N_, Unavailable
from app.monitoring import intake
from app.monitoring.messages import Message
from mqtt import figures, payloads
from mqtt.client import FeedClient
from mqtt.lease import LeaseKeeper
from mqtt.noise import NoiseWatch
from mqtt.queue import FeedQueue, Item
from mqtt.settings import Settings

BATCH = 500
CALM_S = 30
MAX_BACK_OFF_S = 30
TELL_AFTER_S = 30
FULL_BYTES = 100 * 1024 * 1024
NEARLY_FULL_BYTES = 500 * 1024 * 1024

log = structlog.get_logger()


class DiskFull(Unavailable):
    """Too little room to store anything."""


class IntakeLoop:
    """Stores what the queue holds; while the database does not answer or the disk is full, nothing is acknowledged."""

    def __init__(self, settings: Settings, queue: FeedQueue, client: FeedClient, lease: LeaseKeeper, clock: ProcessClock) -> None:
        self.settings = settings
        self.queue = queue
        self.client = client
        self.lease = lease
        self.clock = clock
        self.noise = NoiseWatch(clock)
        self.on_stored: Callable[[intake.Outcome], None] = lambda outcome: None
        self.on_lease_lost: Callable[[], None] = lambda: None
        self.problem = ""
        self.is_stopping = threading.Event()
        self.is_idle = True

    def run(self) -> None:
        """Go on until ``is_stopping`` and the queue is empty."""
        while not (self.is_stopping.is_set() and not len(self.queue)):
            items = self.queue.take(BATCH, 0.5)
            self.is_idle = not items
            if not items:
                continue
            try:
                self._take_in(items)
            except intake.LeaseLost:
                self.on_lease_lost()
            except Exception:  # whatever happens, this thread must live; what was not acknowledged comes again
                log.exception("intake_failed", messages=len(items))
                time.sleep(1)

    def _take_in(self, items: list[Item]) -> None:
        messages = [message for item in items for message in payloads.read(item.received, self.settings.root)]
        started = time.perf_counter()
        outcome = self._store_patiently(messages)
        figures.BATCH_S.observe(time.perf_counter() - started)
        figures.DELAY_S.observe(max(0, self.clock.now_ms() - items[0].received.received_ms) / 1000)
        self.on_stored(outcome)  # it is on disk: evaluation does not wait for what follows
        crash_point("before_ack")
        self.client.acknowledge(items)
        crash_point("after_ack")
        self.noise.note(messages)
        for name, number in outcome.counts().items():
            figures.MESSAGES.labels(name).inc(number)

    def _store_patiently(self, messages: list[Message]) -> intake.Outcome:
        wait_s, failing_since = 1.0, time.monotonic()
        while True:
            try:
                self._check_disk()
                outcome = self._store(messages)
                self.problem = ""
                return outcome
            except Unavailable as error:
                if self.is_stopping.is_set():
                    raise
                if time.monotonic() - failing_since >= TELL_AFTER_S:
                    self.problem = f"disk_full: {self._free_bytes() // 1024**2}" if isinstance(error, DiskFull) else f"database: {error}"
                log.warning("intake_waits", error=str(error.__cause__ or error), wait_s=wait_s)
            self.is_stopping.wait(wait_s)
            wait_s = min(MAX_BACK_OFF_S, wait_s * 2)

    def _store(self, messages: list[Message]) -> intake.Outcome:
        lease = self.lease.current
        if lease is None:
            raise intake.LeaseLost(N_("Another subscriber has taken over the feed."))
        is_calm = min(self.client.connected_s(), self.queue.quiet_s()) >= CALM_S
        try:
            outcome = intake.store(messages, lease=lease, is_calm=is_calm, at_ms=self.clock.now_ms())
        except (Unavailable, intake.LeaseLost):
            raise
        except Exception:  # one message the database refuses must not hold up the others
            log.exception("batch_refused", messages=len(messages))
            outcome = self._store_singly(messages, lease)
        self.lease.note_renewed()
        return outcome

    def _store_singly(self, messages: list[Message], lease: intake.Lease) -> intake.Outcome:
        total = intake.Outcome()
        for message in messages:
            try:
                total.add(intake.store([message], lease=lease))
            except (Unavailable, intake.LeaseLost):
                raise
            except Exception as error:
                total.add(intake.store([intake.as_unstorable(message, str(error))], lease=lease))
        return total

    def _check_disk(self) -> None:
        if not self.settings.is_sqlite:
            return
        if self._free_bytes() < FULL_BYTES:
            raise DiskFull(N_("The disk is full. Nothing is acknowledged until there is room again."))

    def disk_warning(self) -> str:
        """Words about a disk that is getting full, else an empty text."""
        if not self.settings.is_sqlite or self._free_bytes() >= NEARLY_FULL_BYTES:
            return ""
        return f"disk: {self._free_bytes() // 1024**2}"

    def _free_bytes(self) -> int:
        return shutil.disk_usage(self.settings.data_dir).free
