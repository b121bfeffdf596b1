"""Purchase requests on screen: the list, writing one (by hand, from the minimum stock, for an order), its steps, its paper (F-18)."""

from datetime import date
from typing import Any

from flask import Blueprint, flash, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from app.accounts.models import Department
from app.core.errors import N_, Invalid
from app.core.known_settings import letterhead
from app.supply import choices, purchase_register, purchases, registers, screens, typed_lines
from app.supply.models import PurchaseRequest, PurchaseStatus
from app.supply.purchases import Came, Purchase
from app.supply.registers import PaperFilter
from app.supply.screens import Tried
from app.supply.writing import MISSING
from app.web import exports
from app.web.amounts import number_text
from app.web.auth import actor, requires
from app.web.i18n import language
from app.web.render import render, see_other
from app.work_orders import queries as orders
from app.work_orders.models import WorkOrder

blueprint = Blueprint("purchases", __name__)
LABELS = {"status": "PurchaseStatus"}
_WORDS = {
    "number": N_("Number"), "status": N_("State"), "department": N_("Department"), "to_place": N_("Into store"), "order": N_("Work order"),
    "wanted_on": N_("Needed by"), "created_at": N_("Drafted"), "by_name": N_("Drafted by"), "sent_at": N_("Sent"),
    "received_at": N_("All received"), "part": N_("Part number"), "name": N_("Name"), "unit": N_("Unit"),
    "asked": N_("Quantity asked for"), "received": N_("Quantity received"), "cost": N_("Cost of one"),
}  # fmt: skip


@blueprint.get("/purchases")
@requires(purchases.EDIT)
def index() -> Response:
    """The list."""
    wanted, sort = _wanted(), _sort()
    page = purchase_register.page(wanted, sort=sort, after=request.args.get("after"), before=request.args.get("before"))
    shown: dict[str, Any] = {"page": page, "wanted": wanted, "sort": sort, "lines": purchase_register.lines_of(page)}
    shown |= {"stores": choices.named(choices.stores()), "departments": _departments()}
    return render("supply/purchases.html", fragment="supply/_purchases.html", **shown)


@blueprint.get("/purchases.csv")
@requires(purchases.EDIT)
def export_csv() -> Response:
    """The list with the same filters as CSV, a row for each part."""
    return exports.csv_response("purchases", purchase_register.COLUMNS, purchase_register.exported(_wanted(), _sort()))


@blueprint.get("/purchases.xlsx")
@requires(purchases.EDIT)
def export_xlsx() -> Response:
    """The list with the same filters as a workbook, a row for each part."""
    rows = purchase_register.exported(_wanted(), _sort())
    return exports.xlsx_response("purchases", N_("Purchase requests"), purchase_register.COLUMNS, rows, words=_WORDS, labels=LABELS)


@blueprint.route("/purchases/new", methods=["GET", "POST"])
@requires(purchases.EDIT)
def new() -> Response:
    """Write one; ``?below=`` a store fills it with what is below the minimum there, ``?order=`` names the order that waits."""
    number = request.values.get("order", "").strip()[:20]
    order = orders.by_number(actor(), number) if number else None
    form = screens.tried(lambda: purchases.draft(by=actor(), wanted=_typed(order), form_token=request.form.get("form_token")))
    if form.made:
        return see_other(f"/purchases/{form.made.number}")
    place = choices.store_by_id(request.args.get("below", ""))
    given = (
        [{"part": part.number, "quantity": number_text(lacking)} for part, lacking in purchase_register.proposed(place)] if place else []
    )
    return _form(form, given, {"order": order, "row": None, "chosen": place.id if place else ""})


@blueprint.route("/purchases/<purchase_number>/edit", methods=["GET", "POST"])
@requires(purchases.EDIT)
def edit(purchase_number: str) -> Response:
    """Write a draft anew."""
    row = purchase_register.by_number(purchase_number)
    form = screens.tried(lambda: purchases.change(by=actor(), request=row, version=screens.version(), wanted=_typed(row.order)))
    if screens.is_sent() and not form.problem:
        return see_other(f"/purchases/{row.number}")
    given = [{"part": line.part.number, "quantity": number_text(line.asked)} for line in purchases.lines_of(row)]
    return _form(form, given, {"order": row.order, "row": row, "chosen": row.to_place_id})


def _form(form: Tried, given: list[dict[str, str]], about: dict[str, Any]) -> Response:
    shown = screens.shown(form, typed_lines.PART, given) | about
    shown |= {"stores": choices.named(choices.stores()), "departments": _departments()}
    return render("supply/purchase_form.html", status=form.status, **shown)


def _departments() -> list[tuple[int, str]]:
    return choices.named(Department.select().where(Department.is_active).order_by(Department.name))


def _typed(order: WorkOrder | None) -> Purchase:
    given = request.form
    chosen = {str(one.id): one for one in Department.select().where(Department.is_active)}
    return Purchase(
        to_place=choices.store_by_id(given.get("to_place", "")),
        lines=typed_lines.read(given),
        department=chosen.get(given.get("department", "")),
        order=order,
        wanted_on=_day(given.get("wanted_on", "")),
        remark=given.get("remark", ""),
    )


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise Invalid(MISSING, fields={"wanted_on": N_("That is not a day; write it like 2026-11-23.")}) from None


@blueprint.get("/purchases/<purchase_number>")
@requires(purchases.EDIT)
def purchase(purchase_number: str) -> Response:
    """One request."""
    return _page(purchase_number, Tried())


@blueprint.get("/purchases/<purchase_number>/print")
@requires(purchases.EDIT)
def printed(purchase_number: str) -> Response:
    """The request as a sheet of paper (F-18)."""
    row = purchase_register.by_number(purchase_number)
    return render("supply/purchase_print.html", row=row, lines=purchases.lines_of(row), head=letterhead())


@blueprint.post("/purchases/<purchase_number>/sending")
@requires(purchases.EDIT)
def send(purchase_number: str) -> Response:
    """Send it to its department."""
    row = purchase_register.by_number(purchase_number)
    return _step(row, lambda: purchases.send(by=actor(), request=row, version=screens.version()), _("The purchasing office has it."))


@blueprint.post("/purchases/<purchase_number>/receipt")
@requires(purchases.EDIT)
def receive(purchase_number: str) -> Response:
    """Book what came."""
    row = purchase_register.by_number(purchase_number)
    return _step(row, lambda: _told(row, purchases.receive(by=actor(), request=row, version=screens.version(), came=_came(row))), "")


@blueprint.post("/purchases/<purchase_number>/end")
@requires(purchases.EDIT)
def end(purchase_number: str) -> Response:
    """No more of it will come."""
    row = purchase_register.by_number(purchase_number)
    return _step(row, lambda: _told(row, purchases.end(by=actor(), request=row, version=screens.version())), "")


def _came(row: PurchaseRequest) -> Came:
    ids = [line.id for line in purchases.lines_of(row)]
    given, costs = request.form, typed_lines.amounts_by_line(request.form, ids)
    return Came(quantities=typed_lines.by_line(given, ids), serials=typed_lines.serials_by_line(given, ids), costs=costs)


def _told(row: PurchaseRequest, goes_on: bool) -> None:
    words = _("It is booked, and %(order)s stands in the dispatch queue again.", order=row.order.number) if goes_on else _("It is booked.")
    flash(words, "message")


@blueprint.post("/purchases/<purchase_number>/withdrawal")
@requires(purchases.EDIT)
def cancel(purchase_number: str) -> Response:
    """It is no longer needed."""
    row = purchase_register.by_number(purchase_number)
    return _step(row, lambda: purchases.cancel(by=actor(), request=row, version=screens.version()), _("It is withdrawn."))


def _step(row: PurchaseRequest, act: Any, said: str) -> Response:
    return screens.step(act, said, f"/purchases/{row.number}", lambda form: _page(row.number, form))


def _page(number: str, form: Tried) -> Response:
    row = purchase_register.by_number(number)
    shown: dict[str, Any] = {"row": row, "lines": purchases.lines_of(row), "chat_text": purchases.text_of(row, language())}
    shown |= {"is_coming": row.status in purchases.STILL_TO_COME, "problem": form.problem, "errors": form.errors, "typed": request.form}
    return render("supply/purchase.html", status=form.status, **shown)


def _wanted() -> PaperFilter:
    return registers.wanted(request.args, PurchaseStatus)


def _sort() -> str:
    return request.args.get("sort") or purchase_register.DEFAULT_SORT
