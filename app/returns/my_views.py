"""What a technician has still to return: tags printed and parcels sent for several parts at once."""

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, flash, request
from flask_babel import gettext
from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from app.core import clock
from app.core.errors import Conflict, Invalid
from app.returns import queries, returning
from app.returns.views import parcel_from, tag_sheet
from app.web.auth import actor, requires
from app.web.errors import words
from app.web.render import render, see_other

blueprint = Blueprint("my_returns", __name__)
HOME = "/my/returns"


@blueprint.get("/my/returns")
@requires("jobs.work")
def index() -> Response:
    """The own parts that are not back, the most pressing first."""
    return _page()


@blueprint.get("/my/returns/tags")
@requires("jobs.work")
def tags() -> Response:
    """The tags of the chosen parts for the printer."""
    return tag_sheet(queries.chosen(actor(), request.args.getlist("number")[:50]), HOME)


@blueprint.post("/my/returns")
@requires("jobs.work")
def act() -> Response:
    """Print the tags of the chosen parts, or send them in one parcel."""
    numbers = request.form.getlist("number")[:50]
    try:
        found = queries.chosen(actor(), numbers)
        if request.form.get("do") == "tag":
            returning.tag(by=actor(), returns=found)
        else:
            returning.send(by=actor(), returns=found, parcel=parcel_from(request.form))
    except (Conflict, Invalid) as error:
        return _page(error)
    if request.form.get("do") == "tag":
        return see_other(f"{HOME}/tags?" + "&".join(f"number={one.number}" for one in found))
    flash(_("%(count)d parts are on their way.", count=len(found)), "message")
    return see_other(HOME)


def _page(error: Conflict | Invalid | None = None) -> Response:
    wrong: Mapping[str, str] = error.fields if isinstance(error, Invalid) else {}
    typed = request.form if error else MultiDict[str, str]()
    said = {name: gettext(text) for name, text in wrong.items()}
    shown: dict[str, Any] = {
        "returns": queries.own(actor()),
        "today": clock.today(),
        "typed": typed,
        "wrong": said,
        "chosen": typed.getlist("number"),
    }
    return render("my_returns/index.html", status=error.status if error else 200, problem=words(error) if error else "", **shown)
