"""The board shows who does what when, also that two visits are planned for the same time; elsewhere only that time is taken."""

from datetime import datetime, timedelta

import pytest

from app.accounts.models import Role
from app.core import clock, db
from app.roster.models import DutyShift, Presence, PresenceState
from app.work_orders import board
from app.work_orders.models import OrderStatus, Visit, VisitAssistant
from tests import factories
from tests.personas import actor_of, make_area, make_user

pytestmark = pytest.mark.usefixtures("database")


def noon() -> datetime:
    return clock.start_of(clock.today()) + timedelta(hours=12)


def planned(lead: object, start: datetime, hours: float = 2, **values: object) -> Visit:
    order = factories.work_order(lead=lead, **values)
    with db.transaction():
        Visit.update(planned_from=start, planned_until=start + timedelta(hours=hours)).where(Visit.order == order).execute()
    return Visit.get(Visit.order == order)


def shown(**values: object) -> board.Board:
    who = values.pop("who", None) or actor_of(make_user(Role.DEPUTY))
    return board.board(who, clock.day_of(noon()), 7, noon(), **values)  # type: ignore[arg-type]


def test_it_works() -> None:
    li, wang = make_user(Role.TECHNICIAN, name="a"), make_user(Role.TECHNICIAN, name="b")
    visit = planned(li, noon())
    with db.transaction():
        VisitAssistant.create(visit=visit, user=wang)
    found = shown()
    assert [line.name for line in found.lines] == ["a", "b"]
    (block,) = found.lines[0].cells[0].blocks
    assert (block.order, block.starts, block.ends, block.is_assistant) == (visit.order.number, "12:00", "14:00", False)
    assert found.lines[1].cells[0].blocks[0].is_assistant
    assert (found.lines[0].out, found.lines[1].out, found.lines[0].cells[0].is_today) == (1, 0, True)


def test_of_two_visits_at_the_same_time_the_later_one_says_so() -> None:
    li = make_user(Role.TECHNICIAN)
    planned(li, noon())
    planned(li, noon() + timedelta(hours=1))
    planned(li, noon() + timedelta(hours=3))
    assert [one.overlaps for one in shown().lines[0].cells[0].blocks] == [False, True, False]


def test_a_visit_over_several_days_stands_on_each_of_them() -> None:
    planned(make_user(Role.TECHNICIAN), noon(), hours=30)
    cells = shown().lines[0].cells
    assert [(one.starts, one.ends) for cell in cells for one in cell.blocks] == [("12:00", ""), ("", "18:00")]


def test_what_was_dropped_is_not_shown_and_what_is_over_stands_at_its_real_time() -> None:
    li = make_user(Role.TECHNICIAN)
    planned(li, noon())
    with db.transaction():
        Visit.update(dropped_at=noon()).execute()
    over = planned(li, noon(), status=OrderStatus.FINISHED)
    with db.transaction():
        times = {"departed_at": None, "arrived_at": noon() + timedelta(hours=1), "left_at": noon() + timedelta(hours=2)}
        Visit.update(times).where(Visit.id == over.id).execute()
    (block,) = shown().lines[0].cells[0].blocks
    assert (block.starts, block.ends, block.is_over) == ("13:00", "14:00", True)


def test_leave_duty_and_travelling_stand_in_their_days() -> None:
    li, wang = make_user(Role.TECHNICIAN, name="a"), make_user(Role.TECHNICIAN, name="b")
    tomorrow = noon() + timedelta(days=1)
    with db.transaction():
        Presence.create(user=li, state=PresenceState.LEAVE, from_at=tomorrow, until_at=tomorrow + timedelta(days=1), by_name="x")
        Presence.create(user=wang, state=PresenceState.TRAVELLING, from_at=noon() - timedelta(days=3), by_name="x")
        DutyShift.create(user=li, role=Role.TECHNICIAN, starts_at=noon(), ends_at=noon() + timedelta(hours=8))
    first, second = shown().lines
    assert [cell.state for cell in first.cells] == ["", "leave", "leave", "", "", "", ""]
    assert first.cells[0].shifts == ("12:00–20:00",)
    assert [cell.state for cell in second.cells] == ["travelling", "", "", "", "", "", ""]


def test_who_is_bound_to_areas_sees_their_people_and_of_visits_elsewhere_only_the_time() -> None:
    north, south = make_area("North"), make_area("South")
    li = make_user(Role.TECHNICIAN, areas=(north,))
    make_user(Role.TECHNICIAN, areas=(south,))
    visit = planned(li, noon(), machine=factories.machine(area=south))
    found = shown(who=actor_of(make_user(Role.AREA_MANAGER, areas=(north,))))
    assert [line.user_id for line in found.lines] == [li.id]
    (block,) = found.lines[0].cells[0].blocks
    assert (block.order, block.customer, block.title, block.starts) == ("", "", "", "12:00")
    (own,) = shown(who=actor_of(li)).lines[0].cells[0].blocks
    assert own.order == visit.order.number


def test_an_area_narrows_the_board() -> None:
    north = make_area("North")
    li = make_user(Role.TECHNICIAN, areas=(north,))
    make_user(Role.TECHNICIAN)
    assert [line.user_id for line in shown(area_id=north.id).lines] == [li.id]
