"""What the dispatch form shows beside what is typed: whom to send and why, what stands in the way, what was done, what else waits."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.accounts.authorities import may_act
from app.accounts.models import Role, User, UserRole
from app.contracts import warranty
from app.core import clock
from app.core.errors import Invalid
from app.core.types import Actor
from app.customers.models import Contact
from app.desk.card import debt_to_show
from app.desk.dispatch_forms import AssignmentForm, DispatchForm, filled
from app.machines.warranty import Warranty, WarrantyState
from app.roster.models import Vehicle
from app.service_reports.models import ReportPart, ServiceReport
from app.tickets.models import Ticket, TicketFault
from app.work_orders import board, creating, dispatching, earlier, gate, nearby, planning, suggestions
from app.work_orders.creating import Job
from app.work_orders.models import WorkOrder
from app.work_orders.planning import Stop

SHOWN_PARTS = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What is dispatched: a ticket, or an order in the queue; and what the job is as it stands."""

    about: Ticket | WorkOrder
    job: Job
    earlier: WorkOrder | None
    now: datetime

    @property
    def order(self) -> WorkOrder | None:
        return self.about if isinstance(self.about, WorkOrder) else None

    @property
    def ticket(self) -> Ticket | None:
        return self.about.ticket if isinstance(self.about, WorkOrder) else self.about

    @property
    def key(self) -> str:
        return f"{'order' if self.order else 'ticket'}-{self.about.number}"


def subject(about: Ticket | WorkOrder, now: datetime, *, component: str | None = None) -> Subject:
    """The ticket or order with its job; ``component`` is what was typed."""
    order = about if isinstance(about, WorkOrder) else None
    ticket = order.ticket if order else about
    job = planning.job_of(order) if order else dispatching.of_ticket(about)
    done = earlier.done_before(
        about.machine, component=component if component is not None else job.component, ticket=ticket, at=now,
        except_order=order.id if order else 0,
    )  # fmt: skip
    return Subject(about=about, job=job, earlier=done, now=now)


def form_of(found: Subject) -> DispatchForm:
    """The form; not sent yet it holds what is known, and goes the way that the warranty gate leaves open."""
    start = found.job if found.earlier is not None else planning.passable(found.job, found.now, found.order)
    dates_say = _dates_say(found)
    values = filled(
        start, version=found.about.version, dates_say=dates_say, earlier=found.earlier, bring=last_parts(found.about), now=found.now
    )
    form = DispatchForm(data=values)
    offer(form)
    customer_id = found.about.customer_id
    form.offer_contacts(Contact.select().where(Contact.customer == customer_id).order_by(Contact.name) if customer_id else ())
    return form


def offer(form: AssignmentForm) -> None:
    """Put the people and vehicles into the form."""
    people = [(one.id, one.name) for one in board.technicians()]
    deciders = User.select().join(UserRole).where(UserRole.role.in_((Role.DEPUTY, Role.MANAGER)), User.is_active).distinct()
    form.offer(people, Vehicle.select().where(Vehicle.is_active).order_by(Vehicle.plate), deciders.order_by(User.name))


def stops_of(actor: Actor, found: Subject, ticked: list[str]) -> list[Stop]:
    """The other jobs that were ticked, of those that wait there; what is gone meanwhile is left out."""
    around = nearby.around(actor, found.about, found.now)
    by_key = {row.key: row for row in (*around.here, *around.near)}
    rows = [by_key[key] for key in ticked if key in by_key]
    return [Stop(order=WorkOrder.get_by_id(row.order_id)) if row.order_id else Stop(ticket=Ticket.get_by_id(row.ticket_id)) for row in rows]


def shown(actor: Actor, found: Subject, form: DispatchForm) -> dict[str, Any]:
    """Everything that the page shows."""
    return {
        "found": found,
        "form": form,
        "warranty": _warranty(found),
        "proof": _proof(found),
        "passage": gate.passage(_as_typed(found, form), found.now),
        "is_held": is_held(found, form),
        "may_override": may_act(actor, gate.OVERRIDE, found.now),
        "around": nearby.around(actor, found.about, found.now),
        "last_jobs": earlier.last_jobs(found.about.machine),
        "out": _out(found.about),
        "debt": debt_to_show(actor, found.about.customer, found.now) if found.about.customer_id else None,
    } | suggestion(found, form)


def suggestion(found: Subject, form: AssignmentForm) -> dict[str, Any]:
    """Whom to send at the time that stands in the form; nobody was chosen yet: the first who can go is."""
    try:
        starts, ends = form.span()
    except Invalid:
        return {"candidates": [], "clashes": [], "found": found, "form": form}
    candidates = suggestions.ranked(suggestions.need_of(found.about, starts, max(ends, starts)))
    if not form.lead.data and candidates and not (candidates[0].is_on_leave or candidates[0].is_busy):
        form.lead.data = str(candidates[0].user_id)
    return {"candidates": candidates, "clashes": _clashes(found, form), "found": found, "form": form}


def _clashes(found: Subject, form: AssignmentForm) -> list[planning.Clash]:
    try:
        return planning.clashes(form.assignment(), except_order=found.order.id if found.order else None)
    except Invalid:
        return []


def is_held(found: Subject, form: DispatchForm) -> bool:
    """Whether the warranty gate is shut for a repair as it stands in the form."""
    return gate.passage(_as_typed(found, form), found.now) is None


def _as_typed(found: Subject, form: DispatchForm) -> WorkOrder:
    """The order as it would be written from the form."""
    said = WarrantyState(form.warranty.data) if form.warranty.data in set(WarrantyState) else _dates_say(found)
    order = creating.draft(found.job, found.now)
    order.id = found.order.id if found.order else None
    order.warranty, order.warranty_reason = said, form.warranty_reason.data or ""
    order.rework_of = found.earlier if form.is_rework.data else None
    return order


def _dates_say(found: Subject) -> WarrantyState:
    by_dates = _warranty(found)
    return by_dates.state if by_dates else WarrantyState.UNKNOWN


def _warranty(found: Subject) -> Warranty | None:
    return creating.warranty_at(found.about.machine, found.ticket, found.order.created_at if found.order else found.now)


def _proof(found: Subject) -> warranty.Verdict | None:
    """Why it is in warranty or not, on the day of the fault."""
    if found.order is not None:
        return warranty.of_order(found.order)
    machine = found.about.machine
    at = found.ticket.opened_at if found.ticket else found.now
    return warranty.decide(machine, clock.day_of(at)) if machine is not None else None


def last_parts(about: Ticket | WorkOrder) -> str:
    """The parts that the last repairs of the machine took, as a suggestion of what to bring: of this family of faults if it is known."""
    if about.machine_id is None:
        return ""
    signed = (
        ReportPart.select(ReportPart.name, ReportPart.part_number, WorkOrder.ticket)
        .join(ServiceReport)
        .join(WorkOrder)
        .where(ReportPart.machine == about.machine_id, ServiceReport.signed_at.is_null(False))
    )
    rows = list(signed.order_by(ServiceReport.signed_at.desc(), ReportPart.position).limit(50).tuples())
    families = earlier.families_of(about.ticket if isinstance(about, WorkOrder) else about)
    same = _of_families(families, {ticket_id for *_part, ticket_id in rows if ticket_id})
    wanted = [row for row in rows if row[-1] in same] or rows
    names = dict.fromkeys(" ".join(filter(None, row[:2])) for row in wanted)
    return "\n".join(list(names)[:SHOWN_PARTS])


def _of_families(families: frozenset[str], ticket_ids: set[int]) -> set[int]:
    if not families or not ticket_ids:
        return set()
    query = TicketFault.select(TicketFault.ticket).where(TicketFault.ticket.in_(ticket_ids), TicketFault.family.in_(families))
    return {ticket_id for (ticket_id,) in query.tuples()}


def _out(about: Ticket | WorkOrder) -> list[WorkOrder]:
    """Orders of the same ticket that somebody has already."""
    ticket_id = about.ticket_id if isinstance(about, WorkOrder) else about.id
    if ticket_id is None:
        return []
    return list(WorkOrder.select().where(WorkOrder.ticket == ticket_id, WorkOrder.is_out).order_by(WorkOrder.id))
