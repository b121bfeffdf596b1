"""Lines of parts as they are typed on the forms of supply, read into ``Wanted``."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from app.core.errors import N_
from app.parts import catalogue
from app.parts.moving import serials_in
from app.supply.writing import Wanted
from app.web import lines
from app.web.amounts import NO_AMOUNT, NO_QUANTITY, NO_SHARE

PREFIX = "line"
PART, SERIALS = ("part", "quantity"), ("part", "quantity", "serials")
COST, PRICE = ("part", "quantity", "amount"), ("part", "quantity", "amount", "rate")


def read(form: Mapping[str, Any], names: Sequence[str] = PART) -> list[Wanted]:
    """The lines that were typed. Raises ``Invalid`` with the words beside each field."""
    found, wrong = list[Wanted](), dict[str, str]()
    for number, (_typed, texts) in enumerate(lines.typed(form, PREFIX, names, beside=("rate", "quantity"))):
        at = f"{PREFIX}-{number}-"
        part = catalogue.named(texts["part"])
        if part is None:
            wrong[at + "part"] = N_("There is no such part in the catalogue.")
        quantity = lines.number(texts["quantity"], 3, at + "quantity", NO_QUANTITY, wrong)
        if at + "quantity" not in wrong and (quantity is None or quantity <= 0):
            wrong[at + "quantity"] = N_("How many?")
        amount = lines.number(texts.get("amount", ""), 2, at + "amount", NO_AMOUNT, wrong)
        rate = lines.number(texts.get("rate", ""), 2, at + "rate", NO_SHARE, wrong) or Decimal(0)
        if part is not None and quantity is not None:
            found.append(Wanted(part, quantity, serials_in(texts.get("serials", "")), amount, rate / 100))
    lines.refuse(wrong)
    return found


def by_line(form: Mapping[str, Any], ids: Sequence[int]) -> dict[int, Decimal]:
    """The quantities that were typed for the lines ``ids``, in fields ``line-7``. Raises ``Invalid`` with the words beside each."""
    found, wrong = dict[int, Decimal](), dict[str, str]()
    for id in ids:
        value = lines.number(str(form.get(f"{PREFIX}-{id}", "")), 3, f"{PREFIX}-{id}", NO_QUANTITY, wrong)
        found[id] = value or Decimal(0)
    lines.refuse(wrong)
    return found


def amounts_by_line(form: Mapping[str, Any], ids: Sequence[int]) -> dict[int, Decimal]:
    """The amounts that were typed for the lines ``ids``, in fields ``cost-7``. Raises ``Invalid`` with the words beside each."""
    found, wrong = dict[int, Decimal](), dict[str, str]()
    for id in ids:
        value = lines.number(str(form.get(f"cost-{id}", "")), 2, f"cost-{id}", NO_AMOUNT, wrong)
        if value is not None:
            found[id] = value
    lines.refuse(wrong)
    return found


def serials_by_line(form: Mapping[str, Any], ids: Sequence[int]) -> dict[int, tuple[str, ...]]:
    """The serial numbers that were typed for the lines ``ids``, in fields ``serials-7``."""
    return {id: serials_in(str(form.get(f"serials-{id}", ""))) for id in ids}


def shown(form: Mapping[str, Any], names: Sequence[str] = PART, given: Sequence[Mapping[str, str]] = ()) -> list[dict[str, str]]:
    """The lines as the page shows them: what was typed, else what is ``given``, then some empty ones."""
    typed = [texts for _number, texts in lines.typed(form, PREFIX, names, beside=("rate", "quantity"))] if form else list(given)
    return lines.shown(typed, names, empty=lines.EMPTY_LINES * (2 if "more" in form else 1))
