"""The dispatch sheet (派工单, F-04): one A4 page that goes along, for the browser's printer and as PDF."""

from typing import Any

from flask import Blueprint, Response, render_template, request

from app.core import clock
from app.core.known_settings import letterhead
from app.desk import past_jobs
from app.desk.order_page import is_open, person_of
from app.web.auth import actor, requires
from app.web.i18n import language
from app.web.paper import SHEET, pdf_response, qr_source
from app.web.render import render
from app.work_orders import gate, queries, wording
from app.work_orders.models import WorkOrder

blueprint = Blueprint("dispatch_sheets", __name__)

# The safety words stand on the paper as they are put up at the pit, whatever the language of the rest.
_AS_PUT_UP = "zh_CN"


@blueprint.get("/work-orders/<order_number>/sheet")
@requires("orders.read")
def sheet(order_number: str) -> Response:
    """The sheet for the browser's printer."""
    return render("work_orders/sheet.html", **_shown(queries.by_number(actor(), order_number)))


@blueprint.get("/work-orders/<order_number>/sheet.pdf")
@requires("orders.read")
def document(order_number: str) -> Response:
    """The same as PDF."""
    html = render_template("work_orders/sheet_pdf.html", **_shown(queries.by_number(actor(), order_number)))
    return pdf_response(f"{order_number}.pdf", html, styles=(*SHEET, "dispatch_sheet.css"))


def _shown(order: WorkOrder) -> dict[str, Any]:
    visits = [line for line in queries.visits_of(order) if line.visit.dropped_at is None]
    return {
        "order": order,
        "line": visits[-1] if visits else None,
        "head": letterhead(),
        "person": person_of(order),
        "shows_phone": is_open(order) and actor().may("personal.unmask"),
        "passage": gate.passage(order, clock.now()),
        "jobs": past_jobs.last_jobs(order.machine, besides=order) if order.machine is not None else [],
        "put_up": wording.safety(order, _AS_PUT_UP),
        "in_english": "" if language().startswith("zh") else wording.safety(order, language()),
        "qr_src": qr_source(f"{request.host_url}my/jobs/{order.number}"),
    }
