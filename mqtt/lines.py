"""The client ids of the feed that this process holds: one, or its fair part of several; a dead process's come to it too (rule 10)."""

import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from app.core.clock import ProcessClock, now_ms
from app.monitoring import intake
from mqtt.line import Line
from mqtt.settings import Settings

LOOK_S = 1.0
CLOSE_S = 2.0


class Lines:
    """Opens a line for each lease that this process gets, and closes it when it has it no more."""

    def __init__(self, settings: Settings, clock: ProcessClock, on_stored: Callable[[intake.Outcome], None]) -> None:
        self.settings = settings
        self.clock = clock
        self.on_stored = on_stored
        self.held: dict[str, Line] = {}
        self._share = intake.Share(settings.instance, release=self._close)
        self._looked_at = -LOOK_S

    @property
    def is_connected(self) -> bool:
        """Whether any line has a connection."""
        return any(line.client.is_connected for line in self.held.values())

    @property
    def leads(self) -> bool:
        """Whether this process is the one that speaks to the broker of accounts: it is connected under the first of the client ids."""
        first = self.held.get(self.settings.client_id)
        return first is not None and first.lease.current is not None and first.client.is_connected

    def publish(self, messages: Sequence[tuple[str, bytes]]) -> None:
        """Publish (topic, payload) over any line that has a connection."""
        line = next((line for line in self.held.values() if line.client.is_connected), None)
        if line is not None:
            line.client.publish(messages)

    def hold(self) -> None:
        """Renew what is held, and now and then look what there is to take or to give back. Raises ``Unavailable``."""
        for name, line in list(self.held.items()):
            if not line.hold():
                del self.held[name]
                line.begin_to_close()
                line.close(0)
        if time.monotonic() - self._looked_at < LOOK_S:
            return
        self._looked_at = time.monotonic()
        among = intake.instances(now_ms()).alive | {self.settings.instance}
        self._share.held = [lease for lease in self._share.held if lease.name in self.held]
        for lease in self._share.look(self._names(), among, self.clock.now_ms()):
            if lease.name not in self.held:
                self._open(lease)

    def close(self, deadline: float) -> None:
        """End every line by ``deadline`` (monotonic): what was read is stored and acknowledged."""
        for line in self.held.values():
            line.begin_to_close()
        for line in self.held.values():
            line.join(max(0.1, deadline - time.monotonic()))

    def disconnect(self, deadline: float) -> None:
        """Send what waits and let others have the leases."""
        for line in self.held.values():
            line.close(deadline - time.monotonic())
        self.held.clear()

    def _names(self) -> list[str]:
        """The client ids to be shared, and those left over from a time with more of them: what waits for them must be taken in, too."""
        wanted = self.settings.client_ids
        return wanted + [name for name in intake.lease_names(f"{self.settings.client_id}-") if name not in wanted]

    def _open(self, lease: intake.Lease) -> None:
        settings = replace(self.settings, client_id=lease.name, is_left_over=lease.name not in self.settings.client_ids)
        line = self.held[lease.name] = Line(settings, lease, self.clock, self.on_stored)
        line.open()

    def _close(self, lease: intake.Lease) -> None:
        line = self.held.pop(lease.name, None)
        if line is not None:
            line.begin_to_close()
            line.join(CLOSE_S)
            line.close(0)
