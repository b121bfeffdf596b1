"""Money and quantities as exact numbers: hundredths of a yuan (分) and thousandths of a unit in the database, Decimal in the program.

Halves are rounded up (facts, Invoices); nothing here is ever a float.
"""

from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING, Any

from peewee import BigIntegerField

FEN, MILLI = Decimal("0.01"), Decimal("0.001")
ZERO = Decimal("0.00")


def rounded(amount: Decimal) -> Decimal:
    """``amount`` to the fen, halves up."""
    return amount.quantize(FEN, ROUND_HALF_UP)


def line_amount(quantity: Decimal, price: Decimal) -> Decimal:
    """What a line of ``quantity`` at ``price`` comes to."""
    return rounded(quantity * price)


def tax_within(amount: Decimal, rate: Decimal) -> Decimal:
    """The tax that is contained in ``amount``, which includes it; ``rate`` is 0.13 for 13 %."""
    return rounded(amount * rate / (1 + rate))


class _Scaled(BigIntegerField):
    """A Decimal kept as a whole number of its smallest unit."""

    unit = FEN

    if TYPE_CHECKING:
        # On a row a field gives its value, on the model an expression; peewee's metaclass sees to that.
        def __get__(self, row: Any, model: Any = None) -> Any: ...
        def __set__(self, row: Any, value: Decimal | int | None) -> None: ...

    def db_value(self, value: Decimal | int | None) -> int | None:
        """Raises ``ValueError`` for more decimals than the unit has: rounding is the business of the rule, not of the column."""
        if value is None:
            return None
        scaled = Decimal(value) / self.unit
        if scaled != scaled.to_integral_value():
            raise ValueError(f"{value} has more decimals than {self.unit}")
        return int(scaled)

    def python_value(self, value: int | None) -> Decimal | None:
        return None if value is None else Decimal(int(value)) * self.unit


class MoneyField(_Scaled):
    """An amount in yuan, kept in fen."""


class QuantityField(_Scaled):
    """A quantity, kept in thousandths."""

    unit = MILLI


class RateField(_Scaled):
    """A share of one (0.13 is 13 %), kept in ten-thousandths."""

    unit = Decimal("0.0001")


_DIGITS = "零壹贰叁肆伍陆柒捌玖"
_PLACES = ("", "拾", "佰", "仟")
_GROUPS = ("", "万", "亿", "万亿")


def capitals(amount: Decimal) -> str:
    """``amount`` in capital characters as invoices and contracts have it (facts): 1409.50 is 壹仟肆佰零玖元伍角.

    Raises ``ValueError`` for an amount that is negative, has more than two decimals or no name.
    """
    fen = amount / FEN
    if amount < 0 or fen != fen.to_integral_value() or amount >= Decimal(10) ** 16:
        raise ValueError(f"no capitals for {amount}")
    yuan, rest = divmod(int(fen), 100)
    jiao, cents = divmod(rest, 10)
    whole = _whole(yuan) + "元" if yuan else ""
    if not rest:
        return (whole or "零元") + "整"
    small = f"{_DIGITS[jiao]}角" if jiao else ""
    between = "零" if yuan and (not jiao or yuan % 10 == 0) else ""
    return whole + between + small + (f"{_DIGITS[cents]}分" if cents else "")


def _whole(number: int) -> str:
    groups: list[int] = []
    while number:
        number, group = divmod(number, 10_000)
        groups.append(group)
    words, needs_zero = "", False
    for place in range(len(groups) - 1, -1, -1):
        group = groups[place]
        if not group:
            needs_zero = bool(words)
            continue
        if words and (needs_zero or group < 1_000):
            words += "零"
        words += _group(group) + _GROUPS[place]
        needs_zero = False
    return words


def _group(group: int) -> str:
    words, needs_zero = "", False
    for place in range(3, -1, -1):
        digit = group // 10**place % 10
        if digit:
            words += ("零" if needs_zero else "") + _DIGITS[digit] + _PLACES[place]
            needs_zero = False
        else:
            needs_zero = bool(words)
    return words
