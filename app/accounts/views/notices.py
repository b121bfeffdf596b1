"""The bell and the list of what the reader was told, in the reader's language."""

from datetime import datetime
from typing import Any

from flask import Response, flash, g, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from app.accounts import notices
from app.accounts.models import Notice
from app.accounts.views.blueprint import blueprint
from app.core.errors import N_, Invalid
from app.web import exports
from app.web.auth import actor, requires
from app.web.filters import local, moment_text
from app.web.i18n import translated
from app.web.labels import LABELS
from app.web.navigation import Banner
from app.web.preferences import local_path
from app.web.render import live_tag, render, see_other, tagged, unchanged

COLUMNS = ("at", "urgent", "words", "address", "seen_at")
# The enumeration whose words the value of a parameter has.
KINDS = {
    "clock": "ClockKind",
    "to": "TicketStatus",
    "state": "TicketStatus",
    "status": "TicketStatus",
    "priority": "Priority",
    "kind": "TicketKind",
}


@blueprint.app_template_filter()
def notice_words(notice: Notice) -> str:
    """What a notice says: its message with its parameters, coded values and times in words."""
    params = {name: _param(name, value) for name, value in notices.params_of(notice).items()}
    try:
        return translated(notice.message, **params)
    except (KeyError, TypeError, ValueError):  # written by an older version whose words had other parameters
        return translated(notice.message)


def _param(name: str, value: Any) -> Any:
    words = LABELS.get(KINDS.get(name, ""), {})
    if value in words:
        return translated(words[value])
    if name.endswith("_at") and value:
        at = local(datetime.fromisoformat(value))
        return moment_text(at).rsplit(":", 1)[0]  # to the minute
    return "–" if value is None else value


def my_unseen() -> notices.Unseen:
    """What the reader has not seen, read once per request."""
    if "unseen" not in g:
        g.unseen = notices.unseen(current_user.user_id) if current_user.is_authenticated else notices.Unseen(0, 0, 0, None)
    found: notices.Unseen = g.unseen
    return found


blueprint.app_context_processor(lambda: {"my_unseen": my_unseen})


def notice_banner() -> Banner | None:
    """The newest urgent notice above every page until it has been seen."""
    unseen = my_unseen() if current_user.is_authenticated else None
    if unseen is None or unseen.newest_urgent is None:
        return None
    newest = notices.by_id(current_user.user_id, unseen.newest_urgent)
    more = _(" (and %(n)d more)", n=unseen.urgent - 1) if unseen.urgent > 1 else ""
    return Banner(notice_words(newest) + more, "high", url_for("accounts.my_notices"))


@blueprint.get("/notices")
@requires("self.use")
def my_notices() -> Response:
    """What I was told, newest first."""
    page = notices.page(_me(), _wanted(), sort=_sort(), after=request.args.get("after"), before=request.args.get("before"))
    return render("accounts/notices.html", fragment="accounts/_notices.html", page=page, wanted=_wanted(), sort=_sort())


@blueprint.get("/notices.csv")
@requires("self.use")
def notices_csv() -> Response:
    """The list with the same filter as CSV."""
    return exports.csv_response("notices", COLUMNS, _rows())


@blueprint.get("/notices.xlsx")
@requires("self.use")
def notices_xlsx() -> Response:
    """The list with the same filter as a workbook."""
    return exports.xlsx_response("notices", N_("Notices"), COLUMNS, _rows(), words={"address": N_("Link")})


def _rows() -> list[list[Any]]:
    return [[one.at, one.is_urgent, notice_words(one), one.href, one.seen_at] for one in notices.every(_me(), _wanted(), _sort())]


@blueprint.get("/notices/bell")
@requires("self.use")
def bell() -> Response:
    """The bell of the top bar; as a poll it answers 304 while nothing came, and brings what is urgent along."""
    tag = live_tag(f"notices:{_me()}")
    if (same := unchanged(tag)) is not None:
        return same
    shown = request.args.get("after", 0, int)
    urgent = notices.urgent_after(_me(), shown) if shown else []
    return tagged(render("layouts/_bell.html", bell_tag=tag, urgent=urgent), tag)


@blueprint.post("/notices/<int:notice_id>/seen")
@requires("self.use")
def see_notice(notice_id: int) -> Response:
    """Go to what a notice is about; it counts as seen then. ``stay`` comes back to the list."""
    notice = notices.by_id(_me(), notice_id)
    notices.mark(by=actor(), notice=notice, is_seen=True)
    return see_other(local_path(notice.href) if notice.href and not request.form.get("stay") else url_for("accounts.my_notices"))


@blueprint.post("/notices/<int:notice_id>/unseen")
@requires("self.use")
def unsee_notice(notice_id: int) -> Response:
    """Keep a notice for later."""
    notices.mark(by=actor(), notice=notices.by_id(_me(), notice_id), is_seen=False)
    return see_other(url_for("accounts.my_notices"))


@blueprint.post("/notices/seen")
@requires("self.use")
def see_all_notices() -> Response:
    """Everything up to the newest one shown was seen."""
    seen = notices.mark_all_seen(by=actor(), up_to=request.form.get("up_to", 0, int))
    flash(_("%(n)d notices marked as seen.", n=seen), "message")
    return see_other(url_for("accounts.my_notices"))


def _me() -> int:
    user_id = actor().user_id
    assert user_id is not None
    return user_id


def _wanted() -> str:
    value = request.args.get("show") or notices.ANY
    if value not in (notices.UNSEEN, notices.URGENT, notices.ANY):
        raise Invalid(N_("The list cannot be filtered that way."))
    return value


def _sort() -> str:
    return request.args.get("sort") or "-at"
