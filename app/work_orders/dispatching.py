"""Dispatch (派工): an order is made, given to somebody, given to somebody else, ratified, called off."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from app.accounts.models import Role, User, UserRole
from app.core import clock, db, known_settings, numbering, submissions
from app.core.errors import N_, Conflict, Invalid, NotAllowed
from app.core.known_settings import Group, KnownSetting, SettingKind
from app.core.types import Actor
from app.customers.models import Contact, Customer, Project, Site
from app.machines.models import Machine
from app.machines.warranty import WarrantyState, warranty_on
from app.tickets import reasons
from app.tickets.models import Priority, Ticket
from app.work_orders import gate, states, telling, visits
from app.work_orders.models import Guidance, OrderKind, OrderStatus, OrderStep, Visit, WorkOrder
from app.work_orders.visits import Assignment
from app.work_orders.writing import MISSING, claim, move, note_step, record, stale

CREATE, DISPATCH, PROVISIONAL = "orders.create", "orders.dispatch", "orders.dispatch_provisionally"
CANCEL, RATIFY = "orders.cancel", "orders.ratify"
NUMBER_PREFIX = "D"
MAX_TITLE = 200
LONGEST_VISIT = timedelta(days=14)
# Codes that must be confirmed before anybody goes down (workflows, dispatch).
STOP_CODES = frozenset({"E16", "E19", "E21", "E24"})

ACCEPT_WITHIN = known_settings.register(
    KnownSetting(
        "accept_within_minutes", N_("Minutes until an order that nobody accepts goes back to the queue"), 45, SettingKind.WHOLE,
        Group.CLOCKS, least=5, most=24 * 60, hint=N_("The technician is reminded at half of it."),
    )
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What is to be done, where. Customer, site, area and warranty follow from machine, project or ticket unless given.

    ``warranty`` with ``warranty_reason`` says otherwise than the dates do, or where no dates are known.
    """

    kind: OrderKind
    title: str
    priority: Priority = Priority.HIGH
    ticket: Ticket | None = None
    machine: Machine | None = None
    project: Project | None = None
    contact: Contact | None = None
    instructions: str = ""
    bring: str = ""
    component: str = ""
    warranty: WarrantyState | None = None
    warranty_reason: str = ""
    rework_of: WorkOrder | None = None
    is_pit: bool | None = None
    is_stop: bool = False
    wanted_at: datetime | None = None


def of_ticket(ticket: Ticket, **values: Any) -> Job:
    """The job that a ticket asks for: its title, machine, priority, and whether its codes are a safety stop."""
    codes = set(reasons.codes(ticket.reason))
    return Job(
        **{
            "kind": OrderKind.REPAIR,
            "title": ticket.title,
            "priority": Priority(ticket.priority),
            "ticket": ticket,
            "machine": ticket.machine,
            "contact": ticket.contact,
            "instructions": ticket.text,
            "is_stop": bool(codes & STOP_CODES),
        }
        | values
    )


def create(*, by: Actor, job: Job, form_token: str | None = None, at: datetime | None = None) -> WorkOrder:
    """Put a job into the dispatch queue as a draft. A form sent again (``form_token``) answers with the order of the first sending.

    Raises ``Invalid`` with the words beside each field, ``NotAllowed``.
    """
    if not by.may(CREATE):
        by.require(DISPATCH)
    _check_job(job)
    created_at = at or clock.now()
    with db.transaction():
        if form_token and not submissions.claim(form_token):
            return WorkOrder.get_by_id(int(submissions.result_of(form_token)))
        order = _write(by, job, created_at)
        if form_token:
            submissions.settle(form_token, order.id)
    return order


def dispatch(
    *,
    by: Actor,
    order: WorkOrder,
    version: int,
    assignment: Assignment,
    agreed_by: User | None = None,
    override_reason: str = "",
    at: datetime | None = None,
) -> None:
    """Give a queued order to ``assignment.lead``. A clerk does so provisionally and names who agreed by phone (``agreed_by``).

    Raises ``Conflict`` when somebody else dispatched it meanwhile or the warranty gate is shut, ``Invalid``, ``NotAllowed``.
    """
    _check_dispatcher(by, agreed_by)
    now = at or clock.now()
    _check_assignment(assignment)
    with db.transaction():
        if order.status not in states.QUEUED_STATUSES:
            raise stale(order.id)
        if override_reason.strip():
            gate.override(by=by, order=order, reason=override_reason, at=now)
        gate.check_visit(order, now)
        _assign(by, order, version, assignment, now=now, agreed_by=agreed_by)


def dispatch_ticket(
    *,
    by: Actor,
    job: Job,
    assignment: Assignment,
    agreed_by: User | None = None,
    override_reason: str = "",
    form_token: str | None = None,
    at: datetime | None = None,
) -> WorkOrder:
    """Make an order and give it to somebody in one step. Raises as ``create`` and ``dispatch`` do.

    Two people who dispatch the same ticket: ``job.ticket`` is of the version that was seen, so the second one is told.
    """
    _check_dispatcher(by, agreed_by)
    _check_job(job)
    _check_assignment(assignment)
    now = at or clock.now()
    with db.transaction():
        if form_token and not submissions.claim(form_token):
            return WorkOrder.get_by_id(int(submissions.result_of(form_token)))
        _check_ticket(job.ticket)
        order = _write(by, job, now)
        if override_reason.strip():
            gate.override(by=by, order=order, reason=override_reason, at=now)
        gate.check_visit(order, now)
        _assign(by, order, order.version, assignment, now=now, agreed_by=agreed_by)
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
    """Ratify a provisional dispatch afterwards (追认). Raises ``Conflict`` when that was done or is not needed, ``NotAllowed``."""
    by.require(RATIFY)
    now = at or clock.now()
    with db.transaction():
        is_open = (WorkOrder.id == order.id) & WorkOrder.agreed_by.is_null(False) & WorkOrder.ratified_at.is_null()
        values = {"ratified_at": now, "ratified_by": by.user_id, "ratified_by_name": by.name, "version": WorkOrder.version + 1}
        if WorkOrder.update(values).where(is_open).execute() != 1:
            raise Conflict(N_("Nothing is to be ratified here any more."))
        order.ratified_at, order.ratified_by_name, order.version = now, by.name, order.version + 1
        record(by, "ratified", order)


def call_off(*, by: Actor, order: WorkOrder, version: int, reason: str, at: datetime | None = None) -> None:
    """Call an order off (撤销). Raises ``Conflict`` when it changed or is done, ``Invalid`` without a reason, ``NotAllowed``.

    A clerk may call off what is still in the queue; what is out takes the deputy or manager.
    """
    by.require(CANCEL)
    if order.is_out and not by.may(DISPATCH):
        raise NotAllowed(N_("Somebody has this order; only the deputy or manager calls it off."))
    now = at or clock.now()
    with db.transaction():
        before = order.lead
        visits.end(order, now)
        move(by, order, OrderStatus.CANCELLED, version, at=now, now=now, reason=reason, accept_by=None, help_wanted_at=None)
        if before is not None:
            telling.called_off(by, order, before, reason, now)


def bind_machine(*, by: Actor, order: WorkOrder, machine: Machine, at: datetime | None = None) -> None:
    """An order of a project belongs to ``machine`` from now on (product.md, settled question 14); its steps go along."""
    by.require(CREATE)
    with db.transaction():
        claim(order, order.version, machine=machine, changed_at=at or clock.now())
        for model in (OrderStep, Guidance):
            model.update(machine=machine).where(model.order == order).execute()
        record(by, "bound", order, after={"machine_id": machine.id})


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
    visit = visits.plan(order, assignment)
    telling.dispatched(by, order, visit, now)


def _check_dispatcher(by: Actor, agreed_by: User | None) -> None:
    if by.may(DISPATCH):
        return
    by.require(PROVISIONAL)
    roles = {role for (role,) in UserRole.select(UserRole.role).where(UserRole.user == agreed_by).tuples()} if agreed_by else set()
    if not roles & {Role.DEPUTY, Role.MANAGER} or (agreed_by is not None and not agreed_by.is_active):
        raise Invalid(MISSING, fields={"agreed_by": N_("Name the deputy or manager who agreed by phone.")})


def _check_job(job: Job) -> None:
    fields = {}
    if not job.title.strip():
        fields["title"] = N_("Say in a few words what it is about.")
    if job.machine is None and job.project is None and job.ticket is None:
        fields["machine"] = N_("Name the machine, or the project while there is none.")
    if job.warranty is not None and not job.warranty_reason.strip() and job.warranty != warranty_of(job):
        fields["warranty_reason"] = N_("Say why the warranty is otherwise than the dates say.")
    if fields:
        raise Invalid(MISSING, fields=fields)


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


def _write(by: Actor, job: Job, at: datetime) -> WorkOrder:
    job = _completed(job)
    customer, site = _where(job)
    order: WorkOrder = WorkOrder.create(
        number=numbering.next_number(NUMBER_PREFIX, at),
        kind=job.kind,
        status=OrderStatus.DRAFT,
        is_out=False,
        ticket=job.ticket,
        machine=job.machine,
        project=job.project,
        customer=customer,
        site=site,
        contact=job.contact,
        area=_area(job, customer, site),
        priority=job.priority,
        title=job.title.strip()[:MAX_TITLE],
        instructions=job.instructions.strip(),
        bring=job.bring.strip(),
        component=job.component.strip()[:80],
        warranty=job.warranty if job.warranty is not None else warranty_of(job, at),
        warranty_reason=job.warranty_reason.strip()[:200],
        rework_of=job.rework_of,
        is_pit=job.kind in states.PIT_KINDS if job.is_pit is None else job.is_pit,
        is_stop=job.is_stop,
        wanted_at=job.wanted_at,
        created_at=at,
        created_by=by.user_id,
        created_by_name=by.name,
        changed_at=at,
    )
    note_step(by, order, None, at=at, now=at)
    record(by, "created", order, after={"kind": order.kind, "ticket_id": order.ticket_id, "machine_id": order.machine_id})
    return order


def _completed(job: Job) -> Job:
    """The job with the machine of its ticket, where none was named."""
    return replace(job, machine=job.ticket.machine) if job.machine is None and job.ticket is not None and job.ticket.machine_id else job


def _where(job: Job) -> tuple[Customer | None, Site | None]:
    if job.machine is not None:
        return job.machine.customer, job.machine.site
    if job.project is not None:
        return job.project.customer, job.project.site
    return (job.ticket.customer if job.ticket else None), None


def _area(job: Job, customer: Customer | None, site: Site | None) -> int | None:
    if job.machine is not None and job.machine.area_id:
        return job.machine.area_id
    if job.ticket is not None and job.ticket.area_id:
        return job.ticket.area_id
    return (site.area_id if site else None) or (customer.area_id if customer else None)


def warranty_of(job: Job, at: datetime | None = None) -> WarrantyState:
    """The warranty of the machine of ``job`` at the time of the fault (now without a ticket), by its dates."""
    machine = job.machine or (job.ticket.machine if job.ticket else None)
    if machine is None:
        return WarrantyState.UNKNOWN
    fault_at = job.ticket.opened_at if job.ticket else at or clock.now()
    day = fault_at.astimezone(clock.zone()).date()
    return warranty_on(day, accepted_on=machine.accepted_on, shipped_on=machine.shipped_on, months=machine.warranty_months).state
