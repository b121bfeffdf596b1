"""The list of shifts, and one of them."""

from dataclasses import dataclass
from datetime import datetime

from peewee import ModelSelect

from app.core.errors import N_, NotFound
from app.core.paging import Order, page_in_order
from app.core.types import Page
from app.monitoring.shift_log.models import ShiftLog

NEWEST = Order((ShiftLog.started_at, ShiftLog.id), (True, True))
OPEN, ENDED, TAKEN_OVER = "open", "ended", "taken_over"
STATES = (OPEN, ENDED, TAKEN_OVER)


@dataclass(frozen=True, slots=True)
class Filters:
    """What the list is narrowed to; empty values do not narrow."""

    q: str = ""
    state: str = ""
    from_at: datetime | None = None
    to_at: datetime | None = None


def listed(wanted: Filters) -> ModelSelect:
    """The shifts that ``wanted`` leaves."""
    query = ShiftLog.select()
    if wanted.q:
        query = query.where(ShiftLog.user_name.contains(wanted.q) | ShiftLog.remark.contains(wanted.q))
    if wanted.state in STATES:
        query = query.where(_state_is(wanted.state))
    if wanted.from_at is not None:
        query = query.where(ShiftLog.started_at >= wanted.from_at)
    if wanted.to_at is not None:
        query = query.where(ShiftLog.started_at < wanted.to_at)
    return query


def _state_is(state: str) -> object:
    if state == OPEN:
        return ShiftLog.ended_at.is_null()
    is_over = ShiftLog.ended_at.is_null(False)
    return is_over & (ShiftLog.countersigned_at.is_null(state == ENDED))


def state_of(log: ShiftLog) -> str:
    """Open, ended, or taken over."""
    if log.ended_at is None:
        return OPEN
    return ENDED if log.countersigned_at is None else TAKEN_OVER


def page(wanted: Filters, *, after: str | None = None, before: str | None = None) -> Page[ShiftLog]:
    """One page, newest first. Raises ``Invalid`` for an unknown page."""
    return page_in_order(listed(wanted), NEWEST, lambda log: (log.started_at, log.id), after=after, before=before)


def by_id(log_id: int) -> ShiftLog:
    """Raises ``NotFound``."""
    found: ShiftLog | None = ShiftLog.get_or_none(ShiftLog.id == log_id)
    if found is None:
        raise NotFound(N_("There is no such shift."))
    return found


def waiting(user_id: int | None) -> list[ShiftLog]:
    """Shifts that are over and not taken over, oldest first, but for one's own."""
    query = ShiftLog.select().where(ShiftLog.ended_at.is_null(False), ShiftLog.countersigned_at.is_null(), ShiftLog.user != user_id)
    return list(query.order_by(ShiftLog.ended_at, ShiftLog.id))


def running() -> list[ShiftLog]:
    """Who is on shift by the log, longest first."""
    return list(ShiftLog.select().where(ShiftLog.ended_at.is_null()).order_by(ShiftLog.started_at))
