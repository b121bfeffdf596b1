"""What a contract comes to (2A-07): each line is quantity × price × (1 − discount), rounded half up to the fen; the total is the sum of
the lines. Prices include tax. What is in warranty costs nothing. Pure.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from app.core.money import ZERO, rounded, tax_within

ONE, NOTHING = Decimal(1), Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Priced:
    """A line as it is reckoned: ``price`` in yuan with tax, ``discount`` and ``tax_rate`` as shares of one.

    ``list_price`` is the catalogue's, ``cost`` what one unit costs; None where nobody knows.
    """

    quantity: Decimal
    price: Decimal
    discount: Decimal = NOTHING
    tax_rate: Decimal = NOTHING
    is_in_warranty: bool = False
    list_price: Decimal | None = None
    cost: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Sum:
    """What a line, or all lines together, come to: ``tax`` is contained in ``amount``."""

    amount: Decimal
    tax: Decimal

    @property
    def net(self) -> Decimal:
        """Without the tax."""
        return self.amount - self.tax


def line_sum(line: Priced) -> Sum:
    """What one line comes to."""
    if line.is_in_warranty:
        return Sum(ZERO, ZERO)
    amount = rounded(line.quantity * line.price * (ONE - line.discount))
    return Sum(amount, tax_within(amount, line.tax_rate))


def total(sums: Sequence[Sum]) -> Sum:
    """What lines come to together."""
    return Sum(sum((one.amount for one in sums), ZERO), sum((one.tax for one in sums), ZERO))


def line_cost(line: Priced) -> Decimal | None:
    """What a line costs us, in warranty or not; None where the cost of one is unknown."""
    return None if line.cost is None else rounded(line.quantity * line.cost)


def discount_of(line: Priced) -> Decimal:
    """What share of the usual price is given away: the discount, or more where the price is below the catalogue's already."""
    if line.is_in_warranty:
        return NOTHING
    usual = max(line.price, line.list_price or NOTHING)
    return ONE - line.price * (ONE - line.discount) / usual if usual else line.discount


def greatest_discount(lines: Sequence[Priced]) -> Decimal:
    """The greatest discount among ``lines``."""
    return max((discount_of(line) for line in lines), default=NOTHING)


def margin(earned: Sum, cost: Decimal) -> tuple[Decimal, Decimal | None]:
    """What is left of the sum without tax when ``cost`` is paid, and its share of that sum (None where nothing is earned)."""
    left = earned.net - cost
    return left, (left / earned.net if earned.net else None)
