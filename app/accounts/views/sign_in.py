"""Signing in and out."""

from urllib.parse import urlsplit

from flask import Response, request, session
from flask_login import current_user, login_user, logout_user

from app.accounts import sign_in as accounts
from app.accounts.forms import SignInForm
from app.accounts.models import SessionKind
from app.accounts.views import blueprint
from app.core.errors import DomainError, TooManyAttempts
from app.web.auth import actor, public
from app.web.errors import words
from app.web.render import render, see_other

CSRF_KEY = "csrf_token"


@blueprint.route("/login", methods=["GET", "POST"])
@public
def login() -> Response:
    """The sign-in page and its form."""
    if request.method == "GET" and current_user.is_authenticated:
        return see_other(own_path(request.args.get("next")))
    form = SignInForm()
    if not form.validate_on_submit():
        return _page(form, 422 if form.is_submitted() else 200)
    try:
        token = _token(form)
    except DomainError as error:
        return _page(form, error.status, error)
    _begin_session(token)
    return see_other(own_path(request.args.get("next")))


@blueprint.post("/logout")
@public
def logout() -> Response:
    """End this session here and on the server."""
    if current_user.is_authenticated:
        accounts.sign_out(current_user.get_id(), by=actor())
    logout_user()
    session.clear()
    return see_other("/login")


def own_path(target: str | None) -> str:
    """``target`` if it is a path of this portal, else the start page: nobody is sent elsewhere by a link to us."""
    if not target or not target.startswith("/") or target[1:2] in ("/", "\\") or any(ord(c) < 32 for c in target):
        return "/"
    parts = urlsplit(target)
    return "/" if parts.scheme or parts.netloc else target


def _token(form: SignInForm) -> str:
    return accounts.sign_in(
        username=form.username.data,
        password=form.password.data,
        ip=request.remote_addr or "",
        user_agent=request.user_agent.string,
        kind=SessionKind.TABLET if form.is_own_tablet.data else SessionKind.DESK,
    )


def _begin_session(token: str) -> None:
    """A new session id; the form token stays, so that a form left open over a lost session can still be sent."""
    kept = session.get(CSRF_KEY)
    session.clear()
    if kept:
        session[CSRF_KEY] = kept
    user = accounts.load_user(token)
    login_user(user)


def _page(form: SignInForm, status: int, error: DomainError | None = None) -> Response:
    response = render("accounts/login.html", form=form, message=words(error) if error else None, status=status)
    if isinstance(error, TooManyAttempts):
        response.headers["Retry-After"] = str(error.retry_after_s)
    return response
