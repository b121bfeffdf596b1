"""Records in their lists, and what waits for whom."""

from datetime import timedelta

import pytest
from peewee import Database

from app.callbacks import queries, signing, tries
from app.callbacks.models import CallBackOutcome
from app.callbacks.queries import ALL, TO_READ, TO_SIGN, Wanted
from app.core import clock
from app.core.errors import Invalid, NotFound
from tests import factories
from tests.callbacks.desk import POOR, desk, finished, recorded
from tests.personas import actor_of


def test_it_works(database: Database) -> None:
    """Poor ones stand first, then the oldest."""
    centre = desk()
    first, second, poor = recorded(centre), recorded(centre), recorded(centre, POOR)
    assert [one.id for one in queries.page(centre.deputy, TO_SIGN, Wanted()).rows] == [poor.id, first.id, second.id]
    signing.sign(by=centre.deputy, call_back=first, version=1)
    assert [one.id for one in queries.page(centre.manager, TO_READ, Wanted()).rows] == [first.id]
    assert [one.id for one in queries.page(centre.clerk, ALL, Wanted()).rows] == [poor.id, second.id, first.id]
    assert [one.id for one in queries.page(centre.clerk, ALL, Wanted(), sort="recorded_at").rows] == [first.id, second.id, poor.id]


def test_pages_of_what_is_to_be_signed_follow_each_other(database: Database) -> None:
    centre = desk()
    clerk = centre.who.chen
    made = [factories.call_back(recorded_by=clerk, scores=(5, 5, 1) if number % 20 == 0 else (5, 5, 5)) for number in range(55)]
    first = queries.page(centre.deputy, TO_SIGN, Wanted())
    second = queries.page(centre.deputy, TO_SIGN, Wanted(), after=first.next_key)
    seen = [one.id for one in (*first.rows, *second.rows)]
    assert sorted(seen) == [one.id for one in made]
    assert [one.is_poor for one in first.rows[:4]] == [True, True, True, False]
    assert [one.id for one in queries.page(centre.deputy, TO_SIGN, Wanted(), before=second.previous_key).rows] == seen[:50]


def test_it_is_narrowed_by_each_filter(database: Database) -> None:
    centre = desk()
    order = finished(centre.who.li, area=centre.who.north)
    one = recorded(centre, POOR, order)
    old = finished(centre.who.wang, area=centre.who.south)
    other = factories.call_back(order=old, outcome="refused", recorded_at=clock.now() - timedelta(days=40), recorded_by=centre.who.chen)
    today = clock.today()
    for wanted in (
        Wanted(technician=centre.who.li.id), Wanted(area=centre.who.north.id), Wanted(customer=order.customer_id), Wanted(is_poor=True),
        Wanted(outcome=CallBackOutcome.REACHED), Wanted(q=order.number.lower()), Wanted(q=order.machine.serial),
        Wanted(q=order.customer.name),
        Wanted(from_on=today - timedelta(days=2)),
    ):  # fmt: skip
        assert [found.id for found in queries.page(centre.clerk, ALL, wanted).rows] == [one.id], wanted
        assert wanted.is_narrowed
    assert [found.id for found in queries.page(centre.clerk, ALL, Wanted(to_on=today - timedelta(days=30))).rows] == [other.id]


def test_what_means_many_orders_finds_them_too(sqlite_database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queries, "_MOST_IDS", 1)
    centre, customer = desk(), factories.customer(name="云岭环卫")
    made = [recorded(centre, order=finished(centre.who.li, customer)) for _ in range(3)]
    recorded(centre)
    for wanted in (Wanted(q="云岭"), Wanted(customer=customer.id)):
        assert [one.id for one in queries.page(centre.clerk, ALL, wanted).rows] == [one.id for one in reversed(made)]


def test_an_area_manager_sees_the_own_area_and_a_technician_none(sqlite_database: Database) -> None:
    centre = desk()
    near = recorded(centre, order=finished(centre.who.li, area=centre.who.north))
    far = recorded(centre, order=finished(centre.who.wang, area=centre.who.south))
    he, li = actor_of(centre.who.area_manager), actor_of(centre.who.li)
    assert [one.id for one in queries.page(he, ALL, Wanted()).rows] == [near.id]
    assert [one.id for one in queries.page(he, TO_SIGN, Wanted()).rows] == [near.id]
    assert queries.page(li, ALL, Wanted()).rows == []
    for actor, number in ((he, far.id), (li, near.id), (centre.clerk, 10_000)):
        with pytest.raises(NotFound):
            queries.by_id(actor, number)


def test_an_unknown_sort_is_refused(sqlite_database: Database) -> None:
    with pytest.raises(Invalid):
        queries.page(desk().clerk, ALL, Wanted(), sort="odd")


def test_rows_of_an_export_stand_under_their_headings(sqlite_database: Database) -> None:
    centre = desk()
    made = recorded(centre, POOR)
    (row,) = queries.rows(centre.clerk, ALL, Wanted())
    found = dict(zip(queries.COLUMNS, row, strict=True))
    assert (found["number"], found["attitude_score"], found["poor"], found["owner"]) == (made.order.number, 2, True, None)


def test_an_order_knows_its_call_back(sqlite_database: Database) -> None:
    centre = desk()
    order = finished(centre.who.li)
    tries.note(by=centre.clerk, orders=[order])
    found = queries.of_order(order)
    assert (found.call_back, found.due_at, len(found.tries)) == (None, order.call_back_due_at, 1)
    made = recorded(centre, order=order)
    found = queries.of_order(made.order)
    assert (found.call_back, found.due_at) == (made, None)
