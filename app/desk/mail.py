"""The inbox on screen: each mail becomes a ticket, belongs to one, or is put aside."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, current_app, flash, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from app.core import paging
from app.core.errors import N_, Conflict, Invalid, NotFound
from app.core.paging import Sort
from app.tickets import inbox, mail_reading
from app.tickets import queries as tickets
from app.tickets.models import InboundMail, InboundMailFile, MailState
from app.web import exports, uploads
from app.web.auth import actor, requires
from app.web.errors import words
from app.web.render import live_tag, render, see_other, tagged, unchanged

blueprint = Blueprint("mail", __name__)

SORTS = {"received_at": Sort(InboundMail.received_at, lambda mail: mail.received_at)}
DEFAULT_SORT = "-received_at"
COLUMNS = ("received_at", "from_name", "from_address", "subject", "state", "ticket", "handled_by", "handled_at")
_WORDS = {
    "received_at": N_("Received"),
    "from_name": N_("Sender"),
    "from_address": N_("E-mail"),
    "subject": N_("Subject"),
    "ticket": N_("Ticket"),
    "handled_by": N_("Handled by"),
    "handled_at": N_("Handled"),
}


@blueprint.get("/mail")
@requires("mail.read")
def index() -> Response:
    """The list; as a poll it answers 304 while nothing has changed."""
    tag = live_tag(inbox.LIVE)
    if (same := unchanged(tag)) is not None:
        return same
    state, sort = _state(), _sort()
    page = paging.page_of_records(
        inbox.listed(state, _q()), SORTS, sort, after=request.args.get("after"), before=request.args.get("before")
    )
    has_mailbox = current_app.config["CENTRE"].mail_inbox_url is not None
    shown: dict[str, Any] = {"page": page, "state": state or "", "sort": sort, "has_mailbox": has_mailbox, "q": _q()}
    return tagged(render("mail/index.html", fragment="mail/_list.html", tag=tag, **shown), tag)


@blueprint.get("/mail.csv")
@requires("mail.read")
def export_csv() -> Response:
    """The list with the same filters as CSV."""
    return exports.csv_response("mail", COLUMNS, _exported())


@blueprint.get("/mail.xlsx")
@requires("mail.read")
def export_xlsx() -> Response:
    """The list with the same filters as a workbook."""
    return exports.xlsx_response("mail", N_("Inbox"), COLUMNS, _exported(), words=_WORDS, labels={"state": "MailState"})


def _exported() -> list[list[Any]]:
    rows = paging.whole(inbox.listed(_state(), _q()), SORTS, _sort())
    return [
        [
            mail.received_at, mail.from_name, mail.from_address, mail.subject, mail.state, mail.ticket.number if mail.ticket else None,
            mail.handled_by_name, mail.handled_at,
        ]
        for mail in rows
    ]  # fmt: skip


def _state() -> MailState | None:
    text = request.args.get("state", MailState.NEW)
    if text not in ("", *MailState):
        raise Invalid(N_("The list cannot be filtered that way."))
    return MailState(text) if text else None


def _q() -> str:
    return request.args.get("q", "").strip()[:100]


def _sort() -> str:
    return request.args.get("sort") or DEFAULT_SORT


@blueprint.get("/mail/<int:mail_id>")
@requires("mail.read")
def mail(mail_id: int) -> Response:
    """One mail."""
    return _page(mail_id)


@blueprint.get("/mail/<int:mail_id>/files/<int:row_id>")
@requires("mail.read")
def file(mail_id: int, row_id: int) -> Response:
    """A file that came with the mail."""
    row = InboundMailFile.get_or_none(InboundMailFile.id == row_id, InboundMailFile.mail == mail_id)
    if row is None or row.file is None:
        raise NotFound(N_("There is no such file."))
    return uploads.send(row.file)


@blueprint.post("/mail/<int:mail_id>/ticket")
@requires("mail.read")
def add_to_ticket(mail_id: int) -> Response:
    """It belongs to a ticket that is there already."""
    found, number = inbox.by_id(mail_id), request.form.get("number", "").strip()

    def act() -> None:
        try:
            ticket = tickets.by_number(actor(), number)
        except NotFound as error:
            raise Invalid(error.message, fields={"number": error.message}) from error
        inbox.add_to_ticket(by=actor(), mail=found, ticket=ticket)

    return _done(mail_id, act, _("The mail is on the ticket."), typed=number)


@blueprint.post("/mail/<int:mail_id>/dismissal")
@requires("mail.read")
def dismiss(mail_id: int) -> Response:
    """Put it aside."""
    found = inbox.by_id(mail_id)
    return _done(mail_id, lambda: inbox.dismiss(by=actor(), mail=found), _("Put aside; it can be taken back."), to="/mail")


@blueprint.post("/mail/<int:mail_id>/return")
@requires("mail.read")
def take_back(mail_id: int) -> Response:
    """It waits again."""
    found = inbox.by_id(mail_id)
    return _done(mail_id, lambda: inbox.take_back(by=actor(), mail=found), _("The mail waits again."))


def _done(mail_id: int, act: Callable[[], object], said: str, *, typed: str = "", to: str = "") -> Response:
    try:
        act()
    except (Conflict, Invalid) as error:
        return _page(mail_id, status=error.status, problem=words(error), typed=typed)
    flash(said, "message")
    return see_other(to or f"/mail/{mail_id}")


def _page(mail_id: int, *, status: int = 200, problem: str = "", typed: str = "") -> Response:
    found = inbox.by_id(mail_id)
    named = next(iter(mail_reading.ticket_numbers(found.subject)), "")
    return render("mail/mail.html", status=status, mail=found, files=list(found.files), problem=problem, typed=typed or named, named=named)
