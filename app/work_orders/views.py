"""The list of work orders; the page of one brings several capabilities together and stands in ``desk``."""

from functools import partial
from typing import Any

from flask import Blueprint, request
from werkzeug.wrappers import Response

from app.core.errors import N_
from app.customers import queries as customers
from app.web import exports
from app.web.auth import actor, requires
from app.web.render import live_tag, render, tagged, unchanged
from app.work_orders import forms, register
from app.work_orders.register import OrderFilter

blueprint = Blueprint("work_orders", __name__)


@blueprint.get("/work-orders")
@requires("orders.read")
def index() -> Response:
    """The list; as a poll it answers 304 while nothing has changed."""
    tag = live_tag("orders", "customers", "machines")
    if (same := unchanged(tag)) is not None:
        return same
    wanted = forms.wanted_from(request.args)
    # Called only where what they give is not kept from another reader of the same version.
    rows = partial(register.page, actor(), wanted, after=request.args.get("after"), before=request.args.get("before"))
    shown: dict[str, Any] = {"rows": rows, "wanted": wanted, "tag": tag, "leads": register.leads(), "counts": _counts, "scope": _scope()}
    shown["areas"] = [(area.id, area.name) for area in customers.areas()] if actor().area_ids is None else []
    return tagged(render("work_orders/index.html", fragment="work_orders/_list.html", **shown), tag)


def _scope() -> object:
    """What of the orders the reader sees: all, or those of their areas and their own."""
    return None if actor().area_ids is None else (actor().area_ids, actor().user_id)


def _counts() -> dict[str, int]:
    """How many there are behind each tab that somebody has to act on."""
    asked = {group: OrderFilter(status=group) for group in (register.QUEUE, register.OUT)}
    asked["unratified"] = OrderFilter(status=register.ANY, is_unratified=True)
    return {name: register.count(actor(), wanted) for name, wanted in asked.items()}


@blueprint.get("/work-orders.csv")
@requires("orders.read")
def export_csv() -> Response:
    """The list with the same filters as CSV."""
    return exports.csv_response("work-orders", register.COLUMNS, register.exported(actor(), forms.wanted_from(request.args)))


@blueprint.get("/work-orders.xlsx")
@requires("orders.read")
def export_xlsx() -> Response:
    """The list with the same filters as a workbook."""
    rows = register.exported(actor(), forms.wanted_from(request.args))
    return exports.xlsx_response("work-orders", N_("Work orders"), register.COLUMNS, rows, words=_WORDS, labels=register.LABELS)


_WORDS = {
    "created_at": N_("Made on"),
    "title": N_("What it is about"),
    "ticket": N_("Ticket"),
    "planned_from": N_("Planned for"),
    "wanted_at": N_("Promised by"),
    "finished_at": N_("Finished on"),
    "rework": N_("Rework"),
    "provisional": N_("To be ratified"),
}
