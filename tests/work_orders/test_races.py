"""Two people do to one order at the same moment what excludes itself: one of them does it, the other reads who did what.

A thousand rounds in all with FAULTS=long; ticket, orders, steps and visits are in step in every end state, and the history verifies.
"""

import os
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from peewee import Database

from app.accounts.models import Role, User
from app.core import clock, history
from app.core.errors import Conflict
from app.core.types import Actor
from app.service_reports import content, sheets, signing, writing
from app.service_reports.models import ReportSignature, ServiceReport
from app.service_reports.signing import Drawn
from app.service_reports.steps import Step
from app.service_reports.writing import Page
from app.tickets.models import Ticket, TicketStatus
from app.work_orders import dispatching, progress
from app.work_orders.models import OrderStatus, WorkOrder
from app.work_orders.visits import Assignment
from tests import factories
from tests.personas import actor_of, make_user
from tests.tickets.test_faults import at_once
from tests.work_orders import in_step

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("database")]

ROUNDS = 100 if os.environ.get("FAULTS") == "long" else 12
STROKES = "[[[100,100,0],[400,300,80]]]"
Work = Callable[[], object]


@pytest.fixture
def zhao() -> Actor:
    return actor_of(make_user(Role.DEPUTY, name="赵副经理"))


@pytest.fixture
def liu() -> Actor:
    return actor_of(make_user(Role.MANAGER, name="刘经理"))


@pytest.fixture
def li() -> User:
    return make_user(Role.TECHNICIAN, name="李工")


@pytest.fixture
def wang() -> User:
    return make_user(Role.TECHNICIAN, name="王工")


@pytest.fixture(autouse=True)
def _history_is_whole(database: Database) -> Iterator[None]:
    yield
    assert history.verify().problem is None


def assigned(lead: User) -> Assignment:
    start = clock.now() + timedelta(hours=1)
    return Assignment(lead=lead, planned_from=start, planned_until=start + timedelta(hours=2))


def waiting_ticket() -> Ticket:
    machine = factories.machine(accepted_on=clock.now().date())
    return factories.ticket(machine=machine, status=TicketStatus.WAITING_DISPATCH)


def order_of(ticket: Ticket, zhao: Actor, li: User, *steps: str) -> WorkOrder:
    """An order of ``ticket``, dispatched to ``li`` and brought on by ``steps``."""
    order = dispatching.create(by=zhao, job=dispatching.of_ticket(Ticket.get_by_id(ticket.id)))
    dispatching.dispatch(by=zhao, order=order, version=order.version, assignment=assigned(li))
    for step in steps:
        safety = {"watcher": "王站长", "gas_reading": "O2 20.9 %"} if step == "arrive" else {}
        getattr(progress, step)(by=actor_of(li), order=order, version=order.version, **safety)
    return order


def seen(order: WorkOrder) -> WorkOrder:
    """The order as one of the two has it before them."""
    return WorkOrder.get_by_id(order.id)


def run_off(ticket: Ticket, *works: Work) -> tuple[int, str]:
    """Run all at once; gives which one did it, and what the other was told."""
    results = at_once(*works)
    told = [result for result in results if isinstance(result, Exception)]
    assert len(told) == len(works) - 1, results
    assert all(isinstance(one, Conflict) for one in told), results
    in_step.check(ticket.id)
    return next(number for number, result in enumerate(results) if not isinstance(result, Exception)), str(told[0])


def test_it_works(zhao: Actor, liu: Actor, li: User, wang: User) -> None:
    """Two dispatch one ticket: one order, and the second one reads whose it is."""
    for _round in range(ROUNDS):
        ticket = waiting_ticket()
        jobs = [dispatching.of_ticket(Ticket.get_by_id(ticket.id)) for _each in range(2)]
        first, told = run_off(
            ticket,
            lambda job=jobs[0]: dispatching.dispatch_ticket(by=zhao, job=job, assignment=assigned(li)),
            lambda job=jobs[1]: dispatching.dispatch_ticket(by=liu, job=job, assignment=assigned(wang)),
        )
        order = WorkOrder.get(WorkOrder.ticket == ticket)
        assert order.lead == (li, wang)[first]
        assert (zhao, liu)[first].name in told
        assert order.lead.name in told


def test_two_dispatch_one_order(zhao: Actor, liu: Actor, li: User, wang: User) -> None:
    for _round in range(ROUNDS):
        ticket = waiting_ticket()
        order = dispatching.create(by=zhao, job=dispatching.of_ticket(ticket))
        first, told = run_off(
            ticket,
            lambda order=seen(order): dispatching.dispatch(by=zhao, order=order, version=1, assignment=assigned(li)),
            lambda order=seen(order): dispatching.dispatch(by=liu, order=order, version=1, assignment=assigned(wang)),
        )
        assert seen(order).lead == (li, wang)[first]
        assert (zhao, liu)[first].name in told
        assert (li, wang)[first].name in told


def test_putting_a_ticket_into_the_queue_while_another_dispatches_it(zhao: Actor, liu: Actor, li: User) -> None:
    """Both happen: a second order for one ticket is allowed."""
    for _round in range(ROUNDS):
        ticket = waiting_ticket()
        jobs = [dispatching.of_ticket(Ticket.get_by_id(ticket.id)) for _each in range(2)]
        results = at_once(
            lambda job=jobs[0]: dispatching.create(by=zhao, job=job),
            lambda job=jobs[1]: dispatching.dispatch_ticket(by=liu, job=job, assignment=assigned(li)),
        )
        assert [type(result) for result in results] == [WorkOrder, WorkOrder], results
        in_step.check(ticket.id)


def test_dispatch_against_calling_off(zhao: Actor, liu: Actor, li: User) -> None:
    for _round in range(ROUNDS):
        ticket = waiting_ticket()
        order = dispatching.create(by=zhao, job=dispatching.of_ticket(ticket))
        first, _told = run_off(
            ticket,
            lambda order=seen(order): dispatching.dispatch(by=zhao, order=order, version=1, assignment=assigned(li)),
            lambda order=seen(order): dispatching.call_off(by=liu, order=order, version=1, reason="x"),
        )
        assert seen(order).status == (OrderStatus.DISPATCHED, OrderStatus.CANCELLED)[first]


def test_accepting_against_reassigning(zhao: Actor, li: User, wang: User) -> None:
    for _round in range(ROUNDS):
        ticket = waiting_ticket()
        order = order_of(ticket, zhao, li)
        version = order.version
        first, told = run_off(
            ticket,
            lambda order=seen(order), version=version: progress.accept(by=actor_of(li), order=order, version=version),
            lambda order=seen(order), version=version: dispatching.reassign(
                by=zhao, order=order, version=version, assignment=assigned(wang), reason="x"
            ),
        )
        assert (seen(order).status, seen(order).lead) == ((OrderStatus.ACCEPTED, li), (OrderStatus.DISPATCHED, wang))[first]
        assert first == 0 or wang.name in told


def test_returning_against_arriving(zhao: Actor, li: User) -> None:
    for _round in range(ROUNDS):
        ticket = waiting_ticket()
        order = order_of(ticket, zhao, li, "accept")
        version, me = order.version, actor_of(li)
        first, _told = run_off(
            ticket,
            lambda order=seen(order), version=version, me=me: progress.decline(by=me, order=order, version=version, reason="x"),
            lambda order=seen(order), version=version, me=me: progress.arrive(
                by=me, order=order, version=version, watcher="王", gas_reading="O2 20.9 %"
            ),
        )
        assert seen(order).status == (OrderStatus.DECLINED, OrderStatus.ON_SITE)[first]


def test_finishing_twice(zhao: Actor, li: User) -> None:
    for _round in range(ROUNDS):
        ticket = waiting_ticket()
        order = order_of(ticket, zhao, li, "accept", "arrive")
        version, me = order.version, actor_of(li)
        run_off(
            ticket,
            *(lambda order=seen(order), version=version, me=me: progress.finish(by=me, order=order, version=version) for _each in range(2)),
        )
        assert Ticket.get_by_id(ticket.id).status == TicketStatus.RESOLVED


def test_the_last_two_orders_of_a_ticket_finished_at_once_resolve_it_once(zhao: Actor, li: User, wang: User) -> None:
    for _round in range(ROUNDS):
        ticket = waiting_ticket()
        orders = [order_of(ticket, zhao, who, "accept", "arrive") for who in (li, wang)]
        results = at_once(
            *(
                lambda order=seen(order), who=actor_of(who): progress.finish(by=who, order=order, version=order.version)
                for order, who in zip(orders, (li, wang), strict=True)
            )
        )
        assert results == [None, None]
        in_step.check(ticket.id)
        assert Ticket.get_by_id(ticket.id).status == TicketStatus.RESOLVED
        assert sum(step.to_status == TicketStatus.RESOLVED for step in ticket.transitions) == 1


def written_report(order: WorkOrder, li: User) -> ServiceReport:
    """The report of ``order``, ready for signing."""
    page, me = Page(client_id=f"report-of-{order.id:06d}", version=0), actor_of(li)
    for step, fields in (
        (Step.FINDING, {"finding": "油封漏油"}),
        (Step.CAUSE, {"cause": "wear"}),
        (Step.ACTION, {"action": "更换油封"}),
    ):
        report = writing.save(by=me, order=order, page=page, step=step, fields=fields)
        page = Page(client_id=page.client_id, version=report.version)
    return ServiceReport.get_by_id(report.id)


def test_signing_against_calling_off(zhao: Actor, li: User) -> None:
    for _round in range(ROUNDS):
        ticket = waiting_ticket()
        order = order_of(ticket, zhao, li, "accept", "arrive")
        report, me = written_report(order, li), actor_of(li)
        drawn = Drawn(signer="王站长", strokes=STROKES, seen=content.digest(content.text_of(sheets.said_by(report))))
        first, told = run_off(
            ticket,
            lambda order=seen(order), me=me, drawn=drawn: signing.sign(by=me, order=order, drawn=drawn),
            lambda order=seen(order): dispatching.call_off(by=zhao, order=order, version=order.version, reason="x"),
        )
        assert ReportSignature.select().where(ReportSignature.report == report).count() == (1, 0)[first]
        assert seen(order).status == (OrderStatus.ON_SITE, OrderStatus.CANCELLED)[first]
        assert ("report" in told and "signed" in told, "called off" in told)[first]


def test_signing_twice(zhao: Actor, li: User) -> None:
    for _round in range(ROUNDS):
        ticket = waiting_ticket()
        order = order_of(ticket, zhao, li, "accept", "arrive")
        report, me = written_report(order, li), actor_of(li)
        digest = content.digest(content.text_of(sheets.said_by(report)))
        _first, told = run_off(
            ticket,
            *(
                lambda order=seen(order), me=me, digest=digest, name=name: signing.sign(
                    by=me, order=order, drawn=Drawn(signer=name, strokes=STROKES, seen=digest)
                )
                for name in ("王站长", "马主任")
            ),
        )
        assert ReportSignature.get(ReportSignature.report == report).signer_name in told
