"""What leaves the centre by e-mail: sent, waiting, failed; a failed one can be tried anew."""

from typing import Any

from flask import Blueprint, current_app, flash, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from app.core import clock, outbox, paging
from app.core.errors import N_, Invalid, NotFound
from app.core.outbox import OutboxMessage, OutboxState
from app.core.paging import Sort
from app.web import exports
from app.web.auth import actor, requires
from app.web.render import render, see_other

blueprint = Blueprint("outgoing", __name__)

SORTS = {"created_at": Sort(OutboxMessage.created_at, lambda message: message.created_at)}
DEFAULT_SORT = "-created_at"
COLUMNS = ("created_at", "recipient", "subject", "about", "state", "tries", "sent_at", "next_try_at", "last_error")
_WORDS = {
    "created_at": N_("Written"),
    "recipient": N_("To"),
    "subject": N_("Subject"),
    "about": N_("About"),
    "tries": N_("Tries"),
    "sent_at": N_("Sent"),
    "next_try_at": N_("Next try"),
    "last_error": N_("What the mail server said"),
}


@blueprint.get("/outbox")
@requires("outbox.read")
def index() -> Response:
    """The list."""
    state, sort = _state(), _sort()
    page = paging.page_of_records(outbox.in_state(state), SORTS, sort, after=request.args.get("after"), before=request.args.get("before"))
    has_server = current_app.config["CENTRE"].smtp_url is not None
    waiting = outbox.in_state(OutboxState.WAITING).count()
    shown: dict[str, Any] = {"page": page, "state": state or "", "sort": sort, "has_server": has_server, "waiting": waiting}
    return render("outbox/index.html", fragment="outbox/_list.html", **shown)


@blueprint.get("/outbox.csv")
@requires("outbox.read")
def export_csv() -> Response:
    """The list with the same filters as CSV."""
    return exports.csv_response("outbox", COLUMNS, _exported())


@blueprint.get("/outbox.xlsx")
@requires("outbox.read")
def export_xlsx() -> Response:
    """The list with the same filters as a workbook."""
    return exports.xlsx_response("outbox", N_("Outgoing mail"), COLUMNS, _exported(), words=_WORDS, labels={"state": "OutboxState"})


@blueprint.post("/outbox/<int:message_id>/retry")
@requires("outbox.read")
def retry(message_id: int) -> Response:
    """Try a failed message anew."""
    message = OutboxMessage.get_or_none(OutboxMessage.id == message_id)
    if message is None:
        raise NotFound(N_("There is no such message."))
    outbox.retry(by=actor(), message=message, at=clock.now())
    flash(_("It is tried again within seconds."), "message")
    return see_other("/outbox?state=failed")


def _exported() -> list[list[Any]]:
    rows = paging.whole(outbox.in_state(_state()), SORTS, _sort())
    return [
        [
            one.created_at, one.recipient, one.subject, one.about, one.state, one.tries, one.sent_at,
            one.next_try_at if one.state == OutboxState.WAITING else None, one.last_error,
        ]
        for one in rows
    ]  # fmt: skip


def _state() -> OutboxState | None:
    text = request.args.get("state", "")
    if text not in ("", *OutboxState):
        raise Invalid(N_("The list cannot be filtered that way."))
    return OutboxState(text) if text else None


def _sort() -> str:
    return request.args.get("sort") or DEFAULT_SORT
