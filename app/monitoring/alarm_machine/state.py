"""What is said about a code, and where its alarm machine stands."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

DEVICE = ""  # the source of what the device itself says; rules of the profile have names


class Condition(StrEnum):
    """Condition part of an alarm (monitoring §3)."""

    NORMAL = "normal"
    PENDING = "pending"
    ACTIVE = "active"
    CLEARING = "clearing"
    LATCHED = "latched"


STANDING = frozenset({Condition.ACTIVE, Condition.CLEARING, Condition.LATCHED})


class SignalKind(StrEnum):
    """What a signal says about one code."""

    RAISED = "raised"
    CLEARED = "cleared"
    PRESENT = "present"  # named in a birth, said without an identity, or another level of a rule: sets the state, counts no repetition
    ABSENT = "absent"  # not named in a birth's ``faults``, or gone, said without an identity
    RESET = "reset"  # a person has reset what was latched


GONE = frozenset({SignalKind.CLEARED, SignalKind.ABSENT})


@dataclass(frozen=True, slots=True)
class Signal:
    """One thing said about one code by one ``source``; equal times are ordered by boot, sequence number and arrival.

    ``level`` counts from 0 and says how far up the levels of a rule the value stands.
    """

    at: datetime
    boot: str
    seq: int
    position: int
    kind: SignalKind
    text: str = ""
    source: str = DEVICE
    level: int = 0

    @property
    def order(self) -> tuple[datetime, str, int, int, str]:
        """The place of this signal in event time."""
        return (self.at, self.boot, self.seq, self.position, self.source)


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One episode: from the moment its condition became true to its end.

    ``count`` is how often it came or was said again, ``chatter`` how often it came back while it was clearing, ``rank`` the gravest
    level that was held for its delay.
    """

    started_at: datetime
    last_raised_at: datetime
    count: int = 1
    text: str = ""
    ended_at: datetime | None = None
    rank: int = 0
    chatter: int = 0
    is_chattering: bool = False

    @property
    def is_over(self) -> bool:
        """Whether it has ended."""
        return self.ended_at is not None

    def reaches(self, at: datetime) -> bool:
        """Whether this occurrence lasts to ``at`` or beyond."""
        return self.ended_at is None or self.ended_at >= at

    def overlaps(self, other: "Occurrence") -> bool:
        """Whether both were there at some moment."""
        return self.reaches(other.started_at) and other.reaches(self.started_at)


@dataclass(frozen=True, slots=True)
class Held:
    """A level of a source that is true, and since when without a break."""

    source: str
    level: int
    since: datetime


@dataclass(frozen=True, slots=True)
class State:
    """Where the machine stands.

    ``occurrence`` is the episode that stands, in ``PENDING`` the one that may come of it, in ``NORMAL`` the last one of this run.
    ``gone_at`` and ``clears_at`` are set while it is clearing, ``gone_at`` also while it is latched; ``raises`` are the last raises;
    ``timed_at`` is when the last timer was due that has run.
    """

    condition: Condition = Condition.NORMAL
    occurrence: Occurrence | None = None
    held: tuple[Held, ...] = ()
    gone_at: datetime | None = None
    clears_at: datetime | None = None
    raises: tuple[datetime, ...] = ()
    is_chattering: bool = False
    fleeting: int = 0
    timed_at: datetime | None = None

    @property
    def is_standing(self) -> bool:
        """Whether there is an episode that has not ended."""
        return self.condition in STANDING
