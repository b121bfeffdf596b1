"""What a customer wants on its invoices (2C-13): typed at the desk, or on the technician's tablet while the customer stands beside."""

from typing import Any

from flask import Blueprint, flash, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from app.billing import billing_data
from app.billing.billing_data import BillingDetails
from app.core.errors import N_, Conflict, DomainError, Invalid, NotFound
from app.customers import queries as customers
from app.customers.models import Customer
from app.web.auth import actor, requires
from app.web.errors import words
from app.web.i18n import translated
from app.web.render import render, see_other
from app.work_orders.models import WorkOrder
from app.work_orders.queries import own_by_number

blueprint = Blueprint("billing_details", __name__)


@blueprint.route("/customers/<int:customer_id>/billing-data", methods=["GET", "POST"])
@requires(billing_data.EDIT)
def at_the_desk(customer_id: int) -> Response:
    """The form at the desk."""
    return _form(customers.by_id(actor(), customer_id), "invoices/billing_data.html", f"/customers/{customer_id}")


@blueprint.route("/my/jobs/<order_number>/billing-data", methods=["GET", "POST"])
@requires(billing_data.EDIT)
def on_the_job(order_number: str) -> Response:
    """The form on the tablet, of the customer of an own job."""
    order: WorkOrder = own_by_number(actor(), order_number)
    if order.customer is None:
        raise NotFound(N_("This job has no customer yet."))
    return _form(order.customer, "invoices/job_billing_data.html", f"/my/jobs/{order_number}", order=order)


def _form(customer: Customer, page: str, back: str, **shown: Any) -> Response:
    row = billing_data.of(customer)
    typed = {name: getattr(billing_data.proposed(customer), name) for name in billing_data.MOST}
    typed["version"] = row.version if row else 0
    error: DomainError | None = None
    if request.method == "POST":
        typed |= {name: request.form.get(name, "") for name in billing_data.MOST}
        try:
            _save(customer, typed)
        except (Conflict, Invalid) as refused:
            error = refused
        else:
            flash(_("The invoice data are noted."), "message")
            return see_other(back)
    wrong = {name: translated(message) for name, message in getattr(error, "fields", {}).items()}
    shown |= {"customer": customer, "row": row, "typed": typed, "wrong": wrong, "back": back, "problem": words(error) if error else ""}
    return render(page, status=error.status if error else 200, **shown)


def _save(customer: Customer, typed: dict[str, Any]) -> None:
    details = BillingDetails(**{name: typed[name] for name in billing_data.MOST})
    version = request.form.get("version", type=int) or 0
    billing_data.save(by=actor(), customer=customer, details=details, version=version)
