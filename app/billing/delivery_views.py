"""Sending invoices: noting how one went out, confirming its receipt, the list of deliveries (F-23)."""

from typing import Any

from flask import Blueprint, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from app.billing import deliveries, invoice_forms, invoice_register
from app.billing import invoice_queries as queries
from app.billing.deliveries import Sending
from app.billing.invoice_views import carry_out
from app.billing.invoices import EDIT, READ
from app.billing.models import DeliveryWay
from app.core.errors import N_, Invalid
from app.web import exports
from app.web.auth import actor, requires
from app.web.render import render

blueprint = Blueprint("invoice_deliveries", __name__)

LABELS = {"way": "DeliveryWay"}
WORDS = {
    "at": N_("Sent on"), "invoice": N_("Invoice number"), "total": N_("Total with tax"), "way": N_("How it was sent"),
    "carrier": N_("Courier"), "waybill": N_("Waybill"), "receiver": N_("Receiver"), "address": N_("Sent to"),
    "confirmed_at": N_("Receipt confirmed on"), "confirmed_by": N_("Confirmed by"), "by_name": N_("Sent by"),
}  # fmt: skip


@blueprint.post("/invoices/<int:invoice_id>/deliveries")
@requires(EDIT)
def send(invoice_id: int) -> Response:
    """Note how the invoice was sent."""
    invoice, typed = queries.by_id(actor(), invoice_id), request.form
    version = typed.get("version", type=int) or 0

    def act() -> None:
        if typed.get("way") not in tuple(DeliveryWay):
            raise Invalid(N_("Say how it was sent."), fields={"way": N_("Say how it was sent.")})
        texts: dict[str, Any] = invoice_forms.filled(typed, ("carrier", "waybill", "receiver", "address"))
        sending = Sending(way=DeliveryWay(typed["way"]), **texts)
        deliveries.send(by=actor(), invoice=invoice, version=version, sending=sending)

    return carry_out(invoice_id, act, _("It is noted how the invoice was sent."))


@blueprint.post("/invoices/<int:invoice_id>/receipt")
@requires(EDIT)
def confirm(invoice_id: int) -> Response:
    """The customer has it."""
    invoice, name = queries.by_id(actor(), invoice_id), request.form.get("name", "")
    version = request.form.get("version", type=int) or 0
    return carry_out(
        invoice_id, lambda: deliveries.confirm(by=actor(), invoice=invoice, version=version, name=name), _("The receipt is confirmed.")
    )  # fmt: skip


@blueprint.get("/invoices/deliveries")
@requires(READ)
def index() -> Response:
    """The list of deliveries."""
    wanted, sort = invoice_forms.delivery_filter(), _sort()
    page = invoice_register.deliveries_page(actor(), wanted, sort=sort, after=request.args.get("after"), before=request.args.get("before"))
    shown: dict[str, Any] = {"page": page, "wanted": wanted, "sort": sort}
    return render("invoices/deliveries.html", fragment="invoices/_deliveries.html", **shown)


@blueprint.get("/invoices/deliveries.csv")
@requires(READ)
def export_csv() -> Response:
    """The list with the same filters as CSV."""
    rows = invoice_register.deliveries_exported(actor(), invoice_forms.delivery_filter(), _sort())
    return exports.csv_response("invoice-deliveries", invoice_register.DELIVERY_COLUMNS, rows)


@blueprint.get("/invoices/deliveries.xlsx")
@requires(READ)
def export_xlsx() -> Response:
    """The same as a workbook."""
    rows = invoice_register.deliveries_exported(actor(), invoice_forms.delivery_filter(), _sort())
    columns = invoice_register.DELIVERY_COLUMNS
    return exports.xlsx_response("invoice-deliveries", N_("Invoices sent"), columns, rows, words=WORDS, labels=LABELS)


def _sort() -> str:
    return request.args.get("sort") or invoice_register.DELIVERY_SORT
