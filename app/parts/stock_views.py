"""Screens of stores: what they hold, one store, the ledger, movements by hand, minimum stock, vans."""

from datetime import date
from decimal import Decimal
from typing import Any

from flask import Blueprint, flash, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from app.core.errors import N_, Conflict, DomainError, Invalid
from app.parts import catalogue, load_lines, moving, stock
from app.parts.catalogue import COSTS
from app.parts.models import MovementKind, StockPlace
from app.parts.moving import Way
from app.parts.stock import MovementFilter, StockFilter
from app.tickets.forms import new_token
from app.web import exports, lines
from app.web.amounts import NO_QUANTITY, number_in
from app.web.auth import actor, requires
from app.web.errors import words
from app.web.i18n import translated
from app.web.render import render, see_other

blueprint = Blueprint("stock", __name__)
READ = "parts.read"
ONLY = ("below", "held")
WORDS = {
    "place": N_("Store"),
    "part": N_("Number of the part"),
    "name": N_("Name of the part"),
    "drawing_number": N_("Drawing number"),
    "quantity": N_("Quantity"),
    "unit": N_("Unit"),
    "minimum": N_("Minimum"),
    "missing": N_("Missing to the minimum"),
    "cost": N_("Unit cost"),
    "value": N_("Value at cost"),
    "kind": N_("Movement"),
    "from": N_("From where"),
    "to": N_("To where"),
    "about": N_("Belongs to"),
    "by": N_("Booked by"),
}


@blueprint.get("/stock")
@requires(READ)
def index() -> Response:
    """What the stores hold."""
    wanted = _wanted()
    shown: dict[str, Any] = {
        "page": _page(wanted),
        "wanted": wanted,
        "sort": _sort(),
        "stores": stock.stores(actor()),
        "value_of": stock.value_of,
    }
    return render("parts/stock.html", fragment="parts/_stock.html", **shown)


@blueprint.get("/stock.csv")
@requires(READ)
def export_csv() -> Response:
    """The list with the same filters as CSV."""
    return exports.csv_response("stock", stock.columns_for(actor()), stock.exported(actor(), _wanted(), _sort()))


@blueprint.get("/stock.xlsx")
@requires(READ)
def export_xlsx() -> Response:
    """The list with the same filters as a workbook."""
    rows = stock.exported(actor(), _wanted(), _sort())
    return exports.xlsx_response("stock", N_("Stock"), stock.columns_for(actor()), rows, words=WORDS)


@blueprint.get("/stock/stores")
@requires(READ)
def stores() -> Response:
    """The stores with their figures; vans for technicians who have none."""
    technicians = stock.without_van() if actor().may(moving.MOVE) else []
    return render("parts/stores.html", figures=stock.figures(actor()), technicians=technicians)


@blueprint.get("/stock/<int:place_id>")
@requires(READ)
def store(place_id: int) -> Response:
    """One store: its figures, what it holds, what can be done with it."""
    place = stock.by_id(actor(), place_id)
    wanted = _wanted(place)
    shown: dict[str, Any] = {"place": place, "page": _page(wanted), "wanted": wanted, "sort": _sort(), "value_of": stock.value_of}
    shown["figures"] = next((row for row in stock.figures(actor(), place.id)), None)
    shown["movements"] = stock.last_movements(actor(), MovementFilter(place=place.id))
    return render("parts/store.html", fragment="parts/_stock.html", **shown)


@blueprint.post("/stock/vans")
@requires(moving.MOVE)
def make_van() -> Response:
    """Give a technician a van."""
    technician = next((one for one in stock.without_van() if str(one.id) == request.form.get("technician", "")), None)
    if technician is None:
        raise Invalid(N_("Please choose a technician without a van."))
    try:
        van = moving.make_van(by=actor(), technician=technician)
    except Conflict as error:
        flash(words(error), "error")
        return see_other(url_for("stock.stores"))
    flash(_("%(name)s is ready.", name=van.name), "message")
    return see_other(url_for("stock.store", place_id=van.id))


@blueprint.route("/stock/<int:place_id>/move", methods=["GET", "POST"])
@requires(moving.MOVE)
def move(place_id: int) -> Response:
    """Receipt, transfer, scrap, repair: one form, whose lines are moved all or none."""
    place, way = stock.by_id(actor(), place_id), _way()
    problem, errors, status = "", dict[str, str](), 200
    if request.method == "POST" and not {"more", "drop"} & request.form.keys():
        try:
            _carry(place, way)
        except DomainError as error:
            problem, status = words(error), error.status
            errors = {name: translated(said) for name, said in getattr(error, "fields", {}).items()}
        else:
            flash(_("The movement is booked."), "message")
            return see_other(url_for("stock.store", place_id=place.id))
    names = _names(way)
    shown: dict[str, Any] = {
        "form_token": new_token(),
        "place": place,
        "way": way,
        "lines": load_lines.shown(request.form, names),
        "names": names,
    }
    shown |= {"others": [one for one in stock.stores(actor()) if one.id != place.id], "offered": stock.offered(place, way in moving.INWARD)}
    return render("parts/move.html", status=status, problem=problem, errors=errors, form=request.form, **shown)


def _carry(place: StockPlace, way: Way) -> None:
    given = request.form
    moving.carry(
        by=actor(),
        way=way,
        place=place,
        loads=load_lines.read(given, _names(way)),
        target=next((one for one in stock.stores(actor()) if str(one.id) == given.get("target", "")), None),
        remark=given.get("remark", "").strip()[:200],
        form_token=given.get("form_token", "")[:64] or None,
    )


def _names(way: Way) -> tuple[str, ...]:
    return load_lines.WITH_COST if way == Way.RECEIPT and actor().may(COSTS) else load_lines.NAMES


def _way() -> Way:
    try:
        return Way(request.values.get("way", Way.RECEIPT))
    except ValueError:
        raise Invalid(N_("There is no such movement.")) from None


@blueprint.route("/stock/<int:place_id>/minimum", methods=["GET", "POST"])
@requires(moving.MOVE)
def minimum(place_id: int) -> Response:
    """How much of a part the store should hold at least."""
    place, errors, status = stock.by_id(actor(), place_id), dict[str, str](), 200
    number, typed = request.values.get("part", "").strip(), request.form.get("minimum", "")
    if request.method == "POST":
        errors, status = _minimum_set(place, number, typed), 422
        if not errors:
            flash(_("The minimum is set."), "message")
            return see_other(url_for("stock.store", place_id=place.id, q=number))
    shown: dict[str, Any] = {"place": place, "number": number, "typed": typed, "errors": errors, "balance": stock.balance(place, number)}
    return render("parts/minimum.html", status=status, offered=catalogue.choices(), **shown)


def _minimum_set(place: StockPlace, number: str, typed: str) -> dict[str, str]:
    """Set it; the translated words beside the fields when that cannot be."""
    part = catalogue.named(number)
    if part is None:
        return {"part": _("There is no such part in the catalogue.")}
    try:
        quantity = number_in(typed, 3) or Decimal(0)
        lines.refuse({"minimum": NO_QUANTITY} if quantity < 0 else {})
        moving.set_minimum(by=actor(), place=place, part=part, minimum=quantity)
    except (ValueError, Invalid):
        return {"minimum": translated(NO_QUANTITY)}
    return {}


@blueprint.get("/stock/movements")
@requires(READ)
def movements() -> Response:
    """The ledger."""
    page = stock.movement_page(actor(), _movements_wanted(), after=request.args.get("after"), before=request.args.get("before"))
    shown: dict[str, Any] = {"page": page, "movements": page.rows, "wanted": _movements_wanted(), "stores": stock.stores(actor())}
    return render("parts/movements.html", fragment="parts/_movements.html", **shown)


@blueprint.get("/stock/movements.csv")
@requires(READ)
def movements_csv() -> Response:
    """The ledger with the same filters as CSV."""
    rows = stock.exported_movements(actor(), _movements_wanted())
    return exports.csv_response("stock-movements", stock.movement_columns(actor()), rows)


@blueprint.get("/stock/movements.xlsx")
@requires(READ)
def movements_xlsx() -> Response:
    """The ledger with the same filters as a workbook."""
    rows, columns = stock.exported_movements(actor(), _movements_wanted()), stock.movement_columns(actor())
    labels = {"kind": "MovementKind"}
    return exports.xlsx_response("stock-movements", N_("Movements of stock"), columns, rows, words=WORDS, labels=labels)


def _page(wanted: StockFilter) -> Any:
    return stock.page(actor(), wanted, sort=_sort(), after=request.args.get("after"), before=request.args.get("before"))


def _sort() -> str:
    return request.args.get("sort") or stock.DEFAULT_SORT


def _wanted(place: StockPlace | None = None) -> StockFilter:
    given = request.args
    chosen = place.id if place else given.get("place", type=int)
    if chosen and not place:
        stock.by_id(actor(), chosen)  # of another area: not found
    only = given.get("only", "")
    return StockFilter(q=given.get("q", "").strip()[:100], place=chosen, only=only if only in ONLY else "")


def _movements_wanted() -> MovementFilter:
    given = request.args
    kind, place = given.get("kind", ""), given.get("place", type=int)
    if place:
        stock.by_id(actor(), place)
    return MovementFilter(
        place=place,
        part=given.get("part", "").strip()[:60],
        kind=kind if kind in list(MovementKind) else "",
        about=given.get("about", "").strip()[:40],
        from_on=_day(given.get("from", "")),
        to_on=_day(given.get("to", "")),
    )


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise Invalid(N_("That is not a day; write it like 2026-11-23.")) from None


@blueprint.get("/my/van")
@requires("jobs.work")
def my_van() -> Response:
    """The technician's own van."""
    van, q = stock.van_of(actor().user_id), request.args.get("q", "").strip()[:100]
    rows = stock.held_in(van, q) if van else []
    movements = stock.last_movements(actor(), MovementFilter(place=van.id)) if van else []
    return render("parts/my_van.html", fragment="parts/_my_van.html", van=van, rows=rows, movements=movements, q=q)
