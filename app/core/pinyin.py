"""Chinese names as people type them without a Chinese keyboard: by the initials of their pinyin (``zsjx``) or spelled out.

The table is made by ``tests/core/make_pinyin.py``; it is read when the first name is asked for.
"""

import itertools
import unicodedata
from array import array
from collections.abc import Iterator
from functools import cache
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
    spellings: dict[str, int] = {}
    usual = array("H", [_UNKNOWN]) * (_LAST - _FIRST + 1)
    others: dict[str, list[int]] = {}
    for line in _TABLE.read_text(encoding="utf8").splitlines():
        spelling, _blank, characters = line.partition(" ")
        number = spellings.setdefault(spelling, len(spellings))
        for character in characters:
            if usual[ord(character) - _FIRST] == _UNKNOWN:
                usual[ord(character) - _FIRST] = number
            else:
                others.setdefault(character, []).append(number)
    return list(spellings), usual, others


def readings(character: str) -> list[str]:
    """The spellings of a Chinese character without tones, the usual one first; a letter or digit is its own; else empty."""
    spellings, usual, others = _table()
    code = ord(character)
    if _FIRST <= code <= _LAST and usual[code - _FIRST] != _UNKNOWN:
        return [spellings[number] for number in (usual[code - _FIRST], *others.get(character, ()))]
    return [character] if character.isalnum() else []


def endings(name: str) -> set[str]:
    """Initials and spellings of ``name`` from each of its characters on, at least two letters; empty without a Chinese character.

    So the beginning of one of them is the pinyin of any part of the name.
    """
    plain = unicodedata.normalize("NFKC", name).lower()
    spelled = [found for character in plain if (found := readings(character))]
    if not any(_FIRST <= ord(character) <= _LAST for character in plain):
        return set()
    initials = [list(dict.fromkeys(one[0] for one in choices)) for choices in spelled]
    found: set[str] = set()
    for start in range(len(spelled)):
        for choices in (initials, spelled):
            found.update(text[:_MAX_LETTERS] for text in _variants(choices[start : start + _MAX_LETTERS]))
    return {ending for ending in found if len(ending) > 1}


def _variants(choices: list[list[str]]) -> Iterator[str]:
    """The combinations, varied from the front: the beginning of a name is what people type."""
    for combination in itertools.islice(itertools.product(*reversed(choices)), _MOST_VARIANTS):
        yield "".join(reversed(combination))
