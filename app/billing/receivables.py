"""What is owed (2A-09, 应收账款台账): the list with its age, sums by customer, person and area, writing off, retention money."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from peewee import JOIN, SQL, Case, ModelSelect, fn

from app.accounts.models import Area, User
from app.billing import accounts, ageing
from app.billing.ageing import AgeBucket
from app.billing.models import Allocation, Payment, Receivable
from app.core import clock, db, history, paging
from app.core.errors import N_, Conflict, Invalid, NotFound
from app.core.money import FEN, ZERO
from app.core.paging import Sort
from app.core.types import Actor, Page
from app.customers.models import Customer
from app.work_orders import queries as orders
from app.work_orders.models import WorkOrder

READ, WRITE_OFF, SET_APART = "money.read", "receivables.write_off", "payments.record"
COLUMNS = (
    "id", "kind", "customer", "area", "person", "about", "since_on", "due_on", "statutory_on", "amount", "paid", "left", "age",
    "demanded_on", "lapses_on", "order", "reason",
)  # fmt: skip
SORTS = {
    "due_on": Sort(Receivable.due_on, lambda row: row.due_on.isoformat()),
    "since_on": Sort(Receivable.since_on, lambda row: row.since_on.isoformat()),
    "amount": Sort(Receivable.amount, lambda row: str(row.amount)),
}
DEFAULT_SORT = "due_on"
OPEN, PAID, WRITTEN_OFF, ALL = "open", "paid", "written_off", "all"
STATES: Mapping[str, Any] = {
    OPEN: Receivable.is_open,
    PAID: ~Receivable.is_open & Receivable.written_off_at.is_null(),
    WRITTEN_OFF: Receivable.written_off_at.is_null(False),
    ALL: None,
}
GROUPS = {"customer": (Receivable.customer, Customer), "person": (Receivable.person, User), "area": (Receivable.area, Area)}
_LEFT = Receivable.amount - Receivable.paid
CHANGED = N_("This was paid, written off or changed meanwhile. Look at its present state.")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivableFilter:
    """What the list is narrowed to; empty values do not narrow. ``is_lapsing``: only what must be demanded again soon."""

    q: str = ""
    state: str = OPEN
    age: str = ""
    kind: str = ""
    customer: int | None = None
    person: int | None = None
    area: int | None = None
    is_lapsing: bool = False


def visible(actor: Actor) -> ModelSelect:
    """What ``actor`` may see of what is owed: all, or that of own areas, own jobs and oneself as the person in charge."""
    query = Receivable.select()
    if actor.area_ids is None:
        return query
    own = WorkOrder.select(WorkOrder.id).where(orders.works_on(actor.user_id))
    is_near = (Receivable.area + 0).in_(sorted(actor.area_ids)) | (Receivable.person == actor.user_id) | Receivable.order.in_(own)
    return query.where(is_near)


def by_id(actor: Actor, receivable_id: int) -> Receivable:
    """One receivable. Raises ``NotFound`` for one that ``actor`` may not see."""
    row = visible(actor).where(Receivable.id == receivable_id).get_or_none()
    if row is None:
        raise NotFound(N_("This is not owed, or it is not for you to see."))
    return row


def narrowed(actor: Actor, wanted: ReceivableFilter, today: date) -> ModelSelect:
    """What the filter leaves, without the names."""
    query = visible(actor)
    if (state := STATES[wanted.state]) is not None:
        query = query.where(state)
    plain = (
        (Receivable.kind, wanted.kind),
        (Receivable.customer, wanted.customer),
        (Receivable.person, wanted.person),
        (Receivable.area, wanted.area),
    )
    for column, value in plain:
        if value:
            query = query.where(column == value)
    if wanted.age:
        bucket = AgeBucket(wanted.age)
        query = query.where(Receivable.due_on >= ageing.first_due_of(bucket, today), Receivable.due_on <= ageing.last_due_of(bucket, today))
    if wanted.is_lapsing:
        since = ageing.warned_since(today)
        query = query.where(Receivable.due_on <= since, Receivable.demanded_on.is_null() | (Receivable.demanded_on <= since))
    if wanted.q:
        named = Customer.select(Customer.id).where(Customer.name.contains(wanted.q) | Customer.short_name.contains(wanted.q))
        query = query.where(Receivable.about.contains(wanted.q) | Receivable.customer.in_(named))
    return query


def listed(actor: Actor, wanted: ReceivableFilter, today: date) -> ModelSelect:
    """The rows of the list with customer, area, person and order."""
    query = narrowed(actor, wanted, today).select_extend(Customer, Area, User, WorkOrder.id, WorkOrder.number)
    query = query.join_from(Receivable, Customer).join_from(Receivable, Area, JOIN.LEFT_OUTER)
    query = query.join_from(Receivable, User, JOIN.LEFT_OUTER, on=Receivable.person)
    return query.join_from(Receivable, WorkOrder, JOIN.LEFT_OUTER, on=Receivable.order)


def page(
    actor: Actor, wanted: ReceivableFilter, today: date, *, sort: str, after: str | None = None, before: str | None = None
) -> Page[Receivable]:
    """One page of the list. Raises ``Invalid`` for an unknown sort or page."""
    return paging.page_of_records(listed(actor, wanted, today), SORTS, sort, after=after, before=before)


def exported(actor: Actor, wanted: ReceivableFilter, today: date, sort: str) -> Iterator[list[Any]]:
    """The rows of ``COLUMNS`` for an export."""
    for one in paging.whole(listed(actor, wanted, today), SORTS, sort).iterator():
        yield [
            one.id, one.kind, one.customer.name, one.area.name if one.area_id else "", one.person.name if one.person_id else "", one.about,
            one.since_on, one.due_on, one.statutory_on, one.amount, one.paid, one.amount - one.paid,
            ageing.bucket_of(one.due_on, today), one.demanded_on, ageing.lapses_on(one.due_on, one.demanded_on),
            one.order.number if one.order_id else "", one.written_off_reason,
        ]  # fmt: skip


# --- sums -----------------------------------------------------------------------


@dataclass(slots=True)
class Aged:
    """Open sums by age; of a customer, person or area when ``name`` is given."""

    key: int | None = None
    name: str = ""
    sums: dict[AgeBucket, Decimal] = field(default_factory=dict)

    @property
    def total(self) -> Decimal:
        """All of it."""
        return sum(self.sums.values(), ZERO)

    @property
    def overdue(self) -> Decimal:
        """What is past its due date."""
        return self.total - self.sums.get(AgeBucket.NOT_DUE, ZERO)


def by_age(actor: Actor, wanted: ReceivableFilter, today: date) -> Aged:
    """The sums of what the filter (but for its age) leaves."""
    query = narrowed(actor, _any_age(wanted), today).select(_age(today), fn.SUM(_LEFT).coerce(False)).group_by(SQL("1"))
    return Aged(sums={AgeBucket(age): int(left) * FEN for age, left in query.tuples()})


def by_group(actor: Actor, wanted: ReceivableFilter, today: date, group: str) -> list[Aged]:
    """The same for each customer, person or area, who owes most first."""
    column, model = GROUPS[group]
    sums = fn.SUM(_LEFT).coerce(False)
    query = narrowed(actor, _any_age(wanted), today).select(column, _age(today), sums).group_by(column, SQL("2"))
    found: dict[int | None, Aged] = {}
    for key, age, left in query.tuples():
        found.setdefault(key, Aged(key)).sums[AgeBucket(age)] = int(left) * FEN
    names = dict(model.select(model.id, model.name).tuples())
    for key, aged in found.items():
        aged.name = names.get(key, "")
    return sorted(found.values(), key=lambda aged: (-aged.total, aged.name))


def _any_age(wanted: ReceivableFilter) -> ReceivableFilter:
    return ReceivableFilter(
        q=wanted.q, kind=wanted.kind, customer=wanted.customer, person=wanted.person, area=wanted.area, is_lapsing=wanted.is_lapsing
    )


def _age(today: date) -> Any:
    buckets = [bucket for bucket in AgeBucket if bucket != AgeBucket.OLDER]
    return Case(
        None, [(Receivable.due_on >= ageing.first_due_of(bucket, today), bucket.value) for bucket in buckets], AgeBucket.OLDER.value
    )


def paid_by(receivable: Receivable) -> list[Allocation]:
    """What was paid of it, with the payments, oldest first."""
    query = Allocation.select(Allocation, Payment).join(Payment).where(Allocation.receivable == receivable)
    return list(query.order_by(Payment.received_on, Allocation.id))


# --- changing -------------------------------------------------------------------


def write_off(*, by: Actor, receivable: Receivable, version: int, reason: str, at: datetime | None = None) -> None:
    """What is left of it will not be paid any more. Raises ``Invalid`` without a reason, ``Conflict`` when it changed meanwhile."""
    by.require(WRITE_OFF)
    why = reason.strip()
    if not why or len(why) > 300:
        words = N_("Say why, in at most 300 characters.")
        raise Invalid(N_("Something is missing or wrong. See the words beside the fields."), fields={"reason": words})
    with db.transaction():
        is_same = (Receivable.id == receivable.id) & (Receivable.version == version) & Receivable.is_open
        done = {"written_off_at": at or clock.now(), "written_off_reason": why, "is_open": False, "version": version + 1}
        if Receivable.update(done).where(is_same).execute() != 1:
            raise Conflict(CHANGED)
        accounts.no_longer_owed(receivable)
        _note(by, "written_off", receivable, amount=receivable.amount - receivable.paid, reason=why)


def set_apart(*, by: Actor, receivable: Receivable, amount: Decimal | None, due_on: date | None, at: datetime | None = None) -> Receivable:
    """Set retention money (质保金) apart: a receivable of its own, due on ``due_on``. Raises ``Invalid``, ``Conflict``."""
    by.require(SET_APART)
    wrong = {}
    if amount is None:
        wrong["amount"] = N_("An amount is more than nothing.")
    if due_on is None or due_on < receivable.due_on:
        wrong["due_on"] = N_("Retention money falls due later than the rest.")
    if wrong or amount is None or due_on is None:
        raise Invalid(N_("Something is missing or wrong. See the words beside the fields."), fields=wrong)
    with db.transaction():
        made = accounts.set_apart(receivable=receivable, amount=amount, due_on=due_on, at=at or clock.now())
        _note(by, "set_apart", receivable, retention=made.id, amount=amount, due_on=due_on)
    return made


def retention_of(receivable: Receivable) -> Decimal | None:
    """How much of it the contract lets the customer keep for now; None without such a contract."""
    if receivable.contract_id is None or not receivable.contract.retention_rate or receivable.kind == "retention":
        return None
    return (receivable.amount * receivable.contract.retention_rate).quantize(FEN)


def _note(by: Actor, action: str, receivable: Receivable, **after: Any) -> None:
    history.record(by, f"receivable.{action}", "receivable", receivable.id, after={"customer": receivable.customer_id} | after)
