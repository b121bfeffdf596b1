"""Return visits: a quarter is drawn and can be proven, nobody is visited twice in a cycle, four quarters reach everybody."""

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from peewee import Database, IntegrityError

from app.accounts.models import Area
from app.callbacks import return_visits, sampler, visit_pools
from app.callbacks.models import ReturnVisit, ReturnVisitState, VisitDraw
from app.callbacks.return_visits import VisitRecord
from app.core import db
from app.core.errors import Conflict, Invalid, NotAllowed
from app.core.history import HistoryEntry
from app.core.types import Actor
from app.customers.models import Customer
from app.machines.models import Machine
from tests import factories
from tests.personas import actor_of, make_area, make_user

SHANGHAI = ZoneInfo("Asia/Shanghai")
FIRST = sampler.number_of(2026, 1)
RETIRED = date(2026, 1, 1)
RECORD = VisitRecord(visited_on=date(2026, 2, 20), result="站长满意。", score=5)


def day_of(number: int) -> datetime:
    year, quarter = sampler.quarter_of(number)
    return datetime(year, quarter * 3 - 1, 10, 9, tzinfo=SHANGHAI)


def clerk() -> Actor:
    return actor_of(make_user("clerk", name="陈文员"))


def with_customers(number: int) -> Area:
    area = make_area()
    for _ in range(number):
        in_service(area)
    return area


def in_service(area: Area | None) -> Customer:
    customer = factories.customer(area=area)
    factories.machine(customer=customer)
    return customer


def draw(area: Area, number: int = FIRST, seed: str = "seed", by: Actor | None = None) -> VisitDraw:
    return return_visits.draw_quarter(by=by or clerk(), area=area, number=number, seed=seed, at=day_of(number))


def retire(customer_id: int, on: date | None = RETIRED) -> None:
    with db.transaction():
        Machine.update(retired_on=on).where(Machine.customer == customer_id).execute()


def visits(area: Area, *states: str) -> list[ReturnVisit]:
    return list(ReturnVisit.select().where(ReturnVisit.area == area, ReturnVisit.state.in_(states)).order_by(ReturnVisit.id))


def test_it_works(database: Database) -> None:
    area = with_customers(5)
    drawn = draw(area)
    assert (drawn.cycle, drawn.turn, drawn.active) == (FIRST, 1, 5)
    planned = visits(area, "planned")
    assert len(planned) == 2
    return_visits.record(by=clerk(), visit=planned[0], found=RECORD, version=1, at=day_of(FIRST) + timedelta(days=30))
    assert ReturnVisit.get_by_id(planned[0].id).state == ReturnVisitState.VISITED
    assert len(visits(area, "planned")) == 1


def test_a_draw_can_be_repeated_from_what_was_recorded(sqlite_database: Database) -> None:
    drawn = VisitDraw.get_by_id(draw(with_customers(9)).id)
    assert visit_pools.repeated(drawn).is_same
    VisitDraw.update(seed="another").where(VisitDraw.id == drawn.id).execute()
    assert not visit_pools.repeated(VisitDraw.get_by_id(drawn.id)).is_same


def test_the_digest_of_a_draw_stands_in_the_history(sqlite_database: Database) -> None:
    drawn = draw(with_customers(3))
    assert drawn.digest in HistoryEntry.get(HistoryEntry.action == "visit_draw.drawn").after


def test_a_seed_is_made_when_none_is_given(sqlite_database: Database) -> None:
    one, other = draw(with_customers(1), seed=" "), draw(with_customers(1), seed="")
    assert len(one.seed) == 32
    assert one.seed != other.seed


@pytest.mark.parametrize("seed", ["x" * 65, "a\nb", "a\0b"])
def test_a_seed_is_one_plain_line(sqlite_database: Database, seed: str) -> None:
    with pytest.raises(Invalid) as caught:
        draw(with_customers(1), seed=seed)
    assert list(caught.value.fields) == ["seed"]


def test_a_quarter_is_drawn_once_in_an_area(database: Database) -> None:
    area = with_customers(8)
    draw(area)
    with pytest.raises(Conflict, match="陈文员"):
        draw(area)
    assert VisitDraw.select().count() == 1


def test_the_same_form_again_makes_the_same_draw(sqlite_database: Database) -> None:
    area, by = with_customers(8), clerk()
    ids = {return_visits.draw_quarter(by=by, area=area, number=FIRST, form_token="one", at=day_of(FIRST)).id for _ in range(2)}
    assert len(ids) == 1


@pytest.mark.parametrize("away", [-1, 1])
def test_only_the_present_quarter_is_drawn(sqlite_database: Database, away: int) -> None:
    area = with_customers(1)
    with pytest.raises(Invalid):
        return_visits.draw_quarter(by=clerk(), area=area, number=FIRST + away, at=day_of(FIRST))


def test_the_quarter_changes_at_midnight_where_the_deployment_is(sqlite_database: Database) -> None:
    assert visit_pools.number_at(datetime(2026, 3, 31, 23, 59, tzinfo=SHANGHAI)) == FIRST
    assert visit_pools.number_at(datetime(2026, 4, 1, 0, 0, tzinfo=SHANGHAI)) == FIRST + 1


def test_an_area_without_machines_in_service_is_not_drawn(sqlite_database: Database) -> None:
    area = with_customers(1)
    retire(Customer.get(Customer.area == area).id)
    with pytest.raises(Invalid):
        draw(area)


@pytest.mark.parametrize("role", ["technician", "area_manager", "quality", "admin"])
def test_drawing_is_for_the_desk(sqlite_database: Database, role: str) -> None:
    with pytest.raises(NotAllowed):
        draw(with_customers(1), by=actor_of(make_user(role)))


def test_when_everybody_was_drawn_the_next_cycle_begins(sqlite_database: Database) -> None:
    area = with_customers(2)
    turns = [(one.cycle - FIRST, one.turn) for one in (draw(area, FIRST + later) for later in range(4))]
    assert turns == [(0, 1), (0, 2), (2, 1), (2, 2)]


def test_a_late_last_quarter_still_visits_who_is_left(sqlite_database: Database) -> None:
    area = with_customers(8)
    for later in (0, 1, 2, 7):
        last = draw(area, FIRST + later)
    assert (last.cycle, last.turn) == (FIRST, 4)
    assert len({visit.customer_id for visit in visits(area, "planned")}) == 8


def test_who_has_no_machine_left_is_released_by_the_next_draw(sqlite_database: Database) -> None:
    area = with_customers(4)
    draw(area)
    (gone,) = visits(area, "planned")
    retire(gone.customer_id)
    draw(area, FIRST + 1)
    released = ReturnVisit.get_by_id(gone.id)
    assert (released.state, released.reason) == (ReturnVisitState.RELEASED, return_visits.NO_MACHINE)


def test_who_moved_to_another_area_is_visited_there(sqlite_database: Database) -> None:
    old, new = with_customers(1), with_customers(1)
    draw(old)
    (planned,) = visits(old, "planned")
    with db.transaction():
        Customer.update(area=new).where(Customer.id == planned.customer_id).execute()
    assert len(draw(new).pool) > 3  # both customers
    assert visits(old, "released") == [planned]


def test_nobody_can_be_written_into_a_cycle_twice(database: Database) -> None:
    area = with_customers(4)
    drawn = draw(area)
    (planned,) = visits(area, "planned")
    with pytest.raises(IntegrityError), db.transaction():
        ReturnVisit.create(draw=drawn, customer=planned.customer_id, area=area, cycle=drawn.cycle, state="planned")


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_four_quarters_visit_everybody_once(sqlite_database: Database, data: st.DataObject) -> None:
    """Customers come, go and come back, quarters are skipped, visits are made, swapped or left lying."""
    with pytest.raises(TakenBack), db.transaction():  # so that each example finds the same database
        area, by = with_customers(data.draw(st.integers(1, 9))), clerk()
        for number in range(FIRST, FIRST + data.draw(st.integers(4, 8))):
            _come_and_go(area, data)
            is_drawn = data.draw(st.booleans())
            active = set(visit_pools.active_customers(area))
            if active and is_drawn:
                drawn = draw(area, number, by=by, seed=str(number))
                _work(drawn, by, data)
                _check(area, drawn, active)
        raise TakenBack


class TakenBack(Exception):
    pass


def _come_and_go(area: Area, data: st.DataObject) -> None:
    for _ in range(data.draw(st.integers(0, 2))):
        in_service(area)
    keys = [customer.id for customer in Customer.select().where(Customer.area == area)]
    for key in data.draw(st.lists(st.sampled_from(keys), max_size=3)):
        retire(key, data.draw(st.sampled_from([None, RETIRED])))


def _work(drawn: VisitDraw, by: Actor, data: st.DataObject) -> None:
    for visit in list(ReturnVisit.select().where(ReturnVisit.draw == drawn)):
        what = data.draw(st.sampled_from(["visit", "swap", "leave"]))
        if what == "visit":
            found = VisitRecord(visited_on=drawn.at.date() + timedelta(days=1), result="x")
            return_visits.record(by=by, visit=visit, found=found, version=visit.version, at=drawn.at + timedelta(days=2))
        elif what == "swap" and return_visits.why_not_swapped(visit) is None and visit_pools.successor(visit):
            return_visits.swap(by=by, visit=visit, reason="x", version=visit.version)


def _check(area: Area, drawn: VisitDraw, active: set[int]) -> None:
    assert visit_pools.repeated(VisitDraw.get_by_id(drawn.id)).is_same
    reached = [visit.customer_id for visit in visits(area, "planned", "visited") if visit.cycle == drawn.cycle]
    assert len(reached) == len(set(reached))
    if drawn.turn == 4:
        assert active <= set(reached)


def test_the_next_lot_takes_the_place_of_who_is_swapped(database: Database) -> None:
    area = with_customers(5)
    drawn = draw(area)
    first, _second = visits(area, "planned")
    third = sampler.in_order("seed", visit_pools.active_customers(area))[2]
    new = return_visits.swap(by=clerk(), visit=first, reason="站点停产检修", version=1)
    assert (new.customer_id, new.instead_of_id, new.draw_id) == (third, first.id, drawn.id)
    assert first.customer_id not in visit_pools.taken_since(FIRST)
    assert ReturnVisit.get_by_id(first.id).reason == "站点停产检修"


def test_a_swap_needs_a_reason_and_somebody_left(sqlite_database: Database) -> None:
    area = with_customers(1)
    draw(area)
    (only,) = visits(area, "planned")
    with pytest.raises(Invalid):
        return_visits.swap(by=clerk(), visit=only, reason=" ", version=1)
    with pytest.raises(Conflict):
        return_visits.swap(by=clerk(), visit=only, reason="x", version=1)
    assert visits(area, "planned") == [only]


def test_the_last_quarter_and_an_earlier_one_are_not_swapped(sqlite_database: Database) -> None:
    area = with_customers(8)
    draw(area)
    early = visits(area, "planned")[0]
    draw(area, FIRST + 3)
    late = visits(area, "planned")[-1]
    in_service(area)
    for visit, why in ((early, "later quarter"), (late, "fourth quarter")):
        with pytest.raises(Conflict, match=why):
            return_visits.swap(by=clerk(), visit=visit, reason="x", version=1)


def test_who_still_has_machines_is_not_released(sqlite_database: Database) -> None:
    area = with_customers(1)
    draw(area)
    (only,) = visits(area, "planned")
    with pytest.raises(Conflict):
        return_visits.release(by=clerk(), visit=only, reason="x", version=1)
    retire(only.customer_id)
    return_visits.release(by=clerk(), visit=only, reason="站点已拆除", version=1)
    assert ReturnVisit.get_by_id(only.id).state == ReturnVisitState.RELEASED


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"visited_on": None}, "visited_on"),
        ({"visited_on": date(2026, 3, 30)}, "visited_on"),
        ({"visited_on": date(2026, 2, 9)}, "visited_on"),
        ({"result": " "}, "result"),
        ({"score": 6}, "score"),
    ],
)
def test_a_record_says_what_is_wrong(sqlite_database: Database, wrong: dict[str, object], field: str) -> None:
    area = with_customers(1)
    draw(area)
    (only,) = visits(area, "planned")
    right: dict[str, Any] = {"visited_on": date(2026, 2, 12), "result": "满意", "score": 4}
    with pytest.raises(Invalid) as caught:
        return_visits.record(
            by=clerk(), visit=only, found=VisitRecord(**right | wrong), version=1, at=datetime(2026, 2, 15, tzinfo=SHANGHAI)
        )
    assert list(caught.value.fields) == [field]


def test_two_records_of_one_visit_do_not_overwrite_each_other(database: Database) -> None:
    area = with_customers(1)
    draw(area)
    mine, theirs = ReturnVisit.get(), ReturnVisit.get()
    return_visits.record(by=clerk(), visit=mine, found=RECORD, version=1, at=day_of(FIRST) + timedelta(days=30))
    with pytest.raises(Conflict):
        return_visits.record(by=clerk(), visit=theirs, found=RECORD, version=1, at=day_of(FIRST) + timedelta(days=30))
    return_visits.record(by=clerk(), visit=mine, found=RECORD, version=2, at=day_of(FIRST) + timedelta(days=30))  # a correction
    assert HistoryEntry.select().where(HistoryEntry.action == "return_visit.corrected").count() == 1
    with pytest.raises(Conflict):
        return_visits.record(by=clerk(), visit=ReturnVisit.get(), found=RECORD, version=2, at=day_of(FIRST) + timedelta(days=30))


def test_a_swapped_visit_is_not_recorded(sqlite_database: Database) -> None:
    area = with_customers(5)
    draw(area)
    first = visits(area, "planned")[0]
    return_visits.swap(by=clerk(), visit=first, reason="x", version=1)
    with pytest.raises(Conflict):
        return_visits.record(by=clerk(), visit=first, found=RECORD, version=2, at=day_of(FIRST) + timedelta(days=30))
