"""Handovers of shifts that wait to be taken over."""

from datetime import datetime

from app.core.errors import N_
from app.core.types import Actor
from app.home.items import URGENT, Item, Step
from app.monitoring.shift_log import queries


def of_shifts(actor: Actor, limit: int) -> list[Item]:
    """Each shift that is over and that ``actor`` may take over, longest waiting first."""
    if not actor.may("shifts.keep"):
        return []
    return [_item(log.id, log.user_name, log.ended_at) for log in queries.waiting(actor.user_id)[:limit]]


def _item(log_id: int, who: str, ended_at: datetime) -> Item:
    href = f"/shifts/{log_id}"
    step = Step(label=N_("Take over"), href=f"{href}#take-over", icon="check")
    return Item(key=f"shift-{log_id}", rank=URGENT, since=ended_at, href=href, step=step, label=N_("Handover of a shift"), title=who)
