"""Amounts, quantities and shares in forms, as people type them (``core.amounts``)."""

from decimal import Decimal
from typing import Any

from wtforms import Field
from wtforms.widgets import TextInput

from app.core.amounts import NO_AMOUNT, NO_QUANTITY, NO_SHARE, number_in
from app.web.i18n import translated


def number_text(value: Decimal | None) -> str:
    """``value`` as a field shows it: without needless zeros behind the point."""
    return "" if value is None else f"{value:f}".rstrip("0").rstrip(".") if "." in f"{value:f}" else f"{value:f}"


def amount_text(value: Decimal | None) -> str:
    """``value`` in yuan as a field shows it: with both decimals unless they are zero."""
    return "" if value is None else f"{value:.2f}".removesuffix(".00")


class _NumberField(Field):
    widget = TextInput()
    places, factor, words = 2, 1, NO_AMOUNT
    data: Decimal | None

    def __init__(self, label: Any = None, validators: Any = None, **kwargs: Any) -> None:
        kwargs["render_kw"] = {"inputmode": "decimal", "autocomplete": "off"} | kwargs.get("render_kw", {})
        super().__init__(label, validators, **kwargs)

    def _value(self) -> str:
        return str(self.raw_data[0]) if self.raw_data else self.shown(self.data)

    def shown(self, value: Decimal | None) -> str:
        """``value`` as the field shows it."""
        return number_text(None if value is None else value * self.factor)

    def process_formdata(self, valuelist: list[Any]) -> None:
        """Read what was typed. Raises ``ValueError`` with the words that stand beside the field."""
        if valuelist:
            try:
                value = number_in(valuelist[0], self.places)
            except ValueError:
                self.data = None
                raise ValueError(translated(self.words)) from None
            self.data = None if value is None else value / self.factor


class AmountField(_NumberField):
    """An amount in yuan."""

    def shown(self, value: Decimal | None) -> str:
        """With both decimals unless they are zero."""
        return amount_text(value)


class QuantityField(_NumberField):
    """A quantity with up to three decimals."""

    places, words = 3, NO_QUANTITY


class ShareField(_NumberField):
    """A share, typed and shown in per cent: 13 is 0.13."""

    places, factor, words = 2, 100, NO_SHARE
