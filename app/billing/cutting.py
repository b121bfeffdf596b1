"""Pages of lists that are worked out in the program, not in the database: sums by customer, machine or month."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from app.core import paging
from app.core.errors import N_, Invalid
from app.core.types import Page

Line = TypeVar("Line", bound=Any)
Sorts = Mapping[str, Callable[[Any], int | str]]


def ordered(lines: Sequence[Line], sorts: Sorts, sort: str) -> list[Line]:
    """``lines`` (each with a number ``id``) by the column that ``sort`` names. Raises ``Invalid`` for an unknown one."""
    value = sorts.get(sort.removeprefix("-"))
    if value is None:
        raise Invalid(N_("This list cannot be sorted that way."))
    return sorted(lines, key=lambda line: (value(line), line.id), reverse=sort.startswith("-"))


def page(lines: Sequence[Line], sorts: Sorts, sort: str, *, after: str | None = None, before: str | None = None) -> Page[Line]:
    """One page, cut at the line that the key names. Raises ``Invalid`` for an unknown sort or page."""
    found = ordered(lines, sorts, sort)
    value, is_down = sorts[sort.removeprefix("-")], sort.startswith("-")
    start = _stand_before(found, value, is_down, after, itself=True) if after else 0
    if before and not after:
        start = max(0, _stand_before(found, value, is_down, before, itself=False) - paging.PAGE_SIZE)
    rows = found[start : start + paging.PAGE_SIZE]
    has_more = start + paging.PAGE_SIZE < len(found)
    return Page(
        rows, len(found), False, _key(rows[-1], value) if has_more and rows else None, _key(rows[0], value) if start and rows else None
    )


def _key(line: Any, value: Callable[[Any], int | str]) -> str:
    return paging.encode_key([value(line), line.id])


def _stand_before(lines: Sequence[Any], value: Callable[[Any], int | str], is_down: bool, key: str, *, itself: bool) -> int:
    """How many lines stand before the one that ``key`` names, or up to it; it may be gone meanwhile."""
    named = tuple(paging.decode_key(key, 2))
    try:
        places = [(value(line), line.id) for line in lines]
        return sum((place > named if is_down else place < named) or (itself and place == named) for place in places)
    except TypeError:
        raise Invalid(N_("This page of the list does not exist. Go back to its first page.")) from None
