"""Holding the intake lease: taken before connecting, renewed every 2 s, proved in every batch (monitoring rule 9)."""

import time
from contextlib import suppress

import structlog

from app.core.clock import ProcessClock
from app.core.errors import Unavailable
from app.monitoring import intake

RENEW_S = 2.0

log = structlog.get_logger()


class LeaseKeeper:
    """The lease of one client id; ``current`` is None on standby."""

    def __init__(self, name: str, holder: str, clock: ProcessClock) -> None:
        self.name = name
        self.holder = holder
        self.clock = clock
        self.current: intake.Lease | None = None
        self._renewed_at = 0.0

    def take(self) -> bool:
        """Try to get the lease; False while another holds it or the database does not answer."""
        try:
            self.current = intake.take_lease(self.name, self.holder, self.clock.now_ms())
        except Unavailable:
            return False
        if self.current is not None:
            self.note_renewed()
            log.info("lease_taken", number=self.current.number)
        return self.current is not None

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
        """Go on standby."""
        self.current = None

    def release(self) -> None:
        """Let another in at once."""
        lease, self.current = self.current, None
        if lease is not None:
            with suppress(Unavailable):  # then it lapses by itself
                intake.release_lease(lease)
