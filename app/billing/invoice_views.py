"""The register of invoices on screen: the list, one invoice, registering, correcting, voiding, taking back, its files."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from flask import Blueprint, flash, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from app.billing import (
    billing_data,
    correcting,
    deliveries,
    invoice_drafts,
    invoice_files,
    invoice_forms,
    invoice_register,
    invoices,
    taking_back,
)
from app.billing import invoice_queries as queries
from app.billing.accounts import LIVE
from app.billing.invoice_forms import InvoiceForm
from app.billing.invoices import EDIT, READ, InvoiceDetails
from app.billing.models import Invoice, InvoiceStatus
from app.core import clock
from app.core.errors import N_, Conflict, Invalid
from app.core.known_settings import letterhead
from app.core.money import capitals
from app.customers import queries as customers
from app.web import exports, uploads
from app.web.amounts import number_text
from app.web.auth import actor, requires
from app.web.errors import words
from app.web.forms import Sent, sent
from app.web.i18n import language
from app.web.render import live_tag, render, see_other, tagged, unchanged

blueprint = Blueprint("invoices", __name__)
blueprint.add_app_template_filter(number_text, "plain_number")

LABELS = {"kind": "InvoiceKind", "status": "InvoiceStatus"}
WORDS = {
    "number": N_("Invoice number"), "code": N_("Invoice code"), "kind": N_("Kind of invoice"), "status": N_("State"),
    "issued_on": N_("Date of the invoice"), "buyer_name": N_("Buyer"), "buyer_tax_number": N_("Tax number of the buyer"),
    "amount": N_("Amount without tax"), "tax": N_("Tax amount"), "total": N_("Total with tax"), "paid": N_("Paid of it"),
    "due_on": N_("To be paid by"), "statutory_on": N_("By law to be paid by"), "contract": N_("Contract"), "order": N_("Work order"),
    "red_of": N_("Takes back invoice"), "remark": N_("Remark on the invoice"), "registered_at": N_("Registered"),
    "by_name": N_("Registered by"),
}  # fmt: skip
MOST_PRINTED = 500


@blueprint.get("/invoices")
@requires(READ)
def index() -> Response:
    """The register; live."""
    tag = live_tag(LIVE)
    if (same := unchanged(tag)) is not None:
        return same
    wanted, sort, now = invoice_forms.invoice_filter(), _sort(), clock.today()
    page = invoice_register.page(actor(), wanted, now, sort=sort, after=request.args.get("after"), before=request.args.get("before"))
    shown: dict[str, Any] = {"page": page, "wanted": wanted, "sort": sort, "today": now, "tag": tag}
    shown["total"], shown["owed"] = invoice_register.sums(actor(), wanted, now)
    return tagged(render("invoices/index.html", fragment="invoices/_list.html", may_edit=actor().may(EDIT), **shown), tag)


@blueprint.get("/invoices.csv")
@requires(READ)
def export_csv() -> Response:
    """The register with the same filters as CSV."""
    return exports.csv_response("invoices", invoice_register.COLUMNS, _rows())


@blueprint.get("/invoices.xlsx")
@requires(READ)
def export_xlsx() -> Response:
    """The same as a workbook."""
    return exports.xlsx_response("invoices", N_("Invoice register"), invoice_register.COLUMNS, _rows(), words=WORDS, labels=LABELS)


@blueprint.get("/invoices/print")
@requires(READ)
def printed() -> Response:
    """The register with the same filters on paper (F-22), at most so many invoices."""
    wanted, now = invoice_forms.invoice_filter(), clock.today()
    rows = list(invoice_register.in_order(actor(), wanted, now, _sort()).limit(MOST_PRINTED + 1))
    total, owed = invoice_register.sums(actor(), wanted, now)
    shown: dict[str, Any] = {
        "rows": rows[:MOST_PRINTED],
        "is_cut": len(rows) > MOST_PRINTED,
        "wanted": wanted,
        "total": total,
        "owed": owed,
    }
    return render("invoices/print.html", head=letterhead(), today=now, **shown)


def _rows() -> Any:
    return invoice_register.exported(actor(), invoice_forms.invoice_filter(), clock.today(), _sort())


def _sort() -> str:
    return request.args.get("sort") or invoice_register.DEFAULT_SORT


@blueprint.route("/invoices/new", methods=["GET", "POST"])
@requires(EDIT)
def new() -> Response:
    """Register an invoice, filled with what it is for; the same form sent again leads to the same invoice."""
    names = ("contract", "order", "parts_order", "shipment")
    basis = invoice_drafts.basis_named(**invoice_forms.filled(request.args, names))
    owner = request.args.get("customer", "")
    draft = invoice_drafts.for_basis(basis, customers.named(actor(), owner) if owner else None, clock.today())
    form, made = invoice_forms.form_of(draft.details, draft.customer.name if draft.customer else owner), list[Invoice]()

    def register() -> None:
        customer = customers.named(actor(), form.customer.data)
        details, token = form.details(), form.form_token.data
        made.append(invoices.register(by=actor(), customer=customer, details=details, basis=basis, form_token=token))

    done, wrong = _sent(form, register)
    if done.is_done:
        flash(_("Invoice %(number)s is registered.", number=made[0].number), "message")
        return see_other(f"/invoices/{made[0].id}")
    return _form_page(form, draft.details, done, wrong, basis=basis)


@blueprint.route("/invoices/<int:invoice_id>/edit", methods=["GET", "POST"])
@requires(EDIT)
def edit(invoice_id: int) -> Response:
    """Correct what was typed wrongly, before the invoice is on its way."""
    invoice = queries.by_id(actor(), invoice_id)
    if invoice.status != InvoiceStatus.ISSUED:
        return _page(invoice, status=409, problem=_("This invoice is on its way or void; it can no longer be corrected."))
    details = invoice_drafts.of_invoice(invoice)
    form = invoice_forms.form_of(details, invoice.customer.name, invoice.version)
    done, wrong = _sent(
        form, lambda: correcting.edit(by=actor(), invoice=invoice, version=form.version.data or 0, details=form.details())
    )  # fmt: skip
    if done.is_done:
        flash(_("Saved."), "message")
        return see_other(f"/invoices/{invoice_id}")
    return _form_page(form, details, done, wrong, basis=invoices.basis_of(invoice), invoice=invoice)


@blueprint.route("/invoices/<int:invoice_id>/red", methods=["GET", "POST"])
@requires(EDIT)
def red(invoice_id: int) -> Response:
    """Register the red invoice that takes this one back, whole or in part."""
    blue = queries.by_id(actor(), invoice_id)
    details = replace(invoice_drafts.of_invoice(blue, is_red=True), issued_on=clock.today())
    form, made = invoice_forms.form_of(details, blue.customer.name), list[Invoice]()

    def register() -> None:
        made.append(taking_back.register_red(by=actor(), blue=blue, details=form.details(), form_token=form.form_token.data))

    done, wrong = _sent(form, register)
    if done.is_done:
        flash(_("Red invoice %(number)s is registered; so much less is owed.", number=made[0].number), "message")
        return see_other(f"/invoices/{made[0].id}")
    return _form_page(form, details, done, wrong, basis=invoices.basis_of(blue), blue=blue)


def _sent(form: InvoiceForm, act: Callable[[], object]) -> tuple[Sent, dict[str, str]]:
    """Send the form, unless only more lines were asked for; the words beside the fields of lines come with it."""
    wrong: dict[str, str] = {}
    if invoice_forms.wants_lines():
        return Sent(False), wrong

    def acting() -> None:
        try:
            act()
        except Invalid as error:
            wrong.update({name: _(message) for name, message in error.fields.items()})
            raise

    return sent(form, acting), wrong


def _form_page(form: InvoiceForm, details: InvoiceDetails, done: Sent, wrong: dict[str, str], **shown: Any) -> Response:
    is_sent = request.method == "POST"
    rows = invoice_forms.sent_lines() if is_sent else invoice_forms.shown_lines(details.lines)
    return render("invoices/form.html", form=form, rows=rows, wrong=wrong, problem=done.problem, status=done.status, **shown)


@blueprint.get("/invoices/<int:invoice_id>")
@requires(READ)
def invoice(invoice_id: int) -> Response:
    """One invoice: what is printed on it, what is owed, how it went to the customer."""
    return _page(queries.by_id(actor(), invoice_id))


def _page(found: Invoice, *, status: int = 200, problem: str = "", typed: Any = None, wrong: Any = None) -> Response:
    may_edit, is_alive = actor().may(EDIT), found.status in taking_back.LIVING
    taken_back = queries.red_of(found)
    shown: dict[str, Any] = {"lines": queries.lines_of(found), "red": taken_back, "deliveries": queries.deliveries_of(found)}
    shown |= {
        "files": queries.files_of(found),
        "owed": invoices.receivable_of(found),
        "today": clock.today(),
        "capitals": capitals(abs(found.total)),
    }
    shown["message"] = deliveries.text_of(found, language())
    shown["blue"] = Invoice.get_or_none(Invoice.id == found.red_of_id) if found.red_of_id else None
    shown["may_edit"] = may_edit and found.status == InvoiceStatus.ISSUED
    shown["may_void"] = shown["may_take_back"] = may_edit and is_alive and found.red_of_id is None and taken_back is None
    shown["may_send"], shown["may_add_files"] = may_edit and is_alive and found.status != InvoiceStatus.RECEIVED, may_edit
    shown["buyer"] = billing_data.proposed(found.customer)
    return render("invoices/invoice.html", status=status, problem=problem, typed=typed or {}, wrong=wrong or {}, invoice=found, **shown)


@blueprint.post("/invoices/<int:invoice_id>/voiding")
@requires(EDIT)
def void(invoice_id: int) -> Response:
    """The invoice is void in the tax platform, or was registered by mistake."""
    found, reason = queries.by_id(actor(), invoice_id), request.form.get("reason", "")
    version = request.form.get("version", type=int) or 0
    return carry_out(
        invoice_id, lambda: taking_back.void(by=actor(), invoice=found, version=version, reason=reason), _("The invoice is void.")
    )


@blueprint.post("/invoices/<int:invoice_id>/files")
@requires(EDIT)
def add_files(invoice_id: int) -> Response:
    """Keep its PDF, OFD, XML or scan."""
    found, received = queries.by_id(actor(), invoice_id), uploads.received(most=invoice_files.MOST)
    return carry_out(
        invoice_id, lambda: invoice_files.add(by=actor(), invoice=found, incoming=received.check()), _("Saved."),
        problems=received.problems,
    )  # fmt: skip


@blueprint.get("/invoices/<int:invoice_id>/files/<int:file_id>")
@requires(READ)
def file(invoice_id: int, file_id: int) -> Response:
    """One file of it."""
    return uploads.send(queries.file_of(queries.by_id(actor(), invoice_id), file_id).file)


def carry_out(invoice_id: int, act: Callable[[], object], said: str, problems: tuple[str, ...] = ()) -> Response:
    """Do something to an invoice, and show it again with what came of it."""
    try:
        act()
    except (Conflict, Invalid) as error:
        wrong = {name: _(message) for name, message in getattr(error, "fields", {}).items()}
        text = " ".join((words(error), *problems))
        return _page(queries.by_id(actor(), invoice_id), status=error.status, problem=text, typed=request.form, wrong=wrong)
    flash(said, "message")
    return see_other(f"/invoices/{invoice_id}")
