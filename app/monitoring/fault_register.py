"""The fault register (故障记录统计表, 2E-16): every episode once, filtered, counted, exported."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from peewee import JOIN, ModelSelect, fn

from app.accounts.models import User
from app.core.errors import N_, Invalid
from app.core.paging import Order, capped_count, page_of
from app.core.types import Actor, Page
from app.customers.models import Customer
from app.machines import profiles
from app.machines.models import Machine
from app.machines.profiles import CodePolicy
from app.machines.queries import profile_documents
from app.monitoring.models import Episode
from app.tickets.models import Priority, Ticket

COLUMNS = (
    "id", "machine", "device", "code", "name", "severity", "started_at", "ended_at", "count", "acknowledged_at", "acknowledged_by",
    "ticket",
)  # fmt: skip
SORTS = {
    "-started_at": Order((Episode.started_at, Episode.id), (True, True)),
    "started_at": Order((Episode.started_at, Episode.id), (False, False)),
}
DEFAULT_SORT = "-started_at"
GROUPS = ("code", "machine", "severity")
MAX_GROUPS = 200
_STEP = 2_000


@dataclass(frozen=True, slots=True)
class Filters:
    """What the register is narrowed to; empty values do not narrow. ``machine`` is a serial number or device code."""

    q: str = ""
    machine: str = ""
    code: str = ""
    severity: str = ""
    area: int | None = None
    from_at: datetime | None = None
    to_at: datetime | None = None
    state: str = ""  # "active", "gone", "unacknowledged"


@dataclass(frozen=True, slots=True)
class FaultRow:
    """One episode as the register shows it."""

    id: int
    serial: str
    device: str | None
    customer: str | None
    code: str
    severity: Priority
    started_at: datetime
    ended_at: datetime | None
    count: int
    text: str
    is_late: bool
    acknowledged_at: datetime | None
    acknowledged_by: str | None
    ticket: str | None
    policy: CodePolicy

    def name(self, locale: str) -> str:
        """The code's name in the machine's profile; empty for one that is not there."""
        return self.policy.name(locale) if self.policy.is_in_profile else ""


_SHOWN = (
    Machine.profile, Episode.id, Machine.serial, Machine.device, fn.COALESCE(fn.NULLIF(Customer.short_name, ""), Customer.name),
    Episode.code, Episode.severity, Episode.started_at, Episode.ended_at, Episode.count, Episode.text, Episode.is_late,
    Episode.acknowledged_at, User.name, Ticket.number,
)  # fmt: skip


def visible(actor: Actor) -> ModelSelect:
    """The episodes of the machines that ``actor`` may see."""
    query = Episode.select(Episode.id).join(Machine)
    return query if actor.area_ids is None else query.where(Machine.area.in_(list(actor.area_ids)))


def page(
    actor: Actor, filters: Filters, *, sort: str = DEFAULT_SORT, after: str | None = None, before: str | None = None
) -> Page[FaultRow]:
    """One page of the register. Raises ``Invalid`` for an unknown sort or page."""
    order = _order(sort)
    query = _listed(actor, filters)
    shown = _joined(query).select(*_SHOWN, *order.columns)
    return page_of(shown, order, row=_reader(), total=capped_count(query), after=after, before=before)


def whole(actor: Actor, filters: Filters, *, sort: str = DEFAULT_SORT) -> Iterator[FaultRow]:
    """All of the register that ``filters`` leave, for an export. Raises ``Invalid`` for an unknown sort."""
    order = _order(sort)
    query = _joined(_listed(actor, filters)).select(*_SHOWN, *order.columns).order_by(*order.by()).limit(_STEP)
    return _in_steps(query, order)


def _in_steps(query: ModelSelect, order: Order) -> Iterator[FaultRow]:
    """Read in steps, so that nothing grows with the length of the list."""
    read = _reader()
    rows = list(query.tuples())
    while rows:
        yield from (read(*values) for values in rows)
        rows = list(query.where(order.beyond(rows[-1][-2:])).tuples()) if len(rows) == _STEP else []


def grouped(actor: Actor, filters: Filters, by: str) -> list[tuple[str, int, int]]:
    """Episodes and raises counted by code, machine or severity, most first. Raises ``Invalid`` for anything else."""
    if by not in GROUPS:
        raise Invalid(N_("This list cannot be grouped that way."))
    column = {"code": Episode.code, "machine": Machine.serial, "severity": Episode.severity}[by]
    query = _listed(actor, filters).select(column, fn.COUNT(Episode.id), fn.SUM(Episode.count)).group_by(column)
    return list(query.order_by(fn.COUNT(Episode.id).desc(), column).limit(MAX_GROUPS).tuples())


def _order(sort: str) -> Order:
    if sort not in SORTS:
        raise Invalid(N_("This list cannot be sorted that way."))
    return SORTS[sort]


def _reader() -> Callable[..., FaultRow]:
    documents = profile_documents()

    def read(profile_id: int | None, *values: Any) -> FaultRow:
        profile = None if profile_id is None else documents.get(profile_id)
        facts = [*values[: len(_SHOWN) - 1], profiles.code(profile, values[4])]
        return FaultRow(*facts)

    return read


def _joined(query: ModelSelect) -> ModelSelect:
    query = query.join_from(Machine, Customer, JOIN.LEFT_OUTER)
    return query.join_from(Episode, Ticket, JOIN.LEFT_OUTER).join_from(Episode, User, JOIN.LEFT_OUTER)


def _listed(actor: Actor, filters: Filters) -> ModelSelect:
    query = visible(actor)
    if filters.machine:
        query = query.where((Machine.serial == filters.machine) | (Machine.device == filters.machine))
    if filters.code:
        query = query.where(Episode.code == filters.code)
    if filters.severity:
        query = query.where(Episode.severity == filters.severity)
    if filters.area is not None:
        query = query.where(Machine.area == filters.area)
    if filters.from_at is not None:
        query = query.where(Episode.started_at >= filters.from_at)
    if filters.to_at is not None:
        query = query.where(Episode.started_at < filters.to_at)
    if filters.q:
        query = query.where(
            Machine.serial.startswith(filters.q) | Machine.device.startswith(filters.q) | Episode.code.startswith(filters.q)
        )
    return _in_state(query, filters.state)


def _in_state(query: ModelSelect, state: str) -> ModelSelect:
    if state == "active":
        return query.where(Episode.ended_at.is_null())
    if state == "gone":
        return query.where(Episode.ended_at.is_null(False))
    if state == "unacknowledged":
        return query.where(Episode.acknowledged_at.is_null())
    return query
