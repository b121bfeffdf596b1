"""Dispatch (派工): an order is made, given to somebody, given to somebody else, ratified, called off."""

from datetime import datetime, timedelta

from app.accounts import authorities
from app.accounts.models import Role, User, UserRole
from app.core import clock, db, known_settings, submissions
from app.core.errors import N_, Conflict, Invalid
from app.core.known_settings import Group, KnownSetting, SettingKind
from app.core.types import Actor
from app.machines.models import Machine
from app.roster.models import Vehicle
from app.tickets.models import Ticket
from app.work_orders import gate, states, telling, visits
from app.work_orders.creating import Job, check_job, create, of_ticket, revise, warranty_of, write
from app.work_orders.models import OrderStatus, Visit, WorkOrder
from app.work_orders.visits import Assignment
from app.work_orders.writing import MISSING, claim, move, record, stale

__all__ = [
    "Job", "bind_machine", "call_off", "create", "dispatch", "dispatch_ticket", "of_ticket", "ratify", "reassign", "warranty_of",
]  # fmt: skip

CREATE, DISPATCH, PROVISIONAL = "orders.create", "orders.dispatch", "orders.dispatch_provisionally"
CANCEL, RATIFY = "orders.cancel", "orders.ratify"
LONGEST_VISIT = timedelta(days=14)

ACCEPT_WITHIN = known_settings.register(
    KnownSetting(
        "accept_within_minutes", N_("Minutes until an order that nobody accepts goes back to the queue"), 45, SettingKind.WHOLE,
        Group.CLOCKS, least=5, most=24 * 60, hint=N_("The technician is reminded at half of it."),
    )
)  # fmt: skip


def dispatch(
    *,
    by: Actor,
    order: WorkOrder,
    version: int,
    assignment: Assignment,
    job: Job | None = None,
    agreed_by: User | None = None,
    override_reason: str = "",
    note: str = "",
    at: datetime | None = None,
) -> None:
    """Give a queued order to ``assignment.lead``. A clerk does so provisionally and names who agreed by phone (``agreed_by``).

    ``job`` says anew what is to be done; ``note`` is kept with the step. Raises ``Conflict`` when somebody else dispatched it
    meanwhile or the warranty gate is shut, ``Invalid``, ``NotAllowed``.
    """
    _check_dispatcher(by, agreed_by)
    now = at or clock.now()
    _check_assignment(assignment)
    with db.transaction():
        if order.status not in states.QUEUED_STATUSES:
            raise stale(order.id)
        if job is not None:
            revise(by, order, version, job, now)
            version = order.version
        _pass_gate(by, order, override_reason, now)
        _assign(by, order, version, assignment, now=now, reason=note, agreed_by=agreed_by)


def dispatch_ticket(
    *,
    by: Actor,
    job: Job,
    assignment: Assignment,
    agreed_by: User | None = None,
    override_reason: str = "",
    note: str = "",
    form_token: str | None = None,
    at: datetime | None = None,
) -> WorkOrder:
    """Make an order and give it to somebody in one step. Raises as ``create`` and ``dispatch`` do.

    Two people who dispatch the same ticket: ``job.ticket`` is of the version that was seen, so the second one is told.
    """
    _check_dispatcher(by, agreed_by)
    check_job(job)
    _check_assignment(assignment)
    now = at or clock.now()
    with db.transaction():
        if form_token and not submissions.claim(form_token):
            return WorkOrder.get_by_id(int(submissions.result_of(form_token)))
        _check_ticket(job.ticket)
        order = write(by, job, now)
        _pass_gate(by, order, override_reason, now)
        _assign(by, order, order.version, assignment, now=now, reason=note, agreed_by=agreed_by)
        if form_token:
            submissions.settle(form_token, order.id)
    return order


def reassign(
    *,
    by: Actor,
    order: WorkOrder,
    version: int,
    assignment: Assignment,
    reason: str,
    agreed_by: User | None = None,
    at: datetime | None = None,
) -> None:
    """Give an order that is out to somebody else, or to the same person at another time (改派).

    Both are told. Raises ``Conflict`` when it changed meanwhile, ``Invalid`` without a reason, ``NotAllowed``.
    """
    _check_dispatcher(by, agreed_by)
    _check_assignment(assignment)
    now = at or clock.now()
    if not reason.strip():
        raise Invalid(N_("Say why, in a few words."), fields={"reason": N_("A reason is needed here.")})
    with db.transaction():
        before = order.lead
        if not order.is_out:
            raise stale(order.id)
        gate.check_visit(order, now)
        visits.end(order, now)
        _assign(by, order, version, assignment, now=now, reason=reason, agreed_by=agreed_by)
        if before is not None and before != assignment.lead:
            telling.taken_away(by, order, before, reason, now)


def ratify(*, by: Actor, order: WorkOrder, at: datetime | None = None) -> None:
    """Ratify a provisional dispatch afterwards (追认), by own right or in somebody's place; never one's own dispatch.

    Raises ``Conflict`` when that was done or is not needed, ``NotAllowed``.
    """
    now = at or clock.now()
    name = authorities.standing(by, RATIFY, now).signature(by.name)
    if by.user_id is not None and order.dispatched_by_id == by.user_id:
        raise Conflict(N_("You dispatched this yourself; somebody else ratifies it."))
    with db.transaction():
        is_open = (WorkOrder.id == order.id) & WorkOrder.agreed_by.is_null(False) & WorkOrder.ratified_at.is_null()
        if by.user_id is not None:  # whoever dispatched it meanwhile
            is_open &= WorkOrder.dispatched_by.is_null() | (WorkOrder.dispatched_by != by.user_id)
        values = {"ratified_at": now, "ratified_by": by.user_id, "ratified_by_name": name, "version": WorkOrder.version + 1}
        if WorkOrder.update(values).where(is_open).execute() != 1:
            raise Conflict(N_("Nothing is to be ratified here any more."))
        order.ratified_at, order.ratified_by_name, order.version = now, name, order.version + 1
        record(by, "ratified", order)


def call_off(*, by: Actor, order: WorkOrder, version: int, reason: str, at: datetime | None = None) -> None:
    """Call an order off (撤销). Raises ``Conflict`` when it changed or is done, ``Invalid`` without a reason, ``NotAllowed``.

    A clerk may call off what is still in the queue; what is out takes the deputy or manager.
    """
    by.require(CANCEL)
    if order.is_out and not by.may(DISPATCH):
        raise Conflict(N_("Somebody has this order; only the deputy or manager calls it off."))
    now = at or clock.now()
    with db.transaction():
        before = order.lead
        visits.end(order, now)
        move(by, order, OrderStatus.CANCELLED, version, at=now, now=now, reason=reason, accept_by=None, help_wanted_at=None)
        if before is not None:
            telling.called_off(by, order, before, reason, now)


def bind_machine(*, by: Actor, order: WorkOrder, machine: Machine, at: datetime | None = None) -> None:
    """An order of a project belongs to ``machine`` from now on (product.md, settled question 14); a trigger takes its papers along."""
    by.require(CREATE)
    with db.transaction():
        claim(order, order.version, machine=machine, changed_at=at or clock.now())
        record(by, "bound", order, after={"machine_id": machine.id})


def _pass_gate(by: Actor, order: WorkOrder, override_reason: str, now: datetime) -> None:
    if override_reason.strip():
        gate.override(by=by, order=order, reason=override_reason, at=now)
    gate.check_visit(order, now)


def _assign(
    by: Actor, order: WorkOrder, version: int, assignment: Assignment, *, now: datetime, reason: str = "", agreed_by: User | None
) -> None:
    order_fields = {
        "lead": assignment.lead,
        "dispatched_at": now,
        "dispatched_by": by.user_id,
        "dispatched_by_name": by.name,
        "agreed_by": agreed_by,
        "ratified_at": None,
        "ratified_by": None,
        "ratified_by_name": "",
        "accept_by": now + timedelta(minutes=ACCEPT_WITHIN.value()),
        "reminded_at": None,
    }
    move(by, order, OrderStatus.DISPATCHED, version, at=now, now=now, reason=reason, **order_fields)
    _book_vehicle(assignment)
    visit = visits.plan(order, assignment)
    telling.dispatched(by, order, visit, now)


def _check_dispatcher(by: Actor, agreed_by: User | None) -> None:
    if by.may(DISPATCH):
        return
    by.require(PROVISIONAL)
    roles = {role for (role,) in UserRole.select(UserRole.role).where(UserRole.user == agreed_by).tuples()} if agreed_by else set()
    if not roles & {Role.DEPUTY, Role.MANAGER} or (agreed_by is not None and not agreed_by.is_active):
        raise Invalid(MISSING, fields={"agreed_by": N_("Name the deputy or manager who agreed by phone.")})


def _check_assignment(assignment: Assignment) -> None:
    fields = {}
    for field, people in (("lead", [assignment.lead]), ("assistants", assignment.assistants)):
        for user in people:
            held = UserRole.select().where(UserRole.user == user, UserRole.role == Role.TECHNICIAN)
            if not user.is_active or not held.exists():
                fields[field] = N_("Choose a technician who works here.")
    if assignment.planned_until <= assignment.planned_from:
        fields["planned_until"] = N_("The visit ends before it begins.")
    elif assignment.planned_until - assignment.planned_from > LONGEST_VISIT:
        fields["planned_until"] = N_("A visit lasts two weeks at most; plan another one for the rest.")
    if assignment.vehicle is not None and not fields:
        fields |= _vehicle_problem(assignment)
    if fields:
        raise Invalid(MISSING, fields=fields)


def _book_vehicle(assignment: Assignment) -> None:
    """With the vehicle's row in hand nobody else books it for the same time in this moment."""
    if assignment.vehicle is None:
        return
    db.for_update(Vehicle.select().where(Vehicle.id == assignment.vehicle.id)).get()
    if problem := _vehicle_problem(assignment):
        raise Invalid(MISSING, fields=problem)


def _vehicle_problem(assignment: Assignment) -> dict[str, str]:
    vehicle = assignment.vehicle
    assert vehicle is not None
    if not vehicle.is_active:
        return {"vehicle": N_("This vehicle is no longer used.")}
    booked = Visit.select().where(
        Visit.vehicle == vehicle,
        Visit.dropped_at.is_null(),
        Visit.left_at.is_null(),
        Visit.lead != assignment.lead,
        Visit.planned_from < assignment.planned_until,
        Visit.planned_until > assignment.planned_from,
    )
    return {"vehicle": N_("This vehicle is booked for another visit at that time.")} if booked.exists() else {}


def _check_ticket(ticket: Ticket | None) -> None:
    """The ticket is as it was seen, with its row locked until the order is written."""
    if ticket is None:
        return
    present = db.for_update(Ticket.select().where(Ticket.id == ticket.id)).get_or_none()
    if present is None or present.version != ticket.version:
        raise _ticket_stale(ticket)


def _ticket_stale(ticket: Ticket) -> Conflict:
    other = WorkOrder.select().where(WorkOrder.ticket == ticket.id, WorkOrder.is_out).order_by(WorkOrder.id.desc()).first()
    if other is not None:
        return Conflict(
            N_("%(who)s dispatched this ticket meanwhile: %(number)s went to %(lead)s."),
            who=other.dispatched_by_name, number=other.number, lead=other.lead.name,
        )  # fmt: skip
    return Conflict(N_("This ticket has changed meanwhile. Look at its present state, then decide again."))
