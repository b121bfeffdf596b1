"""The board: what stands, worst first, and every machine by area."""

from typing import Any

from flask import request
from werkzeug.wrappers import Response

from app.customers import queries as customers
from app.machines import queries as machines
from app.monitoring import feed, forms, queries
from app.monitoring.shift_log import queries as shift_log
from app.monitoring.views.routes import LIVE, blueprint
from app.web.auth import actor, requires
from app.web.render import live_tag, render, tagged, unchanged


@blueprint.get("/monitoring")
@requires("monitoring.read")
def board() -> Response:
    """The board; as a poll it answers 304 while nothing has changed."""
    tag = live_tag(*LIVE)
    if (same := unchanged(tag)) is not None:
        return same
    filters = forms.board_filters(request.args)
    shown: dict[str, Any] = {"board": queries.board(actor(), filters), "filters": filters, "health": feed.health(), "tag": tag}
    shown["on_shift"] = shift_log.running()
    areas = [(area.id, area.name) for area in customers.areas()] if actor().area_ids is None else []
    choices: dict[str, Any] = {"areas": areas, "models": [(model.id, model.name) for model in machines.models()]}
    return tagged(render("monitoring/board.html", fragment="monitoring/_board.html", **shown, **choices), tag)
