"""The list of what customers are to be told."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from peewee import JOIN, ModelSelect, fn

from app.core import clock, paging
from app.core.errors import N_, NotFound
from app.core.paging import Sort
from app.core.types import Actor, Page
from app.customers.models import Contact, Customer, Site
from app.machines import profiles
from app.machines.models import Machine
from app.machines.queries import profile_documents
from app.monitoring.models import CustomerTelling, Episode

OPEN, TOLD = "open", "told"
COLUMNS = ("machine", "customer", "site", "code", "name", "started_at", "ended_at", "told_at", "told_by", "words")
SORTS = {"at": Sort(CustomerTelling.at, lambda telling: telling.at)}
DEFAULT_SORT = "-at"
CONTACTS = 3


@dataclass(frozen=True, slots=True)
class Filters:
    """What the list is narrowed to; empty values do not narrow."""

    q: str = ""
    state: str = OPEN
    area: int | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One line: what is to be told, whom to call, and how often it was so in the last 30 days."""

    telling: CustomerTelling
    name_zh: str
    name_en: str
    contacts: Sequence[Contact]
    times: int

    def name(self, language: str) -> str:
        """The name of what is to be told for a reader of ``language``."""
        return self.name_zh if language.startswith("zh") else self.name_en


def visible(actor: Actor) -> ModelSelect:
    """The lines about machines that ``actor`` may see, with machine, customer, site and episode."""
    query = (
        CustomerTelling.select(CustomerTelling, Machine, Customer, Site, Episode)
        .join(Machine)
        .join(Site, JOIN.LEFT_OUTER)
        .switch(CustomerTelling)
        .join(Customer, JOIN.LEFT_OUTER)
        .switch(CustomerTelling)
        .join(Episode)
    )
    return query if actor.area_ids is None else query.where(Machine.area.in_(list(actor.area_ids)))


def by_id(actor: Actor, telling_id: int) -> CustomerTelling:
    """Raises ``NotFound`` for a line about a machine that ``actor`` may not see."""
    found: CustomerTelling | None = visible(actor).where(CustomerTelling.id == telling_id).get_or_none()
    if found is None:
        raise NotFound(N_("There is no such line, or it is not for you to see."))
    return found


def page(
    actor: Actor, filters: Filters, *, sort: str = DEFAULT_SORT, after: str | None = None, before: str | None = None
) -> Page[CustomerTelling]:
    """One page of the list. Raises ``Invalid`` for an unknown sort or page."""
    return paging.page_of_records(_listed(actor, filters), SORTS, sort, after=after, before=before)


def lines(tellings: Sequence[CustomerTelling], now: datetime) -> list[Line]:
    """What the list shows of ``tellings``."""
    documents = profile_documents()
    contacts, times = _contacts(tellings), _times(tellings, now)
    found = []
    for telling in tellings:
        profile = documents.get(telling.machine.profile_id)
        policy = profiles.code(profile, telling.episode.code)
        whom = contacts[telling.customer_id]
        at_site = [one for one in whom if one.site_id == telling.machine.site_id] or whom
        count = times.get((telling.machine_id, telling.episode.code), 1)
        found.append(Line(telling, policy.name_zh, policy.name_en, at_site[:CONTACTS], count))
    return found


def open_count(actor: Actor) -> int:
    """How many lines wait."""
    return _listed(actor, Filters()).count()


def waiting(actor: Actor, limit: int) -> list[Line]:
    """The lines that wait longest, for start pages."""
    rows = _listed(actor, Filters()).order_by(CustomerTelling.at, CustomerTelling.id).limit(limit)
    return lines(list(rows), clock.now())


def rows(actor: Actor, filters: Filters, sort: str, language: str) -> Iterator[list[Any]]:
    """The rows of ``COLUMNS`` for an export."""
    documents = profile_documents()
    for one in paging.whole(_listed(actor, filters), SORTS, sort).iterator():
        name = profiles.code(documents.get(one.machine.profile_id), one.episode.code).name(language)
        yield [
            one.machine.serial, one.customer.name if one.customer_id else None, one.machine.site.name if one.machine.site_id else None,
            one.episode.code, name, one.at, one.episode.ended_at, one.told_at, one.told_by_name or None, one.words,
        ]  # fmt: skip


def _listed(actor: Actor, filters: Filters) -> ModelSelect:
    query = visible(actor)
    if filters.state in (OPEN, TOLD):
        query = query.where(CustomerTelling.told_at.is_null(filters.state == OPEN))
    if filters.area is not None:
        query = query.where(Machine.area == filters.area)
    if filters.q:
        named = Customer.name.contains(filters.q) | Customer.short_name.contains(filters.q)
        query = query.where(Machine.serial.startswith(filters.q) | (Episode.code == filters.q) | named)
    return query


def _contacts(tellings: Sequence[CustomerTelling]) -> dict[int | None, list[Contact]]:
    found: dict[int | None, list[Contact]] = defaultdict(list)
    ids = {telling.customer_id for telling in tellings if telling.customer_id}
    for contact in Contact.select().where(Contact.customer.in_(list(ids)), Contact.phone != "").order_by(Contact.id) if ids else ():
        found[contact.customer_id].append(contact)
    return found


def _times(tellings: Sequence[CustomerTelling], now: datetime) -> dict[tuple[int, str], int]:
    """How often each was so in the last 30 days."""
    wanted = {(telling.machine_id, telling.episode.code) for telling in tellings}
    if not wanted:
        return {}
    query = Episode.select(Episode.machine, Episode.code, fn.COUNT(Episode.id)).where(
        Episode.machine.in_(list({machine_id for machine_id, _code in wanted})), Episode.started_at >= now - timedelta(days=30)
    )
    rows = query.group_by(Episode.machine, Episode.code).tuples()
    return {(machine_id, code): count for machine_id, code, count in rows}
