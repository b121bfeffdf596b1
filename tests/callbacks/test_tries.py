"""Calls that reached nobody: "unreachable" after three different days of the deployment, and no sooner."""

from datetime import UTC, datetime, timedelta

import pytest
from peewee import Database

from app.callbacks import operations, tries
from app.callbacks.models import CallBack, CallBackOutcome, CallTry
from app.callbacks.operations import About, Call
from app.core import clock
from app.core.errors import Conflict, Invalid, NotAllowed
from app.work_orders.models import WorkOrder
from tests import factories
from tests.callbacks.desk import Desk, desk, finished, recorded

UNREACHABLE = Call(outcome=CallBackOutcome.UNREACHABLE)
# 23:30 in Shanghai, where the deployment stands.
LATE = datetime(2026, 11, 23, 15, 30, tzinfo=UTC)


def tried(centre: Desk, *times: datetime) -> WorkOrder:
    order = finished(centre.who.li)
    for at in times:
        tries.note(by=centre.clerk, orders=[order], at=at)
    return order


def give_up(centre: Desk, order: WorkOrder) -> None:
    operations.save(by=centre.clerk, abouts=[About(order)], call=UNREACHABLE)


def test_it_works(database: Database) -> None:
    centre = desk()
    order = tried(centre, LATE, LATE + timedelta(days=1), LATE + timedelta(days=2))
    give_up(centre, order)
    assert CallBack.get().outcome == CallBackOutcome.UNREACHABLE
    assert tries.days(tries.of_orders([order])[order.id]) == 3


@pytest.mark.parametrize("times", [(), (LATE,), (LATE, LATE + timedelta(days=1))])
def test_two_days_are_too_few(sqlite_database: Database, times: tuple[datetime, ...]) -> None:
    centre = desk()
    with pytest.raises(Invalid) as refusal:
        give_up(centre, tried(centre, *times))
    assert list(refusal.value.fields) == ["outcome"]


def test_twice_on_one_day_counts_once(sqlite_database: Database) -> None:
    centre = desk()
    order = tried(centre, LATE - timedelta(hours=5), LATE, LATE + timedelta(days=1))
    with pytest.raises(Invalid):
        give_up(centre, order)


def test_a_day_is_one_of_the_deployment(sqlite_database: Database) -> None:
    """An hour apart, the same day in UTC, but midnight in Shanghai lies between."""
    centre = desk()
    order = tried(centre, LATE, LATE + timedelta(hours=1), LATE + timedelta(days=1, hours=1))
    give_up(centre, order)
    assert CallBack.select().count() == 1


def test_each_of_several_dispatches_needs_its_three_days(sqlite_database: Database) -> None:
    centre, customer = desk(), factories.customer()
    first, second = finished(centre.who.li, customer), finished(centre.who.li, customer)
    for day in range(3):
        tries.note(by=centre.clerk, orders=[first, second] if day else [first], at=LATE + timedelta(days=day))
    with pytest.raises(Invalid):
        operations.save(by=centre.clerk, abouts=[About(first), About(second)], call=UNREACHABLE)
    give_up(centre, first)


def test_a_correction_to_unreachable_needs_them_too(sqlite_database: Database) -> None:
    centre = desk()
    with pytest.raises(Invalid):
        operations.correct(by=centre.clerk, call_back=recorded(centre), version=1, call=UNREACHABLE)


def test_a_form_that_was_sent_twice_notes_one_call(sqlite_database: Database) -> None:
    centre = desk()
    order = finished(centre.who.li)
    for _ in range(2):
        tries.note(by=centre.clerk, orders=[order], form_token="one")
    assert CallTry.select().count() == 1


def test_calling_again_is_at_a_time_to_come(sqlite_database: Database) -> None:
    centre = desk()
    with pytest.raises(Invalid):
        tries.note(by=centre.clerk, orders=[finished(centre.who.li)], again_at=clock.now() - timedelta(minutes=1))
    assert CallTry.select().count() == 0


def test_nothing_is_tried_once_it_is_recorded(sqlite_database: Database) -> None:
    centre = desk()
    made = recorded(centre)
    with pytest.raises(Conflict, match="陈文员"):
        tries.note(by=centre.clerk, orders=[made.order])


def test_the_clerk_alone_notes(sqlite_database: Database) -> None:
    centre = desk()
    with pytest.raises(NotAllowed):
        tries.note(by=centre.manager, orders=[finished(centre.who.li)])
