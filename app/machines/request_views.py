"""Screens of forms that were not handed in (未交): asked for by technician, and called for by the state of a machine."""

from collections.abc import Iterator
from typing import Any

from flask import Blueprint, flash, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from app.core import clock, paging
from app.core.errors import N_, Conflict, Invalid
from app.machines import document_forms as forms
from app.machines import document_queries as queries
from app.machines import requests
from app.machines.models import DocumentRequest, Machine
from app.machines.paperwork import EXPECTED
from app.machines.queries import by_serial
from app.web import exports
from app.web.auth import actor, requires
from app.web.errors import words
from app.web.forms import sent
from app.web.render import render, see_other

blueprint = Blueprint("document_requests", __name__)

COLUMNS = ("technician", "form_type", "machine", "customer", "about", "due_on", "asked_at", "asked_by")
LACKING_COLUMNS = ("machine", "customer", "site", "area", "shipped_on", "accepted_on", "form_type")


@blueprint.get("/documents/not-handed-in")
@requires("documents.read")
def index() -> Response:
    """Open requests by technician; with ``?of=machines`` the machines whose file lacks a form that their state calls for."""
    return _lacking() if request.args.get("of") == "machines" else _asked()


def _asked() -> Response:
    given, sort = request.args, request.args.get("sort") or queries.DEFAULT_REQUEST_SORT
    found = _open_requests()
    page = paging.page_of_records(found, queries.REQUEST_SORTS, sort, after=given.get("after"), before=given.get("before"))
    shown: dict[str, Any] = {"page": page, "sort": sort, "outstanding": queries.outstanding(actor()), "today": clock.today()}
    return render("documents/not_handed_in.html", fragment="documents/_requests.html", **shown, **_filters())


def _lacking() -> Response:
    given = request.args
    form_type, q = forms.form_type_in(given), given.get("q", "").strip()[:100]
    page = queries.lacking_page(actor(), form_type=form_type, q=q, after=given.get("after"), before=given.get("before"))
    return render("documents/lacking.html", fragment="documents/_lacking.html", page=page, **_filters())


def _filters() -> dict[str, Any]:
    return {
        "form_type": request.args.get("form", ""),
        "q": request.args.get("q", ""),
        "technician": request.args.get("technician", ""),
        "asked_count": paging.capped_count(queries.open_requests(actor()).select(DocumentRequest.id)),
        "lacking_count": paging.capped_count(queries.lacking(actor()).select(Machine.id)),
        "expected": [one.form_type for one in EXPECTED],
    }


def _open_requests() -> Any:
    given = request.args
    technician, q = forms.number_in(given, "technician"), given.get("q", "").strip()[:100]
    return queries.open_requests(actor(), technician=technician, form_type=forms.form_type_in(given), q=q)


@blueprint.get("/documents/not-handed-in.csv")
@requires("documents.read")
def export_csv() -> Response:
    """The list with the same filters as CSV."""
    columns, rows = _exported()
    return exports.csv_response("not-handed-in", columns, rows)


@blueprint.get("/documents/not-handed-in.xlsx")
@requires("documents.read")
def export_xlsx() -> Response:
    """The list with the same filters as a workbook."""
    columns, rows = _exported()
    return exports.xlsx_response("not-handed-in", N_("Not handed in"), columns, rows, labels={"form_type": "FormType"})


def _exported() -> tuple[tuple[str, ...], Iterator[list[Any]]]:
    return (LACKING_COLUMNS, _lacking_rows()) if request.args.get("of") == "machines" else (COLUMNS, _asked_rows())


def _asked_rows() -> Iterator[list[Any]]:
    sort = request.args.get("sort") or queries.DEFAULT_REQUEST_SORT
    return map(_asked_row, paging.whole(_open_requests(), queries.REQUEST_SORTS, sort).iterator())


def _asked_row(one: DocumentRequest) -> list[Any]:
    customer = one.machine.customer.name if one.machine.customer else None
    technician = one.technician.name if one.technician else None
    return [technician, one.form_type, one.machine.serial, customer, one.about, one.due_on, one.asked_at, one.asked_by_name]


def _lacking_rows() -> Iterator[list[Any]]:
    form_type, q = forms.form_type_in(request.args), request.args.get("q", "").strip()[:100]
    found = queries.missing_forms(queries.lacking(actor(), form_type=form_type, q=q).order_by(Machine.serial))
    return (line for row in found for line in _lacking_lines(row))


def _lacking_lines(row: queries.Lacking) -> Iterator[list[Any]]:
    m = row.machine
    place = [m.customer and m.customer.name, m.site and m.site.name, m.area and m.area.name]
    for form in row.forms:
        yield [m.serial, *place, m.shipped_on, m.accepted_on, form.value]


@blueprint.route("/machines/<serial>/document-requests/new", methods=["GET", "POST"])
@requires("documents.edit")
def ask(serial: str) -> Response:
    """Ask a technician for a form."""
    found = by_serial(actor(), serial)
    form = forms.RequestForm(data={"about": request.args.get("about", "")[:40], "form_type": request.args.get("form") or "service_report"})
    form.offer(queries.technicians(found))
    done = sent(form, lambda: requests.ask(by=actor(), machine=found, **form.values()))
    if done.is_done:
        flash(_("Asked for."), "message")
        return see_other(url_for("machine_files.machine", serial=serial))
    return render("documents/ask.html", status=done.status, form=form, machine=found, problem=done.problem)


@blueprint.get("/document-requests/<int:request_id>")
@requires("documents.read")
def one(request_id: int) -> Response:
    """One request: what was asked of whom, and what became of it."""
    return render("documents/request.html", asked=queries.request_by_id(actor(), request_id), problem="", reason="")


@blueprint.post("/document-requests/<int:request_id>/waiver")
@requires("documents.edit")
def waiver(request_id: int) -> Response:
    """Do without the form; it can be asked for again."""
    asked, reason = queries.request_by_id(actor(), request_id), request.form.get("reason", "")
    try:
        requests.waive(by=actor(), request=asked, reason=reason)
    except (Conflict, Invalid) as error:
        said = " ".join([words(error), *(_(text) for text in getattr(error, "fields", {}).values())])
        asked = queries.request_by_id(actor(), request_id)
        return render("documents/request.html", status=error.status, asked=asked, problem=said, reason=reason)
    flash(_("Waived."), "message")
    return see_other(url_for("document_requests.one", request_id=request_id))


@blueprint.post("/document-requests/<int:request_id>/renewal")
@requires("documents.edit")
def renewal(request_id: int) -> Response:
    """Take a waiver back."""
    requests.ask_again(by=actor(), request=queries.request_by_id(actor(), request_id))
    flash(_("Asked for."), "message")
    return see_other(url_for("document_requests.one", request_id=request_id))
