"""What can be seen of an invoice without asking anybody: its number, its date, its sums (facts, Invoices); pure."""

import re
from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from app.billing.models import InvoiceKind
from app.core.errors import N_
from app.core.money import FEN, ZERO

DIGITAL = (InvoiceKind.DIGITAL_SPECIAL, InvoiceKind.DIGITAL_ORDINARY)
SPECIAL = (InvoiceKind.DIGITAL_SPECIAL, InvoiceKind.ELECTRONIC_SPECIAL, InvoiceKind.PAPER_SPECIAL)
_DIGITAL_NUMBER = re.compile(r"[0-9]{20}")
_OLD_CODE, _OLD_NUMBER = re.compile(r"[0-9]{10}|[0-9]{12}"), re.compile(r"[0-9]{8}")
_WIDE = str.maketrans("０１２３４５６７８９", "0123456789")


def normal(text: str) -> str:
    """A code or number without blanks and dashes, in plain digits."""
    return re.sub(r"[\s\-－—]", "", text.translate(_WIDE))


def number_mistakes(kind: InvoiceKind, code: str, number: str, issued_on: date | None, today: date) -> dict[str, str]:
    """What is wrong with code, number and date of an invoice: field to words, empty when nothing is."""
    wrong = {}
    if issued_on is None:
        wrong["issued_on"] = N_("The date of the invoice, please.")
    elif issued_on > today:
        wrong["issued_on"] = N_("An invoice of a day to come cannot have been issued.")
    if kind in DIGITAL:
        wrong |= _digital_mistakes(code, number, issued_on)
    else:
        if not _OLD_CODE.fullmatch(code):
            wrong["code"] = N_("Invoices of this kind have a code of 10 or 12 digits.")
        if not _OLD_NUMBER.fullmatch(number):
            wrong["number"] = N_("Invoices of this kind have a number of 8 digits.")
    return wrong


def _digital_mistakes(code: str, number: str, issued_on: date | None) -> dict[str, str]:
    wrong = {}
    if code:
        wrong["code"] = N_("A fully digital invoice has no code, only its number of 20 digits.")
    if not _DIGITAL_NUMBER.fullmatch(number):
        wrong["number"] = N_("A fully digital invoice has a number of 20 digits.")
    elif issued_on is not None and int(number[:2]) != issued_on.year % 100:
        wrong["number"] = N_("The first two digits of the number are its year; they do not fit the date of the invoice.")
    return wrong


def sum_mistakes(lines: Sequence[tuple[Decimal, Decimal]], amount: Decimal, tax: Decimal, total: Decimal) -> dict[str, str]:
    """What is wrong with the sums; ``lines`` are amounts without tax and taxes. A fen of difference is what rounding makes."""
    wrong = {}
    if abs(sum((line[0] for line in lines), ZERO) - amount) > FEN:
        wrong["amount"] = N_("The lines do not sum up to this amount.")
    if abs(sum((line[1] for line in lines), ZERO) - tax) > FEN:
        wrong["tax"] = N_("The taxes of the lines do not sum up to this tax.")
    if amount + tax != total:
        wrong["total"] = N_("Amount and tax together are not this total.")
    return wrong
