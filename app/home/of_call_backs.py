"""Call-backs that wait: to be made, signed, read, and what was promised after a poor score. Poor ones come first and singly."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from peewee import fn

from app.accounts import authorities
from app.callbacks.models import CallBack, CallBackStatus
from app.core import clock
from app.core.errors import N_
from app.core.types import Actor
from app.home.items import LATE, URGENT, USUAL, Item, Step
from app.home.of_orders import NAMES, of_rows, with_names
from app.work_orders.models import WorkOrder

RECORD, SIGN, READ = "call_backs.record", "call_backs.sign", "call_backs.read"


def of_call_backs(actor: Actor, now: datetime, limit: int) -> list[Item]:
    """Everything of call-backs that waits for ``actor``."""
    found = list(_due(actor, now, limit))
    if authorities.may_act(actor, SIGN, now):
        mine = (CallBack.status == CallBackStatus.RECORDED) & (CallBack.recorded_by != actor.user_id)
        found += _records(mine, "sign", N_("Sign"), N_("Call-backs to sign: %(count)s"), limit)
    if authorities.may_act(actor, READ, now):
        mine = (CallBack.status == CallBackStatus.SIGNED) & (CallBack.recorded_by != actor.user_id) & (CallBack.signed_by != actor.user_id)
        found += _records(mine, "read", N_("Read"), N_("Call-backs to read: %(count)s"), limit)
    return found + list(_follow_ups(actor, now, limit))


def _due(actor: Actor, now: datetime, limit: int) -> Iterator[Item]:
    """What is to be called back by now."""
    if not actor.may(RECORD):
        return
    is_due = (WorkOrder.call_back_due_at <= now) & WorkOrder.called_back_at.is_null()
    query = with_names(WorkOrder.select(WorkOrder, *NAMES)).where(is_due)
    for order in query.order_by(WorkOrder.call_back_due_at).limit(limit):
        step = Step(label=N_("Call back"), href=f"/call-backs/new?order={order.number}", icon="phone")
        yield _item(order, f"call-back-{order.id}", step, order.call_back_due_at, LATE, state=CallBackStatus.DUE)


def _records(mine: Any, act: str, label: str, counted: str, limit: int) -> list[Item]:
    poor = of_rows(CallBack).where(mine, CallBack.is_poor).order_by(CallBack.recorded_at).limit(limit)
    found = [
        _item(
            row.order, f"call-back-{act}-{row.id}", Step(label=label, href=f"/call-backs/{row.id}"), row.recorded_at, URGENT, is_poor=True
        )
        for row in poor
    ]
    number, oldest = (
        CallBack.select(fn.COUNT(CallBack.id), fn.MIN(CallBack.recorded_at)).where(mine, ~CallBack.is_poor).scalar(as_tuple=True)
    )
    if number:
        status = CallBackStatus.RECORDED if act == "sign" else CallBackStatus.SIGNED
        address = f"/call-backs?tab=to-{act}"
        found.append(
            Item(
                key=f"call-backs-to-{act}",
                rank=USUAL,
                since=oldest if isinstance(oldest, datetime) else clock.from_ms(oldest),
                href=address,
                label=counted,
                label_count=number,
                step=Step(label=label, href=address),
                state=status,
            )
        )
    return found


def _follow_ups(actor: Actor, now: datetime, limit: int) -> Iterator[Item]:
    """What this person promised to see to after a poor score."""
    is_mine = (CallBack.follow_up_owner == actor.user_id) & CallBack.follow_up_done_at.is_null() & (CallBack.follow_up != "")
    query = of_rows(CallBack).where(is_mine)
    today = clock.day_of(now)
    for row in query.order_by(CallBack.follow_up_due_on).limit(limit):
        step = Step(label=N_("See to it"), href=f"/call-backs/{row.id}")
        rank = LATE if row.follow_up_due_on and row.follow_up_due_on < today else USUAL
        yield _item(row.order, f"follow-up-{row.id}", step, row.recorded_at, rank, title=row.follow_up, text=N_("Follow-up of a call-back"))


def _item(
    order: WorkOrder, key: str, step: Step, since: datetime, rank: int, *,
    state: CallBackStatus | None = None, title: str = "", text: str = "", is_poor: bool = False,
) -> Item:  # fmt: skip
    return Item(
        key=key,
        rank=rank,
        since=since,
        href=f"/work-orders/{order.number}",
        number=order.number,
        step=step,
        serial=order.machine.serial if order.machine else "",
        customer=(order.customer.short_name or order.customer.name) if order.customer else "",
        title=title or order.title,
        state=state,
        state_text=text or (N_("Poor score") if is_poor else ""),
    )
