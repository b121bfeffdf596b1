"""What can be done with a work order now: buttons for this person in this state; what cannot be done is absent."""

from dataclasses import dataclass

from app.accounts.authorities import may_act
from app.core import clock
from app.core.errors import N_
from app.core.types import Actor
from app.work_orders import states
from app.work_orders.models import OrderStatus, WorkOrder


@dataclass(frozen=True, slots=True)
class Way:
    """A button: ``path`` is opened, or asked for by POST; ``is_next`` marks what moves the order on."""

    path: str
    label: str
    icon: str = ""
    is_post: bool = False
    is_next: bool = False


def ways(by: Actor, order: WorkOrder, *, is_shut: bool) -> list[Way]:
    """The ways open to ``by``, the next step first; ``is_shut``: the warranty gate lets nobody go there yet."""
    here, status = f"/work-orders/{order.number}", OrderStatus(order.status)
    may_dispatch = by.may("orders.dispatch") or by.may("orders.dispatch_provisionally")
    waits, may_create = status is OrderStatus.WAITING_PARTS, by.may("orders.create")
    is_open = order.is_out or status in states.QUEUED_STATUSES
    found: list[tuple[bool, Way]] = [
        (order.is_out and order.lead_id == by.user_id, Way(f"/my/jobs/{order.number}", N_("To my job"), "arrow-right", is_next=True)),
        (not order.is_out and is_open and may_dispatch, Way(f"{here}/dispatch", N_("Dispatch the order"), "truck", is_next=True)),
        (_may_ratify(by, order), Way(f"{here}/ratification", N_("Ratify"), "check", is_post=True, is_next=True)),
        (waits and may_create, Way(f"{here}/parts-received", N_("The parts are here"), "check", is_post=True, is_next=True)),
        (waits and may_create, Way(f"{here}/next-visit", N_("Plan the next visit"), "calendar")),
        (
            status is OrderStatus.DISPATCHED and by.may("jobs.accept_for"),
            Way(f"{here}/acceptance", N_("Accepted by phone"), "phone", is_post=True),
        ),
        (order.is_out and may_dispatch, Way(f"{here}/reassignment", N_("Give to somebody else"), "users")),
        (is_open and by.may("orders.propose"), Way(f"{here}/proposals", N_("Propose somebody or a time"), "message")),
        (is_shut and may_act(by, "gate.override", clock.now()), Way(f"{here}/override", N_("Override the warranty gate"), "lock")),
        (
            order.finished_at is not None and order.called_back_at is None and by.may("call_backs.record"),
            Way(f"/call-backs/new?order={order.number}", N_("Call the customer back"), "phone"),
        ),
        (_may_call_off(by, order, status), Way(f"{here}/cancellation", N_("Call off"), "x")),
    ]
    return [way for is_there, way in found if is_there]


def _may_ratify(by: Actor, order: WorkOrder) -> bool:
    is_open = order.agreed_by_id is not None and order.ratified_at is None
    return is_open and order.dispatched_by_id != by.user_id and may_act(by, "orders.ratify", clock.now())


def _may_call_off(by: Actor, order: WorkOrder, status: OrderStatus) -> bool:
    return by.may("orders.cancel") and states.may_go(status, OrderStatus.CANCELLED) and (not order.is_out or by.may("orders.dispatch"))
