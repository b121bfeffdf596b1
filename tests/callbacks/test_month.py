"""The month: dispatches = call-backs (reached + refused + unreachable + still due), whatever was finished and called when."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from peewee import Database

from app.callbacks import month
from app.core import clock, db, months
from app.core.errors import Invalid
from app.core.months import Month
from tests import factories
from tests.callbacks.desk import Desk, desk, finished
from tests.personas import actor_of

NOVEMBER = Month(2026, 11)
NOON = datetime(2026, 11, 15, 4, tzinfo=UTC)
ZONES = ("Asia/Shanghai", "UTC", "America/New_York", "Pacific/Kiritimati")
# Orders by when they were finished, within two days of both ends of the month, what came of the call, and the scores.
ORDERS = st.lists(
    st.tuples(
        st.sampled_from((datetime(2026, 11, 1, tzinfo=UTC), NOON, datetime(2026, 12, 1, tzinfo=UTC))),
        st.timedeltas(min_value=timedelta(days=-2), max_value=timedelta(days=2)),
        st.sampled_from(("reached", "refused", "unreachable", "due")),
        st.tuples(*(st.integers(1, 5),) * 3),
    ),
    max_size=7,
)


def made(centre: Desk, at: datetime, outcome: str = "due", scores: tuple[int, int, int] = (5, 5, 5), **values: object) -> None:
    order = finished(values.pop("lead", centre.who.li), finished_at=at, **values)  # type: ignore[arg-type]
    if outcome != "due":
        factories.call_back(
            order=order, outcome=outcome, recorded_by=centre.who.chen, **({"scores": scores} if outcome == "reached" else {})
        )


def test_it_works(database: Database) -> None:
    centre = desk()
    made(centre, NOON, "reached", (5, 2, 4))
    made(centre, NOON, "reached", (4, 5, 4), lead=centre.who.wang)
    made(centre, NOON, "refused")
    made(centre, NOON, "unreachable")
    made(centre, NOON)
    made(centre, NOON - timedelta(days=31), "reached")
    found = month.report(centre.manager, NOVEMBER)
    assert found.dispatches == 5 == found.tally.call_backs
    assert (found.tally.reached, found.tally.refused, found.tally.unreachable, found.tally.due, found.tally.poor) == (2, 1, 1, 1, 1)
    assert {name: (one.mean, one.count) for name, one in found.averages.items()} == {
        "result": (4.5, 2), "attitude": (3.5, 2), "timeliness": (4.0, 2),
    }  # fmt: skip
    lines = {line.name: line for line in found.technicians}
    assert (lines["李师傅"].dispatches, lines["李师傅"].poor, lines["李师傅"].attitude.mean) == (4, 1, 2.0)
    assert (lines["王师傅"].dispatches, lines["王师傅"].attitude.mean, lines["王师傅"].attitude.count) == (1, 5.0, 1)
    assert [order.call_back.attitude_score for order in found.poor] == [2]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(orders=ORDERS, zone=st.sampled_from(ZONES))
def test_the_equation_holds_for_every_month(
    sqlite_database: Database, orders: list[tuple[datetime, timedelta, str, tuple[int, int, int]]], zone: str
) -> None:
    with db.database.atomic() as attempt:
        clock.use_zone(ZoneInfo(zone))
        try:
            _check_every_month(orders)
        finally:
            clock.use_zone(ZoneInfo("Asia/Shanghai"))
            attempt.rollback()


def _check_every_month(orders: list[tuple[datetime, timedelta, str, tuple[int, int, int]]]) -> None:
    centre = desk()
    for near, by, outcome, scores in orders:
        made(centre, near + by, outcome, scores)
    counted = 0
    for wanted in (NOVEMBER.previous, NOVEMBER, NOVEMBER.next):
        found = month.report(centre.manager, wanted)
        local = [(near + by).astimezone(clock.zone()) for near, by, _outcome, _scores in orders]
        assert found.dispatches == sum((at.year, at.month) == (wanted.year, wanted.number) for at in local)
        assert found.is_balanced
        assert sum(line.dispatches for line in found.technicians) == found.dispatches
        for what, number in (("", found.dispatches), *((name, getattr(found.tally, name)) for name in month.WHAT[1:])):
            assert month.dispatches(centre.manager, wanted, what).count() == number  # each number opens what it counts
        counted += found.dispatches
    assert counted == len(orders)  # every dispatch in one month and no other


def test_a_dispatch_belongs_to_the_month_of_its_finish_in_the_deployments_zone(sqlite_database: Database) -> None:
    """23:59 of 30 November and 0:00 of 1 December in Shanghai are a minute apart on one day in UTC."""
    centre = desk()
    made(centre, datetime(2026, 11, 30, 15, 59, tzinfo=UTC), "reached")
    made(centre, datetime(2026, 11, 30, 16, 0, tzinfo=UTC), "refused")
    found = [month.report(centre.manager, one).tally for one in (NOVEMBER, NOVEMBER.next)]
    assert [(tally.reached, tally.refused) for tally in found] == [(1, 0), (0, 1)]


def test_a_call_in_the_next_month_counts_in_the_month_of_the_dispatch(sqlite_database: Database) -> None:
    centre = desk()
    made(centre, datetime(2026, 10, 31, 4, tzinfo=UTC), "reached")
    assert month.report(centre.manager, Month(2026, 10)).tally.reached == 1
    assert month.report(centre.manager, NOVEMBER).dispatches == 0


def test_an_area_manager_gets_the_own_area(sqlite_database: Database) -> None:
    centre = desk()
    made(centre, NOON, "reached", area=centre.who.north)
    made(centre, NOON, "reached", area=centre.who.south)
    found = month.report(actor_of(centre.who.area_manager), NOVEMBER)
    assert (found.dispatches, found.is_balanced) == (1, True)


def test_an_empty_month_has_no_averages(sqlite_database: Database) -> None:
    found = month.report(desk().manager, NOVEMBER)
    assert (found.dispatches, found.is_balanced, found.averages["result"].mean) == (0, True, None)


@pytest.mark.parametrize("text", ["2026", "2026-13", "x", "2026-11-05"])
def test_a_month_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        months.month_from(text, date(2026, 11, 5))


def test_months_follow_each_other() -> None:
    assert (Month(2026, 12).next, Month(2027, 1).previous) == (Month(2027, 1), Month(2026, 12))
    assert months.month_from("", date(2026, 2, 28)) == Month(2026, 2)
