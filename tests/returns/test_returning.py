"""The way of an old part back to the factory, and the order that waits for it."""

from datetime import timedelta

import pytest

from app.accounts.models import User
from app.core import clock, db
from app.core.errors import Conflict, Invalid, NotAllowed
from app.core.types import system
from app.returns import queries, returning
from app.returns.models import DefectiveReturn, ReturnStatus
from app.returns.returning import Parcel
from app.work_orders import progress
from app.work_orders.models import OrderStatus, WorkOrder
from tests import factories, money_factories
from tests.personas import People, actor_of, people


@pytest.fixture
def who(database: None) -> People:
    return people()


def filed(lead: User) -> WorkOrder:
    order = factories.work_order(lead=lead, status=OrderStatus.FILED)
    WorkOrder.update(call_back_archived_at=clock.now()).where(WorkOrder.id == order.id).execute()
    return WorkOrder.get_by_id(order.id)


def at_rest(order: WorkOrder) -> bool:
    with db.transaction():
        return progress.archive_when_at_rest(by=system("test"), order=order, at=clock.now())


def test_it_works(who: People) -> None:
    order = filed(who.li)
    one, li = money_factories.returned(order=order), actor_of(who.li)
    assert not at_rest(order)
    returning.tag(by=li, returns=[one])
    returning.send(by=li, returns=[one], parcel=Parcel(carrier="顺丰", waybill="SF1"))
    returning.receive(by=actor_of(who.chen), returned=one, version=one.version)
    assert DefectiveReturn.get_by_id(one.id).received_by_name == who.chen.name
    assert WorkOrder.get_by_id(order.id).status == OrderStatus.ARCHIVED


def test_an_order_stays_filed_while_one_of_its_parts_is_out(who: People) -> None:
    order = filed(who.li)
    for _ in range(2):
        money_factories.returned(order=order)
    first = order.returns.get()
    returning.waive(by=actor_of(who.zhao), returned=first, version=1, reason="现场报废")
    assert WorkOrder.get_by_id(order.id).status == OrderStatus.FILED
    assert progress.archive_hold(order) is not None


def test_a_waived_part_lets_its_order_rest(who: People) -> None:
    order = filed(who.li)
    one = money_factories.returned(order=order)
    returning.waive(by=actor_of(who.zhao), returned=one, version=1, reason="现场报废")
    assert WorkOrder.get_by_id(order.id).status == OrderStatus.ARCHIVED


def test_waiving_needs_a_reason_and_the_right(who: People) -> None:
    one = money_factories.returned()
    with pytest.raises(Invalid):
        returning.waive(by=actor_of(who.zhao), returned=one, version=1, reason=" ")
    for user in (who.chen, who.li, who.sun):
        with pytest.raises(NotAllowed):
            returning.waive(by=actor_of(user), returned=one, version=1, reason="x")


def test_nothing_travels_without_its_tag(who: People) -> None:
    one = money_factories.returned(technician=who.li)
    with pytest.raises(Conflict):
        returning.send(by=actor_of(who.li), returns=[one], parcel=Parcel(carrier="顺丰"))
    with pytest.raises(Conflict):
        returning.receive(by=actor_of(who.chen), returned=one, version=one.version)


def test_a_parcel_with_one_wrong_part_is_not_sent_at_all(who: People) -> None:
    tagged = money_factories.returned(technician=who.li, status="tagged")
    bare = money_factories.returned(technician=who.li)
    with pytest.raises(Conflict):
        returning.send(by=actor_of(who.li), returns=[tagged, bare], parcel=Parcel(carrier="顺丰"))
    assert DefectiveReturn.get_by_id(tagged.id).status == ReturnStatus.TAGGED


def test_a_technician_touches_only_own_parts(who: People) -> None:
    one = money_factories.returned(technician=who.wang)
    with pytest.raises(NotAllowed):
        returning.tag(by=actor_of(who.li), returns=[one])


@pytest.mark.parametrize("status", ["received", "reported", "decided", "closed", "waived"])
def test_what_is_back_is_not_waived(who: People, status: str) -> None:
    reason = {"waived_reason": "x"} if status == "waived" else {}
    one = money_factories.returned(status=status, **reason)
    with pytest.raises(Conflict):
        returning.waive(by=actor_of(who.zhao), returned=one, version=1, reason="x")


def test_two_people_receiving_one_part_are_told(who: People) -> None:
    one = money_factories.returned(status="tagged")
    returning.receive(by=actor_of(who.chen), returned=DefectiveReturn.get_by_id(one.id), version=1)
    with pytest.raises(Conflict):
        returning.receive(by=actor_of(who.sun), returned=one, version=1)


def test_late_is_what_is_past_its_day(who: People) -> None:
    money_factories.returned(technician=who.li, due_on=clock.today() - timedelta(days=1))
    money_factories.returned(technician=who.li)
    (age,) = queries.ages(actor_of(who.chen), clock.today())
    assert (age.name, age.number, age.late) == (who.li.name, 2, 1)
