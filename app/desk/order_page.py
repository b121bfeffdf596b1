"""The page of one work order: where it stands, who has it, where and what, what happened, and what can be done now."""

from typing import Any

from flask import Blueprint, flash, request
from flask import Response as FlaskResponse
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from app.billing import invoice_queries
from app.callbacks import queries as call_backs
from app.contracts import queries as contracts
from app.contracts import warranty
from app.core import clock
from app.core.errors import N_, Conflict, Invalid
from app.core.types import Actor
from app.customers.models import Contact
from app.desk import card, order_ways
from app.desk.past_jobs import PastJob
from app.machines import document_queries
from app.machines import queries as machines
from app.machines.models import Machine
from app.returns import queries as returns
from app.returns import returning
from app.service_reports import queries as service_reports
from app.supply import purchase_register, requisition_register, shipment_register
from app.tickets import reasons
from app.tickets.forms import new_token
from app.web.auth import actor, requires
from app.web.errors import words
from app.web.i18n import language
from app.web.render import live_tag, render, see_other, tagged, unchanged
from app.work_orders import dispatching, gate, queries, wording
from app.work_orders.models import OUT_STATUSES, QUEUED_STATUSES, OrderStatus, WorkOrder
from app.work_orders.register import OrderRow

blueprint = Blueprint("order_page", __name__)

LIVE = ("orders", "tickets", "machines", "customers", "contracts")


@blueprint.app_template_filter("order_title")
def order_title(order: WorkOrder | OrderRow) -> str:
    """The title in the reader's language."""
    reason = order.reason if isinstance(order, OrderRow) else order.ticket.reason if order.ticket_id else ""
    return reasons.title_in(order.title, reason or "", language())


@blueprint.app_template_filter("job_title")
def job_title(job: PastJob) -> str:
    """The title of a past job in the reader's language."""
    return reasons.title_in(job.title, job.reason or "", language())


@blueprint.get("/work-orders/<order_number>")
@requires("orders.read")
def order(order_number: str) -> Response:
    """The page; as a poll it answers 304 while nothing has changed."""
    tag = live_tag(*LIVE)
    if (same := unchanged(tag)) is not None:
        return same
    found = queries.by_number(actor(), order_number)
    return tagged(page(found, tag=tag), tag)


def page(found: WorkOrder, *, status: int = 200, problem: str = "", typed: Any = None, tag: str = "") -> FlaskResponse:
    """The page of ``found``; refused, with the words and what was typed."""
    shown = _shown(actor(), found)
    tag = tag or live_tag(*LIVE)
    return render(
        "work_orders/order.html", fragment="work_orders/_order.html", status=status, tag=tag, problem=problem, typed=typed or {}, **shown
    )


def _shown(by: Actor, found: WorkOrder) -> dict[str, Any]:
    now = clock.now()
    visits = queries.visits_of(found)
    is_shut = is_open(found) and gate.visit_passage(found, now) is None
    going = [line.visit for line in visits if line.visit.dropped_at is None]
    return {
        "order": found,
        "steps": queries.steps_of(found),
        "visits": visits,
        "guidance": queries.guidance_of(found),
        "reworks": queries.reworks_of(found),
        "passage": gate.passage(found, now),
        "proof": warranty.of_order(found),
        "returns": returns.of_order(found) if by.may("returns.read") else [],
        "rest_hold": returning.hold(found) if found.status == OrderStatus.FILED else None,
        "is_shut": is_shut,
        "override": gate.override_of(found),
        "report": service_reports.summary(found) if by.may("service_reports.read") else None,
        "called": call_backs.of_order(found) if by.may("call_backs.list") else None,
        "contracts": contracts.shown_with(by, found) if by.may("contracts.read") else [],
        "may_draft_contract": by.may("contracts.draft") and found.customer_id is not None,
        "papers": document_queries.about(by, found.number) if by.may("documents.read") else [],
        "chat_text": wording.dispatch_text(found, going[-1] if going else None, language()),
        "safety": wording.safety(found, language()),
        "person": person_of(found),
        "shows_phone": is_open(found) and by.may("personal.unmask"),
        "ways": order_ways.ways(by, found, is_shut=is_shut),
        "form_token": new_token(),
        "supply": _supply(found) if by.may("shipments.edit") else {},
        "machines": _machines(by, found),
        "invoices": invoice_queries.of_order(by, found) if by.may("money.read") else [],
    }


def _supply(found: WorkOrder) -> dict[str, Any]:
    """The papers that move parts for it."""
    registers = {"requisitions": requisition_register, "purchases": purchase_register, "shipments": shipment_register}
    return {name: register.of_order(found) for name, register in registers.items()}


def _machines(by: Actor, found: WorkOrder) -> list[Machine]:
    """The machines of the project that the order may be bound to; none once it has one."""
    if found.machine_id is not None or found.project is None or not by.may("orders.create"):
        return []
    return machines.of_project(by, found.project)


@blueprint.post("/work-orders/<order_number>/machine")
@requires("orders.create")
def bind(order_number: str) -> Response:
    """An order of a project belongs to a machine from now on."""
    found, serial = queries.by_number(actor(), order_number), request.form.get("machine", "").strip()
    try:
        machine = card.machine_named(actor(), serial) if serial else None
        if machine is None:
            raise Invalid(N_("No machine of this serial number is known."))
        dispatching.bind_machine(by=actor(), order=found, machine=machine)
    except (Conflict, Invalid) as error:
        return page(queries.by_number(actor(), order_number), status=error.status, problem=words(error), typed={"machine": serial})
    flash(_("%(number)s belongs to machine %(serial)s now.", number=found.number, serial=machine.serial), "message")
    return see_other(f"/work-orders/{order_number}")


def is_open(found: WorkOrder) -> bool:
    """Whether somebody has still to go there, so that phone numbers are whole for those who may see them."""
    return found.status in QUEUED_STATUSES + OUT_STATUSES


def person_of(found: WorkOrder) -> tuple[Contact | None, str, str]:
    """Whom to phone there with the number: the contact of the order, else who called, else somebody at the site."""
    contact = found.contact
    if contact is None and found.ticket is not None and found.ticket.caller_phone:
        return None, found.ticket.caller_name, found.ticket.caller_phone
    if contact is None and found.site_id is not None:
        there = Contact.select().where(Contact.customer == found.customer_id, Contact.site == found.site_id, Contact.phone != "")
        contact = there.order_by(Contact.id).first()
    return (contact, contact.name, contact.phone) if contact else (None, "", "")
