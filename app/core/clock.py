"""Time: UTC everywhere, milliseconds since 1970 in the database."""

import time
from collections.abc import Callable
from dataclasses import dataclass
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


def day_of(at: datetime) -> date:
    """The day on which ``at`` falls in the deployment's time zone."""
    return at.astimezone(_zone).date()


def today() -> date:
    """The day it is in the deployment's time zone."""
    return day_of(now())


def local_text(at: datetime | None) -> str:
    """``at`` to the second as exports write it, in the deployment's time zone; empty for None."""
    return at.astimezone(_zone).isoformat(timespec="seconds") if at else ""


@dataclass(frozen=True, slots=True)
class _Course:
    """How the time of a process goes: on from ``base_ms``, and ``slew_ms`` more, spread evenly over ``over_ms`` from ``from_ms`` on."""

    base_ms: int
    slew_ms: int = 0
    from_ms: int = 0
    over_ms: int = 1

    def slewed(self, elapsed_ms: int) -> int:
        """How much of the slew is done."""
        return self.slew_ms * min(elapsed_ms - self.from_ms, self.over_ms) // self.over_ms

    def at(self, elapsed_ms: int) -> int:
        """Milliseconds since 1970."""
        return self.base_ms + elapsed_ms + self.slewed(elapsed_ms)


def _elapsed_ms() -> int:
    return time.monotonic_ns() // 1_000_000


class ProcessClock:
    """Wall time at start plus monotonic time, so that a step of the host's clock moves no timer (monitoring rule 12).

    A step of more than ``STEP_MS`` is told by ``check`` and slewed in over an hour, but never faster than one millisecond a second (time
    servers slew at half of that): at that rate the longest delay of an alarm, a quarter of an hour, ends less than a second early or
    late. So a step of an hour comes in over six weeks. That is meant: until then all that this process says goes on evenly, and who knows
    that the host is right restarts the process, which then takes the host's time at once.

    ``wall_ms`` is the host's clock, ``elapsed_ms`` one that never steps.
    """

    STEP_MS = 2_000
    SLEW_MS = 3_600_000
    SLOWEST = 1_000  # milliseconds for each of a slew

    def __init__(self, wall_ms: Callable[[], int] = now_ms, elapsed_ms: Callable[[], int] = _elapsed_ms) -> None:
        self._wall_ms = wall_ms
        self._monotonic_ms = elapsed_ms
        self._started_ms = elapsed_ms()
        self._course = _Course(wall_ms())  # replaced as a whole: other threads read it meanwhile

    def now_ms(self) -> int:
        """Milliseconds since 1970, never jumping."""
        return self._course.at(self._elapsed_ms())

    def check(self) -> int:
        """The step of the host's clock found now, in ms (0 when none); a new step starts a new slew from where the clock is."""
        elapsed, course = self._elapsed_ms(), self._course
        ahead_ms = self._wall_ms() - elapsed - course.base_ms
        step_ms = ahead_ms - course.slew_ms
        if abs(step_ms) <= self.STEP_MS:
            return 0
        left_ms = ahead_ms - course.slewed(elapsed)
        over_ms = max(self.SLEW_MS, abs(left_ms) * self.SLOWEST)
        self._course = _Course(course.base_ms + course.slewed(elapsed), left_ms, elapsed, over_ms)
        return step_ms

    def _elapsed_ms(self) -> int:
        return self._monotonic_ms() - self._started_ms


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
