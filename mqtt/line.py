"""One client id of the feed: its lease, its connection, its queue, and the intake that stores what comes over it."""

import threading
from collections.abc import Callable

import structlog

from app.core.clock import ProcessClock
from app.monitoring import intake
from mqtt.client import FeedClient
from mqtt.intake_loop import IntakeLoop
from mqtt.lease import LeaseKeeper
from mqtt.queue import FeedQueue
from mqtt.settings import Settings
from mqtt.watchdog import Watchdog

LAST_S = 0.2

log = structlog.get_logger()


class Line:
    """Runs as long as its lease is held; ``on_stored`` hears of each committed batch."""

    def __init__(self, settings: Settings, lease: intake.Lease, clock: ProcessClock, on_stored: Callable[[intake.Outcome], None]) -> None:
        self.settings = settings
        self.clock = clock
        self.queue = FeedQueue()
        self.client = FeedClient(settings, self.queue, clock)
        self.lease = LeaseKeeper(lease, clock)
        self.intake = IntakeLoop(settings, self.queue, self.client, self.lease, clock)
        self.watchdog = Watchdog(self.client)
        self.intake.on_stored = on_stored
        self.intake.on_lease_lost = self.stand_by
        self.client.on_session = self._session_opened
        self.client.on_taken_over = self._taken_over
        self._last_contact_ms = self._contact_before(lease)
        self._thread = threading.Thread(target=self.intake.run, name="intake", daemon=True)

    def open(self) -> None:
        """Connect and take in."""
        self.client.start()
        self._thread.start()
        self.client.connect()

    def hold(self) -> bool:
        """Renew the lease when it is time; returns whether it is still this one's. Raises ``Unavailable``."""
        if self.lease.current is not None:
            try:
                self.lease.renew()
            except intake.LeaseLost:
                self.stand_by()
        return self.lease.current is not None

    def stand_by(self) -> None:
        """The lease is another's: store nothing more, leave the session with the broker to whom it is."""
        if self.lease.current is not None:
            log.warning("lease_lost", lease=self.settings.client_id)
        self.lease.drop()
        self.client.disconnect()

    def begin_to_close(self) -> None:
        """Read nothing more; what was read is stored and acknowledged."""
        self.client.pause()
        self.intake.is_stopping.set()
        self.queue.wake()

    def join(self, within_s: float) -> None:
        """Wait for what ``begin_to_close`` has begun."""
        self._thread.join(within_s)

    def close(self, within_s: float) -> None:
        """Send what waits, disconnect and let another have the lease; the session stays with the broker."""
        self.client.stop(max(LAST_S, within_s))
        self.lease.release()

    def beat(self) -> None:
        """Note that it is in contact, and look after its network."""
        if self.client.is_connected:
            self._last_contact_ms = self.clock.now_ms()
        self.watchdog.check()

    def problems(self) -> list[str]:
        """One "code: detail" each, told in words by the screens."""
        return [self.client.problem, self.intake.problem, self.watchdog.problem, self.intake.disk_warning(), *self.client.shortcomings]

    def _contact_before(self, lease: intake.Lease) -> int | None:
        """When this client id was last in contact with the broker, None when it is new."""
        if lease.number == 1:
            return intake.last_contact_ms() if self.settings.intakes == 1 else None
        return (lease.before_ms if self.settings.intakes > 1 else None) or intake.last_contact_ms()

    def _taken_over(self) -> None:
        if not self.lease.is_mine():
            self.stand_by()

    def _session_opened(self, is_present: bool) -> None:
        since, self._last_contact_ms = self._last_contact_ms, self.clock.now_ms()
        if not is_present and since is not None and self.settings.delivery == "full":
            log.warning("session_lost", since_ms=since)
            intake.note_possible_gap(since, self.clock.now_ms())
