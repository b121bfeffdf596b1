"""Signing on the technician's tablet, and what stands for a signature: a link by QR code, a reason with a photo, stamped paper."""

from typing import Any

import segno
from flask import Blueprint, flash, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from app.core import clock
from app.core.errors import N_, Conflict, DomainError, Invalid
from app.core.files import PICTURES
from app.service_reports import content, queries, sheets, signing, steps
from app.service_reports.models import ReportStatus, ServiceReport, SignatureWay
from app.service_reports.signing import Drawn, Undrawn
from app.service_reports.views import STEP_WORDS
from app.service_reports.writing import WRITE
from app.web import uploads
from app.web.auth import actor, requires
from app.web.errors import words
from app.web.i18n import translated
from app.web.render import render, see_other
from app.work_orders import queries as orders
from app.work_orders.models import OrderStatus, WorkOrder

blueprint = Blueprint("report_signing", __name__)
UNDRAWN_WAYS = (SignatureWay.PAPER, SignatureWay.ABSENT, SignatureWay.REFUSED)


@blueprint.app_template_filter("signature_picture")
def signature_picture(strokes: str) -> str:
    """The address of a signature as a picture."""
    return content.picture(strokes)


@blueprint.route("/my/jobs/<order_number>/report/signature", methods=["GET", "POST"])
@requires(WRITE)
def signature(order_number: str) -> Response:
    """The customer reads and signs; or it is said why nobody does."""
    order = orders.own_by_number(actor(), order_number)
    if request.method == "GET":
        return _page(order)
    handed = uploads.received("photo", kinds=PICTURES, most=1)
    try:
        _sign(order, handed)
    except (Conflict, Invalid) as error:
        return _page(order, error=error, handed=handed)
    flash(_("Signed. From now on the report stays as it is."), "message")
    return see_other(url_for("report_signing.signature", order_number=order.number))


@blueprint.post("/my/jobs/<order_number>/report/signing-link")
@requires(WRITE)
def link(order_number: str) -> Response:
    """A link, shown as a QR code, for signing on the customer's own phone."""
    order = orders.own_by_number(actor(), order_number)
    try:
        signing.make_link(by=actor(), order=order)
    except (Conflict, Invalid) as error:
        return _page(order, error=error)
    return see_other(url_for("report_signing.signature", order_number=order.number, _anchor="link"))


def drawn_in(form: Any) -> Drawn:
    """What the page sent as a signature."""
    seen, digest = form.get("seen", "")[:64], form.get("digest", "")[:64]
    return Drawn(signer=form.get("signer", ""), strokes=form.get("strokes", ""), seen=seen, digest=digest)


def link_address(report: ServiceReport) -> str:
    """The address for signing on another phone."""
    return url_for("signing_link.sign", token=report.sign_token, _external=True)


def qr_picture(address: str) -> str:
    """The QR code of ``address`` as the address of a picture."""
    return segno.make(address, error="m", micro=False).svg_data_uri(scale=6, border=2)


def _sign(order: WorkOrder, handed: uploads.Received) -> None:
    way, form = request.form.get("way", ""), request.form
    if way == SignatureWay.DRAWN:
        signing.sign(by=actor(), order=order, drawn=drawn_in(form))
        return
    if way not in UNDRAWN_WAYS:
        raise Invalid(N_("Choose how the report is closed."), fields={"way": N_("Choose how the report is closed.")})
    closing = Undrawn(
        way=SignatureWay(way),
        incoming=handed.check(),
        signer=" ".join(form.get("paper_signer", "").split()),
        reason=form.get("reason", "").strip(),
    )
    signing.close_unsigned(by=actor(), order=order, closing=closing)


def _page(order: WorkOrder, *, error: DomainError | None = None, handed: uploads.Received | None = None) -> Response:
    found = queries.of_order(order)
    now = clock.now()
    shown: dict[str, Any] = {"order": order, "report": found, "lacks": _named(steps.lacking(order, found)), "handed": handed}
    shown["errors"] = {name: translated(message) for name, message in getattr(error, "fields", {}).items()}
    if found is not None:
        sheet = sheets.of(found)
        shown |= {"sheet": sheet, "text": content.text_of(sheets.said_by(found)) if sheet.signature is None else ""}
        shown["seen"] = content.digest(shown["text"])
        shown["advice"] = _named(steps.advised(found, has_photo=bool(sheet.photos)))
        has_link = found.status == ReportStatus.DRAFT and found.sign_token_until is not None and found.sign_token_until > now
        shown["link"] = link_address(found) if has_link else None
        shown["qr"] = qr_picture(shown["link"]) if has_link else None
    shown["is_arrived"] = order.status in signing.SIGNABLE
    shown["may_finish"] = order.status == OrderStatus.ON_SITE
    status, problem = (error.status, words(error)) if error else (200, "")
    return render("service_reports/signature.html", status=status, problem=problem, typed=request.form, **shown)


def _named(found: dict[steps.Step, str]) -> list[tuple[str, str, str]]:
    """Step, its name and the words, for links to what is missing."""
    return [(step, translated(STEP_WORDS[step]), translated(message)) for step, message in found.items()]
