"""Returned parts on screen: the list, one return by its number or QR, tag, sending, receipt, waiver."""

from collections.abc import Callable, Mapping
from typing import Any

from flask import Blueprint, flash, request
from flask_babel import gettext
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from app.core import clock
from app.core.errors import N_, Conflict, Invalid
from app.core.known_settings import letterhead
from app.returns import queries, returning, verdicts
from app.returns.models import DefectiveReturn, ReturnStatus
from app.returns.queries import STATES, ReturnFilter
from app.returns.returning import Parcel
from app.web import exports
from app.web.auth import actor, requires
from app.web.errors import words
from app.web.paper import qr_source
from app.web.render import render, see_other

blueprint = Blueprint("returns", __name__)
LABELS = {"status": "ReturnStatus"}
WORDS = {
    "number": N_("Number"),
    "status": N_("State"),
    "part_number": N_("Number of the part"),
    "part_name": N_("Part"),
    "serial_number": N_("Serial number"),
    "batch": N_("Batch"),
    "quantity": N_("Quantity"),
    "machine": N_("Machine"),
    "order": N_("Work order"),
    "technician": N_("Technician"),
    "opened_at": N_("Opened on"),
    "due_on": N_("Due back"),
    "tagged_at": N_("Tag printed"),
    "sent_at": N_("Sent"),
    "carrier": N_("Carrier"),
    "waybill": N_("Waybill"),
    "received_at": N_("Received"),
    "received_by": N_("Taken in by"),
    "closed_at": N_("Closed on"),
    "waived_by": N_("Waived by"),
    "waived_reason": N_("Why it need not come back"),
}


@blueprint.get("/returns")
@requires(returning.READ)
def index() -> Response:
    """The list; parts that are not back unless another state is chosen."""
    wanted, sort = _wanted(), _sort()
    page = queries.page(actor(), wanted, sort=sort, after=request.args.get("after"), before=request.args.get("before"))
    shown: dict[str, Any] = {"page": page, "wanted": wanted, "sort": sort, "technicians": queries.technicians(actor())}
    return render("returns/index.html", fragment="returns/_list.html", today=clock.today(), **shown)


@blueprint.get("/returns.csv")
@requires(returning.READ)
def export_csv() -> Response:
    """The list with the same filters as CSV."""
    return exports.csv_response("returns", queries.COLUMNS, queries.exported(actor(), _wanted(), _sort()))


@blueprint.get("/returns.xlsx")
@requires(returning.READ)
def export_xlsx() -> Response:
    """The list with the same filters as a workbook."""
    rows = queries.exported(actor(), _wanted(), _sort())
    return exports.xlsx_response("returns", N_("Returned parts"), queries.COLUMNS, rows, words=WORDS, labels=LABELS)


@blueprint.get("/returns/ageing")
@requires(returning.READ)
def ageing() -> Response:
    """The parts that are not back, by technician."""
    return render("returns/ageing.html", ages=queries.ages(actor(), clock.today()))


def _wanted() -> ReturnFilter:
    state, technician = request.args.get("state", queries.OPEN), request.args.get("technician", "")
    is_known = state in ("", *STATES, *ReturnStatus)
    if not is_known or not (technician == "" or (technician.isdecimal() and len(technician) < 10)):
        raise Invalid(N_("The list cannot be filtered that way."))
    return ReturnFilter(q=request.args.get("q", "").strip()[:100], state=state, technician=int(technician) if technician else None)


def _sort() -> str:
    return request.args.get("sort") or queries.DEFAULT_SORT


@blueprint.get("/returns/<return_number>")
@requires(returning.READ)
def returned(return_number: str) -> Response:
    """One return: what it is, where it stands, what is next. Its tag's QR code leads here."""
    return _page(return_number)


@blueprint.get("/returns/<return_number>/tag")
@requires(returning.READ)
def printed(return_number: str) -> Response:
    """The tag for the printer."""
    return tag_sheet([queries.by_number(actor(), return_number)], f"/returns/{return_number}")


def tag_sheet(found: list[DefectiveReturn], back: str) -> Response:
    """The tags of ``found`` on paper, each with the QR code that leads to its return."""
    tags = [(one, qr_source(f"{request.host_url}returns/{one.number}")) for one in found]
    return render("returns/tags.html", tags=tags, back=back, head=letterhead())


@blueprint.post("/returns/<return_number>/tag")
@requires(returning.HANDLE)
def tag(return_number: str) -> Response:
    """Print the tag: the part counts as tagged."""
    found = queries.by_number(actor(), return_number)
    return _done(return_number, lambda: returning.tag(by=actor(), returns=[found]), "", leads_to=f"/returns/{return_number}/tag")


@blueprint.post("/returns/<return_number>/shipment")
@requires(returning.HANDLE)
def send(return_number: str) -> Response:
    """The part is on its way."""
    found, parcel = queries.by_number(actor(), return_number), parcel_from(request.form)
    return _done(return_number, lambda: returning.send(by=actor(), returns=[found], parcel=parcel), _("It is on its way."))


def parcel_from(form: Mapping[str, str]) -> Parcel:
    """How the parts travel, as it was typed."""
    return Parcel(carrier=form.get("carrier", ""), waybill=form.get("waybill", ""))


@blueprint.post("/returns/<return_number>/receipt")
@requires(returning.RECEIVE)
def receive(return_number: str) -> Response:
    """The part is back at the factory."""
    found = queries.by_number(actor(), return_number)
    return _done(return_number, lambda: returning.receive(by=actor(), returned=found, version=_version()), _("The part is received."))


@blueprint.post("/returns/<return_number>/waiver")
@requires(returning.WAIVE)
def waive(return_number: str) -> Response:
    """The part need not come back."""
    found, reason = queries.by_number(actor(), return_number), request.form.get("reason", "")
    return _done(
        return_number, lambda: returning.waive(by=actor(), returned=found, version=_version(), reason=reason), _("It need not come back.")
    )


def _version() -> int:
    text = request.form.get("version", "")
    return int(text) if text.isdecimal() and len(text) < 10 else 0


def _done(number: str, act: Callable[[], object], said: str, *, leads_to: str = "") -> Response:
    try:
        act()
    except (Conflict, Invalid) as error:
        wrong = error.fields if isinstance(error, Invalid) else {}
        return _page(number, status=error.status, problem=words(error), wrong={name: gettext(text) for name, text in wrong.items()})
    if said:
        flash(said, "message")
    return see_other(leads_to or f"/returns/{number}")


def _page(number: str, *, status: int = 200, problem: str = "", wrong: Mapping[str, str] | None = None) -> Response:
    me, found = actor(), queries.by_number(actor(), number)
    is_own = me.area_ids is None or found.technician_id == me.user_id
    shown: dict[str, Any] = {"returned": found, "is_out": found.status in returning.OUTSTANDING, "today": clock.today()}
    shown |= {"report": verdicts.of_return(found), "why": queries.why_opened(found)}
    shown |= {"may_handle": me.may(returning.HANDLE) and is_own, "typed": request.form, "wrong": wrong or {}}
    return render("returns/return.html", status=status, problem=problem, qr=qr_source(f"{request.host_url}returns/{number}"), **shown)
