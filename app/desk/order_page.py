"""The page of one work order: where it stands, who has it, where and what, what happened, and what can be done now."""

from typing import Any

from flask import Blueprint, current_app, request
from flask import Response as FlaskResponse
from werkzeug.wrappers import Response

from app.core import clock
from app.core.types import Actor
from app.customers.models import Contact
from app.machines import document_queries
from app.service_reports import queries as service_reports
from app.tickets import reasons
from app.web.auth import actor, requires
from app.web.i18n import language
from app.web.render import live_tag, render, tagged, unchanged
from app.work_orders import gate, queries, wording
from app.work_orders.models import OUT_STATUSES, QUEUED_STATUSES, OrderStatus, WorkOrder
from app.work_orders.register import OrderRow

blueprint = Blueprint("order_page", __name__)

LIVE = ("orders", "tickets", "machines", "customers")


@blueprint.app_template_filter("order_title")
def order_title(order: WorkOrder | OrderRow) -> str:
    """The title in the reader's language."""
    reason = order.reason if isinstance(order, OrderRow) else order.ticket.reason if order.ticket_id else ""
    return reasons.title_in(order.title, reason or "", language())


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
    going = [line.visit for line in visits if line.visit.dropped_at is None]
    return {
        "order": found,
        "steps": queries.steps_of(found),
        "visits": visits,
        "guidance": queries.guidance_of(found),
        "reworks": queries.reworks_of(found),
        "passage": gate.passage(found, now),
        "is_gated": gate.visit_passage(found, now) is None,
        "override": gate.override_of(found),
        "report": service_reports.of_order(found) if by.may("service_reports.read") else None,
        "papers": document_queries.about(by, found.number) if by.may("documents.read") else [],
        "chat_text": wording.dispatch_text(found, going[-1] if going else None, language()),
        "safety": wording.safety(found, language()),
        "person": person_of(found),
        "shows_phone": found.status in QUEUED_STATUSES + OUT_STATUSES and by.may("personal.unmask"),
        "ways": _ways(by, found),
        "now": now,
    }


def person_of(found: WorkOrder) -> tuple[Contact | None, str, str]:
    """Whom to phone there: the contact with name and number, else who called."""
    if found.contact is not None:
        return found.contact, found.contact.name, found.contact.phone
    return (None, found.ticket.caller_name, found.ticket.caller_phone) if found.ticket is not None else (None, "", "")
