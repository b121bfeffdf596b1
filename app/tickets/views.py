"""The ticket list and opening a ticket; the page of one ticket brings several capabilities together and stands in ``desk``."""

from functools import partial
from typing import Any

from flask import Blueprint, request, url_for
from werkzeug.wrappers import Response

from app.core.errors import N_
from app.core.types import Actor
from app.customers import queries as customers
from app.tickets import exporting, forms, naming, operations, queries, reasons
from app.tickets.models import Priority, Ticket, TicketKind, TicketSource
from app.web import exports
from app.web.auth import actor, requires
from app.web.forms import status_of, submitted
from app.web.i18n import language
from app.web.render import live_tag, render, see_other, tagged, unchanged

blueprint = Blueprint("tickets", __name__)


@blueprint.app_template_filter("ticket_title")
def ticket_title(ticket: Ticket | queries.TicketRow) -> str:
    """The title in the reader's language."""
    return reasons.title_in(ticket.title, ticket.reason, language())


@blueprint.get("/tickets")
@requires("tickets.read")
def index() -> Response:
    """The list; as a poll it answers 304 while nothing has changed."""
    tag = live_tag("tickets", "customers", "machines")
    if (same := unchanged(tag)) is not None:
        return same
    wanted = forms.wanted_from(request.args)
    # Called only where the list is not kept from another reader of the same version.
    page = partial(queries.page, actor(), wanted, after=request.args.get("after"), before=request.args.get("before"))
    areas = [(area.id, area.name) for area in customers.areas()] if actor().area_ids is None else []
    context: dict[str, Any] = {"page": page, "wanted": wanted, "tag": tag, "areas": areas, "scope": actor().area_ids}
    return tagged(render("tickets/index.html", fragment="tickets/_list.html", **context), tag)


@blueprint.get("/tickets.csv")
@requires("tickets.read")
def export_csv() -> Response:
    """The list with the same filters as CSV."""
    return exports.csv_response("tickets", exporting.COLUMNS, exporting.rows(actor(), forms.wanted_from(request.args)))


@blueprint.get("/tickets.xlsx")
@requires("tickets.read")
def export_xlsx() -> Response:
    """The list with the same filters as a workbook."""
    rows = exporting.rows(actor(), forms.wanted_from(request.args))
    return exports.xlsx_response("tickets", N_("Tickets"), exporting.COLUMNS, rows, labels=exporting.LABELS)


@blueprint.get("/tickets/new")
@requires("tickets.open")
def new() -> Response:
    """The form; ``machine``, ``customer`` and ``phone`` in the address fill it, so that a telephone system can open it."""
    filled = {"machine": request.args.get("machine", ""), "customer": request.args.get("customer", "")}
    form = forms.TicketForm(formdata=None, contact=request.args.get("phone", ""), form_token=forms.new_token(), **filled)
    return render("tickets/new.html", fragment="tickets/_form.html", form=form)


@blueprint.post("/tickets")
@requires("tickets.open")
def create() -> Response:
    """Open a ticket; the same form sent again leads to the same ticket."""
    form, opened = forms.TicketForm(), []
    is_done, problem = submitted(form, lambda: opened.append(_open(actor(), form)))
    if is_done:
        return see_other(url_for("desk.ticket", number=opened[0].number))
    return render("tickets/new.html", fragment="tickets/_form.html", status=status_of(form), form=form, problem=problem)


def _open(by: Actor, form: forms.TicketForm) -> Ticket:
    named = naming.named(by, serial=form.machine.data, customer=form.customer.data, contact=form.contact.data)
    return operations.open_ticket(
        by=by,
        source=TicketSource(form.source.data),
        kind=TicketKind(form.kind.data),
        priority=Priority(form.priority.data),
        title=form.title.data,
        text=form.text.data,
        machine=named.machine,
        customer=named.customer,
        contact=named.contact,
        form_token=form.form_token.data,
    )
