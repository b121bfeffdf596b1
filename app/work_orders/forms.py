"""What is typed about work orders, checked for shape; the rules are in the operations."""

from collections.abc import Iterable, Mapping
from datetime import date
from enum import StrEnum
from typing import TypeVar

from app.core.errors import N_, Invalid
from app.machines.warranty import WarrantyState
from app.work_orders.models import OrderKind, OrderStatus
from app.work_orders.register import ANY, DEFAULT_SORT, GROUPS, OPEN, SORTS, OrderFilter

Member = TypeVar("Member", bound=StrEnum)
_NO_SUCH_FILTER = N_("The list cannot be filtered that way.")


def wanted_from(query: Mapping[str, str]) -> OrderFilter:
    """The list's filter as it stands in the address. Raises ``Invalid`` for values that no choice offers.

    Searching looks everywhere unless a state is chosen; without words the list begins with what is open.
    """
    q = query.get("q", "").strip()[:200]
    return OrderFilter(
        q=q,
        status=_one_of(query, "status", (*GROUPS, *OrderStatus)) or (ANY if q else OPEN),
        kind=_member_of(OrderKind, query, "kind"),
        lead=_number(query, "technician"),
        area=_number(query, "area"),
        machine=query.get("machine", "").strip()[:40],
        customer=_number(query, "customer"),
        project=_number(query, "project"),
        warranty=_member_of(WarrantyState, query, "warranty"),
        from_on=_day(query, "from"),
        to_on=_day(query, "to"),
        is_unratified=_is_ticked(query, "unratified"),
        is_rework=_is_ticked(query, "rework"),
        wants_help=_is_ticked(query, "help"),
        sort=_one_of(query, "sort", SORTS) or DEFAULT_SORT,
    )


def _one_of(query: Mapping[str, str], name: str, allowed: Iterable[str]) -> str | None:
    value = query.get(name) or None
    if value is not None and value not in tuple(allowed):
        raise Invalid(_NO_SUCH_FILTER)
    return value


def _member_of(kind: type[Member], query: Mapping[str, str], name: str) -> Member | None:
    value = _one_of(query, name, kind)
    return None if value is None else kind(value)


def _is_ticked(query: Mapping[str, str], name: str) -> bool:
    return _one_of(query, name, ("1",)) is not None


def _number(query: Mapping[str, str], name: str) -> int | None:
    value = query.get(name) or None
    if value is not None and not (value.isascii() and value.isdigit() and len(value) < 10):
        raise Invalid(_NO_SUCH_FILTER)
    return int(value) if value else None


def _day(query: Mapping[str, str], name: str) -> date | None:
    try:
        return date.fromisoformat(query[name]) if query.get(name) else None
    except ValueError:
        raise Invalid(N_("That is not a day; write it like 2026-11-23.")) from None
