"""Reading the history."""

from datetime import date, datetime, time, timedelta
from typing import Any

from flask import Response, current_app, request

from app.accounts import exporting, history_words, queries
from app.accounts.queries import HistoryFilter
from app.accounts.views.blueprint import blueprint
from app.core.clock import UTC
from app.core.errors import N_
from app.web import exports
from app.web.auth import requires
from app.web.render import render


@blueprint.get("/history")
@requires("history.read")
def history() -> Response:
    """Who changed what and when, newest first."""
    wanted = _wanted()
    page = queries.history_page(wanted, after=request.args.get("after"), before=request.args.get("before"))
    people = queries.everybody()
    names = {str(user_id): name for user_id, name in people}
    shown: dict[str, Any] = {"page": page, "wanted": wanted, "people": people, "names": names, "areas": dict(queries.area_choices())}
    return render("accounts/history.html", fragment="accounts/_history.html", **shown)


@blueprint.get("/history.csv")
@requires("history.read")
def history_csv() -> Response:
    """The history with the same filters as CSV."""
    return exports.csv_response("history", exporting.HISTORY_COLUMNS, exporting.history(_wanted()))


@blueprint.get("/history.xlsx")
@requires("history.read")
def history_xlsx() -> Response:
    """The history with the same filters as a workbook."""
    labels: exports.Labels = {"action": history_words.ACTIONS, "object_type": history_words.OBJECTS, "role": "Role"}
    return exports.xlsx_response(
        "history", N_("History"), exporting.HISTORY_COLUMNS, exporting.history(_wanted()), words={"role": N_("Roles")}, labels=labels
    )


def _wanted() -> HistoryFilter:
    given = request.args
    return HistoryFilter(
        object_type=given.get("type", ""),
        object_id=given.get("object", "").strip(),
        action=given.get("action", ""),
        actor_id=given.get("person", type=int),
        since=_day_start(given.get("from")),
        until=_day_start(given.get("to"), 1),
    )


def _day_start(text: str | None, days_later: int = 0) -> datetime | None:
    """The first moment of a local day as UTC; None for no day or none that exists."""
    try:
        day = date.fromisoformat(text or "") + timedelta(days=days_later)
    except (ValueError, OverflowError):
        return None
    return datetime.combine(day, time(), current_app.config["CENTRE"].zone).astimezone(UTC)
