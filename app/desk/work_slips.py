"""Work slips on screen: the list, sending one from a ticket, noting the answer."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, flash, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from app.core import clock, known_settings
from app.core.errors import N_, Conflict, Invalid
from app.desk.complaint_forms import SlipForm
from app.tickets import queries as tickets
from app.tickets import slip_register, work_slips
from app.tickets.models import Ticket, WorkSlip
from app.tickets.slip_register import OPEN, STATES, SlipFilter
from app.web import exports
from app.web.auth import actor, requires
from app.web.errors import words
from app.web.forms import sent
from app.web.render import render, see_other

blueprint = Blueprint("work_slips", __name__)


@blueprint.get("/work-slips")
@requires("tickets.read")
def index() -> Response:
    """The list."""
    wanted, sort = _wanted(), _sort()
    page = slip_register.page(actor(), wanted, clock.now(), sort=sort, after=request.args.get("after"), before=request.args.get("before"))
    departments = [(one.id, one.name) for one in slip_register.departments()]
    shown: dict[str, Any] = {"page": page, "wanted": wanted, "sort": sort, "departments": departments, "now": clock.now()}
    return render("work_slips/index.html", fragment="work_slips/_list.html", **shown)


@blueprint.get("/work-slips.csv")
@requires("tickets.read")
def export_csv() -> Response:
    """The list with the same filters as CSV."""
    rows = slip_register.exported(actor(), _wanted(), clock.now(), _sort())
    return exports.csv_response("work-slips", slip_register.COLUMNS, rows)


@blueprint.get("/work-slips.xlsx")
@requires("tickets.read")
def export_xlsx() -> Response:
    """The list with the same filters as a workbook."""
    rows = slip_register.exported(actor(), _wanted(), clock.now(), _sort())
    return exports.xlsx_response("work-slips", N_("Work slips"), slip_register.COLUMNS, rows, words=_WORDS)


_WORDS = {
    "ticket": N_("Ticket"),
    "department": N_("Department"),
    "text": N_("What is asked for"),
    "sent_at": N_("Sent"),
    "due_at": N_("Answer due"),
    "by_name": N_("Sent by"),
    "answered_at": N_("Answered"),
    "answer": N_("Answer"),
    "withdrawn_at": N_("Withdrawn"),
}


def _wanted() -> SlipFilter:
    state, department = request.args.get("state", OPEN), request.args.get("department", "")
    if state not in ("", *STATES) or not (department == "" or (department.isdecimal() and len(department) < 10)):
        raise Invalid(N_("The list cannot be filtered that way."))
    return SlipFilter(q=request.args.get("q", "").strip()[:100], state=state, department=int(department) if department else None)


def _sort() -> str:
    return request.args.get("sort") or slip_register.DEFAULT_SORT


@blueprint.route("/tickets/<number>/work-slips/new", methods=["GET", "POST"])
@requires(work_slips.HANDLE)
def new(number: str) -> Response:
    """Ask a department for something; the same form sent again leads to the same slip."""
    ticket, form = tickets.by_number(actor(), number), SlipForm()
    form.offer(slip_register.departments())
    made: list[WorkSlip] = []
    done = sent(form, lambda: made.append(_send(ticket, form)))
    if done.is_done:
        flash(_("Work slip %(number)s is on its way.", number=made[0].number), "message")
        return see_other(f"/work-slips/{made[0].number}")
    return render("work_slips/new.html", ticket=ticket, form=form, problem=done.problem, status=done.status)


def _send(ticket: Ticket, form: SlipForm) -> WorkSlip:
    return work_slips.send(
        by=actor(),
        ticket=ticket,
        department=form.chosen_department(),
        text=form.text.data or "",
        due_at=form.due(),
        form_token=form.form_token.data,
    )


@blueprint.get("/work-slips/<number>")
@requires("tickets.read")
def slip(number: str) -> Response:
    """One slip."""
    return _page(number)


@blueprint.get("/work-slips/<number>/print")
@requires("tickets.read")
def printed(number: str) -> Response:
    """The slip as a sheet of paper."""
    return render("work_slips/print.html", slip=_found(number), company=known_settings.value("company_name"))


@blueprint.post("/work-slips/<number>/answer")
@requires(work_slips.HANDLE)
def answer(number: str) -> Response:
    """Note what the department answered."""
    found, text = _found(number), request.form.get("answer", "")
    return _done(number, lambda: work_slips.answer(by=actor(), slip=found, text=text), _("The answer is noted."), typed=text)


@blueprint.post("/work-slips/<number>/withdrawal")
@requires(work_slips.HANDLE)
def withdraw(number: str) -> Response:
    """The slip is no longer needed."""
    found = _found(number)
    return _done(number, lambda: work_slips.withdraw(by=actor(), slip=found), _("The slip is withdrawn."))


def _found(number: str) -> WorkSlip:
    return work_slips.by_number(slip_register.visible(actor()), number)


def _done(number: str, act: Callable[[], object], said: str, typed: str = "") -> Response:
    try:
        act()
    except (Conflict, Invalid) as error:
        return _page(number, status=error.status, problem=words(error), typed=typed)
    flash(said, "message")
    return see_other(f"/work-slips/{number}")


def _page(number: str, *, status: int = 200, problem: str = "", typed: str = "") -> Response:
    found = _found(number)
    is_open = found.answered_at is None and found.withdrawn_at is None
    shown: dict[str, Any] = {"slip": found, "is_open": is_open, "may_handle": actor().may(work_slips.HANDLE), "now": clock.now()}
    return render("work_slips/slip.html", status=status, problem=problem, typed=typed, **shown)
