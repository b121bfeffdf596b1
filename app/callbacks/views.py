"""The list of call-backs: what is due, to be signed, to be read, and all of them; signing and reading many good ones at once."""

from collections.abc import Callable
from functools import partial
from typing import Any

from flask import Blueprint, flash, request
from flask_babel import ngettext
from werkzeug.wrappers import Response

from app.accounts.authorities import may_act
from app.callbacks import call_forms, due, queries, signing
from app.callbacks.models import CallBackStatus
from app.callbacks.writing import LIST, LIVE, READ, RECORD, SIGN
from app.core import clock
from app.core.errors import N_
from app.core.types import Actor
from app.customers.models import Customer
from app.web import exports
from app.web.auth import actor, requires
from app.web.render import live_tag, render, see_other, tagged, unchanged

blueprint = Blueprint("call_backs", __name__)
LABELS = {"status": "CallBackStatus", "outcome": "CallBackOutcome", "kind": "OrderKind"}
WORDS = {
    "outcome": N_("What came of it"),
    "technician": N_("Field technician"),
    "called_at": N_("Customer called at"),
    "recorded_by": N_("Recorded by"),
    "result_score": N_("Score: result"),
    "attitude_score": N_("Score: attitude"),
    "timeliness_score": N_("Score: timeliness"),
    "hotline_told": N_("400 line told"),
    "poor": N_("Poor score"),
    "text": N_("What the customer said"),
    "follow_up": N_("Follow-up"),
    "owner": N_("Sees to it"),
    "follow_up_due_on": N_("By when"),
    "follow_up_done_at": N_("Done at"),
    "follow_up_result": N_("What came of the follow-up"),
    "signed_for": N_("Signed in the place of"),
    "read_at": N_("Read at"),
    "read_by": N_("Read by"),
    "read_for": N_("Read in the place of"),
    "finished_at": N_("Finished at"),
    "due_at": N_("Call by"),
    "tries": N_("Calls that reached nobody"),
    "again_at": N_("Call again at"),
}


@blueprint.get("/call-backs")
@requires(LIST)
def index() -> Response:
    """The list; each begins with what waits for them."""
    tag = live_tag(LIVE, "orders", "customers", "machines")
    return unchanged(tag) or _list(tag)


def _list(tag: str) -> Response:
    reader, now = actor(), clock.now()
    tab, wanted = call_forms.tab_from(request.args, usual_tab(reader)), call_forms.wanted_from(request.args)
    sort = request.args.get("sort") or queries.NEWEST
    place = {"after": request.args.get("after"), "before": request.args.get("before")}
    # Called only where what they give is not kept from another reader of the same version.
    recorded = partial(queries.page, reader, tab, wanted, sort=sort, **place)
    rows = partial(due.page, reader, wanted, now, **place) if tab == due.DUE else recorded
    shown: dict[str, Any] = {"tab": tab, "wanted": wanted, "sort": sort, "rows": rows, "now": now, "tag": tag}
    shown |= {"counts": partial(_counts, reader), "scope": reader.area_ids}
    shown |= {"may_sign": may_act(reader, SIGN, now), "may_read": may_act(reader, READ, now), "me": reader.user_id}
    shown |= {"technicians": queries.technicians(), "areas": queries.areas(reader), "customer": _customer(wanted.customer)}
    return tagged(render("call_backs/index.html", fragment="call_backs/_list.html", **shown), tag)


def usual_tab(reader: Actor) -> str:
    """With which tab the list begins for ``reader``."""
    if reader.may(RECORD):
        return due.DUE
    if reader.may(SIGN):
        return queries.TO_SIGN
    return queries.TO_READ if reader.may(READ) else due.DUE


def _counts(reader: Actor) -> dict[str, int]:
    signing_count = queries.count(reader, CallBackStatus.RECORDED)[0]
    return {due.DUE: due.count(reader)[0], queries.TO_SIGN: signing_count, queries.TO_READ: queries.count(reader, CallBackStatus.SIGNED)[0]}


def _customer(customer_id: int | None) -> Customer | None:
    return Customer.get_or_none(Customer.id == customer_id) if customer_id else None


@blueprint.get("/call-backs.csv")
@requires(LIST)
def export_csv() -> Response:
    """The tab with the same filters as CSV."""
    columns, rows = _exported()
    return exports.csv_response("call-backs", columns, rows)


@blueprint.get("/call-backs.xlsx")
@requires(LIST)
def export_xlsx() -> Response:
    """The tab with the same filters as a workbook."""
    columns, rows = _exported()
    return exports.xlsx_response("call-backs", N_("Call-backs"), columns, rows, words=WORDS, labels=LABELS)


def _exported() -> tuple[tuple[str, ...], Any]:
    reader = actor()
    tab, wanted = call_forms.tab_from(request.args, usual_tab(reader)), call_forms.wanted_from(request.args)
    if tab == due.DUE:
        return due.COLUMNS, due.rows(reader, wanted, clock.now())
    return queries.COLUMNS, queries.rows(reader, tab, wanted, request.args.get("sort") or queries.NEWEST)


@blueprint.post("/call-backs/signatures")
@requires(LIST)
def sign_shown() -> Response:
    """Sign the good ones that stood on the page."""
    count = _each(signing.sign_shown)
    flash(ngettext("%(num)d record signed.", "%(num)d records signed.", count))
    return see_other(f"/call-backs?tab={queries.TO_SIGN}")


@blueprint.post("/call-backs/readings")
@requires(LIST)
def read_shown() -> Response:
    """Read the good ones that stood on the page; they go into the archive."""
    count = _each(signing.read_shown)
    flash(ngettext("%(num)d record read and archived.", "%(num)d records read and archived.", count))
    return see_other(f"/call-backs?tab={queries.TO_READ}")


def _each(act: Callable[..., int]) -> int:
    """Do it with those of the page that the reader may see."""
    wanted = dict(call_forms.shown_from(request.form.getlist("record")))
    seen = queries.visible(actor()).select(queries.CallBack.id).where(queries.CallBack.id.in_(list(wanted))).tuples()
    return act(by=actor(), shown=[(one, wanted[one]) for (one,) in seen])
