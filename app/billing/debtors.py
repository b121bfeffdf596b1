"""Who owes what, what was promised, and whom to press today with which step (2A-09, 2E-11).

One line per customer with an open receivable. What is next follows from its oldest debt and the ladder; a date that somebody set, or a
promise that still runs, comes first; a broken promise is for today.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from peewee import JOIN, Case, ModelSelect, fn

from app.accounts.models import Area
from app.billing import ageing, cutting, ladder, receivables
from app.billing.models import DunningRecord, DunningStep, Payment, Receivable
from app.core import clock
from app.core.money import FEN
from app.core.types import Actor, Page
from app.customers.models import Customer

TODAY, PROMISED, BROKEN, EXPIRING, ALL = "today", "promised", "broken", "expiring", "all"
WHAT = (TODAY, PROMISED, BROKEN, EXPIRING, ALL)
RUNNING, KEPT = "running", "kept"
LEFT = Receivable.amount - Receivable.paid
COLUMNS = (
    "customer", "area", "owed", "overdue", "oldest_on", "days", "step", "act_on", "last_at", "last_by", "last_result", "promised_on",
    "promised", "promise", "limitation_on", "stopped_at",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """What a customer promised last; ``state`` is running, broken or kept."""

    on: date
    amount: Decimal
    paid: Decimal
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Debtor:
    """One customer with open debts. ``step`` is the next of the ladder, ``act_on`` when it or what was arranged is to be done."""

    customer: Customer
    owed: Decimal
    overdue: Decimal
    oldest_on: date
    days: int
    limitation_on: date
    is_expiring: bool
    step: DunningStep | None
    act_on: date | None
    last: DunningRecord | None
    promise: Promise | None

    @property
    def id(self) -> int:
        """The customer's."""
        return int(self.customer.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class DebtorFilter:
    """What the list is narrowed to; ``role``: whose step is next."""

    what: str = TODAY
    q: str = ""
    area: int | None = None
    role: str = ""
    customer: int | None = None


SORTS: dict[str, Any] = {
    "act_on": lambda line: (line.act_on or date.max).toordinal(),
    "overdue": lambda line: int(line.overdue / FEN),
    "owed": lambda line: int(line.owed / FEN),
    "days": lambda line: line.days,
    "customer": lambda line: line.customer.name,
}
DEFAULT_SORT = "-overdue"


def visible(actor: Actor, query: ModelSelect) -> ModelSelect:
    """``query`` over receivables, narrowed to what ``actor`` may see (product.md, settled question 13)."""
    return query if actor.area_ids is None else query.where(Receivable.id.in_(receivables.visible(actor).select(Receivable.id)))


def found(actor: Actor, wanted: DebtorFilter, today: date) -> list[Debtor]:
    """All debtors that fit, in no order."""
    debts = list(_debts(actor, wanted, today))
    ids = [row.id for row in debts]
    last, done, promises = _last_records(ids), _steps_done(ids), _promises(ids, today)
    steps = ladder.steps()
    lines = [_line(row, today, steps, done.get(row.id, []), (last.get(row.id), promises.get(row.id))) for row in debts]
    return [line for line in lines if _fits(line, wanted, today)]


def _debts(actor: Actor, wanted: DebtorFilter, today: date) -> ModelSelect:
    overdue = Case(None, [(Receivable.due_on < today, LEFT)], 0)
    since = Case(None, [(Receivable.demanded_on > Receivable.due_on, Receivable.demanded_on)], Receivable.due_on)
    sums = (
        fn.SUM(LEFT).coerce(False).alias("owed_fen"), fn.SUM(overdue).coerce(False).alias("overdue_fen"),
        fn.MIN(Receivable.due_on).alias("oldest_on"), fn.MIN(since).alias("limited_since"),
    )  # fmt: skip
    query = Customer.select(Customer, Area, *sums).join(Receivable).switch(Customer).join(Area, JOIN.LEFT_OUTER)
    query = visible(actor, query.where(Receivable.is_open)).group_by(Customer.id, Area.id)
    if wanted.q:
        query = query.where(Customer.name.contains(wanted.q) | Customer.short_name.contains(wanted.q))
    if wanted.area:
        query = query.where(fn.COALESCE(Receivable.area, Customer.area) == wanted.area)
    return query.where(Customer.id == wanted.customer) if wanted.customer else query


def _last_records(ids: list[int]) -> dict[int, DunningRecord]:
    newest = DunningRecord.select(fn.MAX(DunningRecord.id)).where(DunningRecord.customer.in_(ids)).group_by(DunningRecord.customer)
    return {row.customer_id: row for row in DunningRecord.select().where(DunningRecord.id.in_(newest))} if ids else {}


def _steps_done(ids: list[int]) -> dict[int, list[tuple[date, int]]]:
    """When each step was done last, by customer."""
    done: dict[int, list[tuple[date, int]]] = {}
    query = DunningRecord.select(DunningRecord.customer, DunningStep.days, fn.MAX(DunningRecord.at)).join(DunningStep)
    for customer_id, days, at in query.where(DunningRecord.customer.in_(ids)).group_by(DunningRecord.customer, DunningStep.days).tuples():
        done.setdefault(customer_id, []).append((_day(at), days))
    return done


def _day(at: Any) -> date:
    moment = clock.from_ms(at) if isinstance(at, int) else at
    return clock.day_of(moment)


def _promises(ids: list[int], today: date) -> dict[int, Promise]:
    if not ids:
        return {}
    mine = DunningRecord.customer.in_(ids) & DunningRecord.promised_on.is_null(False)
    newest = DunningRecord.select(fn.MAX(DunningRecord.id)).where(mine).group_by(DunningRecord.customer)
    records = list(DunningRecord.select().where(DunningRecord.id.in_(newest)))
    paid = _payments([record.customer_id for record in records], min((_day(record.at) for record in records), default=today))
    return {record.customer_id: _promise(record, paid.get(record.customer_id, []), today) for record in records}


def _payments(ids: list[int], since: date) -> dict[int, list[tuple[date, Decimal]]]:
    paid: dict[int, list[tuple[date, Decimal]]] = {}
    counts = Payment.confirmed_at.is_null(False) & Payment.void_at.is_null()
    query = Payment.select(Payment.customer, Payment.received_on, Payment.amount).where(counts, Payment.received_on >= since)
    for customer_id, on, amount in query.where(Payment.customer.in_(ids)).tuples():
        paid.setdefault(customer_id, []).append((on, amount))
    return paid


def _promise(record: DunningRecord, payments: Iterable[tuple[date, Decimal]], today: date) -> Promise:
    paid = sum((amount for on, amount in payments if on >= _day(record.at)), Decimal(0))
    in_time = sum((amount for on, amount in payments if _day(record.at) <= on <= record.promised_on), Decimal(0))
    if in_time >= record.promised or paid >= record.promised:
        state = KEPT
    else:
        state = RUNNING if record.promised_on >= today else BROKEN
    return Promise(on=record.promised_on, amount=record.promised, paid=paid, state=state)


def _line(
    row: Any, today: date, steps: list[DunningStep], done: list[tuple[date, int]], so_far: tuple[DunningRecord | None, Promise | None]
) -> Debtor:
    last, promise = so_far
    oldest_on, since = _as_day(row.oldest_on), _as_day(row.limited_since)
    # What was done before this debt came near is about an older one, paid meanwhile.
    ahead = timedelta(days=max([0, *(-step.days for step in steps)]))
    for_this = [days for on, days in done if on >= oldest_on - ahead]
    step = ladder.next_step(steps, due_on=oldest_on, today=today, done=max(for_this, default=None))
    return Debtor(
        customer=row, owed=Decimal(int(row.owed_fen)) * FEN, overdue=Decimal(int(row.overdue_fen)) * FEN, oldest_on=oldest_on,
        days=(today - oldest_on).days, limitation_on=ageing.lapses_on(since, None),
        is_expiring=ageing.is_about_to_lapse(since, None, today), step=step, last=last, promise=promise,
        act_on=_act_on(today, oldest_on, step, last, promise),
    )  # fmt: skip


def _as_day(value: Any) -> date:
    return value if isinstance(value, date) else date.fromisoformat(value)


def _act_on(today: date, oldest_on: date, step: DunningStep | None, last: DunningRecord | None, promise: Promise | None) -> date | None:
    if promise and promise.state == RUNNING:
        return promise.on + timedelta(days=1)
    if last and last.next_on and last.next_on > today:
        return last.next_on
    if promise and promise.state == BROKEN and (last is None or _day(last.at) <= promise.on):
        return promise.on + timedelta(days=1)
    if step is not None and oldest_on + timedelta(days=step.days) <= today:
        return oldest_on + timedelta(days=step.days)
    if last and last.next_on:
        return last.next_on
    return oldest_on + timedelta(days=step.days) if step else None


def _fits(line: Debtor, wanted: DebtorFilter, today: date) -> bool:
    if wanted.role and (line.step is None or line.step.role != wanted.role):
        return False
    state = line.promise.state if line.promise else ""
    return {
        TODAY: line.act_on is not None and line.act_on <= today,
        PROMISED: state == RUNNING,
        BROKEN: state == BROKEN,
        EXPIRING: line.is_expiring,
        ALL: True,
    }[wanted.what]


def page(
    actor: Actor, wanted: DebtorFilter, today: date, *, sort: str, after: str | None = None, before: str | None = None
) -> Page[Debtor]:
    """One page of the list. Raises ``Invalid`` for an unknown sort or page."""
    return cutting.page(found(actor, wanted, today), SORTS, sort, after=after, before=before)


def exported(actor: Actor, wanted: DebtorFilter, today: date, sort: str) -> list[list[Any]]:
    """The rows of ``COLUMNS`` for an export."""
    return [_row(line) for line in cutting.ordered(found(actor, wanted, today), SORTS, sort)]


def _row(line: Debtor) -> list[Any]:
    last, promise, customer = line.last, line.promise, line.customer
    return [
        customer.name, customer.area.name if customer.area else "", line.owed, line.overdue, line.oldest_on, line.days,
        line.step.name_zh if line.step else "", line.act_on, last.at if last else None, last.by_name if last else "",
        last.result if last else "", promise.on if promise else None, promise.amount if promise else None,
        promise.state if promise else "", line.limitation_on, customer.service_stopped_at,
    ]  # fmt: skip


def of_customer(actor: Actor, customer: Customer, today: date) -> Debtor | None:
    """Where one customer stands; None when it owes nothing that ``actor`` may see."""
    return next(iter(found(actor, DebtorFilter(what=ALL, customer=customer.id), today)), None)


def open_items(actor: Actor, customer: Customer) -> list[Receivable]:
    """What a customer still owes, oldest first."""
    query = Receivable.select(Receivable, Customer).join(Customer).where(Receivable.customer == customer, Receivable.is_open)
    return list(visible(actor, query).order_by(Receivable.due_on, Receivable.id))


def acts_of(customer: Customer) -> list[DunningRecord]:
    """All demands made of a customer, newest first."""
    query = DunningRecord.select(DunningRecord, DunningStep, Receivable)
    query = query.join_from(DunningRecord, DunningStep, JOIN.LEFT_OUTER).join_from(DunningRecord, Receivable, JOIN.LEFT_OUTER)
    return list(query.where(DunningRecord.customer == customer).order_by(DunningRecord.at.desc(), DunningRecord.id.desc()))
