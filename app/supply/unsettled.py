"""Parts that reports used while no van held them, until the clerk says where they came from ("used without stock")."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from peewee import Case, ModelSelect, fn

from app.core.clock import from_ms
from app.parts import ledger
from app.parts.models import MovementKind, Part, PlaceKind, StockMovement

MOST = 200
COLUMNS = ("report", "part", "name", "quantity", "unit", "technician", "signed_at")


@dataclass(frozen=True, slots=True)
class Unsettled:
    """So much of ``part`` was used in ``report``, first at ``since``, and stands in no store's books."""

    report: str
    part: Part
    quantity: Decimal
    since: datetime
    by_name: str


def left_of(report: str, part: Part) -> Decimal:
    """How much of ``part`` in ``report`` is not settled yet."""
    query, _is_open = _sums()
    found = query.where(StockMovement.about == report, StockMovement.part == part).tuples()
    return sum((Decimal(int(row[2] - row[3])) / 1000 for row in found), Decimal(0))


def _sums() -> tuple[ModelSelect, Any]:
    """What left the difference for a report, less what was settled for it; by report and part."""
    place = ledger.place_of(PlaceKind.DIFFERENCE)
    is_used = (StockMovement.kind == MovementKind.USED) & (StockMovement.from_place == place)
    is_settled = StockMovement.to_place == place
    used, settled = (fn.SUM(Case(None, [(what, StockMovement.quantity)], 0)).coerce(False) for what in (is_used, is_settled))
    query = StockMovement.select(
        StockMovement.about, StockMovement.part, used, settled, fn.MIN(StockMovement.at), fn.MIN(StockMovement.by_name)
    )
    query = query.where(is_used | is_settled, StockMovement.about != "")
    return query.group_by(StockMovement.about, StockMovement.part), used > settled


def exported() -> Iterator[list[Any]]:
    """All that is to be settled, as rows of ``COLUMNS``."""
    for one in unsettled(None):
        yield [one.report, one.part.number, one.part.name, one.quantity, one.part.unit, one.by_name, one.since]


def unsettled(limit: int | None = MOST) -> list[Unsettled]:
    """What is to be settled, oldest first."""
    query, is_open = _sums()
    rows = list(query.having(is_open).order_by(fn.MIN(StockMovement.at), StockMovement.about).limit(limit).tuples())
    parts = {part.id: part for part in Part.select().where(Part.id.in_([row[1] for row in rows]))}
    return [
        Unsettled(about, parts[part], Decimal(int(used - settled)) / 1000, since if isinstance(since, datetime) else from_ms(since), name)
        for about, part, used, settled, since, name in rows
    ]
