"""Runs of sequence numbers, closed at both ends (monitoring rules 7 and 8)."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple


class Run(NamedTuple):
    """The numbers ``first`` to ``last``, both included."""

    first: int
    last: int


def runs(numbers: Iterable[int]) -> list[Run]:
    """The unbroken runs of ``numbers``, lowest first."""
    found: list[Run] = []
    first = last = -2
    for number in sorted(numbers):
        if number > last + 1:
            if last >= 0:
                found.append(Run(first, last))
            first = number
        last = number
    return [*found, Run(first, last)] if last >= 0 else []


def joined(parts: Iterable[Run]) -> list[Run]:
    """``parts`` with everything that touches or overlaps made one, lowest first."""
    found: list[Run] = []
    for part in sorted(parts):
        if found and part.first <= found[-1].last + 1:
            found[-1] = Run(found[-1].first, max(found[-1].last, part.last))
        else:
            found.append(part)
    return found


def without(hole: Run, filled: Sequence[Run]) -> list[Run]:
    """What of ``hole`` is left when ``filled`` (lowest first, apart from each other) is taken out of it."""
    left, first = [], hole.first
    for part in filled:
        if part.last < first:
            continue
        if part.first > hole.last:
            break
        if part.first > first:
            left.append(Run(first, part.first - 1))
        first = part.last + 1
    if first <= hole.last:
        left.append(Run(first, hole.last))
    return left


def holes(head: int, new: Sequence[Run]) -> list[Run]:
    """The holes that ``new`` runs leave above ``head``, the highest number known before (-1 for none)."""
    found = []
    for run in new:
        if run.first > head + 1:
            found.append(Run(head + 1, run.first - 1))
        head = max(head, run.last)
    return found
