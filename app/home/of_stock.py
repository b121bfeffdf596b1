"""Stock that waits: counts to approve or to count again, parts below their minimum."""

from collections.abc import Iterator
from datetime import datetime

from app.core.errors import N_
from app.core.types import Actor
from app.home.items import USUAL, Item, Step
from app.parts import counting, moving
from app.parts.models import CountStatus, StockCount, StockPlace
from app.parts.stock import below_minimum


def of_stock(actor: Actor, now: datetime, limit: int) -> list[Item]:
    """Everything of stores that waits for ``actor``."""
    return [*_counts(actor, limit), *_below(actor, now)]


def _counts(actor: Actor, limit: int) -> Iterator[Item]:
    """What somebody else handed in, to be approved; what was turned down, for who counted."""
    if not actor.may(moving.MOVE):
        return
    query = StockCount.select(StockCount, StockPlace).join(StockPlace)
    mine = (StockCount.status == CountStatus.REJECTED) & (StockCount.by == actor.user_id)
    if actor.may(counting.APPROVE):
        mine |= (StockCount.status == CountStatus.SUBMITTED) & (StockCount.by != actor.user_id)
    for row in query.where(mine).order_by(StockCount.id).limit(limit):
        is_rejected = row.status == CountStatus.REJECTED
        href = f"/stock/counts/{row.number}"
        yield Item(
            key=f"count-{row.id}",
            rank=USUAL,
            since=row.decided_at if is_rejected else row.submitted_at,
            href=href,
            number=row.number,
            title=row.place.name,
            state=CountStatus(row.status),
            step=Step(label=N_("Count again") if is_rejected else N_("Decide"), href=href, icon="clipboard-text"),
        )


def _below(actor: Actor, now: datetime) -> Iterator[Item]:
    low = below_minimum() if actor.may(moving.MOVE) else []
    if low:
        yield Item(
            key="stock-below-minimum",
            rank=USUAL,
            since=now,
            href="/stock?only=below",
            label=N_("Parts below their minimum: %(count)s"),
            label_count=len(low),
            state_text=N_("below minimum"),
            step=Step(label=N_("Open the list"), href="/stock?only=below", icon="inbox"),
        )
