"""Evaluation with a clock that the test moves, and devices that are heard at its time."""

from datetime import datetime, timedelta
from typing import Any

import msgspec

from app.core import clock
from app.monitoring import intake
from app.monitoring.evaluation import Evaluator
from app.monitoring.models import FeedStatus
from tests.monitoring.sender import Sender

SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
MONDAY = datetime(2026, 3, 2, 2, 0, tzinfo=clock.UTC)  # ten o'clock in Shanghai, a working day


class Clocked:
    """A subscriber's evaluation at ``now``, without its network."""

    def __init__(self, now: datetime = MONDAY) -> None:
        self.now = now
        self.is_connected = True
        self.restart()

    def restart(self) -> None:
        """A new process begins to listen."""
        self._evaluator = Evaluator(lambda: self.now)
        self.look()

    def up_for(self, how_long: timedelta) -> "Clocked":
        """Let it have been running for so long already; nobody was on the feed then."""
        self.now += how_long
        return self

    def hear(self, device: Sender, kind: str = "reading", *arguments: Any, **values: Any) -> None:
        """``device`` says something now, and it comes in now."""
        message = getattr(device, kind)(*([*arguments, self.now] if kind == "fault" else [self.now, *arguments]), **values)
        self.receive(message)

    def receive(self, *messages: Any) -> None:
        """``messages`` come in now, whenever they were said."""
        now_ms = clock.to_ms(self.now)
        intake.store([msgspec.structs.replace(message, received_ms=now_ms) for message in messages], at_ms=now_ms)

    def look(self) -> None:
        """One turn of the evaluation, with the subscriber's heartbeat before it."""
        self._beat()
        while self._evaluator.evaluate_pending():
            pass
        self._evaluator.tick(clock.to_ms(self.now))

    def pass_by(self, how_long: timedelta, *speaking: Sender, every: timedelta = 30 * SECOND) -> None:
        """Let time go by; ``speaking`` send a reading each minute."""
        until = self.now + how_long
        spoke_at = self.now
        while self.now < until:
            self.now += every
            if self.now - spoke_at >= MINUTE:
                spoke_at = self.now
                for device in speaking:
                    self.hear(device, oil_temp=40)
            self.look()

    def _beat(self) -> None:
        values = {"heartbeat_at": self.now, "is_connected": self.is_connected, "delivery": "full"}
        FeedStatus.insert(instance="one", **values).on_conflict(conflict_target=[FeedStatus.instance], update=values).execute()
