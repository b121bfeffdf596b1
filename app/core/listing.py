"""Lists that sort by an allow-list and page by keyset, whatever the record."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from peewee import ModelSelect

from app.core.errors import N_, Invalid
from app.core.paging import PAGE_SIZE, Order, capped_count, decode_key, encode_key
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
    total, is_capped = capped_count(query.select(query.model.id))
    is_backwards = before is not None and after is None
    key = before if is_backwards else after
    order = _order(query, sorts, sort)
    ahead = query if key is None else query.where(order.beyond(decode_key(key, 2), is_backwards))
    found = list(ahead.order_by(*order.by(is_backwards)).limit(PAGE_SIZE + 1))
    rows, has_more = found[:PAGE_SIZE], len(found) > PAGE_SIZE
    if is_backwards:
        rows.reverse()
    has_next, has_previous = (bool(rows), has_more) if is_backwards else (has_more, bool(after and rows))
    next_key = _key(rows[-1], sorts, sort) if has_next else None
    return Page(rows, total, is_capped, next_key, _key(rows[0], sorts, sort) if has_previous else None)


def whole(query: ModelSelect, *, sorts: Mapping[str, Sort], sort: str) -> ModelSelect:
    """All of ``query`` in the order of ``sort``, for an export."""
    return query.order_by(*_order(query, sorts, sort).by())


def _order(query: ModelSelect, sorts: Mapping[str, Sort], sort: str) -> Order:
    is_down = sort.startswith("-")
    return Order((_sort(sorts, sort).column, query.model.id), (is_down, is_down))


def _sort(sorts: Mapping[str, Sort], sort: str) -> Sort:
    try:
        return sorts[sort.removeprefix("-")]
    except KeyError:
        raise Invalid(N_("This list cannot be sorted that way.")) from None


def _key(row: Any, sorts: Mapping[str, Sort], sort: str) -> str:
    return encode_key([_sort(sorts, sort).value(row), row.id])
