"""Reading the history."""

from datetime import date, datetime, time, timedelta

from flask import Response, current_app, request

from app.accounts import queries
from app.accounts.views.blueprint import blueprint
from app.core.clock import UTC
from app.web.auth import requires
from app.web.render import render


@blueprint.get("/history")
@requires("history.read")
def history() -> Response:
    """Who changed what and when, newest first."""
    given = request.args
    wanted = queries.HistoryFilter(
        object_type=given.get("type", ""),
        object_id=given.get("object", "").strip(),
        action=given.get("action", ""),
        actor_id=given.get("person", type=int),
        since=_day_start(given.get("from")),
        until=_day_start(given.get("to"), 1),
    )
    page = queries.history_page(wanted, after=given.get("after"), before=given.get("before"))
    context = {"page": page, "wanted": wanted, "people": queries.everybody()}
    return render("accounts/history.html", fragment="accounts/_history.html", **context)


def _day_start(text: str | None, days_later: int = 0) -> datetime | None:
    """The first moment of a local day as UTC; None for no day or none that exists."""
    try:
        day = date.fromisoformat(text or "") + timedelta(days=days_later)
    except (ValueError, OverflowError):
        return None
    return datetime.combine(day, time(), current_app.config["CENTRE"].zone).astimezone(UTC)
