"""The quality reports: list, day, month, correcting, freezing, export, print."""

import json
from collections.abc import Iterator
from datetime import date
from typing import Any

from flask import Blueprint, flash, render_template, request
from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from app.analytics.quality_reports import content, operations, queries
from app.analytics.quality_reports.models import QualityReport, ReportKind
from app.analytics.quality_reports.operations import Correction
from app.core import clock
from app.core.errors import N_, Conflict, Invalid
from app.core.known_settings import letterhead
from app.web import exports
from app.web.auth import actor, requires
from app.web.errors import words
from app.web.i18n import language, translated
from app.web.paper import pdf_response
from app.web.render import render, see_other

blueprint = Blueprint("quality_reports", __name__)
COLUMNS = (
    "serial",
    "model",
    "batch",
    "customer",
    "code",
    "name",
    "severity",
    "started_at",
    "ended_at",
    "count",
    "fault_class",
    "cause",
    "ticket",
    "remark",
)
GROUPS = (
    ("fault_class", N_("Class"), "FaultClass"), ("severity", N_("Priority"), "Priority"), ("code", N_("Code"), ""),
    ("model", N_("Model"), ""), ("customer", N_("Customer"), ""), ("cause", N_("Cause"), "FaultCause"),
)  # fmt: skip


@blueprint.get("/quality-reports")
@requires("quality_reports.read")
def index() -> Response:
    """All reports, newest first."""
    kind, state = request.args.get("kind", ""), request.args.get("state", "")
    page = queries.page(kind, state, after=request.args.get("after"), before=request.args.get("before"))
    shown: dict[str, Any] = {"page": page, "kind": kind, "state": state, "today": clock.today()}
    return render("quality_reports/index.html", fragment="quality_reports/_list.html", **shown)


@blueprint.post("/quality-reports")
@requires("quality_reports.edit")
def make() -> Response:
    """Draft the report of a day or of a month."""
    text, kind = request.form.get("day", ""), request.form.get("kind", "")
    try:
        wanted = date.fromisoformat(text if len(text) == 10 else f"{text}-01")
        report = operations.draft_month(wanted) if kind == ReportKind.MONTHLY else operations.draft(wanted)
    except ValueError:
        flash(_("That is no date; write it like 2026-11-23."))
        return see_other("/quality-reports")
    except Invalid as error:
        flash(words(error))
        return see_other("/quality-reports")
    return see_other(f"/quality-reports/{report.id}")


@blueprint.get("/quality-reports/<int:report_id>")
@requires("quality_reports.read")
def report(report_id: int) -> Response:
    """One report."""
    return _page(queries.by_id(report_id))


def _page(found: QualityReport, problem: str = "", status: int = 200, typed: Any = None, errors: Any = None) -> Response:
    shown = _shown(found) | {"problem": problem, "typed": typed or MultiDict(), "errors": errors or {}}
    fragment = "quality_reports/_daily.html" if found.kind == ReportKind.DAILY else "quality_reports/_monthly.html"
    return render("quality_reports/report.html", fragment=fragment, status=status, **shown)


def _shown(found: QualityReport) -> dict[str, Any]:
    """What the page and the print show; frozen content is shown as it was frozen."""
    shown: dict[str, Any] = {"report": found, "groups": GROUPS, "locale": language(), "is_over": _is_over(found)}
    if found.kind == ReportKind.DAILY:
        entries = queries.entries_of(found)
        return shown | {"entries": entries, "counts": content.counted(entries)}
    reports = queries.daily(found.day)
    days = {day: content.counted(queries.entries_of(row)) for day, row in reports.items()}
    counts = content.counts_in(json.loads(found.content)["counts"]) if found.frozen_at else content.summed(days.values())
    return shown | {"days": [(day, reports.get(day), days.get(day)) for day in content.days_of(found.day)], "counts": counts}


def _is_over(found: QualityReport) -> bool:
    today = clock.today()
    return found.day < today if found.kind == ReportKind.DAILY else not queries.unfrozen_days(found.day)


@blueprint.post("/quality-reports/<int:report_id>")
@requires("quality_reports.edit")
def correct(report_id: int) -> Response:
    """Put faults down to other classes."""
    found, form = queries.by_id(report_id), request.form
    corrections = {
        entry.id: Correction(form.get(f"class-{entry.id}", entry.fault_class), form.get(f"remark-{entry.id}", entry.remark))
        for entry in queries.entries_of(found)
    }
    remark = form.get("remark", found.remark)
    return _done(found, lambda: operations.correct(by=actor(), report=found, version=_version(), corrections=corrections, remark=remark))


@blueprint.post("/quality-reports/<int:report_id>/freeze")
@requires("quality_reports.edit")
def freeze(report_id: int) -> Response:
    """Freeze it; nothing of it changes any more."""
    found = queries.by_id(report_id)
    return _done(found, lambda: operations.freeze(by=actor(), report=found, version=_version()))


@blueprint.post("/quality-reports/<int:report_id>/refresh")
@requires("quality_reports.edit")
def refresh(report_id: int) -> Response:
    """Bring a daily report in step with the fault register."""
    found = queries.by_id(report_id)
    return _done(found, lambda: operations.draft(found.day))


def _version() -> int:
    text = request.form.get("version", "")
    return int(text) if text.isdecimal() and len(text) < 10 else 0


def _done(found: QualityReport, act: Any) -> Response:
    try:
        act()
    except (Conflict, Invalid) as error:
        fields = {name: translated(message) for name, message in getattr(error, "fields", {}).items()}
        return _page(queries.by_id(found.id), words(error), error.status, request.form, fields)
    return see_other(f"/quality-reports/{found.id}")


@blueprint.get("/quality-reports/<int:report_id>.xlsx")
@requires("quality_reports.read")
def export_xlsx(report_id: int) -> Response:
    """The faults of the day, or of all days of the month, as a workbook."""
    found = queries.by_id(report_id)
    name = f"quality-{found.day:%Y-%m-%d}" if found.kind == ReportKind.DAILY else f"quality-{found.day:%Y-%m}"
    headings = {"name": N_("Fault"), "fault_class": N_("Class"), "cause": N_("Cause"), "model": N_("Model"), "batch": N_("Batch")}
    labels = {"severity": "Priority", "fault_class": "FaultClass", "cause": "FaultCause"}
    return exports.xlsx_response(name, N_("Quality report"), COLUMNS, _rows(found, language()), words=headings, labels=labels)


def _rows(found: QualityReport, locale: str) -> Iterator[list[Any]]:
    reports = [found] if found.kind == ReportKind.DAILY else list(queries.daily(found.day).values())
    entries = [entry for one in reports for entry in queries.entries_of(one)]
    return iter([_row(entry, locale) for entry in entries])


def _row(entry: Any, locale: str) -> list[Any]:
    name = entry.name_zh if locale.startswith("zh") else entry.name_en
    values = {column: name if column == "name" else getattr(entry, column) for column in COLUMNS}
    return [values[column] or None if column == "cause" else values[column] for column in COLUMNS]


@blueprint.get("/quality-reports/<int:report_id>/print")
@requires("quality_reports.read")
def printed(report_id: int) -> Response:
    """The report on paper (F-34, F-35)."""
    found = queries.by_id(report_id)
    return render("quality_reports/print.html", head=letterhead(), **_shown(found))


@blueprint.get("/quality-reports/<int:report_id>.pdf")
@requires("quality_reports.read")
def pdf(report_id: int) -> Response:
    """The report as a PDF."""
    found = queries.by_id(report_id)
    html = render_template("quality_reports/pdf.html", head=letterhead(), **_shown(found))
    return pdf_response(f"quality-{found.day:%Y-%m-%d}.pdf", html)
