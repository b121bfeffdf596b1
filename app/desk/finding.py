"""What somebody means who types: machines, customers, contacts and sites by any part of what they are called. Reads only.

Each kind is asked for in steps: what is called exactly so, what begins so, what has all the words itself, what has them
together with the name of its customer. Everything goes through what the reader may see.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import lru_cache
from typing import Any, NamedTuple
from urllib.parse import quote

from peewee import JOIN, ModelSelect

from app.core import textsearch
from app.core.prepared import Prepared
from app.core.textsearch import Clause, Term, mark, normal
from app.core.types import Actor
from app.customers import queries as customers
from app.customers import searching
from app.customers.models import Contact, Customer, Site
from app.machines import queries as machines
from app.machines import searching as machine_searching
from app.machines.models import Machine, MachineModel

# So many of each kind are looked at before the best are shown.
_LOOKED_AT = 24
# So many of a kind are shown for certain when they fit well.
_KEPT_OF_A_KIND = 2


class MatchKind(StrEnum):
    """What can be found."""

    MACHINE = "machine"
    CUSTOMER = "customer"
    CONTACT = "contact"
    SITE = "site"


class MatchReason(StrEnum):
    """What of it was typed."""

    SERIAL = "serial"
    DEVICE = "device"
    SIM = "sim"
    PHONE = "phone"
    TAX_NUMBER = "tax_number"
    NAME = "name"
    MODEL = "model"
    ADDRESS = "address"
    CUSTOMER = "customer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """A machine, customer, contact or site that may be meant; what does not belong to its kind is empty.

    ``phone`` is the whole number: lists show it masked. ``rank`` is 0 for what is called exactly so, more for looser matches.
    """

    kind: MatchKind
    title: str
    detail: str
    why: MatchReason = MatchReason.CUSTOMER
    rank: int = 0
    machine_id: int | None = None
    serial: str = ""
    device: str = ""
    model: str = ""
    customer_id: int | None = None
    customer: str = ""
    contact_id: int | None = None
    contact: str = ""
    role: str = ""
    phone: str = ""
    site_id: int | None = None
    site: str = ""

    @property
    def href(self) -> str:
        """Where it is shown."""
        if self.kind is MatchKind.MACHINE:
            return f"/machines/{quote(self.serial, safe='')}"
        return f"/customers/{self.customer_id}"

    @property
    def key(self) -> str:
        """Tells it from every other match."""
        return f"{self.kind}-{self.machine_id or self.contact_id or self.site_id or self.customer_id}"


_KINDS = {kind: number for number, kind in enumerate(MatchKind)}
# How well a match fits.
EXACT, BEGINNING, ENDING, PART, WORDS, BELONGS = range(6)
# What a record is called, with what each name is.
_Names = Sequence[tuple[MatchReason, str | None]]


def matches(actor: Actor, typed: str, limit: int = 8) -> list[Match]:
    """What may be meant by ``typed``, the best first, at most ``limit``; several words narrow."""
    words = [word for word in textsearch.words(typed) if textsearch.terms(word)]
    if not words:
        return []
    return _best([source.matches(actor, words, limit) for source in _SOURCES], limit)


def _best(of_kinds: Sequence[list[Match]], limit: int) -> list[Match]:
    """The best of all kinds; a kind that fits well is not crowded out by many of another."""
    kept = [match for found in of_kinds for match in found[:_KEPT_OF_A_KIND] if match.rank <= PART]
    rest = [match for found in of_kinds for match in found if match not in kept]
    chosen = sorted(kept, key=_order)[:limit]
    chosen += sorted(rest, key=_order)[: limit - len(chosen)]
    return sorted(chosen, key=_order)


def _order(match: Match) -> tuple[int, int, str]:
    return match.rank, _KINDS[match.kind], match.title


@dataclass(frozen=True, slots=True)
class _Source:
    """One kind: how its rows are read, and what a row is shown as. ``needs_own`` leaves what only belongs to a match to that match."""

    kind: MatchKind
    table: str
    key: Any
    select: Callable[[Actor], ModelSelect]
    row: Callable[..., Any]
    shown: Callable[[Any], tuple[Match, _Names]]
    needs_own: bool = True

    def matches(self, actor: Actor, words: Sequence[str], limit: int) -> list[Match]:
        """The best ``limit`` of this kind."""
        found: dict[str, Match] = {}
        rows = _prepared(self.kind, actor.area_ids)
        for clauses in self._steps(words):
            for row in rows.rows(textsearch.expression(clauses), max(limit, _LOOKED_AT)):
                match, called = self.shown(self.row(*row))
                if match.key not in found:
                    found[match.key] = _ranked(match, called, words)
            if len(found) >= limit:
                break
        return sorted(found.values(), key=lambda match: (match.rank, match.title))[:limit]

    def _steps(self, words: Sequence[str]) -> Iterator[list[Clause]]:
        """The searches to try in turn until there are enough."""
        whole = mark(searching.WHOLE, normal("".join(words)))
        needed = [textsearch.terms(word) for word in words]
        yield [[[Term(whole)]]]
        yield [[[Term(whole, is_prefix=True)]]]
        yield [[word] for word in needed]
        either = [[word, [term.of_related() for term in word]] for word in needed]
        if not self.needs_own:
            yield either
        elif len(words) > 1:
            yield [*either, needed]


def _ranked(match: Match, called: _Names, words: Sequence[str]) -> Match:
    """``match`` with the name that fits best, and how well; of several words the best one counts, as all of them are there."""
    whole = normal("".join(words))
    best = (BELONGS, MatchReason.CUSTOMER)
    for why, name in called:
        if name:
            fit = _fit(name, whole)
            if fit == BELONGS and len(words) > 1:
                fit = min(max(_fit(name, normal(word)), BEGINNING) for word in words)
            best = min(best, (fit, why), key=lambda one: one[0])
    return replace(match, rank=best[0], why=best[1])


def _fit(name: str, typed: str) -> int:
    plain = normal(name)
    if plain == typed:
        return EXACT
    if plain.startswith(typed):
        return BEGINNING
    if plain.endswith(typed):
        return ENDING
    if typed in plain:
        return PART
    return WORDS if any(token.startswith(typed) for token in textsearch.name_tokens(name)) else BELONGS


@lru_cache(maxsize=512)
def _prepared(kind: MatchKind, area_ids: frozenset[int] | None) -> Prepared:
    """The rows of ``kind`` that those who work in ``area_ids`` may see, newest first."""
    source = next(one for one in _SOURCES if one.kind is kind)
    readable = source.select(Actor(None, "", area_ids=area_ids))

    def build(query: Any, limit: Any) -> ModelSelect:
        search = textsearch.source(source.table)
        key = textsearch.key_of(search)
        joined = readable.join_from(source.key.model, search, on=key == source.key)
        return joined.where(textsearch.meets(search, query)).order_by(key.desc()).limit(limit).tuples()

    return Prepared(build)


def _machines(actor: Actor) -> ModelSelect:
    columns = (Machine.id, Machine.serial, Machine.device, Machine.sim_number, MachineModel.name)
    return (
        machines.visible(actor)
        .select(*columns, Customer.id, Customer.name, Customer.short_name, Site.id, Site.name)
        .join_from(Machine, MachineModel)
        .join_from(Machine, Customer, JOIN.LEFT_OUTER)
        .join_from(Machine, Site, JOIN.LEFT_OUTER)
    )


def _customers(actor: Actor) -> ModelSelect:
    return customers.visible(actor).select(Customer.id, Customer.name, Customer.short_name, Customer.tax_number)


def _contacts(actor: Actor) -> ModelSelect:
    columns = (Contact.id, Contact.name, Contact.phone, Contact.role, Customer.id, Customer.name, Customer.short_name)
    query = Contact.select(*columns, Site.id, Site.name).join_from(Contact, Customer).join_from(Contact, Site, JOIN.LEFT_OUTER)
    return _of_visible(actor, query, Contact.customer)


def _sites(actor: Actor) -> ModelSelect:
    query = Site.select(Site.id, Site.name, Site.address, Customer.id, Customer.name, Customer.short_name).join(Customer)
    return _of_visible(actor, query, Site.customer)


def _of_visible(actor: Actor, query: ModelSelect, customer: Any) -> ModelSelect:
    """Who may see a customer sees all its people and sites."""
    return query if actor.area_ids is None else query.where(customer.in_(customers.visible(actor).select(Customer.id)))


class _MachineRow(NamedTuple):
    id: int
    serial: str
    device: str | None
    sim: str
    model: str
    customer_id: int | None
    customer: str | None
    short_name: str | None
    site_id: int | None
    site: str | None


def _machine(row: _MachineRow) -> tuple[Match, _Names]:
    match = Match(
        kind=MatchKind.MACHINE,
        title=row.serial,
        detail=_line(row.model, row.short_name or row.customer, row.site),
        machine_id=row.id,
        serial=row.serial,
        device=row.device or "",
        model=row.model,
        customer_id=row.customer_id,
        customer=row.customer or "",
        site_id=row.site_id,
        site=row.site or "",
    )
    called = (
        (MatchReason.SERIAL, row.serial),
        (MatchReason.DEVICE, row.device),
        (MatchReason.SIM, row.sim),
        (MatchReason.MODEL, row.model),
    )
    return match, called


class _CustomerRow(NamedTuple):
    id: int
    name: str
    short_name: str
    tax_number: str | None


def _customer(row: _CustomerRow) -> tuple[Match, _Names]:
    match = Match(kind=MatchKind.CUSTOMER, title=row.name, detail=row.short_name, customer_id=row.id, customer=row.name)
    return match, ((MatchReason.NAME, row.name), (MatchReason.NAME, row.short_name), (MatchReason.TAX_NUMBER, row.tax_number))


class _ContactRow(NamedTuple):
    id: int
    name: str
    phone: str
    role: str
    customer_id: int
    customer: str
    short_name: str
    site_id: int | None
    site: str | None


def _contact(row: _ContactRow) -> tuple[Match, _Names]:
    match = Match(
        kind=MatchKind.CONTACT,
        title=row.name,
        detail=_line(row.short_name or row.customer, row.site),
        customer_id=row.customer_id,
        customer=row.customer,
        contact_id=row.id,
        contact=row.name,
        role=row.role,
        phone=row.phone,
        site_id=row.site_id,
        site=row.site or "",
    )
    return match, ((MatchReason.PHONE, row.phone), (MatchReason.NAME, row.name))


class _SiteRow(NamedTuple):
    id: int
    name: str
    address: str
    customer_id: int
    customer: str
    short_name: str


def _site(row: _SiteRow) -> tuple[Match, _Names]:
    match = Match(
        kind=MatchKind.SITE,
        title=row.name,
        detail=_line(row.short_name or row.customer, row.address),
        customer_id=row.customer_id,
        customer=row.customer,
        site_id=row.id,
        site=row.name,
    )
    return match, ((MatchReason.NAME, row.name), (MatchReason.ADDRESS, row.address))


def _line(*words: str | None) -> str:
    return " · ".join(word for word in words if word)


_SOURCES = (
    _Source(MatchKind.MACHINE, machine_searching.TABLE, Machine.id, _machines, _MachineRow, _machine, needs_own=False),
    _Source(MatchKind.CUSTOMER, searching.CUSTOMERS, Customer.id, _customers, _CustomerRow, _customer),
    _Source(MatchKind.CONTACT, searching.CONTACTS, Contact.id, _contacts, _ContactRow, _contact),
    _Source(MatchKind.SITE, searching.SITES, Site.id, _sites, _SiteRow, _site),
)
