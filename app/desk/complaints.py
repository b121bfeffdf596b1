"""Complaints on screen: the list, and one complaint with its reply log, cause, measure and what closing still needs."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, flash, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from app.accounts import queries as accounts
from app.core import clock, known_settings
from app.core.errors import N_, Conflict, DomainError, Invalid, NotFound
from app.desk import complaint_forms as forms
from app.tickets import complaint_register, complaints, work_slips
from app.tickets import queries as tickets
from app.tickets.models import Complaint, ReplyTo, Ticket, WorkSlip
from app.web import exports
from app.web.auth import actor, requires
from app.web.errors import words
from app.web.forms import show_errors
from app.web.render import render, see_other

blueprint = Blueprint("complaints", __name__)


@blueprint.get("/complaints")
@requires("tickets.read")
def index() -> Response:
    """The list."""
    wanted, sort = forms.wanted_from(request.args), _sort()
    page = complaint_register.page(
        actor(), wanted, clock.now(), sort=sort, after=request.args.get("after"), before=request.args.get("before")
    )
    shown: dict[str, Any] = {"page": page, "wanted": wanted, "sort": sort, "people": accounts.active_people(), "now": clock.now()}
    return render("complaints/index.html", fragment="complaints/_list.html", **shown)


@blueprint.get("/complaints.csv")
@requires("tickets.read")
def export_csv() -> Response:
    """The list with the same filters as CSV."""
    rows = complaint_register.exported(actor(), forms.wanted_from(request.args), clock.now(), _sort())
    return exports.csv_response("complaints", complaint_register.COLUMNS, rows)


@blueprint.get("/complaints.xlsx")
@requires("tickets.read")
def export_xlsx() -> Response:
    """The list with the same filters as a workbook."""
    rows = complaint_register.exported(actor(), forms.wanted_from(request.args), clock.now(), _sort())
    labels = {"cause": "CauseClass", "status": "TicketStatus"}
    return exports.xlsx_response("complaints", N_("Complaints"), complaint_register.COLUMNS, rows, words=_WORDS, labels=labels)


_WORDS = {
    "major": N_("Major"),
    "responsible": N_("Responsible person"),
    "forwarded_at": N_("Forwarded"),
    "answered_at": N_("Answered to the centre"),
    "customer_answered_at": N_("Customer answered"),
    "cause": N_("Cause"),
    "justified": N_("Justified"),
    "measure": N_("Corrective measure"),
    "measure_owner": N_("Who sees to it"),
    "measure_due_on": N_("By when"),
    "measure_done_at": N_("Measure done"),
}


def _sort() -> str:
    return request.args.get("sort") or complaint_register.DEFAULT_SORT


@blueprint.get("/tickets/<number>/complaint")
@requires("tickets.read")
def complaint(number: str) -> Response:
    """One complaint."""
    return _page(number)


@blueprint.get("/tickets/<number>/complaint/print")
@requires("tickets.read")
def printed(number: str) -> Response:
    """The complaint as the paper form 顾客投诉(建议)记录表 (1A-17)."""
    ticket, found = _found(number)
    company = known_settings.value("company_name")
    return render("complaints/print.html", company=company, **_shown(ticket, found))


@blueprint.post("/tickets/<number>/complaint/assignment")
@requires(complaints.HANDLE)
def assign(number: str) -> Response:
    """Another person takes it over."""
    ticket, _complaint = _found(number)
    form = _assignment()

    def act() -> None:
        person = form.person()
        if person is None:
            raise Invalid(N_("Something is missing. See the words beside the fields."), fields={"responsible": N_("Choose a person.")})
        complaints.reassign(by=actor(), ticket=ticket, version=_version(), responsible=person, reason=form.reason.data or "")

    return _done(number, act, _("Handed over and told at once."), assignment=form)


@blueprint.post("/tickets/<number>/complaint/answers")
@requires(complaints.ANSWER)
def answer(number: str) -> Response:
    """An answer to the centre or to the customer."""
    ticket, _complaint = _found(number)
    to = request.form.get("to", "")
    text = request.form.get(to, "")  # each of the two forms names its field after whom it answers
    acts = {ReplyTo.CENTRE: complaints.answer_centre, ReplyTo.CUSTOMER: complaints.answer_customer}
    if to not in acts:
        raise Invalid(N_("This form is not complete. Reload the page and send it again."))
    return _done(number, lambda: acts[ReplyTo(to)](by=actor(), ticket=ticket, text=text), _("The answer is noted."), reply={to: text})


@blueprint.post("/tickets/<number>/complaint/assessment")
@requires(complaints.HANDLE)
def assess(number: str) -> Response:
    """Cause, verdict and measure."""
    ticket, found = _found(number)
    form = forms.assessment_of(found, _people())

    def act() -> None:
        if not form.validate():
            raise Invalid(N_("Nothing was saved yet. Please look at the marked fields."))
        complaints.assess(by=actor(), ticket=ticket, version=_version(), found=form.found())

    return _done(number, act, _("Saved."), assessment=form)


@blueprint.post("/tickets/<number>/complaint/measure")
@requires(complaints.ANSWER)
def finish_measure(number: str) -> Response:
    """The corrective measure has been carried out."""
    ticket, _complaint = _found(number)
    return _done(number, lambda: complaints.finish_measure(by=actor(), ticket=ticket, version=_version()), _("The measure is done."))


def _found(number: str) -> tuple[Ticket, Complaint]:
    """The ticket and its complaint, of those the reader may see. Raises ``NotFound``."""
    ticket = tickets.by_number(actor(), number)
    found = complaints.of_ticket(ticket)
    if found is None:
        raise NotFound(N_("This ticket is no complaint."))
    return ticket, found


def _done(number: str, act: Callable[[], object], said: str, **typed: Any) -> Response:
    """Do it and show the complaint; refused, the page comes back as it is now with what was typed."""
    try:
        act()
    except (Conflict, Invalid) as error:
        return _page(number, error=error, **typed)
    flash(said, "message")
    return see_other(url_for("complaints.complaint", number=number))


def _page(number: str, error: DomainError | None = None, **typed: Any) -> Response:
    ticket, found = _found(number)
    shown = _shown(ticket, found) | typed
    problem = words(error) if error else ""
    if isinstance(error, Invalid):
        for form in (shown["assignment"], shown["assessment"]):
            show_errors(form, error)
        shown["errors"] = {name: _(message) for name, message in error.fields.items()}
    for form in (shown["assignment"], shown["assessment"]):
        form.version.data = str(found.version)
    return render("complaints/complaint.html", status=error.status if error else 200, problem=problem, **shown)


def _shown(ticket: Ticket, found: Complaint) -> dict[str, Any]:
    slips = list(ticket.work_slips.order_by(WorkSlip.id))
    return {
        "ticket": ticket,
        "complaint": found,
        "replies": list(found.replies),
        "clocks": complaint_register.clocks_of(found),
        "lacking": complaints.lacking(found),
        "may_answer": complaints.may_answer(actor(), found),
        "may_handle": actor().may(complaints.HANDLE),
        "is_measure_mine": found.measure_owner_id == actor().user_id,
        "slips": slips,
        "may_send_slips": actor().may(work_slips.HANDLE),
        "assignment": _assignment(formdata=None),
        "assessment": forms.assessment_of(found, _people(), formdata=None),
        "reply": {},
        "errors": {},
        "now": clock.now(),
    }


def _assignment(**options: Any) -> forms.AssignmentForm:
    form = forms.AssignmentForm(**options)
    form.responsible.choices = _people()
    return form


def _people() -> list[forms.Choice]:
    return forms.person_choices(accounts.active_people())


def _version() -> int:
    text = request.form.get("version", "")
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise Invalid(N_("This form is not complete. Reload the page and send it again."))
    return int(text)
