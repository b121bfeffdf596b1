"""What the technician does with a job, as operations: whose job it is, times entered later, finishing taken back."""

from datetime import timedelta

import pytest

from app.accounts.models import Role, User
from app.core import clock, db
from app.core.errors import Conflict, Invalid, NotAllowed
from app.core.history import HistoryEntry
from app.work_orders import progress, visits
from app.work_orders.models import OrderKind, OrderStatus, Visit, WorkOrder
from app.work_orders.progress import Times
from tests import factories
from tests.personas import actor_of, make_user

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def li() -> User:
    return make_user(Role.TECHNICIAN, name="李工")


def test_it_works(li: User) -> None:
    order = factories.work_order(lead=li, status=OrderStatus.DISPATCHED)
    progress.accept(by=actor_of(li), order=order, version=1)
    assert order.status == OrderStatus.ACCEPTED
    assert order.accept_by is None


def test_the_deputy_accepts_for_somebody_who_confirmed_by_phone_and_a_clerk_does_not(li: User) -> None:
    order = factories.work_order(lead=li, status=OrderStatus.DISPATCHED)
    with pytest.raises(NotAllowed):
        progress.accept(by=actor_of(make_user(Role.CLERK)), order=order, version=1)
    progress.accept(by=actor_of(make_user(Role.DEPUTY)), order=order, version=1)
    assert order.status == OrderStatus.ACCEPTED


def test_nobody_works_on_the_job_of_another(li: User) -> None:
    order = factories.work_order(lead=li)
    stranger = actor_of(make_user(Role.TECHNICIAN))
    for act in (progress.set_off, progress.arrive, progress.accept):
        with pytest.raises(NotAllowed):
            act(by=stranger, order=order, version=1)


def test_who_lost_the_job_learns_who_has_it(li: User) -> None:
    order, wang = factories.work_order(lead=li), make_user(Role.TECHNICIAN, name="王工")
    with db.transaction():
        visits.end(order, clock.now())
        WorkOrder.update(lead=wang).where(WorkOrder.id == order.id).execute()
        visits.plan(order, visits.Assignment(lead=wang, planned_from=clock.now(), planned_until=clock.now() + timedelta(hours=1)))
    with pytest.raises(Conflict, match="王工"):
        progress.set_off(by=actor_of(li), order=WorkOrder.get_by_id(order.id), version=1)


def test_a_job_under_way_is_not_returned_any_more(li: User) -> None:
    order = factories.work_order(lead=li, status=OrderStatus.ON_SITE)
    with pytest.raises(Conflict):
        progress.decline(by=actor_of(li), order=order, version=1, reason="车坏了")


def test_times_entered_later_are_in_order_past_and_noted_in_the_history(li: User) -> None:
    order = factories.work_order(lead=li, status=OrderStatus.FINISHED)
    visit, now, me = Visit.get(Visit.order == order), clock.now(), actor_of(li)
    for times in (
        Times(departed_at=now + timedelta(hours=1)),
        Times(departed_at=now - timedelta(hours=1), arrived_at=now - timedelta(hours=2)),
        Times(left_at=now - timedelta(hours=5)),
    ):
        with pytest.raises(Invalid):
            progress.enter_times(by=me, order=order, visit=visit, times=times)
    assert not Visit.get_by_id(visit.id).is_entered_later
    progress.enter_times(by=me, order=order, visit=visit, times=Times(departed_at=now - timedelta(hours=2)))
    assert Visit.get_by_id(visit.id).is_entered_later
    assert HistoryEntry.select().where(HistoryEntry.action == "order.times_entered").count() == 1


def test_a_finish_is_not_taken_back_after_the_call_to_the_customer(li: User) -> None:
    order = factories.work_order(lead=li, status=OrderStatus.FINISHED, called_back_at=clock.now())
    with pytest.raises(Conflict):
        progress.take_back_finish(by=actor_of(li), order=order, version=1)


def test_a_stranger_begins_no_repair(li: User) -> None:
    order = factories.work_order(lead=li, kind=OrderKind.DIAGNOSIS, status=OrderStatus.ON_SITE)
    with pytest.raises(NotAllowed):
        progress.begin_repair(by=actor_of(make_user(Role.TECHNICIAN)), order=order)
    progress.begin_repair(by=actor_of(li), order=order)
    assert order.kind == OrderKind.REPAIR
