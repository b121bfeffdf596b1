"""Emergencies that opened the warranty gate, for the manager to read (workflows, gate, d)."""

from collections.abc import Iterator
from typing import Any

from flask import Blueprint, flash, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from app.accounts import authorities
from app.core import clock
from app.core.errors import N_, Conflict, Invalid
from app.web import exports
from app.web.auth import actor, requires
from app.web.errors import words
from app.web.render import render, see_other
from app.work_orders import dispatching, gate, overrides
from app.work_orders.models import GateOverride

blueprint = Blueprint("gate_overrides", __name__)

COLUMNS = ("order", "title", "at", "by_name", "reason", "read_at", "read_by_name")
_WORDS = {
    "order": N_("Work order"),
    "title": N_("Title"),
    "at": N_("When"),
    "by_name": N_("Who"),
    "reason": N_("Why"),
    "read_at": N_("Read at"),
    "read_by_name": N_("Read by"),
}


@blueprint.get("/gate-overrides")
@requires(dispatching.CREATE)
def index() -> Response:
    """The list, unread ones unless asked otherwise."""
    _check()
    return _page()


@blueprint.get("/gate-overrides.csv")
@requires(dispatching.CREATE)
def export_csv() -> Response:
    """The list with the same filter as CSV."""
    _check()
    return exports.csv_response("gate-overrides", COLUMNS, _rows())


@blueprint.get("/gate-overrides.xlsx")
@requires(dispatching.CREATE)
def export_xlsx() -> Response:
    """The list with the same filter as a workbook."""
    _check()
    return exports.xlsx_response("gate-overrides", N_("Overrides of the warranty gate"), COLUMNS, _rows(), words=_WORDS)


def _check() -> None:
    """Let in who reads them by own right or in somebody's place; ``reading`` asks the same."""
    authorities.standing(actor(), gate.READ, clock.now())


def _rows() -> Iterator[list[Any]]:
    return map(_row, overrides.every(_state(), _sort()))


def _row(one: GateOverride) -> list[Any]:
    read_at = clock.local_text(one.read_at)
    return [one.order.number, one.order.title, clock.local_text(one.at), one.by_name, one.reason, read_at, one.read_by_name]


@blueprint.post("/gate-overrides/<override_id>/reading")
@requires(dispatching.CREATE)
def reading(override_id: str) -> Response:
    """The manager has read one."""
    try:
        gate.read_override(by=actor(), override_id=int(override_id) if override_id.isdecimal() and len(override_id) < 10 else 0)
    except Conflict as error:
        return _page(words(error), error.status)
    flash(_("Noted as read."), "message")
    return see_other("/gate-overrides")


def _state() -> str:
    state = request.args.get("state", overrides.UNREAD)
    if state not in overrides.STATES:
        raise Invalid(N_("The list cannot be filtered that way."))
    return state


def _sort() -> str:
    return request.args.get("sort") or overrides.DEFAULT_SORT


def _page(problem: str = "", status: int = 200) -> Response:
    page = overrides.page(_state(), sort=_sort(), after=request.args.get("after"), before=request.args.get("before"))
    shown: dict[str, Any] = {"page": page, "state": _state(), "sort": _sort(), "me": actor().user_id}
    return render("dispatch/overrides.html", fragment="dispatch/_overrides.html", status=status, problem=problem, **shown)
