"""Invoices that a technician brings to the customer (2C-14, 送票): which there are, and the receiver's signature on the phone."""

from typing import Any

from flask import Blueprint, flash, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from app.billing import deliveries
from app.billing import invoice_queries as queries
from app.billing.deliveries import HAND_OVER
from app.billing.models import Invoice, InvoiceStatus
from app.core import clock
from app.core.errors import Conflict, DomainError, Invalid
from app.core.types import Actor
from app.web.auth import actor, requires
from app.web.errors import words
from app.web.i18n import translated
from app.web.render import render, see_other
from app.work_orders.models import WorkOrder

blueprint = Blueprint("own_invoices", __name__)
MOST = 100


def waiting(by: Actor, order: WorkOrder | None = None) -> list[Invoice]:
    """Invoices that ``by`` may bring to their customers, oldest first; with ``order`` only those of its customer."""
    query = queries.within(queries.joined(), by).where(deliveries.to_hand_over())
    if order is not None:
        query = query.where(Invoice.customer == order.customer)
    return list(query.order_by(Invoice.issued_on, Invoice.id).limit(MOST))


@blueprint.get("/my/invoices")
@requires(HAND_OVER)
def index() -> Response:
    """What can be brought along; first what belongs to customers of my open jobs."""
    mine = WorkOrder.select(WorkOrder.customer).where(WorkOrder.lead == actor().user_id, WorkOrder.is_out)
    soon = {customer_id for (customer_id,) in mine.tuples()}
    found = sorted(waiting(actor()), key=lambda invoice: invoice.customer_id not in soon)
    return render("invoices/own.html", invoices=found, soon=soon, now=clock.now())


@blueprint.route("/my/invoices/<int:invoice_id>", methods=["GET", "POST"])
@requires(HAND_OVER)
def hand_over(invoice_id: int) -> Response:
    """The receiver signs for it."""
    invoice = queries.by_id(actor(), invoice_id)
    if request.method == "GET":
        return _page(invoice)
    given, version = request.form, request.form.get("version", type=int) or 0
    try:
        deliveries.hand_over(
            by=actor(), invoice=invoice, version=version, receiver=given.get("signer", ""), strokes=given.get("strokes", "")
        )  # fmt: skip
    except (Conflict, Invalid) as error:
        return _page(queries.by_id(actor(), invoice_id), error)
    flash(_("Invoice %(number)s is handed over.", number=invoice.number), "message")
    return see_other("/my/invoices")


def _page(invoice: Invoice, error: DomainError | None = None) -> Response:
    wrong = {name: translated(message) for name, message in getattr(error, "fields", {}).items()}
    is_open = invoice.status in (InvoiceStatus.ISSUED, InvoiceStatus.POSTED, InvoiceStatus.DELIVERED) and invoice.red_of_id is None
    shown: dict[str, Any] = {"invoice": invoice, "errors": wrong, "typed": request.form, "is_open": is_open, "seen": "", "text": ""}
    shown["deliveries"] = queries.deliveries_of(invoice)
    problem = words(error) if error else ""
    return render("invoices/hand_over.html", status=error.status if error else 200, problem=problem, **shown)
