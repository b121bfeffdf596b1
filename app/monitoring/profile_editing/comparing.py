"""Two versions of a text beside each other: the lines that differ with a little around them, and in them the words that differ."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum

AROUND = 2
_WORDS = re.compile(r"\s+|\w+|[^\w\s]")


class Mark(StrEnum):
    """What became of a piece of text."""

    SAME = "same"
    ADDED = "added"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the comparison, cut into pieces; ``number`` is that of the newer text, or of the older for one that was taken out."""

    mark: Mark
    number: int
    pieces: tuple[tuple[Mark, str], ...]


def compared(before: str, after: str) -> list[list[Line]]:
    """The places in which two texts differ, each with ``AROUND`` lines before and behind it."""
    old, new = before.splitlines(), after.splitlines()
    groups = SequenceMatcher(None, old, new, autojunk=False).get_grouped_opcodes(AROUND)
    return [[line for code in group for line in _lines(code, old, new)] for group in groups]


def _lines(code: tuple[str, int, int, int, int], old: Sequence[str], new: Sequence[str]) -> Iterator[Line]:
    kind, from_old, to_old, from_new, to_new = code
    if kind == "equal":
        yield from (Line(Mark.SAME, place + 1, ((Mark.SAME, new[place]),)) for place in range(from_new, to_new))
        return
    paired = min(to_old - from_old, to_new - from_new)
    words = [_words(old[from_old + step], new[from_new + step]) for step in range(paired)]
    for place in range(from_old, to_old):
        step = place - from_old
        yield Line(Mark.REMOVED, place + 1, words[step][0] if step < paired else ((Mark.REMOVED, old[place]),))
    for place in range(from_new, to_new):
        step = place - from_new
        yield Line(Mark.ADDED, place + 1, words[step][1] if step < paired else ((Mark.ADDED, new[place]),))


def _words(old: str, new: str) -> tuple[tuple[tuple[Mark, str], ...], tuple[tuple[Mark, str], ...]]:
    """The pieces of a line that became another one."""
    before, after = _WORDS.findall(old), _WORDS.findall(new)
    left, right = [], []
    for kind, from_old, to_old, from_new, to_new in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        is_same = kind == "equal"
        if to_old > from_old:
            left.append((Mark.SAME if is_same else Mark.REMOVED, "".join(before[from_old:to_old])))
        if to_new > from_new:
            right.append((Mark.SAME if is_same else Mark.ADDED, "".join(after[from_new:to_new])))
    return tuple(left), tuple(right)
