"""When a terminal is late, and when it is lost (monitoring §3, "offline"); pure."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

SHORTEST_LATE = timedelta(seconds=180)
LATE_INTERVALS = 3
SILENT_AFTER_LATE = timedelta(seconds=600)
GRACE = timedelta(minutes=5)  # after a start, and after the whole feed was silent


class Level(StrEnum):
    """How long a terminal has said nothing, measured by what is expected of it."""

    SPEAKING = "speaking"
    LATE = "late"
    SILENT = "silent"


@dataclass(frozen=True, slots=True)
class Quiet:
    """For how long nothing was heard of a terminal; ``has_left``: the last thing was that it goes, by itself or by its last will."""

    lasting: timedelta
    has_left: bool = False


def late_after(expected_interval: timedelta) -> timedelta:
    """How long a terminal may say nothing before it counts as late."""
    return max(LATE_INTERVALS * expected_interval, SHORTEST_LATE)


def silent_after(expected_interval: timedelta) -> timedelta:
    """How long a terminal may say nothing before it counts as silent."""
    return late_after(expected_interval) + SILENT_AFTER_LATE


def grace_after_deafness(expected_interval: timedelta) -> timedelta:
    """How long a portal that could hear nothing listens before it calls a terminal late: who speaks seldom is waited for longer."""
    return max(GRACE, late_after(expected_interval))


def level(quiet: Quiet, expected_interval: timedelta) -> Level:
    """What ``quiet`` means. Who has said that it goes is late at once and silent ten minutes later: nothing else is to be waited for."""
    late = timedelta() if quiet.has_left else late_after(expected_interval)
    if quiet.lasting > late + SILENT_AFTER_LATE:
        return Level.SILENT
    return Level.LATE if quiet.has_left or quiet.lasting > late else Level.SPEAKING
