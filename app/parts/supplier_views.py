"""Screens of suppliers: list, add, change."""

from flask import Blueprint, flash, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from app.core.errors import N_, Conflict
from app.parts import catalogue, keeping
from app.parts.forms import supplier_form_of
from app.web import exports
from app.web.auth import actor, requires
from app.web.forms import differences, sent
from app.web.render import render, see_other

blueprint = Blueprint("suppliers", __name__)
WORDS = {"parts": N_("Parts"), "is_active": N_("In use"), "contact": N_("Contact")}
DEFAULT_SORT = "name"


def _q() -> str:
    return request.args.get("q", "").strip()[:100]


def _sort() -> str:
    return request.args.get("sort") or DEFAULT_SORT


@blueprint.get("/suppliers")
@requires(keeping.EDIT)
def index() -> Response:
    """The suppliers."""
    page = catalogue.supplier_page(_q(), sort=_sort(), after=request.args.get("after"), before=request.args.get("before"))
    return render("parts/suppliers.html", fragment="parts/_suppliers.html", page=page, q=_q(), sort=_sort())


@blueprint.get("/suppliers.csv")
@requires(keeping.EDIT)
def export_csv() -> Response:
    """The list with the same filters as CSV."""
    return exports.csv_response("suppliers", catalogue.SUPPLIER_COLUMNS, catalogue.exported_suppliers(_q(), _sort()))


@blueprint.get("/suppliers.xlsx")
@requires(keeping.EDIT)
def export_xlsx() -> Response:
    """The list with the same filters as a workbook."""
    rows = catalogue.exported_suppliers(_q(), _sort())
    return exports.xlsx_response("suppliers", N_("Suppliers"), catalogue.SUPPLIER_COLUMNS, rows, words=WORDS)


@blueprint.route("/suppliers/new", methods=["GET", "POST"])
@requires(keeping.EDIT)
def new() -> Response:
    """Register a supplier; the same form sent again leads to the same one."""
    form = supplier_form_of(None)
    done = sent(form, lambda: keeping.create_supplier(by=actor(), details=form.details(), form_token=form.form_token.data))
    if done.is_done:
        flash(_("%(name)s is registered.", name=form.name.data), "message")
        return see_other(url_for("suppliers.index"))
    return render("parts/supplier.html", form=form, supplier=None, problem=done.problem, status=done.status)


@blueprint.route("/suppliers/<int:supplier_id>", methods=["GET", "POST"])
@requires(keeping.EDIT)
def edit(supplier_id: int) -> Response:
    """Change a supplier."""
    found = catalogue.supplier_by_id(supplier_id)
    form = supplier_form_of(found)
    done = sent(form, lambda: keeping.edit_supplier(by=actor(), supplier=found, version=form.version.data, details=form.details()))
    if done.is_done:
        flash(_("Saved."), "message")
        return see_other(url_for("suppliers.index"))
    stored = supplier_form_of(catalogue.supplier_by_id(supplier_id), formdata=None)
    present = differences(form, stored) if done.status == Conflict.status else []
    return render("parts/supplier.html", form=form, supplier=found, problem=done.problem, present=present, status=done.status)
