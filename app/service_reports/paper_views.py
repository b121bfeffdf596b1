"""A report on paper (F-05, F-06): print view and PDF under the title of its kind, with signature, digest, QR code, amendments."""

from pathlib import Path
from typing import Any

from flask import Blueprint, Response, render_template, request

from app.core import files
from app.core.known_settings import letterhead
from app.service_reports import queries, sheets
from app.service_reports.models import ServiceReport
from app.service_reports.register_views import READ, amended_words
from app.service_reports.signing_views import qr_picture
from app.web.auth import actor, requires
from app.web.paper import SHEET, pdf_response
from app.web.render import render

blueprint = Blueprint("report_paper", __name__)


@blueprint.get("/service-reports/<report_number>/print")
@requires(READ)
def view(report_number: str) -> Response:
    """The report as a sheet of paper for the browser's printer."""
    found = queries.by_number(actor(), report_number)
    return render(
        "service_reports/print.html", **_content(found, lambda photo: f"/service-reports/{found.number}/photos/{photo.id}?preview=1")
    )


@blueprint.get("/service-reports/<report_number>.pdf")
@requires(READ)
def document(report_number: str) -> Response:
    """The same as PDF."""
    found = queries.by_number(actor(), report_number)
    pictures: dict[str, Path] = {}

    def pictured(photo: Any) -> str:
        path = files.preview_path_of(photo.file)
        if path.exists():
            pictures[f"/{photo.file_id}"] = path
        return f"/{photo.file_id}" if path.exists() else ""

    html = render_template("service_reports/pdf.html", **_content(found, pictured))
    return pdf_response(f"{found.number}.pdf", html, pictures, (*SHEET, "report.css"))


def _content(found: ServiceReport, pictured: Any) -> dict[str, Any]:
    sheet = sheets.of(found, is_original=True)
    return {
        "report": found,
        "sheet": sheet,
        "amendments": amended_words(sheet),
        "photos": [(photo, source) for photo in sheet.photos if (source := pictured(photo))],
        "head": letterhead(),
        "qr_src": qr_picture(f"{request.host_url}service-reports/{found.number}"),
    }
