"""One timeline of a machine out of many kinds of entries; each kind brings its own sources, and nothing here knows which there are.

A source gives its entries newest first, beyond a place and never more than asked for, by an index of its own; the timeline merges them.
Entries of the same moment stand in the order of their sources, then of their ids, so that pages neither skip nor repeat.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import reduce
from operator import and_, attrgetter, or_
from typing import Any, Protocol

from peewee import ModelSelect, Select, fn

from app.core import clock
from app.core.db import database
from app.core.paging import COUNT_CAP, decode_key, encode_key
from app.core.prepared import Prepared
from app.core.types import Actor
from app.machines.models import Machine

SHOWN = 20
END_MS = 2**53
_ALL, _NONE = 2**31 - 1, 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Whose entries are asked for: of ``machine``, from ``from_ms`` up to ``to_ms`` (without), with all of ``words``.

    ``area_ids`` are those of a reader who is bound to areas: what happened to tickets of other areas is left out.
    """

    machine: Machine
    from_ms: int = 0
    to_ms: int = END_MS
    words: tuple[str, ...] = ()
    area_ids: frozenset[int] | None = None

    @property
    def is_plain(self) -> bool:
        """Whether nothing but machine and time narrows."""
        return not self.words and self.area_ids is None


@dataclass(frozen=True, slots=True)
class Beyond:
    """Where a source goes on: entries before ``at_ms``, and those of that moment with an id below ``below_id``."""

    at_ms: int
    below_id: int


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that happened; ``record`` is the row it comes from."""

    kind: "EntryKind"
    source: "Source"
    rank: int
    at: datetime
    id: int
    record: Any

    @property
    def key(self) -> tuple[int, int, int]:
        """Its place in the timeline."""
        return clock.to_ms(self.at), self.rank, self.id

    @property
    def anchor(self) -> str:
        """Its id on the page."""
        return f"{self.source.name}-{self.id}"

    @property
    def link_key(self) -> str:
        """The key of a page that begins with this entry."""
        return encode_key((clock.to_ms(self.at), self.rank, self.id + 1))


class Source(Protocol):
    """Where entries come from. ``name`` is also the macro that puts an entry into words.

    A source that tells what became of another's entries is not counted (``is_counted``): three entries, but one ticket.
    """

    @property
    def name(self) -> str: ...
    @property
    def is_counted(self) -> bool: ...
    def places(self, scope: Scope, beyond: Beyond, most: int) -> list[tuple[int, int]]: ...
    def read(self, scope: Scope, beyond: Beyond, most: int) -> list[tuple[datetime, int, Any]]: ...
    def count(self, scope: Scope, most: int) -> int: ...


def _plain_tone(_record: Any) -> str:
    return "plain"


def _no_link(_record: Any) -> str | None:
    return None


def _shown(_record: Any) -> bool:
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryKind:
    """A kind of entry, as the chips of the filter name it.

    ``template`` has a macro ``NAME(record, file)`` for each source; ``who``, ``href``, ``tone`` and ``is_for_customers`` look at a record.
    Of a kind that ``is_by_day`` only the day is known (``record.on``); ``picture`` is the address of
    the small picture of ``record.file``.
    """

    name: str
    label: str
    icon: str
    permission: str
    template: str
    sources: tuple[Source, ...]
    who: Callable[[Any], str] = attrgetter("by_name")
    href: Callable[[Any], str | None] = _no_link
    tone: Callable[[Any], str] = _plain_tone
    is_for_customers: Callable[[Any], bool] = _shown
    is_by_day: bool = False
    picture: Callable[[Any], str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """Entries that are the rows of ``query(place)``: the condition of belonging to the machine is made of ``place``.

    ``at`` and ``id`` are the columns it is ordered by, served by an index after the machine's; ``searched`` says where words are
    looked for: columns, or a function of the scope that gives a condition. ``of`` gives the value of ``place``, None where a
    machine has none.
    """

    name: str
    query: Callable[[Any], ModelSelect]
    at: Any
    id: Any
    searched: tuple[Any, ...] | Callable[[Scope], Any] = ()
    area: Any = None
    of: Callable[[Machine], int | None] = attrgetter("id")
    is_counted: bool = True
    _places: Prepared = field(init=False, repr=False)
    _read: Prepared = field(init=False, repr=False)
    _count: Prepared = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_places", Prepared(self._keys))
        object.__setattr__(self, "_read", Prepared(self._page))
        object.__setattr__(self, "_count", Prepared(self._counted))

    def places(self, scope: Scope, beyond: Beyond, most: int) -> list[tuple[int, int]]:
        """Moment in ms and id of at most ``most`` entries, newest first."""
        place = self.of(scope.machine)
        if place is None or self._is_hidden(scope):
            return []
        asked = (place, beyond.at_ms, beyond.below_id, scope.from_ms, most)
        rows = self._places.rows(*asked) if scope.is_plain else self._narrowed(self._keys(*asked), scope)
        return [(clock.to_ms(at), number) for at, number in rows]

    def read(self, scope: Scope, beyond: Beyond, most: int) -> list[tuple[datetime, int, Any]]:
        """At most ``most`` entries, newest first."""
        place = self.of(scope.machine)
        if place is None or self._is_hidden(scope):
            return []
        asked = (place, beyond.at_ms, beyond.below_id, scope.from_ms, most)
        rows = self._read.rows(*asked) if scope.is_plain else self._narrowed(self._page(*asked), scope)
        moment = attrgetter(self.at.name)
        return [(moment(row), row.id, row) for row in rows]

    def count(self, scope: Scope, most: int) -> int:
        """How many entries there are, counted up to ``most``."""
        place = self.of(scope.machine)
        if place is None or self._is_hidden(scope):
            return 0
        if scope.is_plain:
            return int(self._count.rows(place, scope.to_ms, scope.from_ms, most)[0][0])
        query = self._narrowed(self._between(place, scope.to_ms, scope.from_ms), scope)
        return int(Select([query.limit(most)], [fn.COUNT(1)]).bind(database).scalar())

    def _page(self, place: Any, at: Any, below_id: Any, from_at: Any, most: Any) -> ModelSelect:
        query = self.query(place).where(self.at <= at, (self.at < at) | (self.id < below_id), self.at >= from_at)
        return query.order_by(self.at.desc(), self.id.desc()).limit(most)

    def _keys(self, place: Any, at: Any, below_id: Any, from_at: Any, most: Any) -> ModelSelect:
        return self._page(place, at, below_id, from_at, most).select(self.at, self.id).tuples()

    def _between(self, place: Any, to_at: Any, from_at: Any) -> ModelSelect:
        return self.query(place).select(self.id).where(self.at < to_at, self.at >= from_at)

    def _counted(self, place: Any, to_at: Any, from_at: Any, most: Any) -> Select:
        return Select([self._between(place, to_at, from_at).limit(most)], [fn.COUNT(1)]).bind(database).tuples()

    def _is_hidden(self, scope: Scope) -> bool:
        return bool(scope.words) and not self.searched

    def _narrowed(self, query: ModelSelect, scope: Scope) -> ModelSelect:
        if scope.area_ids is not None and self.area is not None:
            query = query.where(self.area.in_(sorted(scope.area_ids)))
        if not scope.words:
            return query
        if callable(self.searched):
            return query.where(self.searched(scope))
        return query.where(reduce(and_, [reduce(or_, [one.contains(word) for one in self.searched]) for word in scope.words]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Few:
    """Entries that a machine has a handful of, put together by ``given``: moment, id, record, and the words they are found by."""

    name: str
    given: Callable[[Machine], Iterable[tuple[datetime, int, Any, str]]]
    is_counted: bool = True

    def places(self, scope: Scope, beyond: Beyond, most: int) -> list[tuple[int, int]]:
        """Moment in ms and id of at most ``most`` entries, newest first."""
        return [(clock.to_ms(at), number) for at, number, _record in self.read(scope, beyond, most)]

    def read(self, scope: Scope, beyond: Beyond, most: int) -> list[tuple[datetime, int, Any]]:
        """At most ``most`` entries, newest first."""
        found = [
            (at, number, record)
            for at, number, record in self._all(scope)
            if (clock.to_ms(at), number) < (beyond.at_ms, beyond.below_id) and clock.to_ms(at) >= scope.from_ms
        ]
        return sorted(found, key=lambda one: one[:2], reverse=True)[:most]

    def count(self, scope: Scope, most: int) -> int:
        """How many entries there are."""
        return min(most, sum(scope.from_ms <= clock.to_ms(at) < scope.to_ms for at, _number, _record in self._all(scope)))

    def _all(self, scope: Scope) -> list[tuple[datetime, int, Any]]:
        return [
            (at, number, record)
            for at, number, record, text in self.given(scope.machine)
            if all(word.lower() in text.lower() for word in scope.words)
        ]


@dataclass(frozen=True, slots=True)
class Stretch:
    """A piece of the timeline, newest first; ``earlier_key`` leads to what came before it, None at its end."""

    entries: list[Entry]
    earlier_key: str | None


def kinds_for(actor: Actor, kinds: Sequence[EntryKind]) -> tuple[EntryKind, ...]:
    """Those of ``kinds`` that ``actor`` may see."""
    return tuple(kind for kind in kinds if actor.may(kind.permission))


def read(scope: Scope, kinds: Sequence[EntryKind], among: Sequence[EntryKind], *, after: str | None = None, most: int = SHOWN) -> Stretch:
    """At most ``most`` entries of ``kinds`` beyond the key ``after``; ``among`` is the registry, whose order ranks the sources.

    Raises ``Invalid`` for a key that was tampered with.
    """
    at_ms, rank_of_key, id_of_key = _place(after, scope.to_ms)
    asked: dict[int, tuple[EntryKind, Source, Beyond]] = {}
    places: list[tuple[int, int, int]] = []
    for rank, (kind, source) in enumerate((one, source) for one in among for source in one.sources):
        if kind in kinds:
            beyond = Beyond(at_ms, id_of_key if rank == rank_of_key else _ALL if rank < rank_of_key else _NONE)
            asked[rank] = (kind, source, beyond)
            places += [(at, rank, number) for at, number in source.places(scope, beyond, most + 1)]
    places.sort(reverse=True)
    shown = places[:most]
    entries: list[Entry] = []
    for rank, wanted in Counter(rank for _at, rank, _id in shown).items():  # only what is shown is read whole
        kind, source, beyond = asked[rank]
        entries += [Entry(kind, source, rank, *row) for row in source.read(scope, beyond, wanted)]
    entries.sort(key=lambda entry: entry.key, reverse=True)
    return Stretch(entries, encode_key(shown[-1]) if len(places) > most else None)


def _place(key: str | None, to_ms: int) -> tuple[int, int, int]:
    """Moment, rank and id of ``key``; without one, or with one that lies behind the end, the end itself, which belongs to nobody."""
    if key is not None:
        at_ms, rank, entry_id = (min(max(value, 0), _ALL if place else END_MS) for place, value in enumerate(_numbers(key)))
        if at_ms < to_ms:
            return at_ms, rank, entry_id
    return to_ms, -1, _NONE


def _numbers(key: str) -> list[int]:
    return [value if isinstance(value, int) else 0 for value in decode_key(key, 3)]


def whole(scope: Scope, kinds: Sequence[EntryKind], among: Sequence[EntryKind], most: int) -> Stretch:
    """Everything at once, for paper: at most ``most`` entries."""
    return read(scope, kinds, among, most=most)


def counts(scope: Scope, kinds: Sequence[EntryKind]) -> dict[str, tuple[int, bool]]:
    """How many entries of each kind there are, counted up to ``COUNT_CAP``, and whether there are more."""
    most = COUNT_CAP + 1
    found = {kind.name: sum(source.count(scope, most) for source in kind.sources if source.is_counted) for kind in kinds}
    return {name: (min(number, COUNT_CAP), number > COUNT_CAP) for name, number in found.items()}
