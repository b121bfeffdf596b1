"""Who acts in whose place (代签): giving it, taking it back, what I may do for others."""

from datetime import date
from typing import Any

from flask import Response, flash, request
from flask_babel import gettext as _

from app.accounts import authorities
from app.accounts.authority_forms import GrantForm
from app.accounts.models import Authority
from app.accounts.views.blueprint import blueprint
from app.core import clock
from app.core.errors import Conflict
from app.web.auth import actor, may, requires
from app.web.errors import words
from app.web.filters import day
from app.web.forms import Sent, sent
from app.web.navigation import Banner
from app.web.render import render, see_other

ENDED_SHOWN = 20


@blueprint.app_template_filter()
def last_day(authority: Authority) -> date:
    """The last day on which an authority stands."""
    return authorities.last_day(authority)


@blueprint.app_template_filter()
def first_day(authority: Authority) -> date:
    """The first day on which an authority stands."""
    found: date = clock.day_of(authority.from_at)
    return found


def authority_banner() -> Banner | None:
    """On the start page: in whose place the reader acts, and until when."""
    if request.path != "/" or not may("self.use"):
        return None
    held = authorities.held_by(actor().user_id, clock.now())
    if not held:
        return None
    names = _(", ").join(dict.fromkeys(one.giver.name for one in held))
    ends = day(authorities.last_day(held[0]))
    return Banner(_("You may act in the place of %(names)s until %(day)s.", names=names, day=ends), "plain", authorities.PAGE)


@blueprint.get("/account/authorities")
@requires("self.use")
def own_authorities() -> Response:
    """What I may do for others, what I let others do for me."""
    return _page()


@blueprint.post("/account/authorities")
@requires(authorities.GIVE)
def give_authority() -> Response:
    """Let somebody act in my place for some days."""
    form = _form()
    done = sent(form, lambda: authorities.give(by=actor(), grant=form.grant(), form_token=form.form_token.data))
    if not done.is_done:
        return _page(form, done)
    flash(_("Given. They have been told."), "message")
    return see_other(authorities.PAGE)


@blueprint.post("/account/authorities/<int:authority_id>/revocation")
@requires(authorities.GIVE)
def revoke_authority(authority_id: int) -> Response:
    """Take an authority back."""
    found = authorities.by_id(actor(), authority_id)
    try:
        authorities.revoke(by=actor(), authority=found)
    except Conflict as error:
        return _page(done=Sent(False, words(error), error.status))
    flash(_("Taken back. They have been told."), "message")
    return see_other(authorities.PAGE)


def _form(*, is_fresh: bool = False) -> GrantForm:
    today = clock.today()
    empty: dict[str, Any] = {"formdata": None, "first": today, "last": today} if is_fresh else {}
    form = GrantForm(**empty)
    form.offer(authorities.receivers(actor()), authorities.lendable_by(actor()))
    return form


def _page(form: GrantForm | None = None, done: Sent | None = None) -> Response:
    me, now = actor(), clock.now()
    shown: dict[str, Any] = {"held": authorities.held_by(me.user_id, now), "coming": authorities.coming_to(me.user_id, now), "now": now}
    if me.may(authorities.GIVE):
        shown |= {"given": authorities.given(me, now, ended=ENDED_SHOWN), "form": form or _form(is_fresh=True)}
    shown["problem"] = done.problem if done else ""
    return render("accounts/authorities.html", status=done.status if done else 200, **shown)
