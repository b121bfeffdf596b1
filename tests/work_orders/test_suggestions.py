"""The suggestion ranks technicians and says why; who is away or busy never stands before who could go."""

import itertools
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.accounts.models import Role, Station, User
from app.core import clock, db
from app.roster.models import Presence, PresenceState
from app.tickets.models import TicketStatus
from app.work_orders import suggestions
from app.work_orders.board import Technician
from app.work_orders.models import OrderStatus, Qualification, TechnicianGrade, Visit, VisitAssistant, WorkOrder
from app.work_orders.suggestions import Candidate, Known, Need, need_of, ranked, weighed
from tests import factories
from tests.personas import make_area, make_user


def reasons_of(one: Candidate) -> list[str]:
    return [reason.message % reason.params for reason in one.reasons]


def need(order: WorkOrder, start: datetime | None = None) -> Need:
    starts = start or clock.now() + timedelta(days=1)
    return need_of(order, starts, starts + timedelta(hours=2))


def technician(name: str, area: object = None, **values: object) -> User:
    return make_user(Role.TECHNICIAN, name=name, areas=(area,) if area else ())  # type: ignore[arg-type]


def away(user: User, state: PresenceState = PresenceState.LEAVE) -> None:
    with db.transaction():
        Presence.create(user=user, state=state, from_at=clock.now() - timedelta(days=1), by_name="x")


@pytest.mark.usefixtures("database")
def test_it_works() -> None:
    north, south = make_area("North"), make_area("South")
    with db.transaction():
        station = Station.create(name="北驻点", area=north)
    site = factories.site(customer=factories.customer(area=north), station=station)
    order = factories.work_order(status=OrderStatus.DRAFT, machine=factories.machine(site=site, customer=site.customer, area=north))
    far, near, trained, resident = (technician(name, area) for name, area in (("远", south), ("近", north), ("训", north), ("驻", north)))
    with db.transaction():
        Qualification.create(user=trained, model=order.machine.model)
        TechnicianGrade.create(user=near, grade=3)
        User.update(station=station).where(User.id == resident.id).execute()
    found = ranked(need(order))
    assert [one.name for one in found] == ["训", "驻", "近", "远"]
    assert [one.user_id for one in found][-1] == far.id
    assert "trained on Test model" in reasons_of(found[0])
    assert "stationed at 北驻点, which looks after this site" in reasons_of(found[1])
    assert {"grade 3", "works in this area", "not trained on Test model"} <= set(reasons_of(found[2]))
    assert "from another area: South" in reasons_of(found[3])


@pytest.mark.usefixtures("database")
def test_who_is_on_leave_comes_last_and_who_has_another_visit_before_them() -> None:
    order = factories.work_order(status=OrderStatus.DRAFT)
    on_leave, busy, free = technician("a"), technician("b"), technician("c")
    away(on_leave)
    other = factories.work_order(lead=busy)
    found = ranked(need(order, clock.now() + timedelta(minutes=30)))
    assert [one.user_id for one in found] == [free.id, busy.id, on_leave.id]
    assert f"has another visit then: {other.number}" in reasons_of(found[1])
    assert reasons_of(found[2]) == ["on leave"]


@pytest.mark.usefixtures("database")
def test_the_visit_of_the_order_itself_is_no_hindrance_and_who_goes_along_is_busy() -> None:
    lead, along = technician("a"), technician("b")
    order = factories.work_order(lead=lead)
    with db.transaction():
        VisitAssistant.create(visit=Visit.get(Visit.order == order), user=along)
    start = clock.now() + timedelta(minutes=10)
    assert not any(one.is_busy for one in ranked(need(order, start)))
    other = factories.work_order(status=OrderStatus.DRAFT)
    assert {one.name for one in ranked(need(other, start)) if one.is_busy} == {"a", "b"}


@pytest.mark.usefixtures("database")
def test_who_was_at_the_machine_before_is_preferred() -> None:
    machine = factories.machine()
    technician("a")
    before = technician("b")
    factories.work_order(machine=machine, lead=before, status=OrderStatus.FINISHED)
    ticket = factories.ticket(machine=machine, status=TicketStatus.WAITING_DISPATCH)
    start = clock.now() + timedelta(days=2)
    found = ranked(need_of(ticket, start, start + timedelta(hours=2)))
    assert found[0].user_id == before.id
    assert any(text.startswith("was at this machine on") for text in reasons_of(found[0]))


PEOPLE = st.fixed_dictionaries(
    {
        "grade": st.none() | st.integers(1, 5),
        "is_trained": st.booleans(),
        "was_here": st.booleans(),
        "load": st.integers(0, 9),
        "away": st.sampled_from([None, PresenceState.LEAVE, PresenceState.TRAVELLING]),
        "busy": st.booleans(),
        "is_on_shift": st.booleans(),
    }
)


@given(people=st.lists(PEOPLE, min_size=2, max_size=8))
def test_nobody_on_leave_stands_before_somebody_who_is_not_and_nobody_busy_before_somebody_free(people: list[dict[str, object]]) -> None:
    at = clock.now()
    known = Known(
        areas={},
        trained=frozenset(i for i, one in enumerate(people) if one["is_trained"]),
        is_model_taught=True,
        last_here={i: at for i, one in enumerate(people) if one["was_here"]},
        busy={i: ["D1"] for i, one in enumerate(people) if one["busy"]},
        load={i: int(one["load"]) for i, one in enumerate(people)},  # type: ignore[call-overload]
        away={i: one["away"] for i, one in enumerate(people) if one["away"]},  # type: ignore[misc]
        on_shift=frozenset(i for i, one in enumerate(people) if one["is_on_shift"]),
    )
    asked = Need(starts_at=at, ends_at=at + timedelta(hours=1))
    staff = [Technician(i, f"p{i}", one["grade"], None, None, None) for i, one in enumerate(people)]  # type: ignore[arg-type]
    order = sorted((weighed(one, asked, known) for one in staff), key=suggestions._rank)
    places = [(one.is_on_leave, one.is_busy) for one in order]
    assert places == sorted(places)
    for one, other in itertools.pairwise(order):
        same = {**people[one.user_id], "away": None} == {**people[other.user_id], "away": None}
        assert not (same and one.is_on_leave and not other.is_on_leave)
