"""The alarm machine of one code of one machine: what a run of signals, in event time, makes of it (monitoring §3).

Pure: no database, no clock. ``step`` is the transition table (T3, T4, T7/T9 without delays); ``fold`` runs it over
signals; ``reconcile`` tells how stored episodes become the computed ones when a late message is put in its place (T17).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum


class SignalKind(StrEnum):
    """What a message says about one code."""

    RAISED = "raised"
    CLEARED = "cleared"
    PRESENT = "present"  # named in a birth's ``faults``, or said without an identity: sets the state, counts nothing
    ABSENT = "absent"  # not named in a birth's ``faults``, or gone, said without an identity


@dataclass(frozen=True, slots=True)
class Signal:
    """One message about one code; equal times are ordered by boot, sequence number and arrival."""

    at: datetime
    boot: str
    seq: int
    position: int
    kind: SignalKind
    text: str = ""

    @property
    def order(self) -> tuple[datetime, str, int, int]:
        """The place of this signal in event time."""
        return (self.at, self.boot, self.seq, self.position)


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One episode: from its first raise to its end."""

    started_at: datetime
    last_raised_at: datetime
    count: int = 1
    text: str = ""
    ended_at: datetime | None = None

    @property
    def is_over(self) -> bool:
        """Whether the condition has gone."""
        return self.ended_at is not None

    def reaches(self, at: datetime) -> bool:
        """Whether this occurrence lasts to ``at`` or beyond."""
        return self.ended_at is None or self.ended_at >= at

    def overlaps(self, other: "Occurrence") -> bool:
        """Whether both were there at some moment."""
        return self.reaches(other.started_at) and other.reaches(self.started_at)


@dataclass(frozen=True, slots=True)
class State:
    """Where the machine stands: its last occurrence, open or over."""

    occurrence: Occurrence | None = None

    @property
    def is_active(self) -> bool:
        """Whether the condition is there."""
        return self.occurrence is not None and not self.occurrence.is_over


class Effect(StrEnum):
    """What a step did."""

    NONE = "none"
    OPENED = "opened"
    RAISED_AGAIN = "raised_again"
    RESUMED = "resumed"
    ENDED = "ended"


def step(state: State, signal: Signal) -> tuple[State, Effect]:
    """The state after ``signal``, which must not be earlier than what ``state`` has seen."""
    if signal.kind in (SignalKind.CLEARED, SignalKind.ABSENT):
        return _gone(state, signal)
    last = state.occurrence
    if last is None or (last.is_over and last.started_at < signal.at):
        return State(Occurrence(signal.at, signal.at, text=signal.text)), Effect.OPENED
    if last.is_over:  # raised, gone and raised within one millisecond: still the same occurrence
        return State(replace(last, count=last.count + 1, ended_at=None)), Effect.RESUMED
    if signal.kind == SignalKind.PRESENT:
        return state, Effect.NONE
    return State(replace(last, count=last.count + 1, last_raised_at=signal.at)), Effect.RAISED_AGAIN


def _gone(state: State, signal: Signal) -> tuple[State, Effect]:
    if state.occurrence is None or not state.is_active:
        return state, Effect.NONE
    return State(replace(state.occurrence, ended_at=signal.at)), Effect.ENDED


def fold(signals: Iterable[Signal], start: State | None = None) -> list[Occurrence]:
    """The occurrences that ``signals`` (in any order) make, beginning with the one ``start`` stands in, if it is open."""
    state = start or State()
    found = [state.occurrence] if state.occurrence is not None and state.is_active else []
    for signal in sorted(signals, key=lambda signal: signal.order):
        state, effect = step(state, signal)
        if state.occurrence is None or effect == Effect.NONE:
            continue
        if effect == Effect.OPENED:
            found.append(state.occurrence)
        else:
            found[-1] = state.occurrence
    return found


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """How stored occurrences become the computed ones; the integers are indices into the stored ones.

    ``removed`` names for each vanished occurrence the computed one that inherits its acknowledgement and ticket, if any.
    """

    kept: list[tuple[int, Occurrence]]
    added: list[Occurrence]
    removed: list[tuple[int, Occurrence | None]]


def reconcile(stored: Sequence[Occurrence], computed: Sequence[Occurrence]) -> Reconciliation:
    """Match by equal start, then by overlap in order of time, so that rows keep their identity."""
    waiting = list(computed)
    kept: dict[int, Occurrence] = {}
    for same in (_starts_alike, Occurrence.overlaps):
        for index, old in enumerate(stored):
            match = next((new for new in waiting if same(old, new)), None) if index not in kept else None
            if match is not None:
                waiting.remove(match)
                kept[index] = match
    removed = [(index, next((new for new in computed if old.overlaps(new)), None)) for index, old in enumerate(stored) if index not in kept]
    return Reconciliation(sorted(kept.items(), key=lambda pair: pair[0]), waiting, removed)


def _starts_alike(one: Occurrence, other: Occurrence) -> bool:
    return one.started_at == other.started_at
