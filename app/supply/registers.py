"""What the lists of supply have in common: the filter in the query string, the parts of many papers in one read."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from peewee import ModelSelect

from app.core import clock
from app.core.errors import N_, Invalid
from app.parts.models import Part

OPEN = "open"
_WRONG = N_("The list cannot be filtered that way.")


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperFilter:
    """What a list is narrowed to; empty values do not narrow. ``status`` may be ``open``: what still waits for somebody."""

    q: str = ""
    status: str = OPEN
    place: int | None = None
    who: int | None = None
    order: str = ""
    from_on: date | None = None
    to_on: date | None = None


def wanted(query: Mapping[str, str], statuses: Iterable[str], *, status: str = OPEN) -> PaperFilter:
    """The filter as it stands in the address. Raises ``Invalid`` for values that no choice offers."""
    chosen = query.get("status", status)
    if chosen not in ("", OPEN, *statuses):
        raise Invalid(_WRONG)
    return PaperFilter(
        q=query.get("q", "").strip()[:100],
        status=chosen,
        place=_id(query.get("place", "")),
        who=_id(query.get("who", "")),
        order=query.get("order", "").strip()[:20],
        from_on=_day(query.get("from", "")),
        to_on=_day(query.get("to", "")),
    )


def _id(text: str) -> int | None:
    if text and not (text.isascii() and text.isdecimal() and len(text) < 10):
        raise Invalid(_WRONG)
    return int(text) if text else None


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise Invalid(N_("That is not a day; write it like 2026-11-23.")) from None


def narrowed(query: ModelSelect, wanted: PaperFilter, column: Any, open_statuses: Iterable[str]) -> ModelSelect:
    """``query`` by status and by the days of ``column``."""
    status = query.model.status if hasattr(query.model, "status") else None
    if status is not None and wanted.status:
        query = query.where(status.in_(list(open_statuses)) if wanted.status == OPEN else status == wanted.status)
    if wanted.from_on is not None:
        query = query.where(column >= start_of(wanted.from_on))
    if wanted.to_on is not None:
        query = query.where(column < start_of(wanted.to_on + timedelta(days=1)))
    return query


def start_of(day: date) -> datetime:
    """When ``day`` begins here."""
    return datetime.combine(day, time.min, tzinfo=clock.zone())


def lines_by_paper(line: Any, owner: Any, papers: Iterable[Any]) -> dict[int, list[Any]]:
    """The lines of ``papers``, each with its part, in one read; ``owner`` is the key of ``line`` that leads to its paper."""
    found: dict[int, list[Any]] = defaultdict(list)
    query = line.select(line, Part).join(Part).where(owner.in_([paper.id for paper in papers])).order_by(line.id)
    for row in query:
        found[getattr(row, f"{owner.name}_id")].append(row)
    return found


def with_part(line: Any, owner: Any, q: str) -> Any:
    """The papers that have a part whose number or name holds ``q``."""
    return line.select(owner).join(Part).where(Part.number.contains(q) | Part.name.contains(q))
