"""Unified social credit codes; the examples are those of the trade's facts."""

import pytest

from app.customers import tax_numbers

GOOD = ("91440300708461136T", "914403001922038216")


@pytest.mark.parametrize("number", GOOD)
def test_it_works(number: str) -> None:
    assert tax_numbers.is_well_formed(number)
    assert tax_numbers.is_check_right(number)


@pytest.mark.parametrize("place", range(18))
def test_one_wrong_digit_is_noticed(place: int) -> None:
    number = GOOD[1]
    other = "3" if number[place] != "3" else "4"
    assert not tax_numbers.is_check_right(number[:place] + other + number[place + 1 :])


@pytest.mark.parametrize("number", ["", "91440300708461136", "91440300708461136I", "91440300708461136O", "9" * 19])
def test_other_lengths_and_letters_are_no_tax_numbers(number: str) -> None:
    assert not tax_numbers.is_well_formed(number)


def test_blanks_and_small_letters_do_not_matter() -> None:
    assert tax_numbers.normal(" 91440300 708461136t\n") == GOOD[0]


def test_old_numbers_of_fifteen_digits_have_no_check() -> None:
    assert tax_numbers.is_well_formed("440300708461136")
    assert tax_numbers.is_check_right("440300708461136")
