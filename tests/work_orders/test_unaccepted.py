"""An order that nobody accepts is reminded of at half of the time and goes back to the queue when it is over, once."""

from datetime import datetime, timedelta

import pytest

from app.accounts.models import Notice, Role, User
from app.core import clock, db
from app.roster.models import DutyShift
from app.work_orders import dispatching, progress, unaccepted
from app.work_orders.dispatching import Job
from app.work_orders.models import OrderKind, OrderStatus, OrderStep, WorkOrder
from app.work_orders.visits import Assignment
from tests import factories
from tests.personas import actor_of, make_user

pytestmark = pytest.mark.usefixtures("database")

MINUTE = timedelta(minutes=1)


@pytest.fixture
def li() -> User:
    return make_user(Role.TECHNICIAN, name="李工")


@pytest.fixture
def order(li: User) -> WorkOrder:
    start = clock.now() + timedelta(hours=3)
    return dispatching.dispatch_ticket(
        by=actor_of(make_user(Role.DEPUTY, name="赵副经理")),
        job=Job(kind=OrderKind.INSPECTION, title="巡检", machine=factories.machine()),
        assignment=Assignment(lead=li, planned_from=start, planned_until=start + timedelta(hours=2)),
    )


def told(user: User | None, order: WorkOrder) -> list[str]:
    return [one.message for one in Notice.select().where(Notice.user == user, Notice.params.contains(order.number)).order_by(Notice.id)]


def after(order: WorkOrder, minutes: float) -> datetime:
    return order.dispatched_at + minutes * MINUTE


def test_it_works(order: WorkOrder, li: User) -> None:
    assert unaccepted.look(after(order, 22)) == ""
    assert unaccepted.look(after(order, 23)) == "1 reminded, 0 returned"
    assert unaccepted.look(after(order, 24)) == ""
    assert unaccepted.REMINDER in told(li, order)
    assert unaccepted.look(after(order, 45)) == "0 reminded, 1 returned"
    assert unaccepted.look(after(order, 46)) == ""
    present = WorkOrder.get_by_id(order.id)
    assert (present.status, present.lead, present.accept_by) == (OrderStatus.DECLINED, None, None)
    step = OrderStep.select().where(OrderStep.order == order).order_by(OrderStep.id.desc()).first()
    assert (step.reason, step.by_name) == (unaccepted.NOBODY_ACCEPTED, "dispatch")
    assert told(User.get(User.name == "赵副经理"), order)


def test_what_was_accepted_is_left_alone(order: WorkOrder, li: User) -> None:
    progress.accept(by=actor_of(li), order=order, version=order.version)
    assert unaccepted.look(after(order, 60)) == ""


def test_an_order_accepted_in_the_same_moment_stays_accepted(order: WorkOrder, li: User) -> None:
    seen = WorkOrder.get_by_id(order.id)
    progress.accept(by=actor_of(li), order=order, version=order.version)
    assert not unaccepted._take_back(seen, after(order, 60))
    assert not unaccepted._remind(seen, after(order, 30))
    assert WorkOrder.get_by_id(order.id).status == OrderStatus.ACCEPTED


def test_of_somebody_off_shift_the_deputies_on_duty_are_told_too(order: WorkOrder, li: User) -> None:
    zhao = User.get(User.name == "赵副经理")
    with db.transaction():
        other = make_user(Role.TECHNICIAN)
        DutyShift.create(user=other, role=Role.TECHNICIAN, starts_at=clock.now(), ends_at=clock.now() + timedelta(hours=9))
    unaccepted.look(after(order, 23))
    assert unaccepted.DESK_REMINDER in told(zhao, order)
    assert unaccepted.REMINDER in told(li, order)
