"""Recording a call: one record for each finished dispatch, by whoever came first; correcting it until it is signed."""

from dataclasses import replace

import pytest
from peewee import Database

from app.accounts.models import Notice
from app.callbacks import operations, signing
from app.callbacks.models import CallBack, CallBackOutcome, CallBackStatus
from app.callbacks.operations import About, Call
from app.callbacks.scores import NONE, Scores
from app.core import known_settings
from app.core.errors import Conflict, Invalid, NotAllowed
from app.core.history import HistoryEntry
from app.work_orders.models import OrderStatus, WorkOrder
from tests import factories
from tests.callbacks.desk import GOOD, POOR, desk, finished, lend, recorded
from tests.personas import actor_of, make_user

REACHED = Call(
    outcome=CallBackOutcome.REACHED, scores=GOOD, contact_name="王站长", contact_phone="13800000000", is_hotline_told=True, text="好"
)


def test_it_works(database: Database) -> None:
    centre = desk()
    order = finished(centre.who.li)
    (made,) = operations.save(by=centre.clerk, abouts=[About(order)], call=REACHED)
    kept = CallBack.get_by_id(made.id)
    assert (kept.status, kept.outcome, kept.is_poor) == (CallBackStatus.RECORDED, CallBackOutcome.REACHED, False)
    assert (kept.result_score, kept.attitude_score, kept.timeliness_score) == (5, 4, 5)
    assert (kept.technician, kept.customer_id, kept.area_id, kept.machine_id) == (
        centre.who.li,
        order.customer_id,
        order.area_id,
        order.machine_id,
    )
    assert (kept.recorded_by, kept.recorded_by_name, kept.is_hotline_told, kept.text) == (centre.who.chen, "陈文员", True, "好")
    assert WorkOrder.get_by_id(order.id).called_back_at == kept.called_at
    entry = HistoryEntry.get(HistoryEntry.action == "call_back.recorded")
    assert entry.object_id == order.number
    assert "13800000000" not in (entry.after or "")


def test_a_form_that_was_sent_twice_makes_one_record(sqlite_database: Database) -> None:
    centre = desk()
    order = finished(centre.who.li)
    first = operations.save(by=centre.clerk, abouts=[About(order)], call=REACHED, form_token="one")
    again = operations.save(by=centre.clerk, abouts=[About(order)], call=REACHED, form_token="one")
    assert [one.id for one in again] == [one.id for one in first]
    assert CallBack.select().count() == 1


def test_of_two_clerks_the_second_is_told_who_was_first(sqlite_database: Database) -> None:
    centre, order = desk(), None
    order = finished(centre.who.li)
    stale = WorkOrder.get_by_id(order.id)
    operations.save(by=centre.clerk, abouts=[About(order)], call=REACHED)
    other = actor_of(make_user("clerk", name="林文员"))
    with pytest.raises(Conflict, match="陈文员"):
        operations.save(by=other, abouts=[About(stale)], call=REACHED)
    assert CallBack.select().count() == 1


@pytest.mark.parametrize("status", [status for status in OrderStatus if status not in ("finished", "filed", "archived")])
def test_nobody_is_called_about_an_order_that_is_not_finished(sqlite_database: Database, status: OrderStatus) -> None:
    centre = desk()
    order = finished(centre.who.li, status=status)
    with pytest.raises(Conflict):
        operations.save(by=centre.clerk, abouts=[About(order)], call=REACHED)
    assert CallBack.select().count() == 0


def test_a_filed_order_is_called_back_too(sqlite_database: Database) -> None:
    centre = desk()
    operations.save(by=centre.clerk, abouts=[About(finished(centre.who.li, status=OrderStatus.FILED))], call=REACHED)
    assert CallBack.select().count() == 1


@pytest.mark.parametrize("name", ["result", "attitude", "timeliness"])
@pytest.mark.parametrize("score", [None, 0, 6])
def test_reached_needs_three_scores_from_1_to_5(sqlite_database: Database, name: str, score: int | None) -> None:
    centre = desk()
    call = replace(REACHED, scores=replace(GOOD, **{name: score}))
    with pytest.raises(Invalid) as refusal:
        operations.save(by=centre.clerk, abouts=[About(finished(centre.who.li))], call=call)
    assert list(refusal.value.fields) == [name]


def test_without_reaching_anybody_there_are_no_scores(sqlite_database: Database) -> None:
    centre = desk()
    order = finished(centre.who.li)
    operations.save(by=centre.clerk, abouts=[About(order)], call=replace(REACHED, outcome=CallBackOutcome.REFUSED, scores=POOR))
    kept = CallBack.get()
    assert (kept.outcome, kept.result_score, kept.is_poor) == (CallBackOutcome.REFUSED, None, False)


def test_one_call_fills_several_records_with_scores_of_their_own_or_the_same(database: Database) -> None:
    centre, customer = desk(), factories.customer()
    first, second, third = (finished(centre.who.li, customer) for _ in range(3))
    operations.save(by=centre.clerk, abouts=[About(first), About(second), About(third, Scores(1, 3, 3))], call=REACHED)
    kept = {one.order_id: one for one in CallBack.select()}
    assert len({one.call for one in kept.values()}) == 1
    assert [kept[order.id].result_score for order in (first, second, third)] == [5, 5, 1]
    assert [kept[order.id].is_poor for order in (first, second, third)] == [False, False, True]


def test_one_call_is_with_one_customer(sqlite_database: Database) -> None:
    centre = desk()
    with pytest.raises(Invalid) as refusal:
        operations.save(by=centre.clerk, abouts=[About(finished(centre.who.li)), About(finished(centre.who.li))], call=REACHED)
    assert list(refusal.value.fields) == ["also"]


def test_of_several_all_are_recorded_or_none(sqlite_database: Database) -> None:
    centre, customer = desk(), factories.customer()
    first, second = finished(centre.who.li, customer), finished(centre.who.li, customer)
    stale = WorkOrder.get_by_id(second.id)
    operations.save(by=centre.clerk, abouts=[About(second)], call=REACHED)
    with pytest.raises(Conflict, match=second.number):
        operations.save(by=centre.clerk, abouts=[About(first), About(stale)], call=REACHED)
    assert WorkOrder.get_by_id(first.id).called_back_at is None


def test_what_is_poor_follows_the_setting(sqlite_database: Database) -> None:
    centre = desk()
    assert not recorded(centre, Scores(3, 5, 5)).is_poor
    known_settings.change(by=centre.manager, values={"poor_call_back_score": 3})
    assert recorded(centre, Scores(3, 5, 5)).is_poor


def test_the_deputy_is_told_of_a_poor_score(sqlite_database: Database) -> None:
    centre = desk()
    recorded(centre)
    assert Notice.select().where(Notice.user == centre.who.zhao).count() == 0
    made = recorded(centre, POOR)
    assert Notice.get(Notice.user == centre.who.zhao).href == f"/call-backs/{made.id}"


@pytest.mark.parametrize("role", ["technician", "deputy", "manager", "area_manager", "quality", "admin"])
def test_the_clerk_alone_records(sqlite_database: Database, role: str) -> None:
    centre = desk()
    with pytest.raises(NotAllowed):
        operations.save(by=actor_of(make_user(role)), abouts=[About(finished(centre.who.li))], call=REACHED)


def test_a_clerk_corrects_the_own_record(database: Database) -> None:
    centre = desk()
    made = recorded(centre)
    operations.correct(by=centre.clerk, call_back=made, version=1, call=replace(REACHED, scores=POOR, text="态度差"))
    kept = CallBack.get_by_id(made.id)
    assert (kept.attitude_score, kept.is_poor, kept.text, kept.version) == (2, True, "态度差", 2)
    operations.correct(by=centre.clerk, call_back=kept, version=2, call=replace(REACHED, outcome=CallBackOutcome.REFUSED, scores=NONE))
    assert CallBack.get_by_id(made.id).attitude_score is None


def test_nobody_corrects_the_record_of_another(sqlite_database: Database) -> None:
    made = recorded(desk())
    with pytest.raises(NotAllowed, match="陈文员"):
        operations.correct(by=actor_of(make_user("clerk")), call_back=made, version=1, call=REACHED)


def test_a_signed_record_is_corrected_by_nobody(sqlite_database: Database) -> None:
    centre = desk()
    made = recorded(centre)
    before = CallBack.get_by_id(made.id)
    signing.sign(by=centre.deputy, call_back=made, version=1)
    for stale in (before, CallBack.get_by_id(made.id)):
        with pytest.raises(Conflict, match="赵副经理"):
            operations.correct(by=centre.clerk, call_back=stale, version=stale.version, call=replace(REACHED, scores=POOR))
    assert CallBack.get_by_id(made.id).attitude_score == 4


def test_a_record_that_was_corrected_meanwhile_is_not_written_over(sqlite_database: Database) -> None:
    centre = desk()
    made = recorded(centre)
    stale = CallBack.get_by_id(made.id)
    operations.correct(by=centre.clerk, call_back=made, version=1, call=REACHED)
    with pytest.raises(Conflict):
        operations.correct(by=centre.clerk, call_back=stale, version=1, call=REACHED)


def test_an_authority_to_sign_is_none_to_record(sqlite_database: Database) -> None:
    centre = desk()
    lend(centre.who.zhao, centre.who.liu, "call_backs.sign")
    with pytest.raises(NotAllowed):
        operations.save(by=centre.manager, abouts=[About(finished(centre.who.li))], call=REACHED)


def test_words_that_are_too_long_are_refused(sqlite_database: Database) -> None:
    centre = desk()
    with pytest.raises(Invalid) as refusal:
        operations.save(by=centre.clerk, abouts=[About(finished(centre.who.li))], call=replace(REACHED, text="长" * 4_001))
    assert list(refusal.value.fields) == ["text"]
