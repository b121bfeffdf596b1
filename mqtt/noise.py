"""Watching how much each device says, and marking those that say too much (security §4)."""

from collections.abc import Sequence

from app.core.clock import ProcessClock
from app.monitoring import intake
from app.monitoring.messages import Message


class NoiseWatch:
    """Counts in the intake's thread; ``settle`` writes what changed from the upkeep's, so that intake never waits for it."""

    def __init__(self, clock: ProcessClock) -> None:
        self.clock = clock
        self._guard = intake.RateGuard()
        self._has_marked = False

    def note(self, messages: Sequence[Message]) -> None:
        """Count ``messages``."""
        self._guard.note(messages)

    def settle(self) -> None:
        """Mark and unmark what is due. Raises ``Unavailable``; what was due stays so while it goes on."""
        if not self._has_marked:
            self._guard.settle(intake.noisy_devices(), ())
            self._has_marked = True
        noisy, calmed = self._guard.changes(self.clock.now_ms())
        if noisy or calmed:
            intake.mark_noise(noisy, calmed)
            self._guard.settle(noisy, calmed)
