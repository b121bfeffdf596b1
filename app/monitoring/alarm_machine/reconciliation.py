"""How stored episodes become the computed ones when a late message is put in its place (T17)."""

from collections.abc import Sequence
from dataclasses import dataclass

from app.monitoring.alarm_machine.state import Occurrence


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
