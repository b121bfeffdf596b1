"""Amounts, quantities and shares as people type them."""

import re
from decimal import Decimal

import pytest
from flask import Flask
from flask_wtf import FlaskForm
from werkzeug.datastructures import MultiDict

from app.web import lines
from app.web.amounts import AmountField, QuantityField, ShareField, number_in, number_text


class Typed(FlaskForm):
    class Meta:
        csrf = False

    amount = AmountField()
    quantity = QuantityField()
    share = ShareField()


def typed(**texts: str) -> Typed:
    return Typed(formdata=MultiDict(texts))


def test_it_works() -> None:
    assert number_in("¥12,345.60", 2) == Decimal("12345.60")


@pytest.mark.parametrize(
    ("text", "value"), [("１２．５", "12.5"), ("￥ 0.01", "0.01"), ("-3", "-3"), (".5", "0.5"), ("1，000", "1000"), ("13%", "13")]
)
def test_what_people_type_is_understood(text: str, value: str) -> None:
    assert number_in(text, 2) == Decimal(value)


@pytest.mark.parametrize("text", ["x", "1.234", "1e5", "NaN", "inf", "--1", "1.2.3", "99999999999999999999", "=1+1", "١٢"])
def test_what_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=re.escape(text)):
        number_in(text, 2)


def test_nothing_typed_is_no_number() -> None:
    assert number_in(" ", 2) is None
    assert number_text(None) == ""


def test_a_share_is_typed_in_per_cent(app: Flask) -> None:
    with app.test_request_context():
        form = typed(amount="1,409.5", quantity="1.250", share="6.5")
        assert form.validate()
        assert (form.amount.data, form.quantity.data, form.share.data) == (Decimal("1409.50"), Decimal("1.250"), Decimal("0.065"))
        assert 'value="6.5"' in str(Typed(data={"share": Decimal("0.065")}).share())
        assert 'value="13"' in str(Typed(data={"share": Decimal("0.1300")}).share())
        assert 'value="100"' in str(Typed(data={"quantity": Decimal("100.000")}).quantity())


def test_what_was_typed_wrong_stays_with_words_beside_it(app: Flask) -> None:
    with app.test_request_context():
        form = typed(amount="much")
        assert not form.validate()
        assert 'value="much"' in str(form.amount())
        assert form.amount.errors


def test_an_empty_line_is_none_and_one_can_be_dropped() -> None:
    form = {"line-0-part": "P1", "line-0-unit": "件", "line-1-unit": "件", "line-2-part": "P2", "drop": "line-0"}
    assert lines.typed(form, "line", ("part", "unit"), beside=("unit",)) == [(2, {"part": "P2", "unit": ""})]
    assert len(lines.shown([{"part": "P2"}], ("part",), empty=2)) == 3
