"""Parts used without stock: the clerk says where they came from."""

from flask import Blueprint, flash, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from app.core.errors import N_, Invalid
from app.parts import ledger
from app.parts.models import Part, PlaceKind, StockPlace
from app.supply import choices, consumption, screens, unsettled
from app.supply.screens import Tried
from app.web import exports
from app.web.auth import actor, requires
from app.web.render import render, see_other

blueprint = Blueprint("unsettled", __name__)
_WORDS = {
    "report": N_("Report"), "part": N_("Part number"), "name": N_("Name"), "quantity": N_("Quantity"), "unit": N_("Unit"),
    "technician": N_("Technician"), "signed_at": N_("Signed"),
}  # fmt: skip


@blueprint.get("/supply/unsettled")
@requires(consumption.SETTLE)
def index() -> Response:
    """What is to be settled, oldest first."""
    return _page(Tried())


@blueprint.get("/supply/unsettled.csv")
@requires(consumption.SETTLE)
def export_csv() -> Response:
    """All that is to be settled as CSV."""
    return exports.csv_response("unsettled", unsettled.COLUMNS, unsettled.exported())


@blueprint.get("/supply/unsettled.xlsx")
@requires(consumption.SETTLE)
def export_xlsx() -> Response:
    """All that is to be settled as a workbook."""
    return exports.xlsx_response("unsettled", N_("Parts used without stock"), unsettled.COLUMNS, unsettled.exported(), words=_WORDS)


@blueprint.post("/supply/unsettled/settlement")
@requires(consumption.SETTLE)
def settle() -> Response:
    """Say where it came from."""
    form = screens.tried(_settle)
    if form.problem:
        return _page(form)
    flash(_("It is settled."), "message")
    return see_other("/supply/unsettled")


def _settle() -> None:
    given = request.form
    part = Part.get_or_none(Part.number == given.get("part", ""))
    if part is None:
        raise Invalid(N_("There is no such part in the catalogue."))
    place = next((one for one in _places() if str(one.id) == given.get("from_place", "")), None)
    consumption.settle(by=actor(), report=given.get("report", "")[:40], part=part, from_place=place)


def _places() -> list[StockPlace]:
    return [*choices.stores(with_vans=True), ledger.place_of(PlaceKind.SUPPLIER)]


def _page(form: Tried) -> Response:
    rows = unsettled.unsettled()
    return render("supply/unsettled.html", status=form.status, rows=rows, places=choices.named(_places()), problem=form.problem)
