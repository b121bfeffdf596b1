"""Money is exact: halves are rounded up, capitals are those of the trade (facts, Invoices)."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core import money
from app.core.money import MoneyField, QuantityField

VECTORS = {
    "1409.50": "壹仟肆佰零玖元伍角",
    "6007.14": "陆仟零柒元壹角肆分",
    "1680.32": "壹仟陆佰捌拾元零叁角贰分",
    "107000.53": "壹拾万柒仟元零伍角叁分",
    "16409.02": "壹万陆仟肆佰零玖元零贰分",
    "325.04": "叁佰贰拾伍元零肆分",
}
MORE = {
    "0": "零元整",
    "0.05": "伍分",
    "0.50": "伍角",
    "10": "壹拾元整",
    "10.50": "壹拾元零伍角",
    "100001": "壹拾万零壹元整",
    "10500000": "壹仟零伍拾万元整",
    "100000001": "壹亿零壹元整",
    "50000100": "伍仟万零壹佰元整",
}


@pytest.mark.parametrize(("amount", "words"), (VECTORS | MORE).items())
def test_it_works(amount: str, words: str) -> None:
    assert money.capitals(Decimal(amount)) == words


@pytest.mark.parametrize("amount", ["-1", "0.001", "1e16"])
def test_what_has_no_capitals_is_refused(amount: str) -> None:
    with pytest.raises(ValueError, match="no capitals"):
        money.capitals(Decimal(amount))


def test_halves_are_rounded_up() -> None:
    assert money.line_amount(Decimal("0.5"), Decimal("0.01")) == Decimal("0.01")
    assert money.line_amount(Decimal("1.5"), Decimal("33.33")) == Decimal("50.00")
    assert money.tax_within(Decimal("113.00"), Decimal("0.13")) == Decimal("13.00")


@given(st.integers(-(10**15), 10**15))
def test_what_is_written_is_read_again(fen: int) -> None:
    field = MoneyField()
    amount = field.python_value(fen)
    assert field.db_value(amount) == fen


@pytest.mark.parametrize(("field", "value"), [(MoneyField(), Decimal("0.001")), (QuantityField(), Decimal("0.0001"))])
def test_more_decimals_than_a_column_has_are_refused(field: MoneyField, value: Decimal) -> None:
    with pytest.raises(ValueError, match="decimals"):
        field.db_value(value)
