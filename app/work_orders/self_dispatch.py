"""A customer phoned the technician himself: ticket and own order in one step (workflows, Ticket; product.md, settled question 15).

It starts at once and is provisional: a deputy on duty is named as who answers for it, and ratifies it with one tap. Off warranty
it is a diagnosis, so that nothing is repaired before it is approved.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from app.accounts.models import Role, User
from app.core import clock, db, submissions
from app.core.errors import N_, Conflict, Invalid
from app.core.types import Actor
from app.machines import queries as machines
from app.machines.models import Machine
from app.machines.warranty import WarrantyState
from app.roster.queries import on_duty
from app.roster.telling import tell
from app.tickets.models import Priority, Ticket, TicketKind, TicketSource
from app.tickets.operations import open_ticket
from app.tickets.states import Outcome
from app.work_orders import dispatching, progress, telling
from app.work_orders.models import OrderKind, WorkOrder
from app.work_orders.visits import USUAL_LENGTH, Assignment
from app.work_orders.writing import MISSING

SOON = timedelta(minutes=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnCall:
    """What the customer said, and when the technician goes there; ``ticket`` is the open one of the machine that it belongs to."""

    machine: Machine
    title: str
    text: str = ""
    caller_name: str = ""
    caller_phone: str = ""
    priority: Priority = Priority.HIGH
    ticket: Ticket | None = None
    planned_from: datetime | None = None


def dispatch_self(*, by: Actor, call: OwnCall, form_token: str | None = None, at: datetime | None = None) -> WorkOrder:
    """Open the ticket, or take the open one, and give the order to the technician ``by``, accepted at once.

    A form sent again answers with the order of the first sending. Raises ``Invalid`` with the words beside the fields, ``Conflict``
    when somebody has the ticket already, ``NotAllowed``.
    """
    by.require(progress.WORK)
    now = at or clock.now()
    me = _technician(by)
    _check(call, now)
    with db.transaction():
        if form_token and not submissions.claim(form_token):
            return WorkOrder.get_by_id(int(submissions.result_of(form_token)))
        ticket = _ticket(by, call, now)
        order = _dispatch(by, me, ticket, call, now)
        if form_token:
            submissions.settle(form_token, order.id)
    return order


def kind_for(machine: Machine) -> OrderKind:
    """A repair in warranty, else a diagnosis."""
    return OrderKind.REPAIR if machines.warranty_now(machine).state is WarrantyState.IN else OrderKind.DIAGNOSIS


def answerable(by: Actor, at: datetime) -> User:
    """The deputy on duty who ratifies it, else a manager. Raises ``Conflict`` when there is nobody but oneself."""
    for role in (Role.DEPUTY, Role.MANAGER):
        for user in on_duty(role, at):
            if user.id != by.user_id:
                return user
    raise Conflict(N_("There is no deputy or manager who could answer for this. Phone the desk."))


def _technician(by: Actor) -> User:
    me = User.get_or_none(User.id == by.user_id)
    if me is None:
        raise Conflict(N_("Only a technician opens a job of their own."))
    return me


def _check(call: OwnCall, now: datetime) -> None:
    fields = {}
    if call.ticket is None and not call.title.strip():
        fields["title"] = N_("Say in a few words what it is about.")
    if call.planned_from is not None and call.planned_from < now - SOON:
        fields["planned_from"] = N_("The visit is at a time to come.")
    if fields:
        raise Invalid(MISSING, fields=fields)


def _ticket(by: Actor, call: OwnCall, now: datetime) -> Ticket:
    if call.ticket is not None:
        present: Ticket = db.for_update(Ticket.select().where(Ticket.id == call.ticket.id)).get()
        if not present.is_open or present.open_orders:
            raise Conflict(N_("Somebody has ticket %(number)s already, or it is finished."), number=present.number)
        return present
    return open_ticket(
        by=by, source=TicketSource.WALK_IN, kind=TicketKind.FAULT_REPORT, priority=call.priority, title=call.title, text=call.text,
        machine=call.machine, caller_name=call.caller_name, caller_phone=call.caller_phone, outcome=Outcome.DISPATCH, at=now,
    )  # fmt: skip


def _dispatch(by: Actor, me: User, ticket: Ticket, call: OwnCall, now: datetime) -> WorkOrder:
    job = dispatching.of_ticket(ticket, kind=kind_for(call.machine), machine=call.machine)
    start = max(call.planned_from or now, now)
    assignment = Assignment(lead=me, planned_from=start, planned_until=start + USUAL_LENGTH)
    agreed_by = None if by.may(dispatching.DISPATCH) else answerable(by, now)
    order = dispatching.dispatch_ticket(by=_as_dispatcher(by), job=job, assignment=assignment, agreed_by=agreed_by, at=now)
    progress.accept(by=by, order=order, version=order.version, at=now)
    if agreed_by is not None:
        message = N_("%(who)s was called by the customer and took %(number)s %(title)s. Please ratify it.")
        href = telling.desk_address(order)
        tell([agreed_by.id], message, href=href, at=now, who=by.name, number=order.number, title=order.title)
    return order


def _as_dispatcher(by: Actor) -> Actor:
    """For the own order alone a technician does what the clerk may: dispatch provisionally."""
    return replace(by, permissions=by.permissions | {dispatching.PROVISIONAL})
