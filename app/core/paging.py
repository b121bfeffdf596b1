"""Keyset paging: a page begins after the last row of the one before, so that page 1,000 costs what page 1 costs."""

import base64
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from peewee import Select, fn

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


def page_of(
    query: Select, order: Order, *, row: Callable[..., Row], total: tuple[int, bool], after: str | None = None, before: str | None = None
) -> Page[Row]:
    """One page of ``query``, whose columns are the arguments of ``row`` and end with the columns of ``order``.

    Raises ``Invalid`` for a key that was tampered with.
    """
    is_backwards = before is not None and after is None
    key = before if is_backwards else after
    if key is not None:
        query = query.where(order.beyond(decode_key(key, len(order.columns)), is_backwards))
    found = list(query.order_by(*order.by(is_backwards)).limit(PAGE_SIZE + 1).tuples())
    rows, has_more = found[:PAGE_SIZE], len(found) > PAGE_SIZE
    if is_backwards:
        rows.reverse()
    count, is_capped = total
    return Page(
        rows=[row(*values) for values in rows],
        total=count,
        is_total_capped=is_capped,
        next_key=_key_of(rows[-1], order) if rows and (has_more or is_backwards) else None,
        previous_key=_key_of(rows[0], order) if rows and key is not None and (has_more or not is_backwards) else None,
    )


def _key_of(values: Sequence[Any], order: Order) -> str:
    return encode_key([to_ms(value) if isinstance(value, datetime) else value for value in values[-len(order.columns) :]])


def capped_count(query: Select, cap: int = COUNT_CAP) -> tuple[int, bool]:
    """How many rows ``query`` has, counting no further than ``cap``, and whether there are more."""
    counted = Select([query.limit(cap + 1)], [fn.COUNT(1)]).bind(database).scalar()
    return min(counted, cap), counted > cap
