"""From every state of an order, by every operation on it: only what the table of states allows happens; all else is refused in words and
changes no row.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from peewee import Model

from app.accounts.models import Role, User
from app.accounts.notices import Notice
from app.core import clock, db
from app.core.errors import Conflict, Invalid, NotAllowed
from app.core.history import HistoryEntry
from app.core.outbox import OutboxMessage
from app.core.types import Actor, system
from app.tickets.models import Ticket, TicketClock, TicketStatus, TicketTransition
from app.work_orders import dispatching, leftovers, planning, progress, states
from app.work_orders.models import GateOverride, OrderStatus, OrderStep, Visit, VisitAssistant, WorkOrder
from app.work_orders.visits import Assignment
from tests import factories
from tests.personas import actor_of, make_user

S = OrderStatus
OUT = states.OUT_STATUSES
WATCHED: tuple[type[Model], ...] = (
    WorkOrder, OrderStep, Visit, VisitAssistant, GateOverride, Ticket, TicketTransition, TicketClock, HistoryEntry, Notice, OutboxMessage,
)  # fmt: skip


@dataclass(frozen=True)
class Crew:
    """Who does what here: the deputy sends, the lead works, the clerk files."""

    zhao: Actor
    chen: Actor
    li: User
    wang: User

    @property
    def lead(self) -> Actor:
        return actor_of(self.li)


def assigned(lead: User) -> Assignment:
    start = clock.now() + timedelta(hours=1)
    return Assignment(lead=lead, planned_from=start, planned_until=start + timedelta(hours=2))


def come_again(crew: Crew, order: WorkOrder, version: int) -> None:
    progress.come_again(by=crew.lead, order=order, version=version, planned_from=clock.now() + timedelta(days=1))


def archive(crew: Crew, order: WorkOrder, _version: int) -> None:
    """As the call-back does when it is archived."""
    with db.transaction():
        if not progress.archive_when_at_rest(by=crew.zhao, order=order, at=clock.now()):
            raise Conflict("It does not rest yet.")


def return_unaccepted(_crew: Crew, order: WorkOrder, version: int) -> None:
    """As the clock does when nobody accepts."""
    with db.transaction():
        progress.come_back(system("dispatch"), order, version, "nobody accepted it", clock.now())


def call_off_as_left_over(_crew: Crew, order: WorkOrder, _version: int) -> None:
    if order.status not in states.QUEUED_STATUSES or not leftovers._call_off(order, clock.now()):
        raise Conflict("It is not left over.")


Way = Callable[[Crew, WorkOrder, int], object]
# Every operation that moves an order: where it leads, and from where it is open.
WAYS: dict[str, tuple[Way, OrderStatus, tuple[OrderStatus, ...]]] = {
    "dispatch": (
        lambda crew, order, version: dispatching.dispatch(by=crew.zhao, order=order, version=version, assignment=assigned(crew.li)),
        S.DISPATCHED,
        (S.DRAFT, S.DECLINED),
    ),
    "reassign": (
        lambda crew, order, version: dispatching.reassign(
            by=crew.zhao, order=order, version=version, assignment=assigned(crew.wang), reason="x"
        ),
        S.DISPATCHED,
        OUT,
    ),
    "call_off": (
        lambda crew, order, version: dispatching.call_off(by=crew.zhao, order=order, version=version, reason="x"),
        S.CANCELLED,
        (S.DRAFT, S.DECLINED, *OUT),
    ),
    "call_off_as_left_over": (call_off_as_left_over, S.CANCELLED, (S.DRAFT, S.DECLINED)),
    "accept": (lambda crew, order, version: progress.accept(by=crew.lead, order=order, version=version), S.ACCEPTED, (S.DISPATCHED,)),
    "accept_for": (lambda crew, order, version: progress.accept(by=crew.zhao, order=order, version=version), S.ACCEPTED, (S.DISPATCHED,)),
    "decline": (
        lambda crew, order, version: progress.decline(by=crew.lead, order=order, version=version, reason="x"),
        S.DECLINED,
        (S.DISPATCHED, S.ACCEPTED),
    ),
    "return_unaccepted": (return_unaccepted, S.DECLINED, (S.DISPATCHED, S.ACCEPTED)),
    "set_off": (
        lambda crew, order, version: progress.set_off(by=crew.lead, order=order, version=version),
        S.TRAVELLING,
        (S.ACCEPTED, S.WAITING_PARTS),
    ),
    "arrive": (
        lambda crew, order, version: progress.arrive(by=crew.lead, order=order, version=version, watcher="王", gas_reading="O2 20.9 %"),
        S.ON_SITE,
        (S.ACCEPTED, S.TRAVELLING, S.WAITING_PARTS),
    ),
    "wait_for_parts": (
        lambda crew, order, version: progress.wait_for_parts(by=crew.lead, order=order, version=version, reason="x"),
        S.WAITING_PARTS,
        (S.ON_SITE,),
    ),
    "come_again": (come_again, S.ACCEPTED, (S.ON_SITE, S.WAITING_PARTS)),
    "parts_are_here": (
        lambda crew, order, version: progress.parts_are_here(by=crew.chen, order=order, version=version),
        S.DRAFT,
        (S.WAITING_PARTS,),
    ),
    "plan_next_visit": (
        lambda crew, order, version: planning.plan_next_visit(
            by=crew.chen, order=order, version=version, assignment=assigned(order.lead or crew.li)
        ),
        S.ACCEPTED,
        (S.WAITING_PARTS,),
    ),
    "finish": (lambda crew, order, version: progress.finish(by=crew.lead, order=order, version=version), S.FINISHED, (S.ON_SITE,)),
    "take_back_finish": (
        lambda crew, order, version: progress.take_back_finish(by=crew.lead, order=order, version=version),
        S.ON_SITE,
        (S.FINISHED,),
    ),
    "file": (lambda crew, order, version: progress.file(by=crew.chen, order=order, version=version), S.FILED, (S.FINISHED,)),
    "archive": (archive, S.ARCHIVED, (S.FILED,)),
}
# How an order comes into each state, as people bring it there.
PATHS: dict[OrderStatus, tuple[str, ...]] = {
    S.DRAFT: (),
    S.DISPATCHED: ("dispatch",),
    S.ACCEPTED: ("dispatch", "accept"),
    S.TRAVELLING: ("dispatch", "accept", "set_off"),
    S.ON_SITE: ("dispatch", "accept", "set_off", "arrive"),
    S.WAITING_PARTS: ("dispatch", "accept", "arrive", "wait_for_parts"),
    S.FINISHED: ("dispatch", "accept", "arrive", "finish"),
    S.FILED: ("dispatch", "accept", "arrive", "finish", "file"),
    S.ARCHIVED: ("dispatch", "accept", "arrive", "finish", "file", "archive"),
    S.DECLINED: ("dispatch", "decline"),
    S.CANCELLED: ("dispatch", "call_off"),
}


@pytest.fixture
def crew() -> Crew:
    return Crew(
        zhao=actor_of(make_user(Role.DEPUTY, name="赵副经理")),
        chen=actor_of(make_user(Role.CLERK, name="陈文员")),
        li=make_user(Role.TECHNICIAN, name="李工"),
        wang=make_user(Role.TECHNICIAN, name="王工"),
    )


def brought_to(crew: Crew, status: OrderStatus) -> WorkOrder:
    """An order of a ticket of its own in ``status``; a filed one whose call-back is archived, so that it could rest."""
    machine = factories.machine(accepted_on=clock.now().date())
    ticket = factories.ticket(machine=machine, status=TicketStatus.WAITING_DISPATCH)
    order = dispatching.create(by=crew.zhao, job=dispatching.of_ticket(ticket))
    for name in PATHS[status]:
        go(crew, order, name)
        if name == "file":
            WorkOrder.update(call_back_archived_at=clock.now(), called_back_at=clock.now()).where(WorkOrder.id == order.id).execute()
            order = WorkOrder.get_by_id(order.id)
    assert WorkOrder.get_by_id(order.id).status == status
    return order


def go(crew: Crew, order: WorkOrder, name: str, version: int | None = None) -> None:
    WAYS[name][0](crew, order, order.version if version is None else version)


def rows() -> dict[str, list[Any]]:
    return {model.__name__: sorted(model.select().tuples(), key=repr) for model in WATCHED}


def test_it_works() -> None:
    """Each way of the table has an operation, and no operation goes another way."""
    open_ways = {(start, target) for _way, target, starts in WAYS.values() for start in starts}
    assert open_ways == {(start, target) for start, targets in states.TRANSITIONS.items() for target in targets}


@pytest.mark.usefixtures("sqlite_database")
@pytest.mark.parametrize("present", OrderStatus)
@pytest.mark.parametrize("name", WAYS)
def test_an_operation_does_what_the_table_allows_and_changes_nothing_else(crew: Crew, present: OrderStatus, name: str) -> None:
    order = brought_to(crew, present)
    target, starts = WAYS[name][1:]
    before = rows()
    if present in starts:
        go(crew, order, name)
        stored = WorkOrder.get_by_id(order.id)
        assert (stored.status, order.version) == (target, stored.version)
        assert order.steps.order_by(OrderStep.id.desc()).first().from_status == present
    else:
        with pytest.raises((Conflict, Invalid, NotAllowed)):
            go(crew, order, name)
        assert rows() == before


@pytest.mark.usefixtures("sqlite_database")
@pytest.mark.parametrize("name", [name for name in WAYS if name not in ("archive", "call_off_as_left_over")])
def test_who_saw_an_older_version_changes_nothing(crew: Crew, name: str) -> None:
    order = brought_to(crew, WAYS[name][2][0])
    before = rows()
    with pytest.raises(Conflict):
        go(crew, WorkOrder.get_by_id(order.id), name, version=order.version - 1)
    assert rows() == before


STRANGERS = {
    "zhao": (Role.CLERK, Role.TECHNICIAN, Role.AREA_MANAGER, Role.QUALITY, Role.ADMIN),
    "chen": (Role.TECHNICIAN, Role.AREA_MANAGER, Role.QUALITY, Role.ADMIN),
    "lead": (Role.CLERK, Role.TECHNICIAN, Role.AREA_MANAGER, Role.QUALITY, Role.ADMIN),
}
ACTED_BY = {
    **dict.fromkeys(("dispatch", "reassign", "call_off", "accept_for"), "zhao"),
    **dict.fromkeys(("parts_are_here", "plan_next_visit", "file"), "chen"),
    **dict.fromkeys(("accept", "decline", "set_off", "arrive", "wait_for_parts", "come_again", "finish", "take_back_finish"), "lead"),
}


@dataclass(frozen=True)
class Impostor(Crew):
    """Everybody is played by somebody who may not."""

    who: User

    @property
    def lead(self) -> Actor:
        return actor_of(self.who)


@pytest.mark.usefixtures("sqlite_database")
@pytest.mark.parametrize(("name", "role"), [(name, role) for name, part in ACTED_BY.items() for role in STRANGERS[part]])
def test_who_may_not_changes_nothing(crew: Crew, name: str, role: Role) -> None:
    present = WAYS[name][2][-1]
    order, who = brought_to(crew, present), make_user(role)
    impostor = Impostor(zhao=actor_of(who), chen=actor_of(who), li=crew.li, wang=crew.wang, who=who)
    before = rows()
    with pytest.raises((NotAllowed, Invalid, Conflict)):  # a clerk is asked who agreed, and told that somebody has it
        go(impostor, order, name)
    assert rows() == before
