"""Customers' orders of parts on screen: the list, the quote, its release, its paper; the tax rates come from the table of contracts."""

from typing import Any

from flask import Blueprint, render_template, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from app.contracts.queries import tax_rates
from app.core import clock
from app.core.errors import N_
from app.core.known_settings import letterhead
from app.core.money import capitals, tax_within
from app.customers import queries as customers
from app.desk import card
from app.supply import parts_order_register, parts_orders, registers, screens, shipment_register, typed_lines
from app.supply.models import PartsOrder, PartsOrderStatus
from app.supply.parts_orders import Quote
from app.supply.registers import PaperFilter
from app.supply.screens import Tried
from app.tickets import queries as tickets
from app.tickets.models import Ticket
from app.web import exports
from app.web.amounts import number_text
from app.web.auth import actor, requires
from app.web.paper import pdf_response
from app.web.render import render, see_other

blueprint = Blueprint("parts_orders", __name__)
LABELS = {"status": "PartsOrderStatus"}
PAPER = ("file.css", "money.css")
OFFERED_CUSTOMERS = 12
_WORDS = {
    "number": N_("Number"), "status": N_("State"), "customer": N_("Customer"), "machine": N_("Machine"), "ticket": N_("Ticket"),
    "created_at": N_("Quoted on"), "by_name": N_("Quoted by"), "released_at": N_("Released"), "released_by": N_("Released by"),
    "release_reason": N_("Why it may be sent"), "shipped_at": N_("Shipped on"), "received_at": N_("Goods arrived"),
    "part": N_("Part number"), "name": N_("Name"), "unit": N_("Unit"), "quantity": N_("Quantity"), "price": N_("Price with tax"),
    "tax_rate": N_("Tax rate"),
    "amount": N_("Amount with tax"),
}  # fmt: skip


@blueprint.get("/parts-orders")
@requires(parts_orders.EDIT)
def index() -> Response:
    """The list."""
    wanted, sort = _wanted(), _sort()
    page = parts_order_register.page(wanted, sort=sort, after=request.args.get("after"), before=request.args.get("before"))
    shown: dict[str, Any] = {"page": page, "wanted": wanted, "sort": sort, "lines": parts_order_register.lines_of(page)}
    return render("supply/parts_orders.html", fragment="supply/_parts_orders.html", **shown)


@blueprint.get("/parts-orders.csv")
@requires(parts_orders.EDIT)
def export_csv() -> Response:
    """The list with the same filters as CSV, a row for each part."""
    return exports.csv_response("parts-orders", parts_order_register.COLUMNS, parts_order_register.exported(_wanted(), _sort()))


@blueprint.get("/parts-orders.xlsx")
@requires(parts_orders.EDIT)
def export_xlsx() -> Response:
    """The list with the same filters as a workbook, a row for each part."""
    rows = parts_order_register.exported(_wanted(), _sort())
    return exports.xlsx_response("parts-orders", N_("Parts orders"), parts_order_register.COLUMNS, rows, words=_WORDS, labels=LABELS)


@blueprint.route("/parts-orders/new", methods=["GET", "POST"])
@requires(parts_orders.EDIT)
def new() -> Response:
    """Make an offer; ``?ticket=`` names the ticket that asks for it."""
    number = request.values.get("ticket", "").strip()[:20]
    ticket = tickets.by_number(actor(), number) if number else None
    form = screens.tried(lambda: parts_orders.quote(by=actor(), wanted=_typed(ticket), form_token=request.form.get("form_token")))
    if form.made:
        return see_other(f"/parts-orders/{form.made.number}")
    given = {"customer": "", "machine": "", "address": "", "remark": ""}
    if ticket is not None:
        given["customer"] = ticket.customer.name if ticket.customer_id else ""
        given["machine"] = ticket.machine.serial if ticket.machine_id else ""
    return _form(form, [], {"ticket": ticket, "row": None, "given": given})


@blueprint.route("/parts-orders/<parts_order_number>/edit", methods=["GET", "POST"])
@requires(parts_orders.EDIT)
def edit(parts_order_number: str) -> Response:
    """Write a quote anew."""
    row = parts_order_register.by_number(parts_order_number)
    form = screens.tried(lambda: parts_orders.change(by=actor(), order=row, version=screens.version(), wanted=_typed(row.ticket)))
    if screens.is_sent() and not form.problem:
        return see_other(f"/parts-orders/{row.number}")
    given = {"customer": row.customer.name, "machine": row.machine.serial if row.machine_id else ""}
    given |= {"address": row.address, "remark": row.remark}
    return _form(form, [_line(line) for line in parts_orders.lines_of(row)], {"ticket": row.ticket, "row": row, "given": given})


def _line(line: Any) -> dict[str, str]:
    numbers = {"quantity": line.quantity, "amount": line.price, "rate": line.tax_rate * 100}
    return {"part": line.part.number} | {name: number_text(value) for name, value in numbers.items()}


def _form(form: Tried, given: list[dict[str, str]], about: dict[str, Any]) -> Response:
    rates = [number_text(row.rate * 100) for row in tax_rates(clock.today())]
    shown = screens.shown(form, typed_lines.PRICE, given) | about
    shown["rates"] = [(rate, f"{rate} %") for rate in dict.fromkeys(rates)]
    return render("supply/parts_order_form.html", status=form.status, customers=_offered(request.form.get("customer", "")), **shown)


def _typed(ticket: Ticket | None) -> Quote:
    given, serial = request.form, request.form.get("machine", "").strip()
    name = given.get("customer", "").strip()
    return Quote(
        customer=customers.named(actor(), name) if name else None,
        lines=typed_lines.read(given, typed_lines.PRICE),
        machine=card.machine_named(actor(), serial) if serial else None,
        ticket=ticket,
        address=given.get("address", ""),
        remark=given.get("remark", ""),
    )


@blueprint.get("/parts-orders/customers-offered")
@requires(parts_orders.EDIT)
def customers_offered() -> Response:
    """The customers that fit what is typed, for the suggestions of the browser."""
    found = _offered(request.args.get("customer", ""))
    return render("supply/customers_offered.html", fragment="supply/_customers.html", customers=found)


def _offered(typed: str) -> list[Any]:
    return list(customers.listed(actor(), customers.Filters(q=typed.strip()[:60])).limit(OFFERED_CUSTOMERS))


@blueprint.get("/parts-orders/<parts_order_number>")
@requires(parts_orders.EDIT)
def parts_order(parts_order_number: str) -> Response:
    """One order."""
    return _page(parts_order_number, Tried())


@blueprint.get("/parts-orders/<parts_order_number>/print")
@requires(parts_orders.EDIT)
def printed(parts_order_number: str) -> Response:
    """The quote for the browser's printer."""
    return render("supply/parts_order_print.html", **_paper(parts_order_number))


@blueprint.get("/parts-orders/<parts_order_number>/quote.pdf")
@requires(parts_orders.EDIT)
def document(parts_order_number: str) -> Response:
    """The quote as PDF."""
    return pdf_response(
        f"{parts_order_number}.pdf", render_template("supply/parts_order_pdf.html", **_paper(parts_order_number)), styles=PAPER
    )


def _paper(number: str) -> dict[str, Any]:
    row = parts_order_register.by_number(number)
    lines = parts_orders.lines_of(row)
    tax = sum(tax_within(line.amount, line.tax_rate) for line in lines)
    return {"row": row, "lines": lines, "head": letterhead(), "in_capitals": capitals(row.total), "tax": tax}


@blueprint.post("/parts-orders/<parts_order_number>/payment")
@requires(parts_orders.EDIT)
def release(parts_order_number: str) -> Response:
    """It is paid."""
    row, reason = parts_order_register.by_number(parts_order_number), request.form.get("paid_by", "")
    return _step(row, lambda: parts_orders.release(by=actor(), order=row, reason=reason), _("It may be shipped now."))


@blueprint.post("/parts-orders/<parts_order_number>/credit")
@requires(parts_orders.CREDIT)
def approve_credit(parts_order_number: str) -> Response:
    """Ship before payment."""
    row, reason = parts_order_register.by_number(parts_order_number), request.form.get("reason", "")
    version = screens.version()
    said = _("The credit is approved; it may be shipped now.")
    return _step(row, lambda: parts_orders.approve_credit(by=actor(), order=row, version=version, reason=reason), said)


@blueprint.post("/parts-orders/<parts_order_number>/withdrawal")
@requires(parts_orders.EDIT)
def cancel(parts_order_number: str) -> Response:
    """The customer does not want it."""
    row = parts_order_register.by_number(parts_order_number)
    return _step(row, lambda: parts_orders.cancel(by=actor(), order=row, version=screens.version()), _("It is withdrawn."))


def _step(row: PartsOrder, act: Any, said: str) -> Response:
    return screens.step(act, said, f"/parts-orders/{row.number}", lambda form: _page(row.number, form))


def _page(number: str, form: Tried) -> Response:
    row, me = parts_order_register.by_number(number), actor()
    is_quote, sent = row.status == PartsOrderStatus.QUOTE, shipment_register.of_parts_order(row)
    shown: dict[str, Any] = {
        "row": row,
        "lines": parts_orders.lines_of(row),
        "sent": sent,
        "left": parts_orders.still_to_ship(row),
        "is_released": row.status in parts_orders.RELEASED,
        "may_credit": is_quote and me.may(parts_orders.CREDIT) and me.user_id != row.by_id,
        "may_cancel": not sent and row.status in (PartsOrderStatus.QUOTE, *parts_orders.RELEASED),
    }
    return render("supply/parts_order.html", status=form.status, problem=form.problem, errors=form.errors, typed=request.form, **shown)


def _wanted() -> PaperFilter:
    return registers.wanted(request.args, PartsOrderStatus)


def _sort() -> str:
    return request.args.get("sort") or parts_order_register.DEFAULT_SORT
