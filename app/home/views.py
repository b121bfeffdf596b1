"""The start page: what waits for the person who looks at it."""

from typing import Any

from flask import Blueprint
from werkzeug.wrappers import Response

from app.callbacks import writing as call_backs
from app.home import queries
from app.returns import opening as returns
from app.tickets import inbox
from app.web.auth import actor, requires
from app.web.render import live_tag, render, tagged, unchanged
from app.work_orders import writing as orders

blueprint = Blueprint("home", __name__)


@blueprint.get("/")
@requires("self.use")
def start() -> Response:
    """What waits for me, oldest first, with the one button that moves it; keeps itself up to date."""
    tag = live_tag("tickets", "alarms", orders.LIVE, call_backs.LIVE, inbox.LIVE, returns.LIVE)
    if (same := unchanged(tag)) is not None:
        return same
    me = actor()
    has_steps = queries.has_steps(me)
    shown: dict[str, Any] = {
        "items": queries.waiting(me) if has_steps else [],
        "tickets": queries.open_tickets(me) if not has_steps and me.may("tickets.read") else None,
        "figures": queries.figures(me),
    }
    return tagged(render("home/start.html", fragment="home/_waiting.html", tag=tag, has_steps=has_steps, **shown), tag)
