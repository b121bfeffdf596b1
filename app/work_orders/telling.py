"""Who is told what about an order: the lead of a dispatch, both of a reassignment, the desk, the area's manager (workflows, dispatch)."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from app.accounts.models import Role, User, UserArea, UserRole
from app.accounts.notices import notify
from app.core.errors import N_
from app.core.spoken import DEFAULT_LOCALE
from app.core.types import Actor
from app.roster import telling as channels
from app.roster.queries import on_duty
from app.tickets import urging as urgings
from app.tickets.models import Ticket, TicketUrging
from app.work_orders import visits, wording
from app.work_orders.models import Visit, VisitAssistant, WorkOrder


def address(order: WorkOrder) -> str:
    """Where the technician opens the job."""
    return f"/my/jobs/{order.number}"


def desk_address(order: WorkOrder) -> str:
    """Where the desk opens the order."""
    return f"/work-orders/{order.number}"


def dispatched(by: Actor, order: WorkOrder, visit: Visit, at: datetime) -> None:
    """The lead and who goes along learn of their job with the whole dispatch text, the managers of the area that somebody goes."""
    people = {order.lead_id} | _along(visit)

    def in_full(locale: str | None) -> str:
        return wording.dispatch_text(order, visit, locale or DEFAULT_LOCALE, most_bytes=channels.MOST_BYTES)

    key = f"dispatched:{order.id}:{visit.number}"
    tell(sorted(people - {by.user_id}), order, N_("New job %(number)s: %(title)s"), key, at, is_urgent=True, in_full=in_full)
    _tell_area(by, order, people, key, at)


def _tell_area(by: Actor, order: WorkOrder, besides: set[int], key: str, at: datetime) -> None:
    """The area managers get a copy of each dispatch within the product."""
    managers = (
        UserArea.select(UserArea.user)
        .join(User, on=User.id == UserArea.user)
        .join(UserRole, on=UserRole.user == User.id)
        .where(UserArea.area == order.area_id, UserRole.role == Role.AREA_MANAGER, User.is_active)
    )
    people = {user_id for (user_id,) in managers.tuples()} if order.area_id else set()
    message = N_("%(who)s goes out for %(number)s %(title)s")
    notify(
        sorted(people - besides - {by.user_id}), message, href=desk_address(order), key=f"{key}:area", at=at,
        who=order.lead.name, number=order.number, title=order.title,
    )  # fmt: skip


def taken_away(by: Actor, order: WorkOrder, lead: User, reason: str, at: datetime) -> None:
    """Who had the order, and who would have gone along, learn that others go."""
    people = ({lead.id} | _along(_visit_before_last(order))) - visits.people_of(order) - {by.user_id}
    message = N_("%(number)s was given to somebody else: %(reason)s")
    tell(sorted(people), order, message, f"taken:{order.id}:{order.version}", at, is_urgent=True, reason=reason)


def called_off(by: Actor, order: WorkOrder, lead: User, reason: str, at: datetime) -> None:
    """Who had the order, and who would have gone along, learn that nobody needs to go."""
    people = ({lead.id} | _along(_last_visit(order))) - {by.user_id}
    message = N_("%(number)s was called off: %(reason)s")
    tell(sorted(people), order, message, f"off:{order.id}", at, is_urgent=True, reason=reason)


def returned(by: Actor, order: WorkOrder, lead: User | None, reason: str, at: datetime) -> None:
    """The desk learns that an order came back: who dispatched it, and the deputies on duty."""
    who = lead.name if lead else ""
    message = N_("%(who)s returned %(number)s %(title)s: %(reason)s")
    tell_desk(by, order, message, f"returned:{order.id}:{order.version}", at, is_urgent=True, who=who, reason=reason)


def waits_for_parts(by: Actor, order: WorkOrder, reason: str, at: datetime) -> None:
    """The desk learns which parts are waited for."""
    tell_desk(by, order, N_("%(number)s waits for parts: %(reason)s"), f"parts:{order.id}:{order.version}", at, reason=reason)


def urged(by: Actor, ticket: Ticket, urging: TicketUrging) -> None:
    """Who is out for the ticket learns at once that the customer urges (催单), wherever the urging was taken."""
    message = N_("The customer urges, for the %(count)s. time: %(number)s %(title)s")
    for order in WorkOrder.select().where(WorkOrder.ticket == ticket.id, WorkOrder.is_out):
        people = sorted(visits.people_of(order) - {by.user_id})
        tell(people, order, message, f"urged:{urging.id}:{order.id}", urging.at, is_urgent=True, count=ticket.urged_count)


urgings.ALSO_TOLD.append(urged)


def tell_desk(by: Actor, order: WorkOrder, message: str, key: str, at: datetime, *, is_urgent: bool = False, **words: Any) -> None:
    """Tell who dispatched ``order`` and the deputies on duty, save for who did it."""
    people = {user.id for user in on_duty(Role.DEPUTY, at)} | {order.dispatched_by_id} - {None}
    channels.tell(
        sorted(people - {by.user_id}), message, href=desk_address(order), is_urgent=is_urgent, key=key, at=at,
        number=order.number, title=order.title, **words,
    )  # fmt: skip


def tell(
    user_ids: Iterable[int],
    order: WorkOrder,
    message: str,
    key: str,
    at: datetime,
    *,
    is_urgent: bool = False,
    in_full: Callable[[str | None], str] | None = None,
    **words: Any,
) -> None:
    """Tell these people, whose job it is, about ``order`` once, in the running transaction."""
    channels.tell(
        user_ids, message, href=address(order), is_urgent=is_urgent, key=key, at=at, is_theirs=True, in_full=in_full,
        number=order.number, title=order.title, **words,
    )  # fmt: skip


def _along(visit: Visit | None) -> set[int]:
    query = VisitAssistant.select(VisitAssistant.user).where(VisitAssistant.visit == visit)
    return {user_id for (user_id,) in query.tuples()} if visit else set()


def _last_visit(order: WorkOrder) -> Visit | None:
    """The last visit, though it was dropped just now."""
    return Visit.select().where(Visit.order == order).order_by(Visit.number.desc()).first()


def _visit_before_last(order: WorkOrder) -> Visit | None:
    return Visit.select().where(Visit.order == order).order_by(Visit.number.desc()).offset(1).first()
