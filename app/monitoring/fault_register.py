"""The fault register (故障记录统计表, 2E-16): every episode once, filtered, counted, exported."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from peewee import JOIN, SQL, ModelSelect, Value, fn

from app.accounts.models import Area, User
from app.core import clock
from app.core.clock import to_ms
from app.core.errors import N_, Invalid
from app.core.paging import Order, capped_count, page_of
from app.core.types import Actor, Page
from app.customers.models import CALLED, Customer
from app.machines import profiles
from app.machines.models import Machine
from app.machines.profiles import CodePolicy
from app.machines.queries import profile_documents
from app.monitoring.announcing import long_standing
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
GROUPS = ("code", "machine", "severity", "customer", "area", "day")
_MINUTE_MS, _DAY_MS = 60_000, 86_400_000
STATES = ("active", "gone", "unacknowledged", "with_ticket", "without_ticket", "late", "chattering", "long")
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
    state: str = ""  # one of STATES
    customer: int | None = None


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


@dataclass(frozen=True, slots=True)
class Group:
    """Faults with something in common: how many, how often they were raised, and how long they lasted altogether, in minutes."""

    key: Any
    words: str | None
    faults: int
    raises: int
    minutes: int


_SHOWN = (
    Machine.profile, Episode.id, Machine.serial, Machine.device, CALLED,
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


def grouped(actor: Actor, filters: Filters, by: str, now: datetime) -> list[Group]:
    """Faults, raises and time counted by ``by``, most first, days newest first. Raises ``Invalid`` for what is not in ``GROUPS``."""
    if by not in GROUPS:
        raise Invalid(N_("This list cannot be grouped that way."))
    key, words = _columns_of(by)
    lasted_ms = fn.SUM(fn.COALESCE(Episode.ended_at, to_ms(now)) - Episode.started_at)
    query = _listed(actor, filters).join_from(Machine, Customer, JOIN.LEFT_OUTER).join_from(Machine, Area, JOIN.LEFT_OUTER)
    query = query.select(key, words, fn.COUNT(Episode.id), fn.SUM(Episode.count), lasted_ms).group_by(SQL("1"), SQL("2"))
    order = (SQL("1").desc(),) if by == "day" else (SQL("3").desc(), SQL("1"))
    rows = query.order_by(*order).limit(MAX_GROUPS).tuples()
    return [
        Group(_day(key) if by == "day" else key, _day(key) if by == "day" else words, faults, int(raises), int(lasted) // _MINUTE_MS)
        for key, words, faults, raises, lasted in rows
    ]


def _columns_of(by: str) -> tuple[Any, Any]:
    """What is grouped by, and what it is called."""
    if by == "day":
        day = (Episode.started_at + _offset_ms()) / _DAY_MS
        return day, Value("")
    return {
        "code": (Episode.code, Episode.code),
        "machine": (Machine.serial, Machine.serial),
        "severity": (Episode.severity, Episode.severity),
        "customer": (Customer.id, CALLED),
        "area": (Area.id, Area.name),
    }[by]


def _offset_ms() -> int:
    """How far the deployment's zone is ahead of UTC; in China it is always the same."""
    offset = clock.now().astimezone(clock.zone()).utcoffset() or timedelta()
    return offset // timedelta(milliseconds=1)


def _day(number: float) -> str:
    return (date(1970, 1, 1) + timedelta(days=int(number))).isoformat()


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
    if filters.customer is not None:
        query = query.where(Machine.customer == filters.customer)
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
    conditions = {
        "active": Episode.ended_at.is_null(),
        "gone": Episode.ended_at.is_null(False),
        "unacknowledged": Episode.acknowledged_at.is_null(),
        "with_ticket": Episode.ticket.is_null(False),
        "without_ticket": Episode.ticket.is_null(),
        "late": Episode.is_late,
        "chattering": Episode.is_chattering,
    }
    if state == "long":
        return query.where(Episode.ended_at.is_null(), Episode.started_at <= long_standing.standing_since(clock.now()))
    return query.where(conditions[state]) if state else query
