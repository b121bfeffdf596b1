"""All that a technician needs to know at the machine, gathered for one page. Reads only."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from app.billing import cash
from app.contracts import job_views as job_contracts
from app.contracts import warranty
from app.core.types import Actor
from app.customers.models import Contact
from app.desk import job_history, own_invoices
from app.machines import document_queries
from app.machines import queries as machines
from app.machines.models import Document, FormType, Machine
from app.monitoring import queries as monitoring
from app.service_reports import queries as service_reports
from app.tickets import attachments, forms, reasons
from app.tickets.models import Ticket
from app.web.i18n import language
from app.work_orders import gate, guidance, states, visits, wording
from app.work_orders.models import OrderKind, OrderStatus, VisitAssistant, WorkOrder

# What one wants to open at the machine.
AT_THE_MACHINE = (FormType.SCHEMATIC, FormType.MANUAL, FormType.PARTS_LIST, FormType.RETROFIT)
MOST_PEOPLE = 4


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody to phone; the number is shown whole, as on every job of one's own."""

    name: str
    phone: str
    note: str = ""


def shown(me: Actor, order: WorkOrder, now: datetime) -> dict[str, Any]:
    """Everything on the page of ``order`` for ``me``, who works on it or did."""
    passage, last = gate.passage(order, now), visits.last(order)
    report = service_reports.of_order(order)
    return {
        "order": order,
        "now": now,
        "is_mine": me.user_id in visits.people_of(order),
        "is_lead": me.user_id == order.lead_id,
        "passage": passage,
        "contract": job_contracts.present(order),
        "is_diagnosis": order.kind == OrderKind.DIAGNOSIS and order.is_out,
        "visit": last,
        "visits": [visit for visit in visits.of_order(order) if visit.dropped_at is None],
        "along": [row.user.name for row in VisitAssistant.select().where(VisitAssistant.visit == last)] if last else [],
        "report": report,
        "is_reported": report is not None and report.signed_at is not None,
        "can_take_back": _can_take_back(order, now),
        "safety": wording.safety(order, language()),
        "people": people(order),
        "codes": reasons.from_json(order.ticket.reason) if order.ticket_id else [],
        "log": guidance.log_of(order),
        "help_token": forms.new_token(),
        **_of_ticket(me, order),
        **_of_machine(me, order),
        "payments": cash.of_order(order),
        "to_hand_over": own_invoices.waiting(me, order) if order.customer_id and me.may(own_invoices.HAND_OVER) else [],
    }


def _can_take_back(order: WorkOrder, now: datetime) -> bool:
    is_fresh = order.finished_at is not None and now - order.finished_at <= states.UNDO_FINISH_WITHIN
    return order.status == OrderStatus.FINISHED and is_fresh and order.called_back_at is None


def _of_ticket(me: Actor, order: WorkOrder) -> dict[str, Any]:
    """The photos of the ticket; they open only for those who may see its area."""
    ticket: Ticket | None = order.ticket if order.ticket_id else None
    is_open_to_me = ticket is not None and (me.area_ids is None or ticket.area_id in me.area_ids)
    photos = attachments.of_ticket(ticket) if ticket is not None and is_open_to_me else []
    return {"ticket": ticket, "photos": photos, "opens_ticket": is_open_to_me}


def _of_machine(me: Actor, order: WorkOrder) -> dict[str, Any]:
    machine: Machine | None = order.machine if order.machine_id else None
    if machine is None:
        return {"machine": None, "before": [], "alarms": [], "documents": [], "warranty": None, "opens_machine": False}
    everywhere = replace(me, area_ids=None)  # a job opens the alarms of its machine, whosever area it is
    return {
        "machine": machine,
        "opens_machine": me.area_ids is None or machine.area_id in me.area_ids,
        "warranty": machines.warranty_now(machine),
        "proof": warranty.of_order(order),
        "alarms": monitoring.standing_of(everywhere, machine),
        "before": job_history.before(order),
        "documents": documents(me, machine),
    }


def documents(me: Actor, machine: Machine) -> list[Document]:
    """Schematics and instructions of the model and of the machine itself."""
    of_model = document_queries.of_holder(model=machine.model)
    is_visible = me.area_ids is None or machine.area_id in me.area_ids
    own = [one for one in document_queries.of_machine(machine, 100) if one.form_type in AT_THE_MACHINE] if is_visible else []
    return [one for one in (*of_model, *own) if one.file_id is not None]


def people(order: WorkOrder) -> list[Person]:
    """Whom to phone: the contact of the order, who called, then the people of the site."""
    found: dict[str, Person] = {}
    if order.contact_id and order.contact.phone:
        found[order.contact.phone] = Person(order.contact.name, order.contact.phone)
    if order.ticket_id and order.ticket.caller_phone:
        found.setdefault(order.ticket.caller_phone, Person(order.ticket.caller_name, order.ticket.caller_phone, "caller"))
    if order.customer_id:
        of_customer = Contact.select().where(Contact.customer == order.customer_id, Contact.phone != "").order_by(Contact.id).limit(50)
        near = sorted(of_customer, key=lambda one: (one.site_id is None or one.site_id != order.site_id, one.id))
        for one in near:
            if one.site_id in (None, order.site_id):
                found.setdefault(one.phone, Person(one.name, one.phone))
    return list(found.values())[:MOST_PEOPLE]
