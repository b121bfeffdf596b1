"""What leaves the centre by e-mail and messenger: sent, waiting, failed; a failed one can be tried anew."""

from enum import StrEnum
from typing import Any, TypeVar

from flask import Blueprint, current_app, flash, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from app.accounts.models import User
from app.core import clock, outbox, paging, wecom
from app.core.errors import N_, Invalid, NotFound
from app.core.outbox import Channel, OutboxMessage, OutboxState
from app.core.paging import Sort
from app.web import exports
from app.web.auth import actor, may, requires
from app.web.i18n import translated
from app.web.navigation import Banner
from app.web.render import render, see_other

blueprint = Blueprint("outgoing", __name__)

SORTS = {"created_at": Sort(OutboxMessage.created_at, lambda message: message.created_at)}
DEFAULT_SORT = "-created_at"
COLUMNS = ("created_at", "channel", "recipient", "subject", "about", "state", "tries", "sent_at", "next_try_at", "last_error")
_WORDS = {
    "created_at": N_("Written"),
    "channel": N_("Sent over"),
    "recipient": N_("To"),
    "subject": N_("Subject"),
    "about": N_("About"),
    "tries": N_("Tries"),
    "sent_at": N_("Sent"),
    "next_try_at": N_("Next try"),
    "last_error": N_("What the server said"),
}


_LABELS = {"state": "OutboxState", "channel": "Channel"}
Member = TypeVar("Member", bound=StrEnum)
# So many that failed within an hour are more than one wrong address.
MANY_FAILED = 5


def messages_banner() -> Banner | None:
    """Said above every page to who may see to it: messages fail, or the messenger takes nothing."""
    if not may("outbox.read"):
        return None
    trouble = outbox.trouble(clock.now())
    if trouble.is_wecom_down:
        return Banner(
            _("The messenger takes no messages just now; they wait, and are shown in the portal only."), "high", "/outbox?channel=wecom"
        )
    if trouble.failed >= MANY_FAILED:
        return Banner(_("%(n)d messages could not be sent within the last hour.", n=trouble.failed), "high", "/outbox?state=failed")
    return None


@blueprint.app_template_filter()
def failure_words(last_error: str) -> str:
    """Why a message did not go out: our words in the reader's language, a server's as it said them."""
    words, bracket, detail = last_error.partition(" [")
    return translated(words) + bracket + detail if words in wecom.WORDS else last_error


@blueprint.get("/outbox")
@requires("outbox.read")
def index() -> Response:
    """The list."""
    sort, found = _sort(), _found()
    page = paging.page_of_records(found, SORTS, sort, after=request.args.get("after"), before=request.args.get("before"))
    config = current_app.config["CENTRE"]
    lacking = [name for name, way in ((Channel.EMAIL, config.smtp_url), (Channel.WECOM, config.wecom_webhook)) if way is None]
    waiting = {channel.value: outbox.in_state(OutboxState.WAITING, channel).count() for channel in lacking}
    shown: dict[str, Any] = {"page": page, "state": _state() or "", "channel": _channel() or "", "sort": sort}
    return render("outbox/index.html", fragment="outbox/_list.html", waiting=waiting, names=_names(), **shown)


@blueprint.get("/outbox.csv")
@requires("outbox.read")
def export_csv() -> Response:
    """The list with the same filters as CSV."""
    return exports.csv_response("outbox", COLUMNS, _exported())


@blueprint.get("/outbox.xlsx")
@requires("outbox.read")
def export_xlsx() -> Response:
    """The list with the same filters as a workbook."""
    return exports.xlsx_response("outbox", N_("Outgoing messages"), COLUMNS, _exported(), words=_WORDS, labels=_LABELS)


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
    names = _names()
    return [
        [
            one.created_at, one.channel, recipients(one, names), one.subject, one.about, one.state, one.tries, one.sent_at,
            one.next_try_at if one.state == OutboxState.WAITING else None, failure_words(one.last_error),
        ]
        for one in paging.whole(_found(), SORTS, _sort())
    ]  # fmt: skip


@blueprint.app_template_filter()
def recipients(message: OutboxMessage, names: dict[str, str]) -> str:
    """Whom a message goes to: the address of a mail, the people that a messenger message mentions."""
    if message.channel == Channel.EMAIL:
        return str(message.recipient)
    mentioned = [names.get(mobile, mobile) for mobile in message.recipient.split(",") if mobile]
    return _(", ").join(mentioned) or _("Group, nobody mentioned")


def _names() -> dict[str, str]:
    """Names by the mobile numbers that the messenger knows people by."""
    people = User.select(User.name, User.phone).where(User.phone != "").tuples()
    return {mobile: name for name, phone in people if (mobile := wecom.mobile_of(phone))}


def _found() -> Any:
    return outbox.in_state(_state(), _channel())


def _state() -> OutboxState | None:
    return _member(OutboxState, "state")


def _channel() -> Channel | None:
    return _member(Channel, "channel")


def _member(kind: type[Member], name: str) -> Member | None:
    text = request.args.get(name, "")
    if text not in ("", *kind):
        raise Invalid(N_("The list cannot be filtered that way."))
    return kind(text) if text else None


def _sort() -> str:
    return request.args.get("sort") or DEFAULT_SORT
