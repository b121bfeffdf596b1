"""Lines of a form that can be many: ``line-0-part``, ``line-0-quantity``, ``line-1-part`` …; an empty line is none.

A page shows the lines that are filled and a few empty ones; the button ``more`` (posted) shows more, ``drop`` leaves one out.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from app.core.errors import N_, Invalid
from app.web.amounts import number_in

MOST_LINES = 200
EMPTY_LINES = 3
MISSING = N_("Something is missing or wrong. See the words beside the fields.")


def typed(form: Mapping[str, Any], prefix: str, names: Sequence[str], *, beside: Sequence[str] = ()) -> list[tuple[int, dict[str, str]]]:
    """The lines that were typed, each with its number on the page; ``beside`` names fields that alone make no line."""
    found = []
    for number in range(MOST_LINES):
        texts = {name: str(form.get(f"{prefix}-{number}-{name}", "")).strip() for name in names}
        if form.get("drop") != f"{prefix}-{number}" and any(text for name, text in texts.items() if name not in beside):
            found.append((number, texts))
    return found


def number(text: str, places: int, name: str, words: str, wrong: dict[str, str]) -> Decimal | None:
    """The number that was typed in the field ``name``; what is none or below nothing puts ``words`` beside it in ``wrong``."""
    try:
        value = number_in(text, places)
    except ValueError:
        value = Decimal(-1)
    if value is not None and value < 0:
        wrong[name] = words
        return None
    return value


def refuse(wrong: Mapping[str, str]) -> None:
    """Raise ``Invalid`` when ``wrong`` (name of a field to words) holds something."""
    if wrong:
        raise Invalid(MISSING, fields=dict(wrong))


def shown(lines: Sequence[Mapping[str, str]], names: Sequence[str], *, empty: int = EMPTY_LINES) -> list[dict[str, str]]:
    """The lines as the page shows them: those that are there, then some empty ones."""
    blank = [dict.fromkeys(names, "") for _number in range(max(0, min(empty, MOST_LINES - len(lines))))]
    return [*({name: str(line.get(name, "")) for name in names} for line in lines), *blank]
