"""One trip for several jobs, given whole or not at all; leave and overlapping visits are planned only by who says so."""

from datetime import timedelta

import pytest

from app.accounts.models import Notice, Role, User
from app.core import clock, db
from app.core.errors import Conflict, Invalid, NotAllowed
from app.core.types import Actor
from app.roster.models import Presence, PresenceState, Vehicle
from app.tickets.models import Ticket, TicketFault, TicketStatus
from app.work_orders import dispatching, earlier, planning, proposals
from app.work_orders.creating import Job
from app.work_orders.models import OrderKind, OrderStatus, OrderStep, Proposal, Visit, WorkOrder
from app.work_orders.planning import Order, Stop
from app.work_orders.visits import Assignment
from tests import factories
from tests.personas import actor_of, make_area, make_user

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def li() -> User:
    return make_user(Role.TECHNICIAN, name="李工")


@pytest.fixture
def zhao() -> Actor:
    return actor_of(make_user(Role.DEPUTY, name="赵副经理"))


def ticket(days: int = 0) -> Ticket:
    machine = factories.machine(accepted_on=clock.now().date() - timedelta(days=days))
    return factories.ticket(machine=machine, status=TicketStatus.WAITING_DISPATCH)


def order_for(lead: User, **values: object) -> Order:
    start = clock.now() + timedelta(hours=1)
    given = {"lead": lead, "planned_from": start, "planned_until": start + timedelta(hours=2)}
    return Order(assignment=Assignment(**given | values))  # type: ignore[arg-type]


def test_it_works(zhao: Actor, li: User) -> None:
    first, second, old = ticket(), ticket(), ticket(days=900)
    queued = factories.work_order(status=OrderStatus.DRAFT, kind=OrderKind.MAINTENANCE)
    stops = [Stop(ticket=second), Stop(order=queued), Stop(ticket=old)]
    made = planning.dispatch_ticket(by=zhao, job=dispatching.of_ticket(first), order=order_for(li), stops=stops, form_token="one")
    found = planning.on_the_same_trip(made)
    assert [one.ticket_id or one.machine_id for one in found] == [queued.machine_id, first.id, second.id, old.id]
    assert {one.lead for one in found} == {li}
    visits = [Visit.get(Visit.order == one) for one in (found[1], found[2], found[0], found[3])]
    assert [later.planned_from for later in visits[1:]] == [one.planned_until for one in visits[:-1]]
    assert found[3].kind == OrderKind.DIAGNOSIS  # what the gate holds back is looked at first


def test_a_double_click_makes_one_trip(zhao: Actor, li: User) -> None:
    first, second = ticket(), ticket()
    for _ in range(2):
        made = planning.dispatch_ticket(
            by=zhao, job=dispatching.of_ticket(first), order=order_for(li), stops=[Stop(ticket=second)], form_token="one"
        )
    assert WorkOrder.select().count() == 2
    assert made.ticket == first


def test_a_trip_is_given_whole_or_not_at_all(zhao: Actor, li: User) -> None:
    first, second = ticket(), ticket()
    seen = Ticket.get_by_id(second.id)
    dispatching.dispatch_ticket(by=zhao, job=dispatching.of_ticket(second), assignment=order_for(make_user(Role.TECHNICIAN)).assignment)
    with pytest.raises(Conflict, match=second.number):
        planning.dispatch_ticket(by=zhao, job=dispatching.of_ticket(first), order=order_for(li), stops=[Stop(ticket=seen)])
    assert Ticket.get_by_id(first.id).status == TicketStatus.WAITING_DISPATCH
    assert WorkOrder.select().count() == 1


def test_leave_and_another_visit_take_a_tick(zhao: Actor, li: User) -> None:
    factories.work_order(lead=li)
    start = clock.now() + timedelta(minutes=30)
    given = order_for(li, planned_from=start, planned_until=start + timedelta(hours=1))
    with pytest.raises(Invalid) as refused:
        planning.dispatch_ticket(by=zhao, job=dispatching.of_ticket(ticket()), order=given)
    assert "despite_clashes" in refused.value.fields
    on_leave = make_user(Role.TECHNICIAN, name="王工")
    with db.transaction():
        Presence.create(user=on_leave, state=PresenceState.LEAVE, from_at=clock.now(), by_name="x")
    (clash,) = planning.clashes(order_for(on_leave).assignment)
    assert (clash.name, clash.is_on_leave) == ("王工", True)
    despite = Order(assignment=given.assignment, despite_clashes=True)
    assert planning.dispatch_ticket(by=zhao, job=dispatching.of_ticket(ticket()), order=despite).lead == li


def test_a_later_stop_of_the_trip_takes_the_tick_too(zhao: Actor, li: User) -> None:
    factories.work_order(lead=li)
    start = clock.now() - timedelta(hours=2)
    given = order_for(li, planned_from=start, planned_until=start + timedelta(hours=1))
    with pytest.raises(Invalid) as refused:
        planning.dispatch_ticket(by=zhao, job=dispatching.of_ticket(ticket()), order=given, stops=[Stop(ticket=ticket())])
    assert "despite_clashes" in refused.value.fields
    assert WorkOrder.select().where(WorkOrder.ticket.is_null(False)).count() == 0


def test_a_vehicle_is_never_booked_twice(zhao: Actor, li: User) -> None:
    with db.transaction():
        vehicle = Vehicle.create(plate="沪A12345")
    planning.dispatch_ticket(by=zhao, job=dispatching.of_ticket(ticket()), order=order_for(li, vehicle=vehicle))
    wang = make_user(Role.TECHNICIAN)
    despite = Order(assignment=order_for(wang, vehicle=vehicle).assignment, despite_clashes=True)
    with pytest.raises(Invalid) as refused:
        planning.dispatch_ticket(by=zhao, job=dispatching.of_ticket(ticket()), order=despite)
    assert "vehicle" in refused.value.fields


def test_a_queued_order_is_dispatched_as_it_was_changed(zhao: Actor, li: User) -> None:
    queued = factories.work_order(status=OrderStatus.DRAFT)
    job = Job(kind=OrderKind.INSPECTION, title="巡检", machine=queued.machine, bring="滤芯")
    planning.dispatch_order(by=zhao, queued=queued, version=queued.version, job=job, order=order_for(li), form_token="t")
    present = WorkOrder.get_by_id(queued.id)
    assert (present.kind, present.title, present.bring, present.status) == ("inspection", "巡检", "滤芯", OrderStatus.DISPATCHED)
    planning.dispatch_order(by=zhao, queued=present, version=1, job=job, order=order_for(li), form_token="t")
    with pytest.raises(Conflict):
        planning.dispatch_order(by=zhao, queued=WorkOrder.get_by_id(queued.id), version=1, job=job, order=order_for(li))


def test_the_same_parts_within_thirty_days_are_a_rework_that_costs_nothing(zhao: Actor, li: User) -> None:
    machine = factories.machine(accepted_on=clock.now().date() - timedelta(days=900))
    done = factories.work_order(machine=machine, lead=li, status=OrderStatus.FINISHED, component="油泵")
    now = clock.now()
    assert earlier.done_before(machine, component=" 油泵", ticket=None, at=now) == done
    assert earlier.done_before(machine, component="阀", ticket=None, at=now) is None
    assert earlier.done_before(machine, component="油泵", ticket=None, at=now + timedelta(days=31)) is None
    about = factories.ticket(machine=machine, status=TicketStatus.WAITING_DISPATCH)
    job = dispatching.of_ticket(about, rework_of=done)
    order = planning.dispatch_ticket(by=zhao, job=job, order=order_for(li))
    assert (order.rework_of, order.kind) == (done, OrderKind.REPAIR)


def test_the_same_family_of_faults_is_a_rework_too(li: User) -> None:
    machine = factories.machine()
    first, second = (factories.ticket(machine=machine) for _ in range(2))
    with db.transaction():
        TicketFault.create(ticket=first, machine=machine, family="oil", is_open=False)
        TicketFault.create(ticket=second, machine=machine, family="oil", is_open=True)
    done = factories.work_order(machine=machine, ticket=first, lead=li, status=OrderStatus.FINISHED)
    assert earlier.done_before(machine, component="", ticket=second, at=clock.now()) == done


def test_the_desk_plans_the_next_visit_after_parts(zhao: Actor, li: User) -> None:
    order = factories.work_order(lead=li, status=OrderStatus.WAITING_PARTS)
    given = order_for(li).assignment
    planning.plan_next_visit(by=zhao, order=order, version=order.version, assignment=given)
    assert WorkOrder.get_by_id(order.id).status == OrderStatus.ACCEPTED
    with pytest.raises(Conflict):
        planning.plan_next_visit(by=zhao, order=order, version=order.version, assignment=given)


def test_a_proposal_is_decided_once_and_its_maker_is_told(zhao: Actor, li: User) -> None:
    north = make_area("North")
    he = make_user(Role.AREA_MANAGER, areas=(north,))
    order = factories.work_order(lead=li, machine=factories.machine(area=north))
    with pytest.raises(Invalid):
        proposals.propose(by=actor_of(he), order=order, text=" ")
    with pytest.raises(NotAllowed):
        proposals.propose(by=zhao, order=order, text="x")
    wang = make_user(Role.TECHNICIAN)
    for _ in range(2):
        proposals.propose(by=actor_of(he), order=order, user=wang, text="离得近", form_token="p")
    (made,) = proposals.undecided(zhao)
    assert proposals.undecided(actor_of(make_user(Role.AREA_MANAGER, areas=(make_area("South"),)))) == []
    with pytest.raises(Invalid):
        proposals.decide(by=zhao, proposal=made, is_taken=False)
    taken = Order(assignment=order_for(wang).assignment, proposal=made)
    planning.reassign(by=zhao, queued=order, version=order.version, order=taken, reason="离得近")
    assert (Proposal.get().is_taken, WorkOrder.get_by_id(order.id).lead) == (True, wang)
    assert Notice.select().where(Notice.user == he, Notice.message.contains("took your proposal")).exists()
    with pytest.raises(Conflict):
        proposals.decide(by=zhao, proposal=made, is_taken=False, answer="不行")


def test_nothing_is_proposed_for_what_is_done(li: User) -> None:
    he = actor_of(make_user(Role.AREA_MANAGER))
    with pytest.raises(Conflict):
        proposals.propose(by=he, order=factories.work_order(lead=li, status=OrderStatus.FINISHED), text="x")


def test_the_note_of_a_dispatch_is_kept_with_its_step(zhao: Actor, li: User) -> None:
    given = Order(assignment=order_for(li).assignment, note="不是同一部件")
    order = planning.dispatch_ticket(by=zhao, job=dispatching.of_ticket(ticket()), order=given)
    step = OrderStep.get(OrderStep.order == order, OrderStep.to_status == OrderStatus.DISPATCHED)
    assert step.reason == "不是同一部件"
