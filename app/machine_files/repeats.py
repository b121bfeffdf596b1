"""Faults that came back: the same code, or the same words, more than once within 90 days; pure."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

WITHIN = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Happening:
    """One occurrence: ``key`` says what counts as the same, ``words`` are shown, ``query`` finds it in the timeline."""

    key: tuple[str, ...]
    at: datetime
    words: str
    query: str


@dataclass(frozen=True, slots=True)
class Repeat:
    """What came back: how often in all, the most within any 90 days, and when first and last."""

    words: str
    query: str
    count: int
    most_within: int
    first_at: datetime
    last_at: datetime


def repeats(happenings: Iterable[Happening], within: timedelta = WITHIN) -> list[Repeat]:
    """What happened more than once ``within``, most frequent first, then newest."""
    by_key: dict[tuple[str, ...], list[Happening]] = defaultdict(list)
    for one in happenings:
        by_key[one.key].append(one)
    found = [_repeat(sorted(group, key=lambda one: one.at), within) for key, group in by_key.items() if key and len(group) > 1]
    return sorted((one for one in found if one.most_within > 1), key=lambda one: (-one.most_within, -one.count, -one.last_at.timestamp()))


def _repeat(group: Sequence[Happening], within: timedelta) -> Repeat:
    most, start = 0, 0
    for end, one in enumerate(group):
        while one.at - group[start].at > within:
            start += 1
        most = max(most, end - start + 1)
    newest = group[-1]
    return Repeat(newest.words, newest.query, len(group), most, group[0].at, newest.at)
