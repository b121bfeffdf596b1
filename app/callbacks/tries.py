"""Calls that reached nobody: noted with when to call again; three on different days allow the outcome "unreachable" (2E-17)."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime

from app.callbacks import states
from app.callbacks.models import CallTry
from app.callbacks.writing import MISSING, RECORD, lock_due, record
from app.core import clock, db, submissions
from app.core.errors import N_, Invalid
from app.core.types import Actor
from app.work_orders.models import WorkOrder

MAX_NOTE = 200


def note(
    *,
    by: Actor,
    orders: Sequence[WorkOrder],
    text: str = "",
    again_at: datetime | None = None,
    form_token: str = "",
    at: datetime | None = None,
) -> None:
    """Note a call about ``orders`` that reached nobody; until ``again_at`` they stand at the end of the list.

    The same form sent again notes nothing more. Raises ``Conflict`` when somebody recorded a call-back meanwhile, ``Invalid``,
    ``NotAllowed``.
    """
    by.require(RECORD)
    now = at or clock.now()
    if again_at is not None and again_at <= now:
        raise Invalid(MISSING, fields={"again_at": N_("Calling again is at a time to come.")})
    with db.transaction():
        if form_token and not submissions.claim(form_token):
            return
        for order in lock_due(orders):
            _note(by, order, text.strip()[:MAX_NOTE], again_at, now)


def _note(by: Actor, order: WorkOrder, text: str, again_at: datetime | None, now: datetime) -> None:
    CallTry.create(order=order, at=now, tried_on=clock.day_of(now), by=by.user_id, by_name=by.name, note=text, again_at=again_at)
    record(by, "tried", order, after={"note": text, "again_at": again_at})


def of_orders(orders: Iterable[WorkOrder]) -> dict[int, list[CallTry]]:
    """The calls about each of ``orders`` that reached nobody, oldest first, by order id."""
    found: dict[int, list[CallTry]] = defaultdict(list)
    for one in CallTry.select().where(CallTry.order.in_([order.id for order in orders])).order_by(CallTry.at, CallTry.id):
        found[one.order_id].append(one)
    return found


def days(tried: Iterable[CallTry]) -> int:
    """On how many different days was tried."""
    return len({one.tried_on for one in tried})


def may_give_up(order: WorkOrder) -> bool:
    """Whether ``order`` was tried on enough different days for "unreachable"."""
    return CallTry.select(CallTry.tried_on).where(CallTry.order == order).distinct().count() >= states.DAYS_TRIED
