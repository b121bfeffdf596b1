"""Amending a signed report: the fields as they stand, what should be read instead, why, and a new signature if there is one."""

from typing import Any

from flask import Blueprint, flash, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from app.core.errors import Conflict, DomainError, Invalid
from app.service_reports import amending, forms, queries, sheets
from app.service_reports.models import ReportStatus, ServiceReport
from app.service_reports.sheets import OWN_FIELDS
from app.web.auth import actor, requires
from app.web.errors import words
from app.web.i18n import translated
from app.web.render import render, see_other

blueprint = Blueprint("report_amendments", __name__)


@blueprint.route("/service-reports/<report_number>/amendments", methods=["GET", "POST"])
@requires(amending.AMEND)
def amend(report_number: str) -> Response:
    """The form with what the report says now; sending it keeps what is different as an amendment."""
    found = queries.by_number(actor(), report_number)
    if request.method == "GET":
        return _page(found)
    try:
        _amend(found)
    except (Conflict, Invalid) as error:
        return _page(found, error)
    flash(_("The amendment is kept beside the report."), "message")
    return see_other(url_for("service_reports.report", report_number=report_number, _anchor="amendments"))


def _amend(found: ServiceReport) -> None:
    form = request.form
    amending.amend(
        by=actor(),
        report=found,
        seen=forms.page_in(form).version,
        reason=form.get("reason", ""),
        fields=forms.columns_in(OWN_FIELDS, form),
        parts=forms.parts_in(form),
        signer=form.get("signer", ""),
        strokes=form.get("strokes", ""),
    )


def _page(found: ServiceReport, error: DomainError | None = None) -> Response:
    sheet = sheets.of(found)
    stored = forms.shown_columns(OWN_FIELDS, sheet.fields, {}) | forms.typed_lines("part", sheet.fields["parts"])
    typed: dict[str, Any] = stored if error is None else {"is_solved": "", **request.form}
    shown: dict[str, Any] = {"report": found, "sheet": sheet, "typed": typed, "line_count": forms.line_count("part", typed, more=1)}
    shown["is_signed"] = found.status != ReportStatus.DRAFT
    shown["errors"] = {name: translated(message) for name, message in getattr(error, "fields", {}).items()}
    status, problem = (error.status, words(error)) if error else (200, "")
    return render("service_reports/amend.html", status=status, problem=problem, components=forms.components(), **shown)
