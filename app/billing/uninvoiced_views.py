"""The two lists that are never silent: done but not invoiced, shipped but not invoiced."""

from typing import Any

from flask import Blueprint, request
from werkzeug.wrappers import Response

from app.billing import uninvoiced
from app.billing.invoices import EDIT, READ
from app.billing.uninvoiced import UninvoicedFilter
from app.core.errors import N_
from app.web import exports
from app.web.auth import actor, requires
from app.web.render import render

blueprint = Blueprint("uninvoiced", __name__)

WORDS = {
    "order": N_("Work order"), "technician": N_("Technician"), "finished_at": N_("Finished on"), "contract": N_("Contract"),
    "total": N_("Total with tax"), "shipment": N_("Shipment"), "parts_order": N_("Parts order"), "sent_at": N_("Shipped on"),
    "received_at": N_("Goods arrived"), "machine": N_("Machine"), "customer": N_("Customer"),
}  # fmt: skip


@blueprint.get("/invoices/uninvoiced-orders")
@requires(READ)
def jobs() -> Response:
    """Jobs that are done off warranty and not invoiced, oldest first."""
    wanted, sort = _wanted(), _sort(uninvoiced.ORDER_SORT)
    page = uninvoiced.jobs_page(actor(), wanted, sort=sort, **_place())
    shown: dict[str, Any] = {"page": page, "wanted": wanted, "sort": sort, "contract_of": uninvoiced.contract_of}
    return render("invoices/jobs.html", fragment="invoices/_jobs.html", may_edit=actor().may(EDIT), **shown)


@blueprint.get("/invoices/uninvoiced-orders.csv")
@requires(READ)
def jobs_csv() -> Response:
    """The same as CSV."""
    rows = uninvoiced.jobs_exported(actor(), _wanted(), _sort(uninvoiced.ORDER_SORT))
    return exports.csv_response("done-not-invoiced", uninvoiced.ORDER_COLUMNS, rows)


@blueprint.get("/invoices/uninvoiced-orders.xlsx")
@requires(READ)
def jobs_xlsx() -> Response:
    """The same as a workbook."""
    rows = uninvoiced.jobs_exported(actor(), _wanted(), _sort(uninvoiced.ORDER_SORT))
    return exports.xlsx_response("done-not-invoiced", N_("Done, not invoiced"), uninvoiced.ORDER_COLUMNS, rows, words=WORDS)


@blueprint.get("/invoices/uninvoiced-shipments")
@requires(READ)
def shipments() -> Response:
    """Parts that were shipped off warranty and not invoiced, oldest first."""
    wanted, sort = _wanted(), _sort(uninvoiced.SHIPMENT_SORT)
    page = uninvoiced.shipments_page(actor(), wanted, sort=sort, **_place())
    shown: dict[str, Any] = {"page": page, "wanted": wanted, "sort": sort, "may_edit": actor().may(EDIT)}
    return render("invoices/shipments.html", fragment="invoices/_shipments.html", **shown)


@blueprint.get("/invoices/uninvoiced-shipments.csv")
@requires(READ)
def shipments_csv() -> Response:
    """The same as CSV."""
    rows = uninvoiced.shipments_exported(actor(), _wanted(), _sort(uninvoiced.SHIPMENT_SORT))
    return exports.csv_response("shipped-not-invoiced", uninvoiced.SHIPMENT_COLUMNS, rows)


@blueprint.get("/invoices/uninvoiced-shipments.xlsx")
@requires(READ)
def shipments_xlsx() -> Response:
    """The same as a workbook."""
    rows = uninvoiced.shipments_exported(actor(), _wanted(), _sort(uninvoiced.SHIPMENT_SORT))
    return exports.xlsx_response("shipped-not-invoiced", N_("Shipped, not invoiced"), uninvoiced.SHIPMENT_COLUMNS, rows, words=WORDS)


def _wanted() -> UninvoicedFilter:
    return UninvoicedFilter(q=request.args.get("q", "").strip()[:100])


def _sort(default: str) -> str:
    return request.args.get("sort") or default


def _place() -> dict[str, str | None]:
    return {"after": request.args.get("after"), "before": request.args.get("before")}
