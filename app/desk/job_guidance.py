"""Help for those on site (技术指导, 2B-07): who waits for an answer, answering, and the record on paper (F-52)."""

from typing import Any

from flask import Blueprint, Response, flash, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response as Answer

from app.core import clock, known_settings
from app.core.errors import Conflict, Invalid
from app.tickets.forms import new_token
from app.web.auth import actor, requires
from app.web.errors import words
from app.web.i18n import translated
from app.web.render import live_tag, render, see_other, tagged, unchanged
from app.work_orders import guidance
from app.work_orders.queries import by_number

blueprint = Blueprint("guidance", __name__)


@blueprint.get("/guidance")
@requires("orders.read")
def index() -> Answer:
    """Who waits for an answer, longest first; keeps itself up to date."""
    tag = live_tag("orders", "tickets")
    if (same := unchanged(tag)) is not None:
        return same
    return tagged(_list(tag=tag), tag)


@blueprint.post("/work-orders/<order_number>/guidance")
@requires(guidance.GIVE)
def give(order_number: str) -> Answer:
    """Say what to do."""
    order, text, given = by_number(actor(), order_number), request.form.get("text", ""), request.form
    try:
        guidance.give(by=actor(), order=order, text=text, form_token=given.get("form_token") or None)
    except (Conflict, Invalid) as error:
        wrong = {name: translated(message) for name, message in getattr(error, "fields", {}).items()}
        return _list(tag="", status=error.status, problem=words(error), wrong=wrong, wrong_order=order, typed=text)
    flash(_("The answer is on its way."), "message")
    return see_other(f"/work-orders/{order_number}" if given.get("from") == "order" else "/guidance")


@blueprint.get("/work-orders/<order_number>/guidance/print")
@requires("orders.read")
def printed(order_number: str) -> Response:
    """The log as a sheet of paper (疑难/重大故障技术指导记录)."""
    order = by_number(actor(), order_number)
    return render("guidance/print.html", order=order, log=guidance.log_of(order), company=known_settings.value("company_name"))


def _list(*, tag: str, status: int = 200, problem: str = "", **more: Any) -> Response:
    shown: dict[str, Any] = {"waiting": guidance.wanted(actor()), "form_token": new_token(), "now": clock.now(), "tag": tag}
    return render("guidance/index.html", fragment="guidance/_list.html", status=status, problem=problem, **shown, **more)
