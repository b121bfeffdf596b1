"""Chinese names as people type them without a Chinese keyboard: by the initials of their pinyin (``zsjx``) or spelled out.

The table is made by ``tests/core/make_pinyin.py``; it is read when the first name is asked for.
"""

import itertools
import unicodedata
from array import array
from collections.abc import Iterator
from functools import cache, lru_cache
from pathlib import Path

_TABLE = Path(__file__).with_name("pinyin.txt")
_FIRST, _LAST = 0x4E00, 0x9FFF
_UNKNOWN = 0xFFFF
# Of a name with many characters of several readings only the first such combinations are kept.
_MOST_VARIANTS = 16
_MAX_LETTERS = 24


@cache
def _table() -> tuple[list[str], "array[int]", dict[str, list[int]]]:
    """All spellings; the usual one of each character by its code; the further ones of those that have several."""
    known: dict[str, int] = {}
    usual = array("H", [_UNKNOWN]) * (_LAST - _FIRST + 1)
    others: dict[str, list[int]] = {}
    for line in _TABLE.read_text(encoding="utf8").splitlines():
        spelling, _blank, characters = line.partition(" ")
        number = known.setdefault(spelling, len(known))
        for character in characters:
            if usual[ord(character) - _FIRST] == _UNKNOWN:
                usual[ord(character) - _FIRST] = number
            else:
                others.setdefault(character, []).append(number)
    return list(known), usual, others


@lru_cache(maxsize=8192)
def readings(character: str) -> tuple[str, ...]:
    """The spellings of a Chinese character without tones, the usual one first; a letter or digit is its own; else empty."""
    known, usual, others = _table()
    code = ord(character)
    if _FIRST <= code <= _LAST and usual[code - _FIRST] != _UNKNOWN:
        return tuple(known[number] for number in (usual[code - _FIRST], *others.get(character, ())))
    return (character,) if character.isalnum() else ()


def initials(name: str) -> set[str]:
    """The initials of ``name`` from each of its characters on, at least two letters; empty without a Chinese character.

    So the beginning of one of them is what any part of the name is typed as.
    """
    return _endings([_firsts(choices) for choices in _spelled(name)])


@lru_cache(maxsize=2048)
def _firsts(choices: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one[0] for one in choices))


def spellings(name: str) -> set[str]:
    """The same spelled out."""
    return _endings(_spelled(name))


def _spelled(name: str) -> list[tuple[str, ...]]:
    plain = unicodedata.normalize("NFKC", name).lower()
    if not any(_FIRST <= ord(character) <= _LAST for character in plain):
        return []
    return [found for character in plain if (found := readings(character))]


def _endings(choices: list[tuple[str, ...]]) -> set[str]:
    found: set[str] = set()
    tail, is_single = "", True  # what follows the place that is looked at, while each of it has one reading
    for start in range(len(choices) - 1, -1, -1):
        is_single = is_single and len(choices[start]) == 1
        if is_single:
            tail = choices[start][0] + tail
            found.add(tail[:_MAX_LETTERS])
        else:
            found.update(text[:_MAX_LETTERS] for text in _variants(choices[start : start + _MAX_LETTERS]))
    return {ending for ending in found if len(ending) > 1}


def _variants(choices: list[tuple[str, ...]]) -> Iterator[str]:
    """The combinations, varied from the front: the beginning of a name is what people type."""
    for combination in itertools.islice(itertools.product(*reversed(choices)), _MOST_VARIANTS):
        yield "".join(reversed(combination))
