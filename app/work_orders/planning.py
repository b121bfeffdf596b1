"""Planning a trip: what stands in the way, and one trip for several jobs (workflows, Work order and dispatch; product, Moments)."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple

from app.accounts.models import User
from app.core import clock, db, submissions
from app.core.errors import N_, Conflict, DomainError, Invalid
from app.core.types import Actor
from app.roster.models import PresenceState
from app.tickets.models import Ticket
from app.work_orders import creating, dispatching, gate, proposals, states, visits
from app.work_orders.creating import Job
from app.work_orders.models import OrderKind, OrderStatus, Proposal, WorkOrder
from app.work_orders.suggestions import away_between, busy_between
from app.work_orders.visits import USUAL_LENGTH, Assignment
from app.work_orders.writing import MISSING, move, stale


class Clash(NamedTuple):
    """Somebody who cannot well go at that time: on leave, or with other visits (``numbers``)."""

    name: str
    is_on_leave: bool
    numbers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """How it is given: to whom and when, on whose word, despite what; ``proposal`` is taken with it."""

    assignment: Assignment
    agreed_by: User | None = None
    override_reason: str = ""
    note: str = ""
    despite_clashes: bool = False
    proposal: Proposal | None = None


@dataclass(frozen=True, slots=True)
class Stop:
    """Something else that is done on the same trip: a queued order, or a ticket as it was seen."""

    order: WorkOrder | None = None
    ticket: Ticket | None = None

    @property
    def number(self) -> str:
        return self.order.number if self.order is not None else self.ticket.number if self.ticket is not None else ""


def clashes(assignment: Assignment, *, except_order: int | None = None) -> list[Clash]:
    """What stands in the way of these people at that time."""
    people = list(dict.fromkeys((assignment.lead, *assignment.assistants)))
    span = assignment.planned_from, assignment.planned_until
    away, busy = away_between([user.id for user in people], *span), busy_between(*span, except_order=except_order)
    found = [Clash(user.name, away.get(user.id) == PresenceState.LEAVE, tuple(busy.get(user.id, ()))) for user in people]
    return [clash for clash in found if clash.is_on_leave or clash.numbers]


def check_clashes(assignment: Assignment, *, is_accepted: bool, except_order: int | None = None) -> None:
    """Raise ``Invalid`` for leave and overlapping visits unless the planner wants it all the same."""
    if is_accepted or assignment.planned_until <= assignment.planned_from:
        return
    if clashes(assignment, except_order=except_order):
        raise Invalid(
            N_("Somebody is on leave or has another visit at that time."),
            fields={"despite_clashes": N_("Choose another person or time, or tick this to plan it all the same.")},
        )


def dispatch_ticket(
    *, by: Actor, job: Job, order: Order, stops: Sequence[Stop] = (), form_token: str | None = None, at: datetime | None = None
) -> WorkOrder:
    """Dispatch a ticket, with everything else of the trip in the same transaction. Raises as ``dispatching.dispatch_ticket`` does."""
    now = at or clock.now()
    with db.transaction():
        if form_token and not submissions.claim(form_token):
            return WorkOrder.get_by_id(int(submissions.result_of(form_token)))
        check_clashes(order.assignment, is_accepted=order.despite_clashes)
        found = dispatching.dispatch_ticket(
            by=by, job=job, assignment=order.assignment, agreed_by=order.agreed_by, override_reason=order.override_reason,
            note=order.note, at=now,
        )  # fmt: skip
        _go_on(by, order, stops, now)
        if form_token:
            submissions.settle(form_token, found.id)
    return found


def dispatch_order(
    *,
    by: Actor,
    queued: WorkOrder,
    version: int,
    job: Job,
    order: Order,
    stops: Sequence[Stop] = (),
    form_token: str | None = None,
    at: datetime | None = None,
) -> WorkOrder:
    """Dispatch a queued order, with everything else of the trip in the same transaction. Raises as ``dispatching.dispatch`` does."""
    now = at or clock.now()
    with db.transaction():
        if form_token and not submissions.claim(form_token):
            return WorkOrder.get_by_id(queued.id)
        if queued.version != version:
            raise stale(queued.id)
        check_clashes(order.assignment, is_accepted=order.despite_clashes, except_order=queued.id)
        dispatching.dispatch(
            by=by, order=queued, version=version, assignment=order.assignment, job=job, agreed_by=order.agreed_by,
            override_reason=order.override_reason, note=order.note, at=now,
        )  # fmt: skip
        _take_proposal(by, order, now)
        _go_on(by, order, stops, now)
        if form_token:
            submissions.settle(form_token, queued.id)
    return queued


def reassign(
    *, by: Actor, queued: WorkOrder, version: int, order: Order, reason: str, form_token: str | None = None, at: datetime | None = None
) -> None:
    """Give an order that is out to somebody else or another time (改派). Raises as ``dispatching.reassign`` does."""
    now = at or clock.now()
    with db.transaction():
        if form_token and not submissions.claim(form_token):
            return
        check_clashes(order.assignment, is_accepted=order.despite_clashes, except_order=queued.id)
        dispatching.reassign(
            by=by, order=queued, version=version, assignment=order.assignment, reason=reason, agreed_by=order.agreed_by, at=now
        )
        _take_proposal(by, order, now)
        if form_token:
            submissions.settle(form_token, queued.id)


def plan_next_visit(*, by: Actor, order: WorkOrder, version: int, assignment: Assignment, at: datetime | None = None) -> None:
    """The desk says when the same person goes again, after parts were waited for. Raises ``Conflict``, ``Invalid``, ``NotAllowed``."""
    by.require(dispatching.CREATE)
    now = at or clock.now()
    if assignment.planned_from <= now or assignment.planned_until <= assignment.planned_from:
        raise Invalid(MISSING, fields={"planned_from": N_("The next visit is at a time to come.")})
    with db.transaction():
        if order.status != OrderStatus.WAITING_PARTS or assignment.lead != order.lead:
            raise stale(order.id)
        visits.end(order, now)
        move(by, order, OrderStatus.ACCEPTED, version, at=now, now=now)
        visits.plan(order, assignment)


def _take_proposal(by: Actor, order: Order, now: datetime) -> None:
    if order.proposal is not None and by.may(proposals.DECIDE):
        proposals.decide(by=by, proposal=order.proposal, is_taken=True, at=now)


def _go_on(by: Actor, order: Order, stops: Sequence[Stop], now: datetime) -> None:
    """Dispatch the other jobs of the trip, one after the other, to the same people."""
    assignment = order.assignment
    for stop in stops:
        ends_at = assignment.planned_until
        assignment = replace(assignment, planned_from=ends_at, planned_until=ends_at + USUAL_LENGTH)
        check_clashes(assignment, is_accepted=order.despite_clashes, except_order=stop.order.id if stop.order else None)
        try:
            _dispatch_stop(by, order, stop, assignment, now)
        except DomainError as error:
            message = N_("%(number)s cannot go along on this trip as it stands now. Take it out, or dispatch it by itself.")
            raise Conflict(message, number=stop.number) from error


def _dispatch_stop(by: Actor, order: Order, stop: Stop, assignment: Assignment, now: datetime) -> None:
    if stop.ticket is not None:
        job = passable(dispatching.of_ticket(stop.ticket), now)
        dispatching.dispatch_ticket(by=by, job=job, assignment=assignment, agreed_by=order.agreed_by, at=now)
    elif stop.order is not None:
        job = passable(job_of(stop.order), now, stop.order)
        dispatching.dispatch(
            by=by, order=stop.order, version=stop.order.version, assignment=assignment, job=job, agreed_by=order.agreed_by, at=now
        )


def passable(job: Job, now: datetime, order: WorkOrder | None = None) -> Job:
    """The job as it may be sent out now: what the warranty gate holds back is looked at first (off-warranty diagnosis)."""
    if job.kind not in states.GATED_KINDS or gate.visit_passage(order or creating.draft(job, now), now) is not None:
        return job
    return replace(job, kind=OrderKind.DIAGNOSIS)


def job_of(order: WorkOrder) -> Job:
    """The job of an order as it stands."""
    return Job(
        kind=OrderKind(order.kind), title=order.title, priority=order.priority, ticket=order.ticket, machine=order.machine,
        project=order.project, contact=order.contact, instructions=order.instructions, bring=order.bring, component=order.component,
        warranty=order.warranty, warranty_reason=order.warranty_reason, rework_of=order.rework_of, is_pit=order.is_pit,
        is_stop=order.is_stop, wanted_at=order.wanted_at,
    )  # fmt: skip


def on_the_same_trip(order: WorkOrder) -> Collection[WorkOrder]:
    """The orders that were dispatched to the same person in one go with ``order``, in the order of their visits."""
    together = WorkOrder.select().where(
        WorkOrder.dispatched_at == order.dispatched_at, WorkOrder.lead == order.lead_id, WorkOrder.dispatched_by == order.dispatched_by_id
    )
    return list(together.where(WorkOrder.is_out).order_by(WorkOrder.id))
