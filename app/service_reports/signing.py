"""Signing freezes a report: on the device, on the customer's own phone, or closed with a reason and a photo (security §7, F-05, 2E-27).

Signing and calling off exclude each other: both lock the order's row; an order whose report is signed is not called off any more.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from app.accounts.notices import notify
from app.core import clock, db, history, live
from app.core.errors import N_, Conflict, Invalid, NotFound
from app.core.files import Incoming
from app.core.types import Actor
from app.service_reports import booking, content, sheets, steps
from app.service_reports.models import (
    PhotoKind,
    ReportPart,
    ReportPhoto,
    ReportSignature,
    ReportStatus,
    ServiceReport,
    SignatureWay,
)
from app.service_reports.writing import PartLine, check_own, is_put_on, keep_photo
from app.work_orders import gate
from app.work_orders.models import OrderStatus, WorkOrder
from app.work_orders.writing import HOLDS, LIVE, MISSING, locked

LINK_LASTS = timedelta(hours=24)
TOKEN_BYTES = 16
LONGEST_TOKEN = 32
MAX_NAME, MAX_REASON = 60, 500
DRAWN_WAYS = (SignatureWay.DRAWN, SignatureWay.REMOTE)
# A report is signed where the work is done, or afterwards.
SIGNABLE = (OrderStatus.ON_SITE, OrderStatus.WAITING_PARTS, OrderStatus.FINISHED)
# Who computed the digest first; without HTTPS a browser cannot.
DEVICE, SERVER = "device", "server"
PHOTO_KINDS = {SignatureWay.PAPER: PhotoKind.PAPER, SignatureWay.ABSENT: PhotoKind.SITE, SignatureWay.REFUSED: PhotoKind.SITE}

ALREADY = N_("This report is signed already, by %(who)s. Nothing was changed.")
_CHANGED = N_("The report was changed after it was shown. Please read it again; then sign what it says now.")
_DIFFERS = N_("What was signed on the device is not what the centre has: the check sums differ. Nothing was signed. Open the page again.")
_LINK_IS_OVER = N_("This link is no longer valid. Ask the technician for a new one.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """A signature as the device sends it: ``seen`` is the digest of the text that was shown, ``digest`` that of the whole, if it could."""

    signer: str
    strokes: str
    seen: str
    digest: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Undrawn:
    """How a report is closed without a drawn signature: who is named on the paper, why nobody signed, and the photo that shows it."""

    way: SignatureWay
    incoming: Sequence[Incoming]
    signer: str = ""
    reason: str = ""


def sign(*, by: Actor, order: WorkOrder, drawn: Drawn, at: datetime | None = None) -> ReportSignature:
    """The customer signs on the technician's device.

    Raises ``Invalid`` (no name, no ink, something lacking), ``Conflict`` (signed or called off meanwhile, changed, digests differ),
    ``NotAllowed``.
    """
    check_own(by, order)
    return _sign(by, order, SignatureWay.DRAWN, drawn, now=at or clock.now())


def sign_by_link(*, by: Actor, token: str, drawn: Drawn, at: datetime | None = None) -> ReportSignature:
    """The customer signs on their own phone, once. Raises as ``sign`` does, ``NotFound`` for a link that is over."""
    now = at or clock.now()
    report = of_link(token, now)
    with db.transaction():
        signature = _sign(by, report.order, SignatureWay.REMOTE, drawn, now=now, token=token)
        words = N_("%(who)s signed %(number)s on their phone.")
        href = f"/my/jobs/{report.order.number}/report/signature"
        notify([report.by_id], words, href=href, key=f"signed:{report.id}", at=now, who=signature.signer_name, number=report.number)
    return signature


def close_unsigned(*, by: Actor, order: WorkOrder, closing: Undrawn, at: datetime | None = None) -> ReportSignature:
    """Nobody is there, the customer refuses, or the paper was stamped: reason and photo stand for the signature (2E-30).

    Raises ``Invalid`` with the words beside each field, ``Conflict``, ``NotAllowed``.
    """
    check_own(by, order)
    _check_closing(closing)
    now = at or clock.now()
    with db.transaction():
        report = _signable(order, now)
        kind = PHOTO_KINDS[closing.way]
        photo = keep_photo(by, report, closing.incoming[0], kind=kind, client_id=f"closing:{report.id}", at=now)
        values = {"hashed_by": SERVER, "photo": photo.file.digest, "reason": closing.reason.strip(), "signer": closing.signer.strip()}
        return _freeze(by, report, closing.way, values, by_name=by.name, at=now, photo=photo)


def make_link(*, by: Actor, order: WorkOrder, at: datetime | None = None) -> ServiceReport:
    """A link for signing on the customer's own phone; it replaces the one before. Raises as ``sign`` does."""
    check_own(by, order)
    now = at or clock.now()
    with db.transaction():
        report = _signable(order, now)
        report.sign_token, report.sign_token_until = secrets.token_urlsafe(TOKEN_BYTES), now + LINK_LASTS
        fields = {"sign_token": report.sign_token, "sign_token_until": report.sign_token_until}
        ServiceReport.update(fields).where(ServiceReport.id == report.id).execute()
        history.record(by, "service_report.link_made", "service_report", report.number)
    return report


def of_link(token: str, at: datetime) -> ServiceReport:
    """The report that the link leads to, signed or not. Raises ``NotFound`` for one that leads nowhere or is older than a day."""
    report = ServiceReport.get_or_none(ServiceReport.sign_token == token) if 0 < len(token) <= LONGEST_TOKEN and token.isascii() else None
    if report is None or report.sign_token_until < at:
        raise NotFound(_LINK_IS_OVER)
    found: ServiceReport = report
    return found


def signature_of(report: ServiceReport) -> ReportSignature | None:
    """The signature of ``report``; None while it is being written."""
    return ReportSignature.get_or_none(ReportSignature.report == report)


def hold(order: WorkOrder) -> str | None:
    """Why ``order`` cannot be called off: its report is signed."""
    signed = ServiceReport.select().where(ServiceReport.order == order, ServiceReport.status != ReportStatus.DRAFT)
    if not signed.exists():
        return None
    return N_("The report of this order is signed: it can no longer be called off. Let the technician finish it.")


HOLDS.append(hold)


def _sign(by: Actor, order: WorkOrder, way: SignatureWay, drawn: Drawn, *, now: datetime, token: str | None = None) -> ReportSignature:
    signer = " ".join(drawn.signer.split())
    _check_signer(signer)
    strokes = content.strokes_in(drawn.strokes)
    with db.transaction():
        report = _signable(order, now)
        if token is not None and report.sign_token != token:
            raise NotFound(_LINK_IS_OVER)
        if drawn.seen != content.digest(content.text_of(sheets.said_by(report))):
            raise Conflict(_CHANGED)
        values = {"hashed_by": DEVICE if drawn.digest else SERVER, "signer": signer, "strokes": strokes}
        by_name = by.name if way == SignatureWay.DRAWN else signer
        return _freeze(by, report, way, values, by_name=by_name, at=now, claimed=drawn.digest)


def _check_signer(signer: str) -> None:
    if not signer:
        raise Invalid(MISSING, fields={"signer": N_("Who signs? The name, please.")})
    if len(signer) > MAX_NAME:
        raise Invalid(MISSING, fields={"signer": N_("This is too long for the field.")})


def _check_closing(closing: Undrawn) -> None:
    wrong = {}
    if closing.way in (SignatureWay.ABSENT, SignatureWay.REFUSED) and not closing.reason.strip():
        wrong["reason"] = N_("A reason is needed here.")
    if len(closing.reason) > MAX_REASON:
        wrong["reason"] = N_("This is too long for the field.")
    if len(closing.signer) > MAX_NAME:
        wrong["signer"] = N_("This is too long for the field.")
    if not closing.incoming:
        wrong["photo"] = N_("Take a photo: of the stamped paper, or of the site.")
    if wrong:
        raise Invalid(MISSING, fields=wrong)


def _signable(order: WorkOrder, now: datetime) -> ServiceReport:
    """The report of ``order`` with nothing lacking, in the running transaction; the order's row is locked until its end."""
    present = locked(order)
    if present.status == OrderStatus.CANCELLED:
        raise Conflict(N_("This order was called off meanwhile: nothing is signed any more. Ask the desk."))
    report: ServiceReport | None = ServiceReport.get_or_none(ServiceReport.order == order)
    if report is not None and report.status != ReportStatus.DRAFT:
        signature = signature_of(report)
        raise Conflict(ALREADY, who=(signature.signer_name or signature.by_name) if signature else "")
    if present.status not in SIGNABLE:
        raise Conflict(N_("Confirm your arrival first; the report is signed on site or afterwards."), status=present.status)
    lacks = steps.lacking(present, report)
    if report is None or lacks:
        raise Invalid(N_("The report is not complete yet. See what is missing."))
    parts = ReportPart.select().where(ReportPart.report == report)
    if any(is_put_on(part.serial_off, part.serial_on) for part in parts):
        gate.check_repair(present, now)
    return report


def _freeze(
    by: Actor,
    report: ServiceReport,
    way: SignatureWay,
    values: dict[str, Any],
    *,
    by_name: str,
    at: datetime,
    photo: ReportPhoto | None = None,
    claimed: str = "",
) -> ReportSignature:
    machine = report.order.machine_id
    for model in (ServiceReport, ReportPart):
        own = ServiceReport.id if model is ServiceReport else ReportPart.report
        model.update(machine=machine).where(own == report.id).execute()
    text = content.whole(content.text_of(sheets.said_by(report)), values | {"way": way})
    digest = content.digest(text)
    if claimed and claimed != digest:
        raise Conflict(_DIFFERS)
    _close(report, at)
    signature: ReportSignature = ReportSignature.create(
        report=report, way=way, signer_name=values["signer"], reason=values.get("reason", ""), photo=photo,
        strokes=content.text_of(values["strokes"]) if "strokes" in values else "",
        content=text, digest=digest, at=at, by=by.user_id, by_name=by_name, ip=by.ip or "",
    )  # fmt: skip
    after = {"order": report.order.number, "way": way, "digest": digest}
    history.record(by, "service_report.signed", "service_report", report.number, after=after, personal={"signer": values["signer"]})
    booking.book(by, report, _lines(report), report.cause, at)
    live.touch(LIVE)
    return signature


def _lines(report: ServiceReport) -> list[PartLine]:
    rows = ReportPart.select().where(ReportPart.report == report).order_by(ReportPart.position)
    return [PartLine(**{name: getattr(row, name) for name in sheets.PART_FIELDS}) for row in rows]


def _close(report: ServiceReport, at: datetime) -> None:
    is_open = (ServiceReport.id == report.id) & (ServiceReport.status == ReportStatus.DRAFT) & (ServiceReport.version == report.version)
    values = {"status": ReportStatus.SIGNED, "signed_at": at, "changed_at": at, "version": ServiceReport.version + 1}
    if ServiceReport.update(values).where(is_open).execute() != 1:
        raise Conflict(_CHANGED)
    report.status, report.signed_at, report.version = ReportStatus.SIGNED, at, report.version + 1
