"""A contract on paper (F-08): print view, PDF, and the scan of the signed copy."""

from typing import Any

from flask import Blueprint, Response, render_template, request
from flask import Response as FlaskResponse

from app.contracts import queries
from app.contracts.models import Contract
from app.contracts.writing import READ
from app.core.errors import N_, NotFound
from app.core.known_settings import letterhead
from app.core.money import capitals
from app.web import uploads
from app.web.auth import actor, requires
from app.web.paper import SHEET, pdf_response, qr_source
from app.web.render import render

blueprint = Blueprint("contract_paper", __name__)


@blueprint.get("/contracts/<contract_number>/print")
@requires(READ)
def view(contract_number: str) -> FlaskResponse:
    """The contract as a sheet of paper for the browser's printer."""
    return render("contracts/print.html", **_content(queries.by_number(actor(), contract_number)))


@blueprint.get("/contracts/<contract_number>.pdf")
@requires(READ)
def document(contract_number: str) -> Response:
    """The same as PDF."""
    found = queries.by_number(actor(), contract_number)
    html = render_template("contracts/pdf.html", **_content(found))
    return pdf_response(f"{found.number}.pdf", html, styles=(*SHEET, "report.css", "contract.css"))


@blueprint.get("/contracts/<contract_number>/scan")
@requires(READ)
def scan(contract_number: str) -> Response:
    """The scan of the signed copy. Raises ``NotFound`` when there is none."""
    found = queries.by_number(actor(), contract_number)
    if found.scan_id is None:
        raise NotFound(N_("There is no scan of this contract."))
    return uploads.send(found.scan)


def _content(found: Contract) -> dict[str, Any]:
    lines = queries.lines_of(found)
    return {
        "contract": found,
        "lines": lines,
        "reckoned": queries.reckoned(found, lines),
        "machines": queries.machines_of(found),
        "capitals": capitals(found.total),
        "head": letterhead(),
        "qr_src": qr_source(f"{request.host_url}contracts/{found.number}"),
    }
