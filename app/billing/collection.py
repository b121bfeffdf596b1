"""The collection rate (回款率, 2A-09): of what was due by the end of a month and not paid before it, how much came in during the month."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from peewee import JOIN, ModelSelect

from app.accounts.models import Area, User
from app.billing import asking, cutting, debtors
from app.billing.models import Allocation, Payment, Receivable
from app.core import clock
from app.core.money import FEN, ZERO
from app.core.types import Actor
from app.customers.models import Customer

BY = ("area", "person", "item")
MONTHS_SHOWN = 12
COLUMNS = ("name", "due", "collected", "rate")
SORTS: cutting.Sorts = {
    "name": lambda line: line.name,
    "due": lambda line: int(line.due / FEN),
    "collected": lambda line: int(line.collected / FEN),
    "rate": lambda line: int((line.rate if line.rate is not None else Decimal(-1)) * 10),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RateLine:
    """One area, person, debt or month: what was to be collected, what was."""

    id: int
    name: str
    due: Decimal
    collected: Decimal
    customer_id: int | None = None

    @property
    def rate(self) -> Decimal | None:
        """The share that came in, in per cent; None where nothing was to be collected."""
        return (self.collected * 100 / self.due).quantize(Decimal("0.1"), ROUND_HALF_UP) if self.due > 0 else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Debt:
    """A receivable with what was paid of it, by day of receipt."""

    row: Receivable
    paid: Sequence[tuple[date, Decimal]]

    def share(self, first: date, following: date) -> tuple[Decimal, Decimal]:
        """What of it was to be collected in the month from ``first`` to before ``following``, and what was."""
        gone_at = self.row.written_off_at
        if self.row.due_on >= following or (gone_at and clock.day_of(gone_at) < first):
            return ZERO, ZERO
        before = sum((amount for on, amount in self.paid if on < first), ZERO)
        within = sum((amount for on, amount in self.paid if first <= on < following), ZERO)
        return max(self.row.amount - before, ZERO), within


def debts(actor: Actor, since: date, *, area: int | None = None, person: int | None = None) -> list[Debt]:
    """What was open at ``since`` or later and is due by now, of what ``actor`` may see."""
    lately = Allocation.select(Allocation.receivable).join(Payment).where(Payment.received_on >= since)
    query = Receivable.select(Receivable, Customer, Area, User).join(Customer)
    query = query.join_from(Receivable, Area, JOIN.LEFT_OUTER, on=(Receivable.area == Area.id))
    query = query.join_from(Receivable, User, JOIN.LEFT_OUTER, on=(Receivable.person == User.id))
    is_lively = Receivable.is_open | Receivable.id.in_(lately) | (Receivable.written_off_at >= clock.start_of(since))
    query = debtors.visible(actor, query.where(is_lively))
    for column, value in ((Receivable.area, area), (Receivable.person, person)):
        if value is not None:
            query = query.where(column == value if value else column.is_null())
    paid = _paid(query)
    return [Debt(row=row, paid=paid.get(row.id, ())) for row in query]


def _paid(query: ModelSelect) -> dict[int, list[tuple[date, Decimal]]]:
    found: dict[int, list[tuple[date, Decimal]]] = {}
    ids = query.clone().select(Receivable.id)
    rows = Allocation.select(Allocation.receivable, Payment.received_on, Allocation.amount).join(Payment)
    for receivable_id, on, amount in rows.where(Allocation.receivable.in_(ids)).tuples():
        found.setdefault(receivable_id, []).append((on, amount))
    return found


def lines(found: list[Debt], by: str, month: date) -> list[RateLine]:
    """The lines of one month; 0 is the number of what has no area or person."""
    following, sums = asking.months_before(month, -1), dict[int, tuple[str, Decimal, Decimal, int | None]]()
    for debt in found:
        due, collected = debt.share(month, following)
        if due or collected:
            key, name, customer_id = _key(debt.row, by)
            _name, due_so_far, collected_so_far, _customer = sums.get(key, (name, ZERO, ZERO, None))
            sums[key] = (name, due_so_far + due, collected_so_far + collected, customer_id)
    return [
        RateLine(id=key, name=name, due=due, collected=collected, customer_id=customer_id)
        for key, (name, due, collected, customer_id) in sums.items()
    ]


def _key(row: Receivable, by: str) -> tuple[int, str, int | None]:
    if by == "area":
        return row.area_id or 0, row.area.name if row.area_id else "", None
    if by == "person":
        return row.person_id or 0, row.person.name if row.person_id else "", None
    return row.id, f"{row.customer.short_name or row.customer.name} · {row.about}".removesuffix(" · "), row.customer_id


def trend(found: list[Debt], last: date) -> list[RateLine]:
    """All together for each of the ``MONTHS_SHOWN`` months up to ``last``, oldest first."""
    months = [asking.months_before(last, count) for count in reversed(range(MONTHS_SHOWN))]
    return [_month(found, number, month) for number, month in enumerate(months)]


def _month(found: list[Debt], number: int, month: date) -> RateLine:
    shares = [debt.share(month, asking.months_before(month, -1)) for debt in found]
    due, collected = (sum((share[place] for share in shares), ZERO) for place in (0, 1))
    return RateLine(id=number, name=f"{month:%Y-%m}", due=due, collected=collected)


def summed(found: list[RateLine]) -> RateLine:
    """All lines together."""
    return RateLine(id=0, name="", due=sum((line.due for line in found), ZERO), collected=sum((line.collected for line in found), ZERO))


def exported(found: list[RateLine], sort: str) -> list[list[Any]]:
    """The rows of ``COLUMNS`` for an export."""
    rows = cutting.ordered(found, SORTS, sort)
    return [[line.name, line.due, line.collected, line.rate] for line in rows]
