"""Lists that sort by an allow-list and page by keyset, whatever the record."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from peewee import ModelSelect, fn

from app.core.errors import N_, Invalid
from app.core.paging import COUNT_CAP, PAGE_SIZE, decode_key, encode_key
from app.core.types import Page


@dataclass(frozen=True, slots=True)
class Sort:
    """A way to sort: a column (or expression) that is never NULL, and its value in a row."""

    column: Any
    value: Callable[[Any], int | str]


def page(query: ModelSelect, *, sorts: Mapping[str, Sort], sort: str, after: str | None = None, before: str | None = None) -> Page[Any]:
    """One page of ``query``, sorted by the column that ``sort`` names (``-name`` for the other way round), then by id.

    Raises ``Invalid`` for an unknown sort or a key that was tampered with.
    """
    rows = list(_from(query, sorts, sort, after, before).limit(PAGE_SIZE + 1))
    has_more = len(rows) > PAGE_SIZE
    rows = rows[:PAGE_SIZE]
    if before:
        rows.reverse()
    has_next, has_previous = (bool(rows), has_more) if before else (has_more, bool(after and rows))
    total = capped_count(query)
    return Page(
        rows,
        min(total, COUNT_CAP),
        total > COUNT_CAP,
        _key(rows[-1], sorts, sort) if has_next else None,
        _key(rows[0], sorts, sort) if has_previous else None,
    )


def whole(query: ModelSelect, *, sorts: Mapping[str, Sort], sort: str) -> ModelSelect:
    """All of ``query`` in the order of ``sort``, for an export."""
    return _from(query, sorts, sort, None, None)


def capped_count(query: ModelSelect) -> int:
    """How many rows ``query`` has, counted no further than one more than ``COUNT_CAP``."""
    found = query.select(query.model.id).order_by().limit(COUNT_CAP + 1).alias("found")
    return int(query.model.select(fn.COUNT(1)).from_(found).scalar())


def _sort(sorts: Mapping[str, Sort], sort: str) -> Sort:
    try:
        return sorts[sort.removeprefix("-")]
    except KeyError:
        raise Invalid(N_("This list cannot be sorted that way.")) from None


def _from(query: ModelSelect, sorts: Mapping[str, Sort], sort: str, after: str | None, before: str | None) -> ModelSelect:
    column, row_id = _sort(sorts, sort).column, query.model.id
    is_down = sort.startswith("-") != bool(before)
    if after or before:
        value, last_id = decode_key(after or before or "", 2)
        is_beyond, is_later = (column < value, row_id < last_id) if is_down else (column > value, row_id > last_id)
        query = query.where(is_beyond | ((column == value) & is_later))
    return query.order_by(column.desc(), row_id.desc()) if is_down else query.order_by(column.asc(), row_id.asc())


def _key(row: Any, sorts: Mapping[str, Sort], sort: str) -> str:
    return encode_key([_sort(sorts, sort).value(row), row.id])
