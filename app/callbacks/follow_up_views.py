"""What is done about poor call-backs: the list of follow-ups, mine or all, and noting what came of one."""

from typing import Any

from flask import Blueprint, flash, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from app.callbacks import call_forms, follow_ups
from app.callbacks.call_forms import Typed
from app.callbacks.views import WORDS
from app.callbacks.writing import FOLLOW_UP, LIST
from app.core import clock
from app.core.errors import N_, Conflict, DomainError, Invalid
from app.web import exports
from app.web.auth import actor, requires
from app.web.errors import words
from app.web.render import render, see_other

blueprint = Blueprint("follow_ups", __name__)
HOME = "/call-backs/follow-ups"


@blueprint.get("/call-backs/follow-ups")
@requires(FOLLOW_UP)
def index() -> Response:
    """The list, one's own open ones first of all."""
    return _list()


def _list(error: DomainError | None = None, typed: Typed | None = None, sent: int = 0) -> Response:
    wanted, sort = call_forms.follow_ups_from(request.args), _sort()
    page = follow_ups.page(actor(), wanted, clock.today(), sort=sort, after=request.args.get("after"), before=request.args.get("before"))
    shown: dict[str, Any] = {"page": page, "wanted": wanted, "sort": sort, "today": clock.today(), "may_list": actor().may(LIST)}
    shown |= {"problem": words(error) if error else "", "typed": typed or Typed({}), "sent": sent}
    return render("follow_ups/index.html", fragment="follow_ups/_list.html", status=error.status if error else 200, **shown)


@blueprint.get("/call-backs/follow-ups.csv")
@requires(FOLLOW_UP)
def export_csv() -> Response:
    """The list with the same filters as CSV."""
    rows = follow_ups.rows(actor(), call_forms.follow_ups_from(request.args), clock.today(), _sort())
    return exports.csv_response("follow-ups", follow_ups.COLUMNS, rows)


@blueprint.get("/call-backs/follow-ups.xlsx")
@requires(FOLLOW_UP)
def export_xlsx() -> Response:
    """The list with the same filters as a workbook."""
    rows = follow_ups.rows(actor(), call_forms.follow_ups_from(request.args), clock.today(), _sort())
    return exports.xlsx_response("follow-ups", N_("Follow-ups of call-backs"), follow_ups.COLUMNS, rows, words=_WORDS)


_WORDS = WORDS | {"text": N_("What is to be done"), "due_on": N_("By when"), "done_at": N_("Done at"), "result": N_("What came of it")}


@blueprint.post("/call-backs/<int:call_back_id>/follow-up")
@requires(FOLLOW_UP)
def finish(call_back_id: int) -> Response:
    """Note what came of a follow-up."""
    found = follow_ups.by_id(actor(), call_back_id)
    try:
        follow_ups.finish(by=actor(), call_back=found, result=request.form.get("result", ""))
    except (Invalid, Conflict) as error:
        typed = call_forms.typed_from(request.form)
        return _list(error, typed.refused(error) if isinstance(error, Invalid) else typed, sent=call_back_id)
    flash(_("The follow-up of %(number)s is noted as done.", number=found.order.number), "message")
    return see_other(HOME + (f"?{request.query_string.decode()}" if request.query_string else ""))


def _sort() -> str:
    return request.args.get("sort") or "due_on"
