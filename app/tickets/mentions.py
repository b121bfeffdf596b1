"""Names in a note that begin with @; pure. Chinese parts no words, so the longest known name that follows the sign is meant."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

# Input methods for Chinese write the sign in full width.
_SIGNS = "@＠"


class Person(NamedTuple):
    """Who can be named: by name or by user name."""

    id: int
    username: str
    name: str


class Piece(NamedTuple):
    """A part of a note; ``is_mention`` says that it names somebody."""

    text: str
    is_mention: bool


def named(text: str, people: Iterable[Person]) -> set[int]:
    """The ids of those whom ``text`` names; two people of one name are both meant, unknown names nobody."""
    known = _names(people)
    return {user_id for piece in _cut(text, known) if piece.is_mention for user_id in known[piece.text[1:].lower()]}


def pieces(text: str, people: Iterable[Person]) -> list[Piece]:
    """``text`` in parts, so that names can be shown as such; together the parts are the text."""
    return list(_cut(text, _names(people)))


def has_sign(text: str) -> bool:
    """Whether ``text`` may name anybody at all."""
    return any(sign in text for sign in _SIGNS)


def _names(people: Iterable[Person]) -> dict[str, list[int]]:
    known: dict[str, list[int]] = {}
    for person in people:
        for name in {person.name.lower(), person.username.lower()} - {""}:
            known.setdefault(name, []).append(person.id)
    return known


def _cut(text: str, known: dict[str, list[int]]) -> Iterator[Piece]:
    longest = max(map(len, known), default=0)
    begin = at = 0
    while at < len(text):
        end = _end_of_name(text, at, known, longest) if text[at] in _SIGNS else at
        if end == at:
            at += 1
            continue
        if begin < at:
            yield Piece(text[begin:at], False)
        yield Piece(text[at:end], True)
        begin = at = end
    if begin < len(text):
        yield Piece(text[begin:], False)


def _end_of_name(text: str, at: int, known: dict[str, list[int]], longest: int) -> int:
    """Where the name after the sign at ``at`` ends; ``at`` itself when nobody is meant. A name in Latin letters ends with its word."""
    for length in range(min(longest, len(text) - at - 1), 0, -1):
        end = at + 1 + length
        if text[at + 1 : end].lower() in known and not (_is_latin(text[end - 1]) and end < len(text) and _is_latin(text[end])):
            return end
    return at


def _is_latin(character: str) -> bool:
    return character.isascii() and (character.isalnum() or character == "_")
