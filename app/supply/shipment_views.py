"""Shipments on screen: the list, sending (for a parts order or a work order), one shipment, noting its arrival, its paper (F-20)."""

from typing import Any

from flask import Blueprint, flash, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from app.core.errors import N_, Invalid
from app.core.known_settings import letterhead
from app.customers.models import Contact
from app.supply import choices, parts_order_register, parts_orders, registers, screens, shipment_register, shipments, typed_lines
from app.supply.models import PartsOrder, Route, Shipment
from app.supply.screens import Tried
from app.supply.shipment_register import ShipmentFilter
from app.supply.shipments import Sending
from app.supply.writing import MISSING
from app.web import exports
from app.web.amounts import NO_AMOUNT, number_in, number_text
from app.web.auth import actor, requires
from app.web.labels import options
from app.web.render import render, see_other
from app.work_orders import queries as orders
from app.work_orders.models import WorkOrder

blueprint = Blueprint("shipments", __name__)
LABELS = {"route": "Route"}
_WORDS = {
    "number": N_("Number"), "route": N_("Route"), "customer": N_("Customer"), "order": N_("Work order"), "parts_order": N_("Parts order"),
    "from_place": N_("From store"), "to_place": N_("To"), "carrier": N_("Carrier"), "waybill": N_("Waybill"), "receiver": N_("Consignee"),
    "phone": N_("Phone"), "address": N_("Address"), "cost": N_("Freight"), "is_chargeable": N_("To be charged"),
    "gate_way": N_("Why it may be sent"), "gate_proof": N_("Proof"), "sent_at": N_("Shipped on"), "by_name": N_("Shipped by"),
    "received_at": N_("Goods arrived"), "received_by": N_("Goods received by"), "part": N_("Part number"), "name": N_("Name"),
    "quantity": N_("Quantity"),
}  # fmt: skip


@blueprint.get("/shipments")
@requires(shipments.EDIT)
def index() -> Response:
    """The list."""
    wanted, sort = _wanted(), _sort()
    page = shipment_register.page(wanted, sort=sort, after=request.args.get("after"), before=request.args.get("before"))
    shown: dict[str, Any] = {"page": page, "wanted": wanted, "sort": sort, "lines": shipment_register.lines_of(page)}
    return render("supply/shipments.html", fragment="supply/_shipments.html", routes=options("Route"), **shown)


@blueprint.get("/shipments.csv")
@requires(shipments.EDIT)
def export_csv() -> Response:
    """The list with the same filters as CSV, a row for each part."""
    return exports.csv_response("shipments", shipment_register.COLUMNS, shipment_register.exported(_wanted(), _sort()))


@blueprint.get("/shipments.xlsx")
@requires(shipments.EDIT)
def export_xlsx() -> Response:
    """The list with the same filters as a workbook, a row for each part."""
    rows = shipment_register.exported(_wanted(), _sort())
    return exports.xlsx_response("shipments", N_("Shipments"), shipment_register.COLUMNS, rows, words=_WORDS, labels=LABELS)


@blueprint.route("/shipments/new", methods=["GET", "POST"])
@requires(shipments.EDIT)
def new() -> Response:
    """Send parts; ``?parts_order=`` or ``?order=`` says what for."""
    parts_order, order = _about()
    form = screens.tried(lambda: shipments.send(by=actor(), wanted=_typed(parts_order, order), form_token=request.form.get("form_token")))
    if form.made:
        flash(_("%(number)s is on its way.", number=form.made.number), "message")
        return see_other(f"/shipments/{form.made.number}")
    shown = screens.shown(form, typed_lines.SERIALS, _to_send(parts_order)) | _filled(parts_order, order)
    shown |= {"stores": choices.named(choices.stores(with_vans=True)), "routes": options("Route")}
    return render("supply/shipment_new.html", status=form.status, **shown)


def _about() -> tuple[PartsOrder | None, WorkOrder | None]:
    given = {name: request.values.get(name, "").strip()[:20] for name in ("parts_order", "order")}
    parts_order = parts_order_register.by_number(given["parts_order"]) if given["parts_order"] else None
    return parts_order, orders.by_number(actor(), given["order"]) if given["order"] else None


def _to_send(parts_order: PartsOrder | None) -> list[dict[str, str]]:
    if parts_order is None:
        return []
    left = parts_orders.still_to_ship(parts_order)
    lines = [line for line in parts_orders.lines_of(parts_order) if line.part_id in left]
    return [{"part": line.part.number, "quantity": number_text(left[line.part_id]), "serials": ""} for line in lines]


def _filled(parts_order: PartsOrder | None, order: WorkOrder | None) -> dict[str, Any]:
    """Where it goes, as far as it is known."""
    about = parts_order or order
    contact = about.contact if about and about.contact_id else _somebody_there(about)
    address = parts_order.address if parts_order else order.site.address if order and order.site_id else ""
    given = {"receiver": contact.name if contact else "", "phone": contact.phone if contact else "", "address": address}
    return {"parts_order": parts_order, "order": order, "given": given}


def _somebody_there(about: PartsOrder | WorkOrder | None) -> Contact | None:
    """The first contact of the site, else of the customer."""
    if about is None or about.customer_id is None:
        return None
    people = Contact.select().where(Contact.customer == about.customer_id).order_by(Contact.id).limit(50)
    site_id = getattr(about, "site_id", None)
    found: Contact | None = min(people, key=lambda one: (one.site_id != site_id, one.id), default=None)
    return found


def _typed(parts_order: PartsOrder | None, order: WorkOrder | None) -> Sending:
    given = request.form
    route = given.get("route", "")
    try:
        cost = number_in(given.get("cost", ""), 2)
    except ValueError:
        raise Invalid(MISSING, fields={"cost": NO_AMOUNT}) from None
    words = {name: given.get(name, "") for name in ("carrier", "waybill", "receiver", "phone", "address")}
    return Sending(
        from_place=choices.store_by_id(given.get("from_place", ""), with_vans=True),
        route=Route(route) if route in list(Route) else Route.INSIDE,
        lines=typed_lines.read(given, typed_lines.SERIALS),
        parts_order=parts_order,
        order=order,
        is_to_van="is_to_van" in given,
        cost=cost,
        **words,
    )


@blueprint.get("/shipments/<shipment_number>")
@requires(shipments.EDIT)
def shipment(shipment_number: str) -> Response:
    """One shipment."""
    return _page(shipment_register.by_number(shipment_number), Tried())


@blueprint.get("/shipments/<shipment_number>/print")
@requires(shipments.EDIT)
def printed(shipment_number: str) -> Response:
    """The shipment as a sheet of paper that goes along (F-20)."""
    row = shipment_register.by_number(shipment_number)
    return render("supply/shipment_print.html", row=row, lines=shipments.lines_of(row), head=letterhead())


@blueprint.post("/shipments/<shipment_number>/arrival")
@requires(shipments.EDIT)
def receive(shipment_number: str) -> Response:
    """It has arrived."""
    row = shipment_register.by_number(shipment_number)
    return screens.step(lambda: _received(row), "", f"/shipments/{row.number}", lambda form: _page(row, form))


def _received(row: Shipment) -> None:
    goes_on = shipments.receive(by=actor(), shipment=row, version=screens.version(), receiver=request.form.get("receiver", ""))
    said = _("Its arrival is noted, and %(order)s stands in the dispatch queue again.", order=row.order.number) if goes_on else ""
    flash(said or _("Its arrival is noted."), "message")


def _page(row: Shipment, form: Tried) -> Response:
    return render(
        "supply/shipment.html", status=form.status, row=row, lines=shipments.lines_of(row), problem=form.problem, typed=request.form
    )


def _wanted() -> ShipmentFilter:
    route = request.args.get("route", "")
    if route not in ("", *Route):
        raise Invalid(N_("The list cannot be filtered that way."))
    return ShipmentFilter(paper=registers.wanted(request.args, shipment_register.STATES), route=route)


def _sort() -> str:
    return request.args.get("sort") or shipment_register.DEFAULT_SORT
