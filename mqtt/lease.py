"""Holding an intake lease: taken before connecting, renewed every 2 s, proved in every batch (monitoring rule 9)."""

import time
from contextlib import suppress

import structlog

from app.core.clock import ProcessClock
from app.core.errors import Unavailable
from app.monitoring import intake

RENEW_S = 2.0

log = structlog.get_logger()


class LeaseKeeper:
    """The lease of one client id; ``current`` is None once another has it."""

    def __init__(self, lease: intake.Lease, clock: ProcessClock) -> None:
        self.current: intake.Lease | None = lease
        self.clock = clock
        self._renewed_at = time.monotonic()
        log.info("lease_taken", lease=lease.name, number=lease.number)

    def note_renewed(self) -> None:
        """A batch has just renewed it."""
        self._renewed_at = time.monotonic()

    def renew(self) -> None:
        """Renew the lease when it is time. Raises ``LeaseLost`` when another has taken it."""
        lease = self.current
        if lease is None or time.monotonic() - self._renewed_at < RENEW_S:
            return
        intake.renew_lease(lease, self.clock.now_ms())
        self.note_renewed()

    def is_mine(self) -> bool:
        """Look whether the lease is still this one's; an unanswered question counts as yes, the next batch decides."""
        try:
            return self.current is not None and intake.is_valid(self.current)
        except Unavailable:
            return True

    def drop(self) -> None:
        """It is another's."""
        self.current = None

    def release(self) -> None:
        """Let another in at once."""
        lease, self.current = self.current, None
        if lease is not None:
            with suppress(Unavailable):  # then it lapses by itself
                intake.release_lease(lease)
