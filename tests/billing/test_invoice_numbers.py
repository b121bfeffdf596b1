"""Numbers, dates and sums of invoices are checked before anything is written (facts, Invoices)."""

from datetime import date
from decimal import Decimal

import pytest

from app.billing.invoice_numbers import normal, number_mistakes, sum_mistakes
from app.billing.models import InvoiceKind

TODAY = date(2026, 11, 26)
DIGITAL, PAPER = InvoiceKind.DIGITAL_SPECIAL, InvoiceKind.PAPER_ORDINARY


def wrong(kind: InvoiceKind, code: str, number: str, day: date | None = TODAY) -> set[str]:
    return set(number_mistakes(kind, code, number, day, TODAY))


def test_it_works() -> None:
    assert wrong(DIGITAL, "", "26532000000000000001") == set()
    assert wrong(PAPER, "5300204130", "00912345") == set()
    assert wrong(InvoiceKind.ELECTRONIC_ORDINARY, "053002000111", "00912345") == set()


@pytest.mark.parametrize(
    ("kind", "code", "number", "fields"),
    [
        (DIGITAL, "5300204130", "26532000000000000001", {"code"}),
        (DIGITAL, "", "2653200000000000000", {"number"}),
        (DIGITAL, "", "265320000000000000012", {"number"}),
        (DIGITAL, "", "2653200000000000000A", {"number"}),
        (DIGITAL, "", "25532000000000000001", {"number"}),
        (PAPER, "", "00912345", {"code"}),
        (PAPER, "53002041301", "00912345", {"code"}),
        (PAPER, "5300204130", "0091234", {"number"}),
        (PAPER, "5300204130", "009123456", {"number"}),
    ],
)
def test_a_number_that_no_invoice_has_is_refused(kind: InvoiceKind, code: str, number: str, fields: set[str]) -> None:
    assert wrong(kind, code, number) == fields


def test_the_day_is_given_and_has_come() -> None:
    assert wrong(DIGITAL, "", "26532000000000000001", None) == {"issued_on"}
    assert wrong(DIGITAL, "", "26532000000000000001", date(2026, 11, 27)) == {"issued_on"}


def test_blanks_dashes_and_wide_digits_do_not_count() -> None:
    assert normal(" 2653 2000-0000 ００００ 0001\n") == "26532000000000000001"


def test_lines_sum_up_within_a_fen() -> None:
    lines = [(Decimal("33.33"), Decimal("4.33"))] * 3
    assert sum_mistakes(lines, Decimal("100.00"), Decimal("13.00"), Decimal("113.00")) == {}
    assert set(sum_mistakes(lines, Decimal("100.01"), Decimal("13.01"), Decimal("113.00"))) == {"amount", "tax", "total"}
