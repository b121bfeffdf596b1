"""One call-back: its page, the signature, the reading, and the form 客户回访记录表 on paper."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from flask import Blueprint, Response, flash, render_template, request
from flask_babel import gettext as _

from app.callbacks import call_forms, due, follow_ups, queries, signing, tries
from app.callbacks.call_forms import Typed
from app.callbacks.models import CallBack
from app.callbacks.queries import Wanted
from app.callbacks.scores import POOR
from app.callbacks.writing import LIST
from app.core import clock
from app.core.errors import DomainError, Invalid
from app.core.known_settings import letterhead
from app.web.auth import actor, requires
from app.web.errors import words
from app.web.paper import SHEET, pdf_response
from app.web.render import render, see_other

blueprint = Blueprint("call_back_records", __name__)


@blueprint.get("/call-backs/<int:call_back_id>")
@requires(LIST)
def call_back(call_back_id: int) -> Response:
    """One record."""
    return _page(queries.by_id(actor(), call_back_id))


def _page(found: CallBack, error: DomainError | None = None, typed: Typed | None = None) -> Response:
    reader, now = actor(), clock.now()
    hinders = signing.what_hinders(reader, found, now)
    shared = queries.visible(reader).where(CallBack.call == found.call, CallBack.id != found.id).order_by(CallBack.id)
    shown: dict[str, Any] = {"call_back": found, "order": found.order, "now": now, "typed": typed or Typed({}), "shared": list(shared)}
    shown |= {"problem": words(error) if error else "", "hinders": words(hinders) if hinders else "", "is_mine": _is_mine(found)}
    shown |= {"tried": tries.of_orders([found.order]).get(found.order_id, []), "owners": follow_ups.owners(), "hands": signing.hands(found)}
    shown |= {
        "report": due.report_of(found.order),
        "worst_poor": POOR.value(),
        "today": (today := clock.day_of(now)),
        "in_three_days": today + timedelta(days=3),
    }
    return render("call_backs/call_back.html", status=error.status if error else 200, **shown)


def _is_mine(found: CallBack) -> bool:
    return found.recorded_by_id == actor().user_id


@blueprint.post("/call-backs/<int:call_back_id>/signature")
@requires(LIST)
def sign(call_back_id: int) -> Response:
    """Sign one record, a poor one with its follow-up."""
    typed, version = call_forms.typed_from(request.form), call_forms.version_from(request.form)
    return _done(
        call_back_id,
        lambda found: signing.sign(by=actor(), call_back=found, version=version, follow_up=typed.follow_up()),
        _("Signed."),
        queries.TO_SIGN,
    )


@blueprint.post("/call-backs/<int:call_back_id>/reading")
@requires(LIST)
def read(call_back_id: int) -> Response:
    """Read one record; it goes into the archive."""
    version = call_forms.version_from(request.form)
    return _done(
        call_back_id, lambda found: signing.read(by=actor(), call_back=found, version=version), _("Read and archived."), queries.TO_READ
    )


def _done(call_back_id: int, act: Callable[[CallBack], None], said: str, tab: str) -> Response:
    """Do it and go on to the next one that waits."""
    found = queries.by_id(actor(), call_back_id)
    try:
        act(found)
    except DomainError as error:
        typed = call_forms.typed_from(request.form)
        return _page(queries.by_id(actor(), call_back_id), error, typed.refused(error) if isinstance(error, Invalid) else typed)
    flash(f"{found.order.number} {said}", "message")
    following = queries.page(actor(), tab, Wanted()).rows[:1]
    return see_other(f"/call-backs/{following[0].id}" if following else f"/call-backs?tab={tab}")


@blueprint.get("/call-backs/<int:call_back_id>/print")
@requires(LIST)
def printed(call_back_id: int) -> Response:
    """The form 客户回访记录表 for the browser's printer."""
    return render("call_backs/print.html", **_paper(call_back_id))


@blueprint.get("/call-backs/<int:call_back_id>.pdf")
@requires(LIST)
def document(call_back_id: int) -> Response:
    """The same as PDF."""
    shown = _paper(call_back_id)
    html = render_template("call_backs/pdf.html", **shown)
    return pdf_response(f"call-back-{shown['order'].number}.pdf", html, styles=(*SHEET, "call-back.css"))


def _paper(call_back_id: int) -> dict[str, Any]:
    found = queries.by_id(actor(), call_back_id)
    shown = {"call_back": found, "order": found.order, "hands": signing.hands(found), "head": letterhead()}
    return shown | {"visits": due.visits_of(found.order), "report": due.report_of(found.order)}
