"""What an address asks for: a choice, a number, a day, a month; anything else is refused in words."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from app.core.errors import N_, Invalid

_REFUSED = N_("The list cannot be filtered that way.")


def words(query: Mapping[str, str]) -> str:
    """What is searched for."""
    return query.get("q", "").strip()[:100]


def one_of(query: Mapping[str, str], name: str, allowed: Sequence[str], usual: str = "") -> str:
    """The value of ``name``, ``usual`` without one. Raises ``Invalid`` for one that is not allowed."""
    value = query.get(name, usual)
    if value not in ("", usual, *allowed):
        raise Invalid(_REFUSED)
    return value


def number(query: Mapping[str, str], name: str) -> int | None:
    """The number that ``name`` is. Raises ``Invalid``."""
    text = query.get(name, "")
    if text and not (text.isascii() and text.isdecimal() and len(text) < 10):
        raise Invalid(_REFUSED)
    return int(text) if text else None


def day(query: Mapping[str, str], name: str) -> date | None:
    """The day that ``name`` is. Raises ``Invalid``."""
    text = query.get(name, "")
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise Invalid(N_("That is not a day; write it like 2026-11-23.")) from None


def month(query: Mapping[str, str], name: str, usual: date) -> date:
    """The first day of the month that ``name`` is (2026-11). Raises ``Invalid``."""
    text = query.get(name) or f"{usual:%Y-%m}"
    try:
        return date.fromisoformat(f"{text}-01")
    except ValueError:
        raise Invalid(N_("That is not a month; write it like 2026-11.")) from None


def months_before(first: date, count: int) -> date:
    """The first day of the month ``count`` months before that of ``first`` (after it when negative)."""
    number_of_month = first.year * 12 + first.month - 1 - count
    return date(number_of_month // 12, number_of_month % 12 + 1, 1)


def end_of_month(code: str) -> date:
    """The last day of the month that ``code`` is (2026-11)."""
    return months_before(date.fromisoformat(f"{code}-01"), -1) - timedelta(days=1)
