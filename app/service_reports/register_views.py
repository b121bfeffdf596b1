"""Service reports at the desk: the list, one report with its proof, its photos, filing, and the jobs whose report is missing."""

from datetime import date
from typing import Any

from flask import Blueprint, flash, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from app.core.errors import N_, Conflict, Invalid
from app.service_reports import amending, filing, queries, register, sheets
from app.service_reports.forms import COLUMN_LABELS
from app.service_reports.models import FaultCause, ReportStatus, ServiceReport, SignatureWay
from app.service_reports.register import ReportFilter
from app.web import exports, uploads
from app.web.auth import actor, requires
from app.web.errors import words
from app.web.i18n import translated
from app.web.labels import LABELS as LABEL_WORDS
from app.web.render import live_tag, render, see_other, tagged, unchanged
from app.work_orders import progress, visits
from app.work_orders import queries as orders
from app.work_orders.models import OrderStatus

blueprint = Blueprint("service_reports", __name__)
READ = "service_reports.read"
LIVE = ("orders", "documents")
LABELS = {"kind": "OrderKind", "status": "ReportStatus", "cause": "FaultCause", "way": "SignatureWay"}
_WAYS = ("", "unsigned", *SignatureWay)
_WORDS = {
    "order": N_("Work order"),
    "technician": N_("Technician"),
    "finding": N_("Fault and findings"),
    "cause": N_("Cause"),
    "action": N_("Work carried out"),
    "component": N_("Component"),
    "is_solved": N_("The fault is mended"),
    "labour_minutes": N_("Working time (min)"),
    "travel_minutes": N_("Travelling time (min)"),
    "distance_km": N_("Distance (km)"),
    "money": N_("Money taken on site"),
    "way": N_("Signature"),
    "signer": N_("Signed by"),
    "signed_at": N_("Signed"),
    "filed_at": N_("Filing time"),
    "filed_by": N_("Filed by"),
    "digest": N_("Check sum SHA-256"),
    "finished_at": N_("Finished"),
    "has_paper": N_("Paper handed in"),
    "machine": N_("Machine"),
    "customer": N_("Customer"),
    "kind": N_("Kind"),
    "status": N_("State"),
    "number": N_("Number"),
}
DOMAIN_WORDS = {True: N_("yes"), False: N_("no")}


@blueprint.get("/service-reports")
@requires(READ)
def index() -> Response:
    """The list; live."""
    tag = live_tag(*LIVE)
    if (same := unchanged(tag)) is not None:
        return same
    wanted, sort = _wanted(), _sort(register.DEFAULT_SORT)
    page = register.page(actor(), wanted, sort=sort, after=request.args.get("after"), before=request.args.get("before"))
    shown: dict[str, Any] = {"page": page, "wanted": wanted, "sort": sort, "tag": tag, "technicians": register.technicians()}
    return tagged(render("service_reports/index.html", fragment="service_reports/_list.html", **shown), tag)


@blueprint.get("/service-reports.csv")
@requires(READ)
def export_csv() -> Response:
    """The list with the same filters as CSV."""
    return exports.csv_response("service-reports", register.COLUMNS, register.exported(actor(), _wanted(), _sort(register.DEFAULT_SORT)))


@blueprint.get("/service-reports.xlsx")
@requires(READ)
def export_xlsx() -> Response:
    """The list with the same filters as a workbook."""
    rows = register.exported(actor(), _wanted(), _sort(register.DEFAULT_SORT))
    return exports.xlsx_response("service-reports", N_("Service reports"), register.COLUMNS, rows, words=_WORDS, labels=LABELS)


@blueprint.get("/service-reports/missing")
@requires(READ)
def missing() -> Response:
    """Finished jobs without a signed report, oldest first."""
    technician, sort = _number(request.args.get("technician", "")), _sort(register.MISSING_SORT)
    after, before = request.args.get("after"), request.args.get("before")
    page = register.missing_page(actor(), technician, sort=sort, after=after, before=before)
    shown: dict[str, Any] = {"page": page, "technician": technician, "sort": sort, "technicians": register.technicians()}
    shown |= {"may_remind": actor().may(filing.REMIND), "may_file": actor().may(progress.FILE)}
    return render("service_reports/missing.html", fragment="service_reports/_missing.html", **shown)


@blueprint.get("/service-reports/missing.csv")
@requires(READ)
def missing_csv() -> Response:
    """The same as CSV."""
    found = register.missing_exported(actor(), _number(request.args.get("technician", "")), _sort(register.MISSING_SORT))
    return exports.csv_response("reports-missing", register.MISSING_COLUMNS, found)


@blueprint.get("/service-reports/missing.xlsx")
@requires(READ)
def missing_xlsx() -> Response:
    """The same as a workbook."""
    found = register.missing_exported(actor(), _number(request.args.get("technician", "")), _sort(register.MISSING_SORT))
    return exports.xlsx_response("reports-missing", N_("Reports missing"), register.MISSING_COLUMNS, found, words=_WORDS, labels=LABELS)


@blueprint.post("/work-orders/<done_order_number>/report-reminder")
@requires(filing.REMIND)
def remind(done_order_number: str) -> Response:
    """Remind the technician of a missing report."""
    order = orders.by_number(actor(), done_order_number)
    try:
        is_new = filing.remind(by=actor(), order=order)
    except Conflict as error:
        flash(words(error), "error")
    else:
        flash(_("%(who)s is reminded.", who=order.lead.name) if is_new else _("%(who)s was reminded today already.", who=order.lead.name))
    return see_other(url_for("service_reports.missing"))


@blueprint.post("/work-orders/<done_order_number>/paper-filing")
@requires(progress.FILE)
def file_paper(done_order_number: str) -> Response:
    """File a finished order by the paper that was handed in."""
    order = orders.by_number(actor(), done_order_number)
    try:
        filing.file_paper(by=actor(), order=order)
    except Conflict as error:
        flash(words(error), "error")
    else:
        flash(_("%(number)s is filed.", number=order.number), "message")
    return see_other(url_for("service_reports.missing"))


@blueprint.get("/service-reports/<report_number>")
@requires(READ)
def report(report_number: str) -> Response:
    """One report: what it says, who signed, whether it is unchanged."""
    return _page(queries.by_number(actor(), report_number))


@blueprint.get("/service-reports/<report_number>/photos/<int:photo_id>")
@requires(READ)
def photo(report_number: str, photo_id: int) -> Response:
    """One photo; ``?preview=1`` the small one."""
    found = queries.photo_of(queries.by_number(actor(), report_number), photo_id)
    return uploads.send(found.file, preview="preview" in request.args)


@blueprint.post("/service-reports/<report_number>/filing")
@requires(progress.FILE)
def file(report_number: str) -> Response:
    """File the report and its order."""
    found = queries.by_number(actor(), report_number)
    try:
        filing.file(by=actor(), report=found)
    except Conflict as error:
        return _page(queries.by_number(actor(), report_number), problem=words(error), status=error.status)
    flash(_("%(number)s is filed.", number=found.number), "message")
    return see_other(url_for("service_reports.report", report_number=report_number))


def _page(found: ServiceReport, *, problem: str = "", status: int = 200) -> Response:
    sheet = sheets.of(found)
    shown: dict[str, Any] = {"report": found, "sheet": sheet, "original": sheets.of(found, is_original=True), "check": sheets.check(sheet)}
    shown["amendments"] = amended_words(sheet)
    is_own = actor().user_id in visits.people_of(found.order)
    is_draft = found.status == ReportStatus.DRAFT
    shown["may_amend"] = not is_draft and actor().may(amending.AMEND) and (is_own or actor().may(amending.DISPATCH))
    shown["may_write"] = is_draft and is_own and actor().may("service_reports.write")
    shown["may_file"] = actor().may(progress.FILE) and found.status == ReportStatus.SIGNED and found.order.status == OrderStatus.FINISHED
    return render("service_reports/report.html", status=status, problem=problem, **shown)


def amended_words(sheet: sheets.Sheet) -> list[dict[str, Any]]:
    """Each amendment with what was said before and what is said instead, field by field."""
    before: dict[str, Any] = dict(sheets.of(sheet.report, is_original=True).fields)
    found = []
    for amendment in sheet.amendments:
        changes = sheets.changes_of([amendment])
        rows = [(translated(COLUMN_LABELS[name]), _said(name, before[name]), _said(name, value)) for name, value in changes.items()]
        found.append({"amendment": amendment, "rows": rows})
        before |= changes
    return found


def _said(name: str, value: Any) -> str:
    """A value of a report as people read it."""
    if name == "parts":
        return "\n".join(queries.part_in_words(part) for part in value) or "–"
    if name == "cause" and value:
        return translated(LABEL_WORDS["FaultCause"][value])
    if isinstance(value, bool):
        return translated(DOMAIN_WORDS[value])
    if name == "money_fen":
        return f"{value / 100:.2f}"
    return "–" if value in (None, "") else str(value)


def _sort(default: str) -> str:
    return request.args.get("sort") or default


def _number(text: str) -> int | None:
    if text and not (text.isascii() and text.isdecimal() and len(text) < 10):
        raise Invalid(N_("The list cannot be filtered that way."))
    return int(text) if text else None


def _wanted() -> ReportFilter:
    query = request.args
    status, cause, way = query.get("status", ""), query.get("cause", ""), query.get("way", "")
    if status not in ("", *ReportStatus) or cause not in ("", *FaultCause) or way not in _WAYS:
        raise Invalid(N_("The list cannot be filtered that way."))
    return ReportFilter(
        q=query.get("q", "").strip()[:100],
        status=status,
        technician=_number(query.get("technician", "")),
        machine=query.get("machine", "").strip()[:60],
        cause=cause,
        way=way,
        from_on=_day(query.get("from", "")),
        to_on=_day(query.get("to", "")),
    )


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise Invalid(N_("That is not a day; write it like 2026-11-23.")) from None
