"""What somebody means who types: anything in the registers and any ticket by any part of what it is called. Reads only.

Each kind is asked for in steps: what is called exactly so, what begins so, what has all the words itself, what has them
together with the name of its customer; at last, what a serial number with one slip of the finger may have meant.
Everything goes through what the reader may see.
"""

import string
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from peewee import ModelSelect

from app.core import textsearch
from app.core.prepared import Prepared
from app.core.textsearch import Clause, Term, mark, normal
from app.core.types import Actor
from app.customers import searching
from app.desk.finding_kinds import SOURCES, Match, MatchKind, MatchReason, Names, Source
from app.tickets import searching as ticket_searching

__all__ = ["Found", "Group", "Match", "MatchKind", "MatchReason", "find", "matches"]

# So many of each kind are looked at before the best are shown.
_LOOKED_AT = 24
# So many of a kind are shown for certain when they fit well.
_KEPT_OF_A_KIND = 2
_TYPED_KINDS = (MatchKind.MACHINE, MatchKind.CUSTOMER, MatchKind.CONTACT, MatchKind.SITE)
_KINDS = {kind: number for number, kind in enumerate(MatchKind)}
# How well a match fits.
EXACT, BEGINNING, ENDING, PART, WORDS, BELONGS, MEANT = range(7)
# An identifier this short is typed anew rather than guessed; one this long costs too many guesses.
_MEANT_LENGTHS = range(4, 17)
# What is taken for each other on a plate or a screen.
_ALIKE = str.maketrans("oilzsbg", "0112589")


@dataclass(frozen=True, slots=True)
class Group:
    """The matches of one kind, the best first; ``total`` is how many tickets there are, None for kinds that are not counted."""

    kind: MatchKind
    matches: list[Match]
    has_more: bool
    total: int | None = None
    is_total_capped: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """What was found, the kind with the best match first."""

    groups: list[Group]

    @property
    def count(self) -> int:
        """How many matches are shown."""
        return sum(len(group.matches) for group in self.groups)

    @property
    def exact(self) -> Match | None:
        """The one thing whose number this is exactly."""
        exact = [match for group in self.groups for match in group.matches if match.rank == EXACT]
        return exact[0] if len(exact) == 1 and exact[0].why in _NUMBERS else None


_NUMBERS = (MatchReason.SERIAL, MatchReason.DEVICE, MatchReason.NUMBER, MatchReason.SIM, MatchReason.TAX_NUMBER, MatchReason.PHONE)


def matches(actor: Actor, typed: str, limit: int = 8) -> list[Match]:
    """What may be meant by ``typed`` while a call is taken, the best first, at most ``limit``; several words narrow."""
    words = _words(typed)
    if not words:
        return []
    found = _of_kinds(actor, _TYPED_KINDS, words, limit)
    return _best(list(found.values()), limit)


def find(actor: Actor, typed: str, limit_per_kind: int = 6) -> Found:
    """All kinds that ``typed`` fits, each with its best ``limit_per_kind``."""
    words = _words(typed)
    if not words:
        return Found([])
    groups = []
    for kind, found in _of_kinds(actor, tuple(SOURCES), words, limit_per_kind + 1).items():
        if found:
            counted = _count(actor, words) if kind is MatchKind.TICKET else (None, False)
            groups.append(Group(kind, found[:limit_per_kind], len(found) > limit_per_kind, *counted))
    return Found(sorted(groups, key=lambda group: (group.matches[0].rank, _KINDS[group.kind])))


def _words(typed: str) -> list[str]:
    return [word for word in textsearch.words(typed) if textsearch.terms(word)]


def _best(of_kinds: Sequence[list[Match]], limit: int) -> list[Match]:
    """The best of all kinds; a kind that fits well is not crowded out by many of another."""
    kept = [match for found in of_kinds for match in found[:_KEPT_OF_A_KIND] if match.rank <= PART]
    rest = [match for found in of_kinds for match in found if match not in kept]
    chosen = sorted(kept, key=_order)[:limit]
    chosen += sorted(rest, key=_order)[: limit - len(chosen)]
    return sorted(chosen, key=_order)


def _order(match: Match) -> tuple[int, int, str]:
    return match.rank, _KINDS[match.kind], match.title


def _of_kinds(actor: Actor, kinds: Sequence[MatchKind], words: Sequence[str], limit: int) -> dict[MatchKind, list[Match]]:
    """The best of each kind; when nothing is called so, also the machines whose number was mistyped."""
    found = {kind: _of_kind(actor, kind, words, limit) for kind in kinds}
    if not any(match.rank <= PART for matches_of_kind in found.values() for match in matches_of_kind):
        known = {match.key for match in found[MatchKind.MACHINE]}
        meant = [match for match in _meant(actor, words) if match.key not in known]
        found[MatchKind.MACHINE] = (found[MatchKind.MACHINE] + meant)[:limit]
    return found


def _of_kind(actor: Actor, kind: MatchKind, words: Sequence[str], limit: int) -> list[Match]:
    """The best ``limit`` of one kind; none of a kind that is not for ``actor`` to read."""
    source = SOURCES[kind]
    if not actor.may(source.permission):
        return []
    found: dict[str, tuple[int, Match, Names]] = {}
    for otherwise, clauses in _steps(actor, source, words):
        for match, called in _read(actor, source, clauses, max(limit, _LOOKED_AT)):
            if match.key not in found:
                found[match.key] = (_rank(match, called, words, otherwise), match, called)
        if len(found) >= limit:
            break
    is_by_title = kind is not MatchKind.TICKET  # tickets come newest first
    best = sorted(found.values(), key=lambda one: (one[0], one[1].title if is_by_title else ""))[:limit]
    return [replace(match, rank=rank, why=_why(match, called, words)) for rank, match, called in best]


def _steps(actor: Actor, source: Source, words: Sequence[str]) -> Iterator[tuple[int, list[Clause]]]:
    """The searches to try in turn until there are enough, with the rank of what fits in no better way."""
    whole = mark(searching.WHOLE, normal("".join(words)))
    needed = [textsearch.terms(word) for word in words]
    yield EXACT, [[[Term(whole)]]]
    if source.kind is MatchKind.TICKET:
        yield WORDS, _ticket_clauses(actor, words)
        return
    yield BEGINNING, [[[Term(whole, is_prefix=True)]]]
    yield WORDS, [[word] for word in needed]
    either = [[word, [term.of_related() for term in word]] for word in needed]
    if not source.needs_own:
        yield BELONGS, either
    elif len(words) > 1:
        yield BELONGS, [*either, needed]


def _ticket_clauses(actor: Actor, words: Sequence[str]) -> list[Clause]:
    """What tickets must have; the areas stand here too, so that counting needs no look at the tickets themselves."""
    clauses = [ticket_searching.clause(word) for word in words]
    if actor.area_ids is not None:
        clauses.append(ticket_searching.is_one_of(ticket_searching.AREA, sorted(actor.area_ids) or [0]))
    return clauses


def _count(actor: Actor, words: Sequence[str]) -> tuple[int, bool]:
    return textsearch.capped_count(SOURCES[MatchKind.TICKET].table, _ticket_clauses(actor, words))


def _read(actor: Actor, source: Source, clauses: list[Clause], limit: int) -> Iterator[tuple[Match, Names]]:
    for row in _prepared(source.kind, actor.area_ids).rows(textsearch.expression(clauses), limit):
        yield source.shown(source.row(*row))


def _rank(match: Match, called: Names, words: Sequence[str], otherwise: int) -> int:
    """How well ``match`` fits: by its best name, and of several words by the best one, as all of them are there."""
    if match.kind is MatchKind.TICKET:  # what a ticket says is no name of it
        called = called[:1]
    return min(otherwise, *(_fit_of(name, words) for _why, name in called if name))


def _why(match: Match, called: Names, words: Sequence[str]) -> MatchReason:
    """Which of its names fits best; what only its owner is called, or only its text says, else."""
    fits = [(_fit_of(name, words), why) for why, name in called if name]
    fit, why = min(fits, key=lambda one: one[0])
    if fit < BELONGS:
        return why
    for why, name in called:
        found = textsearch.name_tokens(name or "")
        if any(all(term.is_in(found) for term in textsearch.terms(word)) for word in words):
            return why
    return MatchReason.TEXT if match.kind is MatchKind.TICKET else MatchReason.CUSTOMER


def _fit_of(name: str, words: Sequence[str]) -> int:
    fit = _fit(normal(name), normal("".join(words)))
    if fit == BELONGS and len(words) > 1:
        return min(max(_fit(normal(name), normal(word)), BEGINNING) for word in words)
    return fit


def _fit(name: str, typed: str) -> int:
    if name == typed:
        return EXACT
    if name.startswith(typed):
        return BEGINNING
    if name.endswith(typed):
        return ENDING
    return PART if typed in name else BELONGS


def _meant(actor: Actor, words: Sequence[str]) -> list[Match]:
    """The machines whose serial number or device code differs from what was typed by one slip, the likeliest slips first."""
    typed, source = normal("".join(words)), SOURCES[MatchKind.MACHINE]
    is_number = any(character.isdigit() for character in typed) and len(typed) in _MEANT_LENGTHS
    if not is_number or not actor.may(source.permission):
        return []
    clause = [[Term(mark(searching.WHOLE, variant))] for variant in sorted(slips(typed))]
    found = [replace(match, rank=MEANT, why=MatchReason.MEANT) for match, _called in _read(actor, source, [clause], _LOOKED_AT)]
    return sorted(found, key=lambda match: (_unlikeness(typed, normal(match.serial)), match.title))


def _unlikeness(typed: str, serial: str) -> int:
    if typed.translate(_ALIKE) == serial.translate(_ALIKE):
        return 0
    return 1 if sorted(typed) == sorted(serial) else 2


def slips(typed: str) -> set[str]:
    """All that differs from ``typed`` by one character changed, missing, too many, or two neighbours swapped."""
    found = {typed[:i] + typed[i + 1 :] for i in range(len(typed))}
    found |= {typed[:i] + typed[i + 1] + typed[i] + typed[i + 2 :] for i in range(len(typed) - 1)}
    for character in string.digits + string.ascii_lowercase:
        found |= {typed[:i] + character + typed[i + 1 :] for i in range(len(typed))}
        found |= {typed[:i] + character + typed[i:] for i in range(len(typed) + 1)}
    return found - {typed}


@lru_cache(maxsize=512)
def _prepared(kind: MatchKind, area_ids: frozenset[int] | None) -> Prepared:
    """The rows of ``kind`` that those who work in ``area_ids`` may see, newest first."""
    source = SOURCES[kind]
    readable = source.select(Actor(None, "", area_ids=area_ids))

    def build(query: Any, limit: Any) -> ModelSelect:
        search = textsearch.source(source.table)
        key = textsearch.key_of(search)
        joined = readable.join_from(source.key.model, search, on=key == source.key)
        return joined.where(textsearch.meets(search, query)).order_by(key.desc()).limit(limit).tuples()

    return Prepared(build)
