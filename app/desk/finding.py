"""What somebody means who types: anything in the registers and any ticket by any part of what it is called. Reads only.

Each kind is asked for in steps: what is called exactly so, what begins so, what has all the words itself, what has them
together with the name of its customer; at last, what a serial number with one slip of the finger may have meant.
Everything goes through what the reader may see.
"""

import string
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Any

from peewee import ModelSelect

from app.core import textsearch
from app.core.prepared import Prepared
from app.core.textsearch import Clause, Term, mark, normal
from app.core.types import Actor
from app.customers import searching
from app.desk.finding_kinds import SOURCES, Match, MatchKind, MatchReason, Source
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
    """The matches of one kind, the best first; ``total`` is how many there are, of registers no more than were looked for."""

    kind: MatchKind
    matches: list[Match]
    has_more: bool
    total: int
    is_total_capped: bool


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
    asked = _Asked(actor, typed)
    return _best(list(_of_kinds(asked, _TYPED_KINDS, limit).values()), limit) if asked.words else []


def find(actor: Actor, typed: str, limit_per_kind: int = 6) -> Found:
    """All kinds that ``typed`` fits, each with its best ``limit_per_kind``."""
    asked = _Asked(actor, typed)
    if not asked.words:
        return Found([])
    groups = []
    for kind, found in _of_kinds(asked, tuple(SOURCES), limit_per_kind + 1).items():
        if found:
            has_more, total = len(found) > limit_per_kind, (len(found), False)
            if has_more and kind is MatchKind.TICKET:
                total = textsearch.capped_count(SOURCES[kind].table, asked.of_tickets)
            groups.append(Group(kind, found[:limit_per_kind], has_more, *total))
    return Found(sorted(groups, key=lambda group: (group.matches[0].rank, _KINDS[group.kind])))


class _Asked:
    """What was typed, taken apart once for all kinds; words of signs alone are left out."""

    def __init__(self, actor: Actor, typed: str) -> None:
        self.actor = actor
        self.words = [word for word in textsearch.words(typed) if textsearch.terms(word)]
        self.plain = [normal(word) for word in self.words]
        self.whole = "".join(self.plain)
        self.needed = [textsearch.terms(word) for word in self.words]

    @cached_property
    def of_tickets(self) -> list[Clause]:
        """What tickets must have; the areas stand here too, so that counting needs no look at the tickets themselves."""
        clauses = [ticket_searching.clause(word) for word in self.words]
        if self.actor.area_ids is not None:
            clauses.append(ticket_searching.is_one_of(ticket_searching.AREA, sorted(self.actor.area_ids) or [0]))
        return clauses

    @property
    def has_digits(self) -> bool:
        """Whether a number may be meant."""
        return any(character.isdigit() for character in self.whole)


def _best(of_kinds: Sequence[list[Match]], limit: int) -> list[Match]:
    """The best of all kinds; a kind that fits well is not crowded out by many of another."""
    kept = [match for found in of_kinds for match in found[:_KEPT_OF_A_KIND] if match.rank <= PART]
    rest = [match for found in of_kinds for match in found if match not in kept]
    chosen = sorted(kept, key=_order)[:limit]
    chosen += sorted(rest, key=_order)[: limit - len(chosen)]
    return sorted(chosen, key=_order)


def _order(match: Match) -> tuple[int, int, str]:
    return match.rank, _KINDS[match.kind], match.title


def _of_kinds(asked: _Asked, kinds: Sequence[MatchKind], limit: int) -> dict[MatchKind, list[Match]]:
    """The best of each kind; when nothing has the words, the machines whose number was mistyped."""
    found = {kind: _of_kind(asked, SOURCES[kind], limit) for kind in kinds}
    if not any(match.rank < BELONGS for matches_of_kind in found.values() for match in matches_of_kind):
        known = {match.key for match in found[MatchKind.MACHINE]}
        meant = [match for match in _meant(asked) if match.key not in known]
        found[MatchKind.MACHINE] = (found[MatchKind.MACHINE] + meant)[:limit]
    return found


def _of_kind(asked: _Asked, source: Source, limit: int) -> list[Match]:
    """The best ``limit`` of one kind; none of a kind that is not for the reader."""
    if not asked.actor.may(source.permission):
        return []
    is_newest_first = source.kind is MatchKind.TICKET and not asked.has_digits
    looked_at = limit if is_newest_first else max(limit, _LOOKED_AT)
    found: dict[int, tuple[int, str, Any]] = {}
    for otherwise, clauses in _steps(asked, source):
        for row in _read(asked.actor, source, textsearch.expression(clauses), looked_at):
            if row.id not in found:
                rank = _rank(source, row, asked, otherwise)
                found[row.id] = (rank, "" if source.kind is MatchKind.TICKET else row[1], row)
        if len(found) >= limit:
            break
    best = sorted(found.values(), key=lambda one: one[:2])[:limit]
    return [replace(source.shown(row), rank=rank, why=_why(source, row, asked)) for rank, _title, row in best]


def _steps(asked: _Asked, source: Source) -> Iterator[tuple[int, list[Clause]]]:
    """The searches to try in turn until there are enough, with the rank of what fits in no better way."""
    whole = mark(searching.WHOLE, asked.whole)
    yield EXACT, [[[Term(whole)]]]
    if source.kind is MatchKind.TICKET:
        yield WORDS, asked.of_tickets
        return
    yield BEGINNING, [[[Term(whole, is_prefix=True)]]]
    yield WORDS, [[word] for word in asked.needed]
    either = [[word, [term.of_related() for term in word]] for word in asked.needed]
    if not source.needs_own:
        yield BELONGS, either
    elif len(asked.words) > 1:
        yield BELONGS, [*either, asked.needed]


def _read(actor: Actor, source: Source, expression: str, limit: int) -> list[Any]:
    rows = _prepared(source.kind, actor.area_ids).rows(expression, limit)
    return [source.row(*row) for row in rows]


def _rank(source: Source, row: Any, asked: _Asked, otherwise: int) -> int:
    """How well ``row`` fits: by its best name, and of several words by the best one, as all of them are there."""
    called = source.called(row)
    if source.kind is MatchKind.TICKET:  # what a ticket says is no name of it
        called = called[:1]
    return min(otherwise, *(_fit_of(name, asked) for _why, name in called if name))


def _why(source: Source, row: Any, asked: _Asked) -> MatchReason:
    """Which of its names fits best; what only its owner is called, or only its text says, else."""
    called = source.called(row)
    fit, why = min(((_fit_of(name, asked), why) for why, name in called if name), key=lambda one: one[0])
    if fit < BELONGS:
        return why
    for why, name in called:
        found = textsearch.name_tokens(name or "")
        if any(all(term.is_in(found) for term in needed) for needed in asked.needed):
            return why
    return MatchReason.TEXT if source.kind is MatchKind.TICKET else MatchReason.CUSTOMER


def _fit_of(name: str, asked: _Asked) -> int:
    plain = normal(name)
    fit = _fit(plain, asked.whole)
    if fit == BELONGS and len(asked.plain) > 1:
        return min(max(_fit(plain, word), BEGINNING) for word in asked.plain)
    return fit


def _fit(name: str, typed: str) -> int:
    if name == typed:
        return EXACT
    if name.startswith(typed):
        return BEGINNING
    if name.endswith(typed):
        return ENDING
    return PART if typed in name else BELONGS


def _meant(asked: _Asked) -> list[Match]:
    """The machines whose serial number or device code differs from what was typed by one slip, the likeliest slips first."""
    typed, source = asked.whole, SOURCES[MatchKind.MACHINE]
    if not asked.has_digits or len(typed) not in _MEANT_LENGTHS or not asked.actor.may(source.permission):
        return []
    prefix = mark(searching.WHOLE, "")
    wanted = textsearch.one_of(prefix + variant for variant in sorted(slips(typed)))
    found = [replace(source.shown(row), rank=MEANT, why=MatchReason.MEANT) for row in _read(asked.actor, source, wanted, _LOOKED_AT)]
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
