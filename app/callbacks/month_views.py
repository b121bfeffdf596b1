"""The month of call-backs (客户回访分析报告) on screen and paper; each of its numbers opens the dispatches it counts."""

from typing import Any

from flask import Blueprint, request
from werkzeug.wrappers import Response

from app.accounts.models import User
from app.callbacks import call_forms, month
from app.callbacks.views import WORDS
from app.callbacks.writing import LIST
from app.core import clock, months
from app.core.errors import N_
from app.core.known_settings import letterhead
from app.core.months import Month
from app.web import exports
from app.web.auth import actor, requires
from app.web.render import render

blueprint = Blueprint("call_back_month", __name__)
LABELS = {
    "outcome": {"reached": N_("Reached"), "refused": N_("Customer refused"), "unreachable": N_("Not reachable"), "due": N_("To call back")}
}


@blueprint.get("/call-backs/month")
@requires(LIST)
def view() -> Response:
    """The month: dispatches and call-backs, scores by technician, poor ones with their measures."""
    return render("call_back_month/month.html", **_report())


@blueprint.get("/call-backs/month/print")
@requires(LIST)
def printed() -> Response:
    """The same on paper."""
    return render("call_back_month/print.html", head=letterhead(), **_report())


def _report() -> dict[str, Any]:
    wanted = _month()
    return {"month": wanted, "report": month.report(actor(), wanted), "today": clock.today(), "this_month": months.month_of(clock.today())}


@blueprint.get("/call-backs/month.csv")
@requires(LIST)
def export_csv() -> Response:
    """Every dispatch of the month with its call-back as CSV."""
    wanted = _month()
    return exports.csv_response(f"call-backs-{wanted.code}", month.COLUMNS, month.rows(month.dispatches(actor(), wanted)))


@blueprint.get("/call-backs/month.xlsx")
@requires(LIST)
def export_xlsx() -> Response:
    """The same as a workbook."""
    wanted = _month()
    rows = month.rows(month.dispatches(actor(), wanted))
    return exports.xlsx_response(f"call-backs-{wanted.code}", N_("Call-back analysis"), month.COLUMNS, rows, words=WORDS, labels=LABELS)


@blueprint.get("/call-backs/month/dispatches")
@requires(LIST)
def dispatches() -> Response:
    """The dispatches that a number of the month counts."""
    wanted, what, technician = _month(), _what(), call_forms.number_from(request.args, "technician")
    page = month.page(actor(), wanted, what, technician, after=request.args.get("after"), before=request.args.get("before"))
    who = User.get_or_none(User.id == technician) if technician else None
    return render("call_back_month/dispatches.html", page=page, month=wanted, what=what, technician=who)


@blueprint.get("/call-backs/month/dispatches.csv")
@requires(LIST)
def dispatches_csv() -> Response:
    """The same as CSV."""
    return exports.csv_response("call-backs-of-month", month.COLUMNS, _rows())


@blueprint.get("/call-backs/month/dispatches.xlsx")
@requires(LIST)
def dispatches_xlsx() -> Response:
    """The same as a workbook."""
    return exports.xlsx_response(
        "call-backs-of-month", N_("Dispatches of the month"), month.COLUMNS, _rows(), words=WORDS, labels=LABELS
    )  # fmt: skip


def _rows() -> Any:
    technician = call_forms.number_from(request.args, "technician")
    return month.rows(month.dispatches(actor(), _month(), _what(), technician))


def _month() -> Month:
    return months.month_from(request.args.get("month", ""), clock.today())


def _what() -> str:
    return call_forms.one_of(request.args, "what", month.WHAT)
