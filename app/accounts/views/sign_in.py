"""Signing in and out."""

from flask import Response, request, session
from flask_login import current_user, login_user, logout_user

from app.accounts import sign_in as accounts
from app.accounts.forms import SignInForm
from app.accounts.models import SessionKind
from app.accounts.views.blueprint import blueprint
from app.core.errors import DomainError, TooManyAttempts
from app.web.auth import actor, public
from app.web.errors import words
from app.web.preferences import local_path
from app.web.render import render, see_other

CSRF_KEY = "csrf_token"


@blueprint.route("/login", methods=["GET", "POST"])
@public
def login() -> Response:
    """The sign-in page and its form."""
    if request.method == "GET" and current_user.is_authenticated:
        return see_other(_next_path())
    form = SignInForm()
    if not form.validate_on_submit():
        return _page(form, 422 if form.is_submitted() else 200)
    try:
        _begin_session(_token(form))
    except DomainError as error:
        return _page(form, error.status, error)
    return see_other(_next_path())


@blueprint.post("/logout")
@public
def logout() -> Response:
    """End this session here and on the server."""
    if current_user.is_authenticated:
        accounts.sign_out(current_user.get_id(), by=actor())
    logout_user()
    session.clear()
    return see_other("/login")


def _next_path() -> str:
    return local_path(request.args.get("next", "/"))


def _token(form: SignInForm) -> str:
    return accounts.sign_in(
        username=form.username.data,
        password=form.password.data,
        ip=request.remote_addr or "",
        user_agent=request.user_agent.string,
        kind=SessionKind.TABLET if form.is_own_tablet.data else SessionKind.DESK,
    )


def _begin_session(token: str) -> None:
    """A new session; only the form token stays, so that a form left open while a session ran out can still be sent."""
    kept = session.get(CSRF_KEY)
    if current_user.is_authenticated:
        accounts.sign_out(current_user.get_id(), by=actor())
    session.clear()
    if kept:
        session[CSRF_KEY] = kept
    login_user(accounts.load_user(token))


def _page(form: SignInForm, status: int, error: DomainError | None = None) -> Response:
    response = render("accounts/login.html", form=form, message=words(error) if error else "", status=status)
    if isinstance(error, TooManyAttempts):
        response.headers["Retry-After"] = str(error.retry_after_s)
    return response
