"""The list of emergencies that opened the warranty gate."""

from peewee import ModelSelect

from app.core import paging
from app.core.paging import Sort
from app.core.types import Page
from app.work_orders.models import GateOverride, WorkOrder

UNREAD, ANY = "unread", "any"
STATES = (UNREAD, ANY)
DEFAULT_SORT = "at"
SORTS = {"at": Sort(GateOverride.at, lambda one: one.at)}


def page(state: str, *, sort: str, after: str | None = None, before: str | None = None) -> Page[GateOverride]:
    """One page of the list. Raises ``Invalid`` for an unknown sort or page."""
    return paging.page_of_records(_in_state(state), SORTS, sort, after=after, before=before)


def every(state: str, sort: str) -> ModelSelect:
    """All that the list would show, for an export."""
    return paging.whole(_in_state(state), SORTS, sort)


def _in_state(state: str) -> ModelSelect:
    query = GateOverride.select(GateOverride, WorkOrder).join(WorkOrder)
    return query.where(GateOverride.read_at.is_null()) if state == UNREAD else query
