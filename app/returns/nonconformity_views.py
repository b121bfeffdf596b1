"""Nonconformity reports on screen: the list, preparing, submitting, the verdict, the closing check, print and PDF."""

from collections.abc import Callable
from datetime import date
from typing import Any

from flask import Blueprint, flash, render_template, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from app.core.errors import N_, Conflict, Invalid, NotAllowed, NotFound
from app.core.files import PICTURES
from app.core.known_settings import letterhead
from app.returns import nonconformities, queries, verdicts
from app.returns.forms import DescriptionForm, VerdictForm
from app.returns.models import DefectCause, Nonconformity, NonconformityStatus
from app.returns.verdicts import ReportFilter
from app.returns.views import WORDS
from app.web import exports, uploads
from app.web.auth import actor, requires
from app.web.errors import words
from app.web.forms import Sent, sent
from app.web.paper import SHEET, pdf_response
from app.web.render import render, see_other
from app.web.uploads import Received

blueprint = Blueprint("nonconformities", __name__)
LABELS = {"status": "NonconformityStatus", "cause": "DefectCause", "disposition": "Disposition"}
_WORDS = WORDS | {
    "return": N_("Returned part"),
    "supplier": N_("Supplier"),
    "on_date": N_("Date"),
    "found_where": N_("Found where"),
    "description": N_("What is wrong with it"),
    "prepared_by": N_("Prepared by"),
    "submitted_by": N_("Submitted by"),
    "submitted_at": N_("Submitted"),
    "cause": N_("Cause"),
    "disposition": N_("Disposition"),
    "quality_opinion": N_("Opinion of quality"),
    "engineering_opinion": N_("Opinion of engineering"),
    "purchasing_opinion": N_("Opinion of purchasing"),
    "responsibility": N_("Who is responsible"),
    "cost": N_("Cost of the failure (yuan)"),
    "decided_by": N_("Verdict by"),
    "decided_at": N_("Verdict on"),
    "closing_check": N_("Closing check"),
}


@blueprint.get("/nonconformities")
@requires(nonconformities.READ)
def index() -> Response:
    """The list."""
    wanted, sort = _wanted(), _sort()
    page = verdicts.page(wanted, sort=sort, after=request.args.get("after"), before=request.args.get("before"))
    return render("nonconformities/index.html", fragment="nonconformities/_list.html", page=page, wanted=wanted, sort=sort)


@blueprint.get("/nonconformities.csv")
@requires(nonconformities.READ)
def export_csv() -> Response:
    """The list with the same filters as CSV."""
    return exports.csv_response("nonconformities", verdicts.COLUMNS, _rows())


@blueprint.get("/nonconformities.xlsx")
@requires(nonconformities.READ)
def export_xlsx() -> Response:
    """The list with the same filters as a workbook."""
    return exports.xlsx_response("nonconformities", N_("Nonconformity reports"), verdicts.COLUMNS, _rows(), words=_WORDS, labels=LABELS)


def _rows() -> Any:
    return verdicts.exported(_wanted(), _sort(), shows_cost=_shows_cost())


def _shows_cost() -> bool:
    return actor().may("costs.read") or actor().may(nonconformities.DECIDE)


def _wanted() -> ReportFilter:
    text = {name: request.args.get(name, "").strip()[:120] for name in ("q", "status", "cause", "part", "batch", "supplier")}
    is_known = text["status"] in ("", *NonconformityStatus) and text["cause"] in ("", *DefectCause)
    try:
        days = {name: date.fromisoformat(value) if (value := request.args.get(name, "")) else None for name in ("from_on", "to_on")}
    except ValueError:
        is_known, days = False, {}
    if not is_known:
        raise Invalid(N_("The list cannot be filtered that way."))
    return ReportFilter(**text, **days)  # type: ignore[arg-type]


def _sort() -> str:
    return request.args.get("sort") or verdicts.DEFAULT_SORT


@blueprint.route("/returns/<return_number>/nonconformity", methods=["GET", "POST"])
@requires(nonconformities.PREPARE)
def prepare(return_number: str) -> Response:
    """Prepare the report of a part that is back."""
    returned, form, received = queries.by_number(actor(), return_number), DescriptionForm(), uploads.received(kinds=PICTURES)
    if (made := verdicts.of_return(returned)) is not None:
        return see_other(nonconformities.href(made))
    found: list[Nonconformity] = []
    done = sent(
        form,
        lambda: found.append(nonconformities.prepare(by=actor(), returned=returned, said=form.said(), photos=received.check())),
    )
    if done.is_done:
        return see_other(nonconformities.href(found[0]))
    return _form(returned, form, received, done)


@blueprint.route("/nonconformities/<nonconformity_number>/edit", methods=["GET", "POST"])
@requires(nonconformities.PREPARE)
def revise(nonconformity_number: str) -> Response:
    """Put a report right that is not submitted yet."""
    found, received = verdicts.by_number(nonconformity_number), uploads.received(kinds=PICTURES)
    form = DescriptionForm(obj=found)
    if not form.is_submitted():
        form.batch.data = found.returned.batch
    version = _version()
    done = sent(
        form,
        lambda: nonconformities.revise(by=actor(), report=found, version=version, said=form.said(), photos=received.check()),
    )
    return see_other(nonconformities.href(found)) if done.is_done else _form(found.returned, form, received, done, found)


def _form(returned: Any, form: DescriptionForm, received: Received, done: Sent, report: Nonconformity | None = None) -> Response:
    shown: dict[str, Any] = {"returned": returned, "form": form, "received": received, "report": report, "problem": done.problem}
    return render("nonconformities/form.html", status=done.status, **shown)


@blueprint.get("/nonconformities/<nonconformity_number>")
@requires(nonconformities.READ)
def report(nonconformity_number: str) -> Response:
    """One report: what is wrong, who said what, what is next."""
    return _page(verdicts.by_number(nonconformity_number))


@blueprint.get("/nonconformities/<nonconformity_number>/photos/<int:photo_id>")
@requires(nonconformities.READ)
def photo(nonconformity_number: str, photo_id: int) -> Response:
    """One photo; ``?preview=1`` the small one."""
    for one in verdicts.photos_of(verdicts.by_number(nonconformity_number)):
        if one.id == photo_id:
            return uploads.send(one.file, preview="preview" in request.args)
    raise NotFound(N_("This report has no such photo."))


@blueprint.post("/nonconformities/<nonconformity_number>/submission")
@requires(nonconformities.SUBMIT)
def submit(nonconformity_number: str) -> Response:
    """Hand it to quality."""
    found = verdicts.by_number(nonconformity_number)
    return _done(found, lambda: nonconformities.submit(by=actor(), report=found, version=_version()), _("Quality has it now."))


@blueprint.post("/nonconformities/<nonconformity_number>/verdict")
@requires(nonconformities.DECIDE)
def decide(nonconformity_number: str) -> Response:
    """Quality's verdict."""
    found, form = verdicts.by_number(nonconformity_number), VerdictForm()
    done = sent(form, lambda: nonconformities.decide(by=actor(), report=found, version=_version(), verdict=form.verdict()))
    if not done.is_done:
        return _page(verdicts.by_number(nonconformity_number), form=form, problem=done.problem, status=done.status)
    flash(_("The verdict stands; who prepared the report is told."), "message")
    return see_other(nonconformities.href(found))


@blueprint.post("/nonconformities/<nonconformity_number>/closing")
@requires(nonconformities.DECIDE)
def close(nonconformity_number: str) -> Response:
    """The disposition was carried out."""
    found, check = verdicts.by_number(nonconformity_number), request.form.get("closing_check", "")
    act = lambda: nonconformities.close(by=actor(), report=found, version=_version(), check=check)  # noqa: E731
    return _done(found, act, _("The report is closed."), typed=check)


@blueprint.get("/nonconformities/<nonconformity_number>/print")
@requires(nonconformities.READ)
def printed(nonconformity_number: str) -> Response:
    """The form 不合格处理单 for the browser's printer."""
    return render("nonconformities/print.html", **_paper(nonconformity_number))


@blueprint.get("/nonconformities/<nonconformity_number>.pdf")
@requires(nonconformities.READ)
def document(nonconformity_number: str) -> Response:
    """The same as PDF."""
    return pdf_response(
        f"{nonconformity_number}.pdf", render_template("nonconformities/pdf.html", **_paper(nonconformity_number)), styles=SHEET
    )


def _paper(number: str) -> dict[str, Any]:
    return {"report": verdicts.by_number(number), "head": letterhead(), "shows_cost": _shows_cost()}


def _version() -> int:
    text = request.form.get("version", "")
    return int(text) if text.isdecimal() and len(text) < 10 else 0


def _done(found: Nonconformity, act: Callable[[], object], said: str, typed: str = "") -> Response:
    try:
        act()
    except (Conflict, Invalid, NotAllowed) as error:
        return _page(verdicts.by_number(found.number), problem=words(error), status=error.status, typed=typed)
    flash(said, "message")
    return see_other(nonconformities.href(found))


def _page(found: Nonconformity, *, form: VerdictForm | None = None, problem: str = "", status: int = 200, typed: str = "") -> Response:
    is_own = actor().user_id == found.prepared_by_id
    shown: dict[str, Any] = {"report": found, "returned": found.returned, "photos": verdicts.photos_of(found), "typed": typed}
    shown |= {"may_submit": actor().may(nonconformities.SUBMIT) and not is_own, "shows_cost": _shows_cost()}
    shown |= {"eight_d": verdicts.eight_d_of(found), "is_repeated": verdicts.calls_for_eight_d(found), "form": form or VerdictForm()}
    shown["repeats"] = verdicts.repeats(found)
    return render("nonconformities/report.html", status=status, problem=problem, supplier=verdicts.supplier_of(found), **shown)
