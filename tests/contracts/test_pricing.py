"""What a contract comes to: every line rounded half up, the total the sum of the lines."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from app.contracts.pricing import Priced, Sum, discount_of, greatest_discount, line_cost, line_sum, margin, total

AMOUNT = st.decimals(min_value=0, max_value=1_000_000, places=2)
QUANTITY = st.decimals(min_value=Decimal("0.001"), max_value=10_000, places=3)
SHARE = st.decimals(min_value=0, max_value=1, places=4)


def test_it_works() -> None:
    found = line_sum(Priced(quantity=Decimal(3), price=Decimal("9.99"), discount=Decimal("0.05"), tax_rate=Decimal("0.13")))
    assert found == Sum(Decimal("28.47"), Decimal("3.28"))  # 28.4715; 28.47 × 13 / 113 = 3.2753…
    assert found.net == Decimal("25.19")


def test_halves_are_rounded_up() -> None:
    assert line_sum(Priced(quantity=Decimal("0.5"), price=Decimal("0.01"))).amount == Decimal("0.01")
    assert line_sum(Priced(quantity=Decimal("1.5"), price=Decimal("0.03"))).amount == Decimal("0.05")


@given(QUANTITY, AMOUNT, SHARE, SHARE)
def test_a_line_is_never_more_than_half_a_fen_off_and_holds_its_tax(
    quantity: Decimal, price: Decimal, discount: Decimal, rate: Decimal
) -> None:
    found = line_sum(Priced(quantity=quantity, price=price, discount=discount, tax_rate=rate))
    exact = quantity * price * (1 - discount)
    assert -Decimal("0.005") < found.amount - exact <= Decimal("0.005")
    assert found.amount == round(found.amount, 2)
    assert 0 <= found.tax <= found.amount


@given(st.lists(st.tuples(QUANTITY, AMOUNT, SHARE), max_size=12))
def test_the_total_is_the_sum_of_the_lines(lines: list[tuple[Decimal, Decimal, Decimal]]) -> None:
    sums = [line_sum(Priced(quantity=quantity, price=price, discount=discount)) for quantity, price, discount in lines]
    assert total(sums).amount == sum(one.amount for one in sums)


@given(QUANTITY, AMOUNT)
def test_what_is_in_warranty_costs_nothing_but_still_costs_us(quantity: Decimal, price: Decimal) -> None:
    line = Priced(quantity=quantity, price=price, tax_rate=Decimal("0.13"), is_in_warranty=True, cost=Decimal(7))
    assert line_sum(line) == Sum(Decimal("0.00"), Decimal("0.00"))
    assert discount_of(line) == 0
    assert line_cost(line) == (quantity * 7).quantize(Decimal("0.01"), "ROUND_HALF_UP")


def test_a_price_below_the_catalogue_is_a_discount_too() -> None:
    assert discount_of(Priced(quantity=Decimal(1), price=Decimal(80), list_price=Decimal(100))) == Decimal("0.2")
    assert discount_of(Priced(quantity=Decimal(1), price=Decimal(80), discount=Decimal("0.5"), list_price=Decimal(100))) == Decimal("0.6")
    assert discount_of(Priced(quantity=Decimal(1), price=Decimal(120), list_price=Decimal(100))) == 0
    assert discount_of(Priced(quantity=Decimal(1), price=Decimal(0))) == 0
    assert greatest_discount([]) == 0


def test_the_margin_is_reckoned_without_tax() -> None:
    assert margin(Sum(Decimal(1130), Decimal(130)), Decimal(600)) == (Decimal(400), Decimal("0.4"))
    assert margin(Sum(Decimal("0.00"), Decimal("0.00")), Decimal(5)) == (Decimal(-5), None)
