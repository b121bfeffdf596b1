"""The file of a machine on paper: a print view for the browser, the same as PDF, and sheets of QR labels."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, flash, render_template, request
from flask_babel import gettext as _

from app.core import clock, files
from app.core.errors import N_, Invalid
from app.core.files import StoredFile
from app.core.known_settings import letterhead
from app.machine_files import queries
from app.machine_files.queries import File
from app.machine_files.timeline import Entry
from app.machine_files.views import qr_address, wanted_from
from app.machines import forms as machine_forms
from app.machines import qr
from app.machines import queries as machines
from app.machines.models import Machine
from app.web.auth import actor, requires
from app.web.filters import here, local
from app.web.paper import pdf_response, qr_source
from app.web.render import render, see_other

blueprint = Blueprint("paper", __name__)

MOST_PRINTED = 20_000
MOST_IN_PDF = 3_000
ON_A_SHEET = 24
MOST_LABELS = 20 * ON_A_SHEET
_TOO_MANY = N_("This file has more entries than fit into one PDF. Choose a period, or use the print view.")
Pictured = Callable[[str, StoredFile], str]


@blueprint.app_template_filter("printed_moment")
def printed_moment(at: datetime) -> str:
    """2026-11-23 14:05: paper has no hover."""
    return local(at).strftime("%Y-%m-%d %H:%M")


@blueprint.get("/machines/<serial>/print")
@requires("machines.read")
def view(serial: str) -> Response:
    """The whole file as a document for the browser's printer; ``?for=customer`` as the customer may have it."""
    found = queries.by_serial(actor(), serial)
    shown = _file(found, MOST_PRINTED, lambda source, _file: source)
    shown |= {"qr_src": f"/machines/{serial}/qr.svg" if found.qr_token else None, "pdf_href": _pdf_href(serial)}
    return render("machine_files/print.html", **shown)


@blueprint.get("/machines/<serial>.pdf")
@requires("machines.read")
def document(serial: str) -> Response:
    """The whole file as PDF, with the same choices as the print view."""
    found, pictures = queries.by_serial(actor(), serial), _Pictures()
    shown = _file(found, MOST_IN_PDF, pictures.take)
    if shown["is_cut"]:
        raise Invalid(_TOO_MANY)
    address = qr_address(found)
    html = render_template("machine_files/pdf.html", **shown, qr_src=qr_source(address) if address else None)
    return pdf_response(f"{serial}.pdf", html, pictures.paths)


class _Pictures:
    """The small pictures that a PDF shows, by the address it uses for each."""

    def __init__(self) -> None:
        self.paths: dict[str, Path] = {}

    def take(self, source: str, file: StoredFile) -> str:
        """Remember the picture of ``source`` and give its address; one that is no longer on the disk is left out."""
        path = files.preview_path_of(file)
        if not path.exists():
            return ""
        self.paths[f"/{file.id}"] = path
        return f"/{file.id}"


def _pdf_href(serial: str) -> str:
    return here().replace(f"{request.path}", f"/machines/{serial}.pdf", 1)


def _file(found: Machine, most: int, pictured: Pictured) -> dict[str, Any]:
    is_for_customer = request.args.get("for") == "customer"
    wanted, reader = wanted_from(request.args), actor()
    stretch = queries.everything(reader, found, wanted, is_for_customer=is_for_customer, most=most)
    picture = queries.picture_of(found)
    return {
        "machine": found,
        "file": File(found, is_for_customer),
        "wanted": wanted,
        "head": letterhead(),
        "today": clock.today(),
        "standing": (queries.standing_for_customer if is_for_customer else queries.standing)(reader, found),
        "completeness": queries.completeness_of(found, has_photo=picture is not None),
        "entries": stretch.entries,
        "is_cut": stretch.earlier_key is not None,
        "picture_src": pictured(f"/machines/{found.serial}/picture?preview=1", picture) if picture and picture.has_preview else None,
        "source_of": lambda entry: _source_of(entry, pictured),
    }


def _source_of(entry: Entry, pictured: Pictured) -> str | None:
    file = getattr(entry.record, "file", None)
    if entry.kind.picture is None or not isinstance(file, StoredFile) or not file.has_preview:
        return None
    return pictured(entry.kind.picture(entry.record), file)


# --- labels -------------------------------------------------------------------


@blueprint.get("/machines/labels")
@requires("machines.read")
def labels() -> Response:
    """Labels for the machines of the list (same filters), or for those named by ``serial``."""
    shown = _labels(lambda machine: f"/machines/{machine.serial}/qr.svg")
    return render("machine_files/labels.html", **shown, pdf_href=here().replace("/machines/labels", "/machines/labels.pdf", 1))


@blueprint.get("/machines/labels.pdf")
@requires("machines.read")
def labels_pdf() -> Response:
    """The same labels as PDF."""
    shown = _labels(lambda machine: qr_source(qr_address(machine) or ""))
    return pdf_response("qr-labels.pdf", render_template("machine_files/labels_pdf.html", **shown))


@blueprint.post("/machines/labels")
@requires("machines.edit")
def make_codes() -> Response:
    """Give the machines of the list that have no code yet one each."""
    made = [qr.token_of(machine) for machine in _chosen() if machine.qr_token is None]
    flash(_("Codes made: %(n)s.", n=len(made)), "message")
    return see_other(here())


def _chosen() -> list[Machine]:
    named = request.args.getlist("serial")
    found = machines.listed(actor(), machine_forms.wanted_from(request.args))
    if named:
        found = found.where(Machine.serial.in_(named[:MOST_LABELS]))
    return list(found.order_by(Machine.serial).limit(MOST_LABELS + 1))


def _labels(source: Callable[[Machine], str]) -> dict[str, Any]:
    chosen = _chosen()
    ready = [(machine, source(machine)) for machine in chosen[:MOST_LABELS] if machine.qr_token]
    return {
        "labels": ready,
        "without": [machine for machine in chosen[:MOST_LABELS] if not machine.qr_token],
        "sheets": [ready[start : start + ON_A_SHEET] for start in range(0, len(ready), ON_A_SHEET)],
        "is_cut": len(chosen) > MOST_LABELS,
        "hotline": letterhead().hotline,
    }
