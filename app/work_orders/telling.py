"""Who is told what about an order: the lead of a dispatch, both of a reassignment, whoever watches the ticket."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from app.accounts.models import Role, User
from app.accounts.notices import notify
from app.core.errors import N_
from app.core.types import Actor
from app.roster.queries import on_duty
from app.work_orders.models import Visit, VisitAssistant, WorkOrder


def address(order: WorkOrder) -> str:
    """Where the technician opens the job."""
    return f"/my/jobs/{order.number}"


def desk_address(order: WorkOrder) -> str:
    """Where the desk opens the order."""
    return f"/work-orders/{order.number}"


def dispatched(by: Actor, order: WorkOrder, visit: Visit, at: datetime) -> None:
    """The lead and who goes along learn of their job."""
    along = [user_id for (user_id,) in VisitAssistant.select(VisitAssistant.user).where(VisitAssistant.visit == visit).tuples()]
    message = N_("New job %(number)s: %(title)s")
    tell([order.lead_id, *along], order, message, f"dispatched:{order.id}:{visit.number}", at, is_urgent=True)


def taken_away(by: Actor, order: WorkOrder, lead: User, reason: str, at: datetime) -> None:
    """Who had the order learns that somebody else goes."""
    tell([lead.id], order, N_("%(number)s was given to somebody else: %(reason)s"), f"taken:{order.id}:{order.version}", at, reason=reason)


def called_off(by: Actor, order: WorkOrder, lead: User, reason: str, at: datetime) -> None:
    """Who had the order learns that nobody needs to go."""
    message = N_("%(number)s was called off: %(reason)s")
    tell([lead.id], order, message, f"off:{order.id}", at, is_urgent=True, reason=reason)


def returned(by: Actor, order: WorkOrder, lead: User | None, reason: str, at: datetime) -> None:
    """The desk learns that an order came back: who dispatched it, and the deputies on duty."""
    who = lead.name if lead else ""
    message = N_("%(who)s returned %(number)s %(title)s: %(reason)s")
    tell_desk(by, order, message, f"returned:{order.id}:{order.version}", at, is_urgent=True, who=who, reason=reason)


def waits_for_parts(by: Actor, order: WorkOrder, reason: str, at: datetime) -> None:
    """The desk learns which parts are waited for."""
    tell_desk(by, order, N_("%(number)s waits for parts: %(reason)s"), f"parts:{order.id}:{order.version}", at, reason=reason)


def tell_desk(by: Actor, order: WorkOrder, message: str, key: str, at: datetime, *, is_urgent: bool = False, **words: Any) -> None:
    """Tell who dispatched ``order`` and the deputies on duty, save for who did it."""
    people = {user.id for user in on_duty(Role.DEPUTY, at)} | {order.dispatched_by_id} - {None}
    notify(
        sorted(people - {by.user_id}), message, href=desk_address(order), is_urgent=is_urgent, key=key, at=at,
        number=order.number, title=order.title, **words,
    )  # fmt: skip


def tell(user_ids: Iterable[int], order: WorkOrder, message: str, key: str, at: datetime, *, is_urgent: bool = False, **words: Any) -> None:
    """Tell these people about ``order`` once, in the running transaction."""
    notify(user_ids, message, href=address(order), is_urgent=is_urgent, key=key, at=at, number=order.number, title=order.title, **words)
