"""A job becomes an order: what is to be done and where, checked and written into the dispatch queue."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from app.accounts.models import Area
from app.core import clock, db, numbering, submissions
from app.core.errors import N_, Invalid
from app.core.types import Actor
from app.customers.models import Contact, Customer, Project, Site
from app.machines import terms
from app.machines.models import Machine
from app.machines.warranty import Warranty, WarrantyState
from app.tickets import reasons
from app.tickets.models import Priority, Ticket
from app.work_orders import states
from app.work_orders.models import OrderKind, OrderStatus, WorkOrder
from app.work_orders.writing import MISSING, claim, note_step, record

CREATE, DISPATCH = "orders.create", "orders.dispatch"
NUMBER_PREFIX = "D"
MAX_TITLE = 200
# Codes that must be confirmed before anybody goes down (workflows, dispatch).
STOP_CODES = frozenset({"E16", "E19", "E21", "E24"})


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
    check_job(job)
    created_at = at or clock.now()
    with db.transaction():
        if form_token and not submissions.claim(form_token):
            return WorkOrder.get_by_id(int(submissions.result_of(form_token)))
        order = write(by, job, created_at)
        if form_token:
            submissions.settle(form_token, order.id)
    return order


def check_job(job: Job, at: datetime | None = None, *, stands: WarrantyState | None = None) -> None:
    """Raise ``Invalid`` with the words beside each field when something is missing; ``stands`` is a warranty that was said already."""
    fields = {}
    if not job.title.strip():
        fields["title"] = N_("Say in a few words what it is about.")
    if job.machine is None and job.project is None and job.ticket is None:
        fields["machine"] = N_("Name the machine, or the project while there is none.")
    if job.warranty not in (None, stands, warranty_of(job, at)) and not job.warranty_reason.strip():
        fields["warranty_reason"] = N_("Say why the warranty is otherwise than the dates say.")
    if fields:
        raise Invalid(MISSING, fields=fields)


def write(by: Actor, job: Job, at: datetime) -> WorkOrder:
    """Write the order of a checked job into the queue, in the running transaction."""
    order: WorkOrder = WorkOrder.create(
        number=numbering.next_number(NUMBER_PREFIX, at),
        status=OrderStatus.DRAFT,
        is_out=False,
        created_at=at,
        created_by=by.user_id,
        created_by_name=by.name,
        changed_at=at,
        **_fields(job, at),
    )
    note_step(by, order, None, at=at, now=at)
    record(by, "created", order, after={"kind": order.kind, "ticket_id": order.ticket_id, "machine_id": order.machine_id})
    return order


def revise(by: Actor, order: WorkOrder, version: int, job: Job, at: datetime) -> None:
    """Say anew what is to be done on an order, in the running transaction. Raises ``Conflict`` for another ``version``, ``Invalid``."""
    check_job(job, order.created_at, stands=WarrantyState(order.warranty))
    fields = _fields(job, order.created_at)
    changed = {name: value for name, value in fields.items() if value != getattr(order, name)}
    if not changed:
        return
    claim(order, version, changed_at=at, **changed)
    record(by, "revised", order, after={name: str(value) for name, value in changed.items()})


def draft(job: Job, at: datetime) -> WorkOrder:
    """The order that ``job`` would become, not written: for asking what would be true of it."""
    return WorkOrder(status=OrderStatus.DRAFT, is_out=False, created_at=at, **_fields(job, at))


def _fields(job: Job, at: datetime) -> dict[str, Any]:
    job = _completed(job)
    customer, site = _where(job)
    return {
        "kind": job.kind,
        "ticket": job.ticket,
        "machine": job.machine,
        "project": job.project,
        "customer": customer,
        "site": site,
        "contact": job.contact,
        "area": _area(job, customer, site),
        "priority": job.priority,
        "title": job.title.strip()[:MAX_TITLE],
        "instructions": job.instructions.strip(),
        "bring": job.bring.strip(),
        "component": job.component.strip()[:80],
        "warranty": job.warranty if job.warranty is not None else warranty_of(job, at),
        "warranty_reason": job.warranty_reason.strip()[:200],
        "rework_of": job.rework_of,
        "is_pit": job.kind in states.PIT_KINDS if job.is_pit is None else job.is_pit,
        "is_stop": job.is_stop,
        "wanted_at": job.wanted_at,
    }


def _completed(job: Job) -> Job:
    """The job with the machine of its ticket, where none was named."""
    return replace(job, machine=job.ticket.machine) if job.machine is None and job.ticket is not None and job.ticket.machine_id else job


def _where(job: Job) -> tuple[Customer | None, Site | None]:
    if job.machine is not None:
        return job.machine.customer, job.machine.site
    if job.project is not None:
        return job.project.customer, job.project.site
    return (job.ticket.customer if job.ticket else None), None


def _area(job: Job, customer: Customer | None, site: Site | None) -> Area | None:
    if job.machine is not None and job.machine.area_id:
        return job.machine.area
    if job.ticket is not None and job.ticket.area_id:
        return job.ticket.area
    return (site.area if site else None) or (customer.area if customer else None)


def warranty_of(job: Job, at: datetime | None = None) -> WarrantyState:
    """The warranty of the machine of ``job`` at the time of the fault (now without a ticket), by its dates."""
    found = warranty_at(job.machine, job.ticket, at)
    return found.state if found else WarrantyState.UNKNOWN


def warranty_at(machine: Machine | None, ticket: Ticket | None, at: datetime | None = None) -> Warranty | None:
    """The warranty with its reason at the time of the fault: when the ticket was opened, else ``at``. None without a machine."""
    machine = machine or (ticket.machine if ticket else None)
    if machine is None:
        return None
    day = clock.day_of(ticket.opened_at if ticket else at or clock.now())
    return terms.warranty_of(machine, day)
