"""The lines of a hand-written movement as people type them: part, quantity, serial numbers, cost of one."""

from collections.abc import Mapping
from typing import Any

from app.core.errors import N_
from app.parts import catalogue
from app.parts.moving import PREFIX, Load, serials_in
from app.web import lines
from app.web.amounts import NO_AMOUNT, NO_QUANTITY

NAMES = ("part", "quantity", "serials")
WITH_COST = (*NAMES, "cost")


def read(form: Mapping[str, Any], names: tuple[str, ...]) -> list[Load]:
    """The lines that were typed. Raises ``Invalid`` with the words beside each field."""
    found, wrong = list[Load](), dict[str, str]()
    for number, (_typed, texts) in enumerate(lines.typed(form, PREFIX, names)):
        at = f"{PREFIX}-{number}-"
        part = catalogue.named(texts["part"])
        if part is None:
            wrong[at + "part"] = N_("There is no such part in the catalogue.")
        serials = serials_in(texts["serials"])
        quantity = lines.number(texts["quantity"] or (str(len(serials)) if serials else ""), 3, at + "quantity", NO_QUANTITY, wrong)
        cost = lines.number(texts.get("cost", ""), 2, at + "cost", NO_AMOUNT, wrong)
        if not quantity:
            wrong.setdefault(at + "quantity", N_("How many?"))
        elif part is not None:
            found.append(Load(part, quantity, serials, cost))
    lines.refuse(wrong)
    return found


def shown(form: Mapping[str, Any], names: tuple[str, ...]) -> list[dict[str, str]]:
    """The lines as the page shows them: what was typed, then some empty ones."""
    typed = [texts for _number, texts in lines.typed(form, PREFIX, names)]
    return lines.shown(typed, names, empty=lines.EMPTY_LINES * (2 if "more" in form else 1))
