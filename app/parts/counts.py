"""What screens want to know of stock counts."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from peewee import ModelSelect, fn

from app.core import paging
from app.core.errors import N_, NotFound
from app.core.money import ZERO, line_amount
from app.core.paging import Sort
from app.core.types import Page
from app.parts.models import Part, StockCount, StockCountLine, StockPlace

SORTS = {
    "number": Sort(StockCount.number, lambda count: count.number),
    "started_at": Sort(StockCount.started_at, lambda count: count.started_at),
}
DEFAULT_SORT = "-started_at"
COLUMNS = ("number", "place", "status", "started_at", "by", "submitted_at", "decided_at", "decided_by", "lines", "differing", "remark")
SHEET_COLUMNS = ("part", "name", "drawing_number", "unit", "counted", "remark")


@dataclass(frozen=True, slots=True, kw_only=True)
class CountFilter:
    """What the list is narrowed to; empty values do not narrow."""

    place: int | None = None
    status: str = ""


def listed(wanted: CountFilter) -> ModelSelect:
    """The counts of the list, each with its store, ``line_count`` and ``differing``: lines where counted and booked are not the same."""
    lines = StockCountLine.select(fn.COUNT(StockCountLine.id)).where(StockCountLine.count == StockCount.id)
    differing = lines.where(StockCountLine.counted != StockCountLine.booked).alias("differing")
    query = StockCount.select(StockCount, StockPlace, lines.alias("line_count"), differing).join(StockPlace)
    query = query.where(StockCount.place == wanted.place) if wanted.place else query
    return query.where(StockCount.status == wanted.status) if wanted.status else query


def page(wanted: CountFilter, *, sort: str, after: str | None = None, before: str | None = None) -> Page[StockCount]:
    """One page of the list. Raises ``Invalid`` for an unknown sort or page."""
    return paging.page_of_records(listed(wanted), SORTS, sort, after=after, before=before)


def exported(wanted: CountFilter, sort: str) -> Iterator[list[Any]]:
    """The rows of ``COLUMNS`` for an export."""
    for row in paging.whole(listed(wanted), SORTS, sort).iterator():
        yield [
            row.number, row.place.name, row.status, row.started_at, row.by_name, row.submitted_at, row.decided_at, row.decided_by_name,
            row.line_count, row.differing, row.remark,
        ]  # fmt: skip


def by_number(number: str) -> StockCount:
    """The count with that number. Raises ``NotFound``."""
    count: StockCount | None = listed(CountFilter()).where(StockCount.number == number).get_or_none()
    if count is None:
        raise NotFound(N_("There is no such stock count."))
    return count


def lines_of(count: StockCount) -> list[StockCountLine]:
    """The lines of a count by part number, each with its part."""
    return list(StockCountLine.select(StockCountLine, Part).join(Part).where(StockCountLine.count == count).order_by(Part.number))


def difference(line: StockCountLine) -> Decimal:
    """What was counted more (or less) than booked; nothing while it is not counted."""
    return Decimal(0) if line.counted is None else line.counted - line.booked


def difference_value(lines: list[StockCountLine]) -> Decimal:
    """What all differences come to at the cost of the catalogue."""
    amounts = [line_amount(difference(line), line.part.cost) for line in lines if line.part.cost is not None]
    return sum(amounts, ZERO)


def sheet(count: StockCount) -> Iterator[list[Any]]:
    """The rows of ``SHEET_COLUMNS``: what is to be counted, and what was counted already; never what is booked."""
    for line in lines_of(count):
        part, counted = line.part, line.counted
        number = None if counted is None else int(counted) if counted == int(counted) else float(counted)
        yield [part.number, part.name, part.drawing_number, part.unit, number, line.remark]
