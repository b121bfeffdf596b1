"""Which machines are silent, since when, and whether their SIM cards have run out; the silences of one machine."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import reduce
from operator import or_
from typing import Any

from peewee import JOIN, ModelSelect, fn

from app.accounts.models import Area
from app.core import clock
from app.core.errors import N_, Invalid
from app.core.paging import Order, capped_count, page_of
from app.core.types import Actor, Page
from app.customers.models import CALLED, Customer, Site
from app.machines import queries as machines
from app.machines.models import Machine
from app.machines.profiles import COMM_LOST
from app.machines.queries import EXPIRED, FAR_OFF, SIM_SOON, SOON
from app.monitoring.models import Alarm, Episode, Terminal, TerminalSilence
from app.monitoring.sources import are_of, sources
from app.tickets.models import Ticket

COLUMNS = (
    "machine", "device", "customer", "site", "area", "gateway", "silent_since", "last_message_at", "sim_number", "sim_expires_on", "ticket",
)  # fmt: skip
LEVELS = ("silent", "late", "all")
_sim_end = fn.COALESCE(Machine.sim_expires_on, FAR_OFF)
_owner_first = fn.COALESCE(CALLED, "")
SORTS = {
    "machine": Order((Machine.serial, Terminal.id), (False, False)),
    "-machine": Order((Machine.serial, Terminal.id), (True, True)),
    "customer": Order((_owner_first, Terminal.id), (False, False)),
    "-customer": Order((_owner_first, Terminal.id), (True, True)),
    "since": Order((Terminal.last_received_at, Terminal.id), (False, False)),
    "-since": Order((Terminal.last_received_at, Terminal.id), (True, True)),
    "sim": Order((_sim_end, Terminal.id), (False, False)),
    "-sim": Order((_sim_end, Terminal.id), (True, True)),
}
DEFAULT_SORT = "since"
MOST_LISTED = 20
_STEP = 2_000


@dataclass(frozen=True, slots=True)
class Filters:
    """What the list is narrowed to; empty values do not narrow. ``q`` is how a serial number, a device, a gateway or a SIM card begins, or
    a part of the name of a customer or a site; ``level`` is one of ``LEVELS``, ``sim`` one of ``SIM_STATES``."""

    q: str = ""
    level: str = "silent"
    area: int | None = None
    customer: int | None = None
    gateway: str = ""
    sim: str = ""


@dataclass(frozen=True, slots=True)
class SilentRow:
    """A machine of which nothing was heard for too long; ``ticket`` is the number of the one that stands for this silence."""

    serial: str
    device: str
    customer_id: int | None
    customer: str | None
    site: str | None
    area: str | None
    gateway: str
    is_silent: bool
    has_left: bool
    last_received_at: datetime
    sim_number: str
    sim_expires_on: date | None
    ticket: str | None

    @property
    def sim_state(self) -> str:
        """Whether its SIM card has expired or soon will; empty when it is good or nothing is known of it."""
        return sim_state(self.sim_expires_on)


def sim_state(expires_on: date | None) -> str:
    """``EXPIRED``, ``SOON`` or empty."""
    today = clock.today()
    if expires_on is None or expires_on > today + SIM_SOON:
        return ""
    return EXPIRED if expires_on < today else SOON


_SHOWN = (
    Machine.serial, Machine.device, Customer.id, CALLED, Site.name, Area.name, Machine.gateway, Terminal.is_silent,
    ~fn.COALESCE(Terminal.is_online, True), Terminal.last_received_at, Machine.sim_number, Machine.sim_expires_on, Ticket.number,
)  # fmt: skip


def page(
    actor: Actor, filters: Filters, *, sort: str = DEFAULT_SORT, after: str | None = None, before: str | None = None
) -> Page[SilentRow]:
    """One page of the machines that are silent now, those of the longest silence first. Raises ``Invalid`` for an unknown sort or page."""
    order, query = _order(sort), _listed(actor, filters)
    shown = _with_tickets(query).select(*_SHOWN, *order.columns)
    return page_of(shown, order, row=_row, total=capped_count(query), after=after, before=before)


def whole(actor: Actor, filters: Filters, *, sort: str = DEFAULT_SORT) -> Iterator[SilentRow]:
    """All of them, for an export. Raises ``Invalid`` for an unknown sort."""
    order = _order(sort)
    query = _with_tickets(_listed(actor, filters)).select(*_SHOWN, *order.columns).order_by(*order.by()).limit(_STEP)
    return _in_steps(query, order)


def expired(actor: Actor, filters: Filters) -> tuple[int, bool]:
    """Of how many machines of the list the SIM card has expired, and whether there are more than can be counted."""
    return capped_count(_listed(actor, replace(filters, sim=EXPIRED)))


def _in_steps(query: ModelSelect, order: Order) -> Iterator[SilentRow]:
    rows = list(query.tuples())
    while rows:
        yield from (_row(*values) for values in rows)
        rows = list(query.where(order.beyond(rows[-1][-2:])).tuples()) if len(rows) == _STEP else []


def _row(*values: Any) -> SilentRow:
    return SilentRow(*values[: len(_SHOWN)])


def _order(sort: str) -> Order:
    if sort not in SORTS:
        raise Invalid(N_("This list cannot be sorted that way."))
    return SORTS[sort]


def _listed(actor: Actor, filters: Filters) -> ModelSelect:
    query = machines.visible(actor).join_from(Machine, Terminal, on=(Terminal.device == Machine.device))
    query = query.join_from(Machine, Customer, JOIN.LEFT_OUTER).join_from(Machine, Site, JOIN.LEFT_OUTER)
    query = query.join_from(Machine, Area, JOIN.LEFT_OUTER)
    query = query.where(Machine.retired_on.is_null(), _is_of_level(filters.level))
    if filters.area is not None:
        query = query.where(Machine.area == filters.area)
    if filters.customer is not None:
        query = query.where(Machine.customer == filters.customer)
    if filters.gateway:
        query = query.where(Machine.gateway == filters.gateway)
    if filters.sim:
        query = query.where(machines.sim_is(filters.sim))
    if filters.q:
        signs = (Machine.serial, Machine.device, Machine.gateway, Machine.sim_number)
        names = (Customer.name, Customer.short_name, Site.name)
        is_so = [sign.startswith(filters.q) for sign in signs] + [name.contains(filters.q) for name in names]
        query = query.where(reduce(or_, is_so))
    return query


def _with_tickets(query: ModelSelect) -> ModelSelect:
    """With the ticket of the silence that lasts; a machine has one alarm of a code, and that one open episode."""
    is_lost = (Alarm.machine == Machine.id) & (Alarm.code == COMM_LOST)
    query = query.join_from(Machine, Alarm, JOIN.LEFT_OUTER, on=is_lost)
    query = query.join_from(Alarm, Episode, JOIN.LEFT_OUTER, on=(Episode.alarm == Alarm.id) & Episode.ended_at.is_null())
    return query.join_from(Episode, Ticket, JOIN.LEFT_OUTER)


def _is_of_level(level: str) -> Any:
    return {"silent": Terminal.is_silent, "late": Terminal.is_late}.get(level, Terminal.is_silent | Terminal.is_late)


def gateways(actor: Actor) -> list[str]:
    """The gateways behind which a machine is silent or late, by name."""
    names = _listed(actor, Filters(level="all")).select(Machine.gateway).where(Machine.gateway != "").distinct().order_by(Machine.gateway)
    return [name for (name,) in names.tuples()]


def silences_of(machine: Machine) -> Sequence[TerminalSilence]:
    """The last silences of the terminals of ``machine``, newest first."""
    found = sources(machine)
    if not found:
        return []
    query = TerminalSilence.select().where(are_of(found, TerminalSilence.terminal, TerminalSilence.noticed_at))
    return list(query.order_by(TerminalSilence.from_at.desc()).limit(MOST_LISTED))
