"""Keyset paging: a page begins after the last row of the one before, so that page 1,000 costs what page 1 costs.

``page_of`` reads columns in an ``Order``; ``page_of_records`` reads records in one of the ``Sort``s that a list offers.
"""

import base64
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from peewee import ModelSelect, Select, fn

from app.core.clock import to_ms
from app.core.db import database
from app.core.errors import N_, Invalid
from app.core.types import Page, Row

PAGE_SIZE = 50
# Counting stops here; the list then says "more than".
COUNT_CAP = 1_000


def encode_key(values: Sequence[int | str | None]) -> str:
    """A key of the last row shown, fit for a query string."""
    return base64.urlsafe_b64encode(json.dumps(list(values), separators=(",", ":")).encode()).rstrip(b"=").decode()


def decode_key(key: str, length: int) -> list[int | str | None]:
    """The values of ``encode_key``. Raises ``Invalid`` for a key that was tampered with."""
    try:
        values = json.loads(base64.urlsafe_b64decode(key + "=" * (-len(key) % 4)))
    except ValueError:
        values = None
    if not isinstance(values, list) or len(values) != length or not all(isinstance(value, int | str | None) for value in values):
        raise Invalid(N_("This page of the list does not exist. Go back to its first page."))
    return values


@dataclass(frozen=True, slots=True)
class Order:
    """An order by columns that together are unique; ``is_down`` has one entry per column. NULL must not occur in them."""

    columns: tuple[Any, ...]
    is_down: tuple[bool, ...]

    def by(self, backwards: bool = False) -> list[Any]:
        """The terms of ORDER BY."""
        return [column.desc() if down != backwards else column.asc() for column, down in zip(self.columns, self.is_down, strict=True)]

    def beyond(self, values: Sequence[Any], backwards: bool = False) -> Any:
        """The condition of standing after ``values`` (before them when ``backwards``), written so that an index serves it."""
        first, down = self.columns[0], self.is_down[0] != backwards
        if len(self.columns) == 1:
            return first < values[0] if down else first > values[0]
        rest = Order(self.columns[1:], self.is_down[1:])
        within = first <= values[0] if down else first >= values[0]
        strictly = first < values[0] if down else first > values[0]
        return within & (strictly | rest.beyond(values[1:], backwards))


@dataclass(frozen=True, slots=True)
class Sort:
    """A way to sort records: a column (or expression) that is never NULL, and its value in a record."""

    column: Any
    value: Callable[[Any], datetime | int | str]


def page_of(
    query: Select,
    order: Order,
    *,
    row: Callable[..., Row],
    total: tuple[int, bool],
    after: str | None = None,
    before: str | None = None,
    places: tuple[int, ...] = (),
) -> Page[Row]:
    """One page of ``query``, whose columns are the arguments of ``row``.

    Those of ``order`` stand at ``places`` among them, at the end unless given. Raises ``Invalid`` for a key that was tampered with.
    """
    found = _cut(query.tuples(), order, after, before)
    at = places or tuple(range(-len(order.columns), 0))
    return found.page([row(*values) for values in found.rows], total, lambda values: [values[place] for place in at])


def page_of_records(
    query: ModelSelect, sorts: Mapping[str, Sort], sort: str, *, after: str | None = None, before: str | None = None
) -> Page[Any]:
    """One page of the records of ``query``, sorted by the column that ``sort`` names (``-name``: the other way round), then by id.

    Raises ``Invalid`` for an unknown sort or a key that was tampered with.
    """
    value = _chosen(sorts, sort).value
    return page_in_order(query, _order_of(query, sorts, sort), lambda record: (value(record), record.id), after=after, before=before)


def page_in_order(
    query: ModelSelect,
    order: Order,
    key_values: Callable[[Any], Sequence[Any]],
    *,
    total: tuple[int, bool] | None = None,
    after: str | None = None,
    before: str | None = None,
) -> Page[Any]:
    """One page of the records of ``query`` in ``order``; ``key_values`` gives its columns of a record.

    ``total`` is given when counting needs less than the records do. Raises ``Invalid`` for a key that was tampered with.
    """
    found = _cut(query, order, after, before)
    return found.page(found.rows, total or capped_count(query.select(query.model.id)), key_values)


def whole(query: ModelSelect, sorts: Mapping[str, Sort], sort: str) -> ModelSelect:
    """All records of ``query`` in the order of ``sort``, for an export. Raises ``Invalid`` for an unknown sort."""
    return query.order_by(*_order_of(query, sorts, sort).by())


def _chosen(sorts: Mapping[str, Sort], sort: str) -> Sort:
    try:
        return sorts[sort.removeprefix("-")]
    except KeyError:
        raise Invalid(N_("This list cannot be sorted that way.")) from None


def _order_of(query: ModelSelect, sorts: Mapping[str, Sort], sort: str) -> Order:
    is_down = sort.startswith("-")
    return Order((_chosen(sorts, sort).column, query.model.id), (is_down, is_down))


@dataclass(frozen=True, slots=True)
class _Cut:
    """What one page shows, as it was read, and whether there is more on either side."""

    rows: Sequence[Any]
    has_next: bool
    has_previous: bool

    def page(self, rows: Sequence[Row], total: tuple[int, bool], key_values: Callable[[Any], Sequence[Any]]) -> Page[Row]:
        next_key = _key_of(key_values(self.rows[-1])) if self.has_next else None
        previous_key = _key_of(key_values(self.rows[0])) if self.has_previous else None
        return Page(rows, *total, next_key, previous_key)


def _cut(query: Select, order: Order, after: str | None, before: str | None) -> _Cut:
    is_backwards = before is not None and after is None
    key = before if is_backwards else after
    if key is not None:
        query = query.where(order.beyond(decode_key(key, len(order.columns)), is_backwards))
    found = list(query.order_by(*order.by(is_backwards)).limit(PAGE_SIZE + 1))
    rows, has_more = found[:PAGE_SIZE], len(found) > PAGE_SIZE
    if is_backwards:
        return _Cut(rows[::-1], bool(rows), has_more)
    return _Cut(rows, has_more, key is not None and bool(rows))


def _key_of(values: Sequence[Any]) -> str:
    return encode_key([_plain(value) for value in values])


def _plain(value: Any) -> int | str | None:
    """What stands for ``value`` in a key: milliseconds for an instant, 2026-11-23 for a day."""
    if isinstance(value, datetime):
        return to_ms(value)
    return value.isoformat() if isinstance(value, date) else value


def capped_count(query: Select, cap: int = COUNT_CAP) -> tuple[int, bool]:
    """How many rows ``query`` has, counting no further than ``cap``, and whether there are more."""
    counted = Select([query.limit(cap + 1)], [fn.COUNT(1)]).bind(database).scalar()
    return min(counted, cap), counted > cap
