"""Time: UTC everywhere, milliseconds since 1970 in the database."""

import time
from datetime import UTC, date, datetime, timedelta, tzinfo
from datetime import time as day_time

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


def now() -> datetime:
    """The present, aware, UTC, whole milliseconds (as the database keeps it)."""
    return from_ms(now_ms())


def now_ms() -> int:
    """The present in milliseconds since 1970."""
    return time.time_ns() // 1_000_000


def to_ms(at: datetime) -> int:
    """Milliseconds since 1970 of an aware time."""
    return (at - EPOCH) // _MILLISECOND


def from_ms(ms: int) -> datetime:
    """The aware UTC time of milliseconds since 1970."""
    return EPOCH + timedelta(milliseconds=ms)


_zone: tzinfo = UTC


def use_zone(zone: tzinfo) -> None:
    """Set the deployment's time zone (``TZ_NAME``) for this process."""
    global _zone
    _zone = zone


def zone() -> tzinfo:
    """The deployment's time zone: what a day and a month are."""
    return _zone


def start_of(day: date) -> datetime:
    """The moment at which ``day`` begins in the deployment's time zone."""
    return datetime.combine(day, day_time(), _zone)


def end_of(day: date) -> datetime:
    """The moment at which ``day`` is over: the beginning of the next one."""
    return start_of(day + timedelta(days=1))


def local_text(at: datetime | None) -> str:
    """``at`` to the second as exports write it, in the deployment's time zone; empty for None."""
    return at.astimezone(_zone).isoformat(timespec="seconds") if at else ""


class ProcessClock:
    """Wall time at start plus monotonic time, so that a step of the host's clock moves no timer (monitoring rule 12).

    A step of more than ``STEP_MS`` is reported by ``step_ms`` and slewed in over ``SLEW_MS``.
    """

    STEP_MS = 2_000
    SLEW_MS = 3_600_000

    def __init__(self) -> None:
        self._base_ms = now_ms()
        self._started = time.monotonic_ns()
        self._slew_from_ms = 0
        self._slew_total_ms = 0

    def now_ms(self) -> int:
        """Milliseconds since 1970, never jumping."""
        elapsed = (time.monotonic_ns() - self._started) // 1_000_000
        return self._base_ms + elapsed + self._slewed(elapsed)

    def _slewed(self, elapsed_ms: int) -> int:
        if not self._slew_total_ms:
            return 0
        share = min(1.0, (elapsed_ms - self._slew_from_ms) / self.SLEW_MS)
        return int(self._slew_total_ms * share)

    def check(self) -> int:
        """The step of the host's clock found now, in ms (0 when none); a new step starts a new slew."""
        elapsed = (time.monotonic_ns() - self._started) // 1_000_000
        target = now_ms() - self._base_ms - elapsed
        step = target - self._slew_total_ms
        if abs(step) <= self.STEP_MS:
            return 0
        self._base_ms += self._slewed(elapsed)
        self._slew_total_ms = now_ms() - self._base_ms - elapsed
        self._slew_from_ms = elapsed
        return step


class StepGuard:
    """Tells whether the host's clock can be believed: after a step it must have gone evenly for ``HOLD_S``.

    For work that cannot be taken back, as telling people that a deadline has passed.
    """

    STEP_S = 60.0
    HOLD_S = 300.0

    def __init__(self) -> None:
        self._last: tuple[datetime, float] | None = None
        self._stepped: float | None = None

    def is_steady(self, at: datetime, monotonic_s: float | None = None) -> bool:
        """Whether ``at``, the present by the host's clock, may be acted upon; call it at every look."""
        elapsed = time.monotonic() if monotonic_s is None else monotonic_s
        if self._last is not None:
            step = (at - self._last[0]).total_seconds() - (elapsed - self._last[1])
            if abs(step) > self.STEP_S:
                self._stepped = elapsed
        self._last = (at, elapsed)
        return self._stepped is None or elapsed - self._stepped >= self.HOLD_S
