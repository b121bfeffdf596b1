"""Screens of the catalogue of parts: list, one part with its stock and pieces, add, change."""

from typing import Any

from flask import Blueprint, flash, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from app.core.errors import N_, Conflict
from app.parts import catalogue, keeping, stock
from app.parts.catalogue import PartFilter
from app.parts.forms import PartForm, part_form_of
from app.parts.models import Part
from app.parts.stock import MovementFilter
from app.web import exports
from app.web.auth import actor, requires
from app.web.forms import differences, sent
from app.web.render import render, see_other

blueprint = Blueprint("parts", __name__)
READ = "parts.read"
WORDS = {
    "number": N_("Number of the part"),
    "name": N_("Name of the part"),
    "drawing_number": N_("Drawing number"),
    "unit": N_("Unit"),
    "models": N_("Fits these models"),
    "supplier": N_("Supplier"),
    "is_wear": N_("Wear part"),
    "is_returned": N_("Old part returned"),
    "has_serials": N_("Has serial numbers"),
    "warranty_months": N_("Own warranty in months"),
    "price": N_("Price with tax"),
    "cost": N_("Unit cost"),
    "is_active": N_("In use"),
}


@blueprint.get("/parts")
@requires(READ)
def index() -> Response:
    """The catalogue."""
    page = catalogue.page(_wanted(), sort=_sort(), after=request.args.get("after"), before=request.args.get("before"))
    shown: dict[str, Any] = {"page": page, "wanted": _wanted(), "sort": _sort(), "models": catalogue.model_choices()}
    shown |= {"fits": catalogue.model_names([part.id for part in page.rows]), "suppliers": catalogue.supplier_choices()}
    return render("parts/index.html", fragment="parts/_list.html", **shown)


@blueprint.get("/parts.csv")
@requires(READ)
def export_csv() -> Response:
    """The list with the same filters as CSV."""
    return exports.csv_response("parts", catalogue.columns_for(actor()), catalogue.exported(actor(), _wanted(), _sort()))


@blueprint.get("/parts.xlsx")
@requires(READ)
def export_xlsx() -> Response:
    """The list with the same filters as a workbook."""
    rows = catalogue.exported(actor(), _wanted(), _sort())
    return exports.xlsx_response("parts", N_("Parts"), catalogue.columns_for(actor()), rows, words=WORDS)


def _wanted() -> PartFilter:
    given = request.args
    trait, state = given.get("trait", ""), given.get("state", "")
    return PartFilter(
        q=given.get("q", "").strip()[:100],
        model=given.get("model", type=int),
        supplier=given.get("supplier", type=int),
        trait=trait if trait in catalogue.TRAITS else "",
        state=state if state in ("active", "retired") else "",
    )


def _sort() -> str:
    return request.args.get("sort") or catalogue.DEFAULT_SORT


@blueprint.get("/parts/<path:part_number>")
@requires(READ)
def part(part_number: str) -> Response:
    """One part: what it is, how much each store holds, where its pieces are, what moved last."""
    found = catalogue.by_number(part_number)
    shown: dict[str, Any] = {"part": found, "balances": stock.of_part(actor(), found), "models": catalogue.models_of(found)}
    shown["units"] = catalogue.units_of(actor(), found) if found.has_serials else []
    shown["movements"] = stock.last_movements(actor(), MovementFilter(part=found.number))
    return render("parts/part.html", **shown)


def _offered(form: PartForm, kept: Part | None = None) -> PartForm:
    form.offer(catalogue.supplier_choices(kept.supplier_id if kept else None), catalogue.model_choices())
    return form


@blueprint.route("/parts/new", methods=["GET", "POST"])
@requires(keeping.EDIT)
def new() -> Response:
    """Add a part; the same form sent again leads to the same part."""
    form, made = _offered(part_form_of(None)), []
    done = sent(form, lambda: made.append(keeping.create_part(by=actor(), details=form.details(), form_token=form.form_token.data)))
    if done.is_done:
        flash(_("%(name)s is in the catalogue.", name=made[0].name), "message")
        return see_other(url_for("parts.part", part_number=made[0].number))
    return render("parts/edit.html", form=form, part=None, problem=done.problem, status=done.status)


@blueprint.route("/parts/<path:part_number>/edit", methods=["GET", "POST"])
@requires(keeping.EDIT)
def edit(part_number: str) -> Response:
    """Change a part, or take it out of use."""
    found = catalogue.by_number(part_number)
    form, made = _offered(part_form_of(found), found), []
    done = sent(form, lambda: made.append(keeping.edit_part(by=actor(), part=found, version=form.version.data, details=form.details())))
    if done.is_done:
        flash(_("Saved."), "message")
        return see_other(url_for("parts.part", part_number=made[0].number))
    stored = _offered(part_form_of(catalogue.by_number(part_number), formdata=None), found)
    present = differences(form, stored) if done.status == Conflict.status else []
    return render("parts/edit.html", form=form, part=found, problem=done.problem, present=present, status=done.status)
