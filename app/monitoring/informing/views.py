"""The list of what customers are to be told: call, tick off, take back, export."""

from typing import Any

from flask import Blueprint, flash, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from app.core import clock
from app.core.errors import N_, Conflict, DomainError, Invalid
from app.customers import queries as customers
from app.monitoring.informing import operations, queries
from app.monitoring.informing.operations import TELL
from app.monitoring.informing.queries import COLUMNS, OPEN, TOLD, Filters
from app.web import exports
from app.web.auth import actor, requires
from app.web.errors import words
from app.web.i18n import language
from app.web.render import render, see_other

blueprint = Blueprint("informing", __name__)
HOME = "/customers-to-tell"
_WORDS = {
    "name": N_("What is to be told"), "started_at": N_("There since"), "ended_at": N_("Gone by itself"), "told_at": N_("Told at"),
    "told_by": N_("Told by"), "words": N_("What was told"),
}  # fmt: skip


@blueprint.get("/customers-to-tell")
@requires("monitoring.read")
def index() -> Response:
    """The list, what waits first."""
    return _list()


def _list(error: DomainError | None = None, telling_id: int = 0) -> Response:
    filters, sort = _filters(), request.args.get("sort") or queries.DEFAULT_SORT
    page = queries.page(actor(), filters, sort=sort, after=request.args.get("after"), before=request.args.get("before"))
    shown: dict[str, Any] = {"page": page, "lines": queries.lines(page.rows, clock.now()), "filters": filters, "sort": sort}
    shown |= {"problem": words(error) if error else "", "sent": telling_id, "typed": request.form.get("words", "")}
    shown |= {"areas": [(area.id, area.name) for area in customers.areas()] if actor().area_ids is None else [], "locale": language()}
    return render("informing/index.html", fragment="informing/_list.html", status=error.status if error else 200, **shown)


@blueprint.get("/customers-to-tell.csv")
@requires("monitoring.read")
def export_csv() -> Response:
    """The list with the same filters as CSV."""
    return exports.csv_response("customers-to-tell", COLUMNS, _exported())


@blueprint.get("/customers-to-tell.xlsx")
@requires("monitoring.read")
def export_xlsx() -> Response:
    """The list with the same filters as a workbook."""
    return exports.xlsx_response("customers-to-tell", N_("Customers to be told"), COLUMNS, _exported(), words=_WORDS)


@blueprint.post("/customers-to-tell/<int:telling_id>/told")
@requires(TELL)
def tell(telling_id: int) -> Response:
    """The customer was told."""
    telling = queries.by_id(actor(), telling_id)
    try:
        operations.tell(by=actor(), telling=telling, version=_version(), words=request.form.get("words", ""))
    except (Invalid, Conflict) as error:
        return _list(error, telling_id)
    flash(_("Noted: the customer of %(machine)s was told.", machine=telling.machine.serial), "message")
    return _back()


@blueprint.post("/customers-to-tell/<int:telling_id>/not-told")
@requires(TELL)
def take_back(telling_id: int) -> Response:
    """The customer was not told after all."""
    telling = queries.by_id(actor(), telling_id)
    try:
        operations.take_back(by=actor(), telling=telling, version=_version())
    except Conflict as error:
        return _list(error, telling_id)
    flash(_("The line about %(machine)s is open again.", machine=telling.machine.serial), "message")
    return _back()


def _version() -> int:
    return request.form.get("version", 0, type=int)


def _back() -> Response:
    return see_other(HOME + (f"?{request.query_string.decode()}" if request.query_string else ""))


def _filters() -> Filters:
    state, area = request.args.get("state", OPEN), request.args.get("area", "")
    return Filters(
        q=request.args.get("q", "").strip()[:100],
        state=state if state in (OPEN, TOLD) else "",
        area=int(area) if area.isdecimal() and len(area) < 10 else None,
    )


def _exported() -> Any:
    """All that the request says is read now, since the rows are sent when it is gone."""
    return queries.rows(actor(), _filters(), request.args.get("sort") or queries.DEFAULT_SORT, language())
