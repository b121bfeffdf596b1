"""The 400 records (F-02, F-03): list, exports, and the deputy's queue in which they are read and signed."""

from typing import Any

from flask import Blueprint, flash, request, url_for
from flask_babel import ngettext
from werkzeug.wrappers import Response

from app.core.errors import N_, Conflict, NotFound
from app.tickets import forms, hotline, hotline_queries
from app.tickets.models import HotlineRecord
from app.web import exports
from app.web.auth import actor, requires
from app.web.errors import words
from app.web.htmx import htmx
from app.web.render import live_tag, render, see_other, tagged, unchanged

blueprint = Blueprint("hotline", __name__)
LABELS = {"kind": "TicketKind", "status": "TicketStatus"}


@blueprint.get("/hotline-records")
@requires("tickets.read")
def index() -> Response:
    """What waits for a signature, oldest first, unless something else is asked for."""
    tag = live_tag("tickets")
    return unchanged(tag) or _list(tag)


def _list(tag: str, problem: str = "", status: int = 200) -> Response:
    wanted = forms.records_wanted_from(request.args)
    page = hotline_queries.page(actor(), wanted, after=request.args.get("after"), before=request.args.get("before"))
    shown: dict[str, Any] = {"page": page, "wanted": wanted, "tag": tag, "problem": problem, "content": hotline.content}
    return tagged(render("hotline/index.html", fragment="hotline/_list.html", status=status, **shown), tag)


@blueprint.get("/hotline-records.csv")
@requires("tickets.read")
def export_csv() -> Response:
    """The list with the same filters as CSV."""
    found = hotline_queries.rows(actor(), forms.records_wanted_from(request.args))
    return exports.csv_response("hotline-records", hotline_queries.COLUMNS, found)


@blueprint.get("/hotline-records.xlsx")
@requires("tickets.read")
def export_xlsx() -> Response:
    """The list with the same filters as a workbook."""
    found = hotline_queries.rows(actor(), forms.records_wanted_from(request.args))
    return exports.xlsx_response("hotline-records", N_("400 records"), hotline_queries.COLUMNS, found, labels=LABELS)


@blueprint.post("/hotline-records/<int:record_id>/signature")
@requires("hotline.sign")
def sign(record_id: int) -> Response:
    """Read and signed."""
    try:
        hotline.sign(by=actor(), record_id=_visible(record_id).id, remark=request.form.get("remark", ""))
    except Conflict as error:
        return _list(live_tag("tickets"), problem=words(error), status=error.status)
    return _back()


def _visible(record_id: int) -> HotlineRecord:
    found = hotline_queries.visible(actor()).where(HotlineRecord.id == record_id).first()
    if found is None:
        raise NotFound(N_("There is no such record."))
    return found


@blueprint.post("/hotline-records/signatures")
@requires("hotline.sign")
def sign_shown() -> Response:
    """Sign all that stood on the page; those somebody else signed meanwhile stay as they are."""
    asked = [int(text) for text in request.form.getlist("record") if text.isascii() and text.isdigit() and len(text) < 10]
    shown = [one.id for one in hotline_queries.visible(actor()).where(HotlineRecord.id.in_(asked))]
    count = hotline.sign_shown(by=actor(), record_ids=shown)
    flash(ngettext("%(num)d record signed.", "%(num)d records signed.", count))
    return _back()


def _back() -> Response:
    """To the list as it was filtered; the filters stand in the form's own address."""
    if htmx.wants_fragment:
        return _list(live_tag("tickets"))
    return see_other(url_for("hotline.index") + f"?{request.query_string.decode()}".rstrip("?"))
