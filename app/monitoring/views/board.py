"""The board: what stands, worst first, and every machine by area."""

from functools import partial
from typing import Any

from flask import current_app, request
from werkzeug.wrappers import Response

from app.core.types import Actor
from app.customers import queries as customers
from app.machines import queries as machines
from app.monitoring import board as boards
from app.monitoring import feed, forms
from app.monitoring.queries import Filters
from app.monitoring.shift_log import queries as shift_log
from app.monitoring.silence import outages
from app.monitoring.views.routes import LIVE, blueprint
from app.web import security
from app.web.auth import actor, requires
from app.web.render import live_tag, render, tagged, unchanged

# What a reader may do changes what the board offers.
RIGHTS = ("alarms.acknowledge", "alarms.shelve", "alarms.reset", "tickets.open", "shifts.read", "feed.read")


@blueprint.get("/monitoring")
@requires("monitoring.read")
def board() -> Response:
    """The board; as a poll it answers 304 while nothing has changed."""
    tag = live_tag(*LIVE)
    if (same := unchanged(tag)) is not None:
        return same
    me, filters = actor(), forms.board_filters(request.args)
    areas = [(area.id, area.name) for area in customers.areas()] if me.area_ids is None else []
    choices: dict[str, Any] = {"areas": areas, "models": [(model.id, model.name) for model in machines.models()]}
    customer = customers.by_id(me, filters.customer) if filters.customer else None
    # Called only where the board is not kept from another reader of the same version.
    shown: dict[str, Any] = {"look": partial(seen, me, filters)}
    stream = security.stream_of(current_app.config["CENTRE"])
    shown |= {"filters": filters, "tag": tag, "scope": scope_of(me), "customer": customer, "stream": stream}
    response = tagged(render("monitoring/board.html", fragment="monitoring/_board.html", **shown, **choices), tag)
    response.headers["Content-Security-Policy"] = security.policy_with(stream)
    return response


def seen(me: Actor, filters: Filters) -> dict[str, Any]:
    """What the pieces of the board show, by the names of their templates."""
    return {
        "board": boards.board(me, filters),
        "health": feed.health(),
        "on_shift": shift_log.running(),
        "outages": outages.waiting(),
        "filters": filters,
    }


def scope_of(me: Actor) -> tuple[frozenset[int] | None, frozenset[str]]:
    """Readers of one scope see the same board: their areas, and what they may do."""
    return me.area_ids, frozenset(right for right in RIGHTS if me.may(right))
