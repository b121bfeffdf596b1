"""Follow-ups: whose they are, noted as done once, reminded of on their day and when they are late."""

from datetime import timedelta

import pytest
from peewee import Database

from app.accounts.models import Notice
from app.callbacks import follow_ups
from app.callbacks.follow_ups import FollowUpFilter
from app.callbacks.models import CallBack, CallBackStatus
from app.core import clock
from app.core.errors import Invalid, NotAllowed, NotFound
from tests import factories
from tests.callbacks.desk import Desk, desk, finished
from tests.personas import actor_of


def given(centre: Desk, in_days: int = 3) -> CallBack:
    order = finished(centre.who.li, area=centre.who.north)
    due_on = clock.today() + timedelta(days=in_days)
    return factories.call_back(
        order=order, status=CallBackStatus.SIGNED, recorded_by=centre.who.chen, signed_by=centre.who.zhao, follow_up_due_on=due_on
    )


def test_it_works(database: Database) -> None:
    centre = desk()
    later, sooner = given(centre, 3), given(centre, 1)
    li = actor_of(centre.who.li)
    assert [one.id for one in follow_ups.page(li, FollowUpFilter(), clock.today()).rows] == [sooner.id, later.id]
    follow_ups.finish(by=li, call_back=sooner, result="已更换密封件")
    assert [one.id for one in follow_ups.page(li, FollowUpFilter(), clock.today()).rows] == [later.id]
    kept = CallBack.get_by_id(sooner.id)
    assert (kept.follow_up_result, kept.follow_up_done_at is not None, kept.status) == ("已更换密封件", True, CallBackStatus.SIGNED)
    assert Notice.get(Notice.user == centre.who.zhao).href == f"/call-backs/{sooner.id}"


def test_it_is_done_only_with_words(sqlite_database: Database) -> None:
    centre = desk()
    for result in (" ", "长" * 501):
        with pytest.raises(Invalid):
            follow_ups.finish(by=centre.clerk, call_back=given(centre), result=result)


def test_each_filter(sqlite_database: Database) -> None:
    centre = desk()
    late, soon, done = given(centre, -1), given(centre, 1), given(centre, 2)
    follow_ups.finish(by=centre.clerk, call_back=done, result="好")
    for wanted, found in (
        (FollowUpFilter(whose="all"), [late, soon]),
        (FollowUpFilter(whose="all", state="late"), [late]),
        (FollowUpFilter(whose="all", state="done"), [done]),
        (FollowUpFilter(whose="all", state=""), [late, soon, done]),
        (FollowUpFilter(), []),
        (FollowUpFilter(whose="all", owner=centre.who.li.id), [late, soon]),
    ):
        assert [one.id for one in follow_ups.page(centre.clerk, wanted, clock.today()).rows] == [one.id for one in found], wanted
        assert [row[0] for row in follow_ups.rows(centre.clerk, wanted, clock.today())] == [one.order.number for one in found]


def test_a_technician_sees_the_own_ones_alone(sqlite_database: Database) -> None:
    centre = desk()
    made = given(centre)
    wang, he = actor_of(centre.who.wang), actor_of(centre.who.area_manager)
    assert follow_ups.page(wang, FollowUpFilter(whose="all", state=""), clock.today()).rows == []
    with pytest.raises(NotFound):
        follow_ups.by_id(wang, made.id)
    assert follow_ups.by_id(he, made.id) == made
    with pytest.raises(NotAllowed):
        follow_ups.finish(by=actor_of(centre.who.sun), call_back=made, result="x")


def test_reminders_come_once(database: Database) -> None:
    centre = desk()
    given(centre, 0)
    late = given(centre, -1)
    given(centre, 1)
    for _ in range(2):
        assert follow_ups.remind(clock.now()) == "2 due"
    assert Notice.select().where(Notice.user == centre.who.li).count() == 2
    assert Notice.select().where(Notice.user == centre.who.zhao).count() == 1
    follow_ups.finish(by=centre.clerk, call_back=late, result="好")
    assert follow_ups.remind(clock.now()) == "1 due"
