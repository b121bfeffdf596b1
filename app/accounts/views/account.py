"""One's own account: password, sessions, language and colours."""

from typing import cast

from flask import Response, flash, request
from flask_babel import gettext as _
from flask_login import current_user

from app.accounts import locking, operations, queries
from app.accounts.forms import OwnPasswordForm, PinForm, UnlockForm
from app.accounts.sign_in import SignedInUser
from app.accounts.views.blueprint import blueprint
from app.core import clock
from app.web.auth import actor, requires
from app.web.forms import status_of, submitted
from app.web.navigation import Banner
from app.web.preferences import local_path
from app.web.render import render, see_other


def _me() -> SignedInUser:
    return cast(SignedInUser, current_user)


def lock_banner() -> Banner | None:
    """What a locked desk says above its board."""
    if not (current_user.is_authenticated and _me().is_locked):
        return None
    return Banner(_("This desk is locked: the board goes on, acting needs your PIN."), "high", "/account/unlock?next=/monitoring")


@blueprint.get("/account")
@requires("self.use")
def account() -> Response:
    """Who I am here, and where I am signed in."""
    me = _me()
    return render(
        "accounts/account.html",
        me=me,
        roles=queries.in_order(me.actor.roles),
        areas=queries.areas_of(me.user_id),
        sessions=queries.live_sessions(me.user_id, clock.now()),
    )


@blueprint.route("/account/password", methods=["GET", "POST"])
@requires("self.use")
def own_password() -> Response:
    """Choose a new password."""
    me, form = _me(), OwnPasswordForm()
    is_done, message = submitted(
        form,
        lambda: operations.change_own_password(by=me.actor, current=form.current.data, new=form.new.data, keep_session=me.session_id),
    )
    if is_done:
        flash(_("Your password is changed. Your other sessions have ended."), "message")
        return see_other("/" if me.must_first else "/account")
    page = "accounts/first_password.html" if me.must_first else "accounts/password.html"
    return render(page, form=form, message=message, status=status_of(form))


@blueprint.route("/account/pin", methods=["GET", "POST"])
@requires("self.use")
def own_pin() -> Response:
    """Choose a PIN for locked desks, or have none any more."""
    form = PinForm()
    is_done, message = submitted(form, lambda: locking.set_pin(by=actor(), password=form.password.data, pin=(form.pin.data or "").strip()))
    if is_done:
        flash(_("Your PIN is set.") if form.pin.data else _("You have no PIN any more."), "message")
        return see_other("/account")
    return render("accounts/pin.html", form=form, message=message, has_pin=queries.has_pin(_me().user_id), status=status_of(form))


@blueprint.route("/account/unlock", methods=["GET", "POST"])
@requires("self.use")
def unlock() -> Response:
    """Act again from a desk that was locked."""
    me, form, target = _me(), UnlockForm(), local_path(request.args.get("next", "/"))
    if not me.is_locked:
        return see_other(target)
    is_done, message = submitted(form, lambda: locking.unlock(by=me.actor, session_id=me.session_id, typed=form.secret.data.strip()))
    if is_done:
        return see_other(target)
    return render("accounts/unlock.html", form=form, message=message, has_pin=queries.has_pin(me.user_id), status=status_of(form))


@blueprint.post("/account/sessions/<session_id>/revocation")
@requires("self.use")
def end_session(session_id: str) -> Response:
    """End one of my sessions."""
    operations.revoke_session(by=actor(), session_id=session_id)
    flash(_("The session has ended."), "message")
    return see_other("/account")


@blueprint.post("/account/sessions/revocation")
@requires("self.use")
def end_other_sessions() -> Response:
    """End all my sessions but this one."""
    operations.revoke_sessions(by=actor(), user_id=_me().user_id, but=_me().session_id)
    flash(_("Your other sessions have ended."), "message")
    return see_other("/account")
