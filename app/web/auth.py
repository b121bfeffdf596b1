"""Who asks, and whether this route is theirs: every view declares its policy, and what declares none is shut.

``accounts`` owns sign-in; the factory hands this module a loader that turns the session's token into a person.
"""

from collections.abc import Callable
from typing import Any, Protocol, TypeVar, cast
from urllib.parse import quote

from flask import Flask, current_app, make_response, render_template, request
from flask_login import LoginManager, current_user
from werkzeug.wrappers import Response

from app.core.errors import N_, NotAllowed
from app.core.types import Actor
from app.web.htmx import htmx
from app.web.render import see_other

View = TypeVar("View", bound=Callable[..., Any])
PUBLIC = "public"
_NOT_SENT_BACK = frozenset({"csrf_token", "password", "current", "new"})


class SignedIn(Protocol):
    """What the loader returns: flask-login's user with the actor it stands for.

    ``must_first`` is the one address open to the person until something there is done, or None; ``is_locked`` when they unlock there.
    """

    @property
    def actor(self) -> Actor: ...
    @property
    def locale(self) -> str | None: ...
    @property
    def theme(self) -> str | None: ...
    @property
    def must_first(self) -> str | None: ...
    @property
    def is_locked(self) -> bool: ...


login_manager = LoginManager()
login_manager.session_protection = None  # sessions live and end on the server, technicians' addresses change all day


def requires(permission: str) -> Callable[[View], View]:
    """Declare that a view needs ``permission``."""

    def declare(view: View) -> View:
        view.policy = permission  # type: ignore[attr-defined]
        return view

    return declare


def public(view: View) -> View:
    """Declare that a view needs no sign-in."""
    view.policy = PUBLIC  # type: ignore[attr-defined]
    return view


def policy_of(app: Flask, endpoint: str) -> str | None:
    """The policy declared by the view of ``endpoint``; static files are public."""
    if endpoint == "static":
        return PUBLIC
    return getattr(app.view_functions.get(endpoint), "policy", None)


def actor() -> Actor:
    """The signed-in actor of this request."""
    return cast(SignedIn, current_user).actor


def init_app(app: Flask, load_user: Callable[[str], SignedIn | None]) -> None:
    """Shut every route by default and load users by ``load_user``."""
    login_manager.init_app(app)
    login_manager.user_loader(load_user)
    app.before_request(_enforce)
    app.context_processor(lambda: {"may": may})


def may(permission: str) -> bool:
    """For templates: whether the signed-in user holds ``permission``."""
    return bool(current_user.is_authenticated and actor().may(permission))


def _enforce() -> Response | None:
    if request.endpoint is None:  # an unknown address: 404 or 405 by Flask, without a word about who may see what
        return None
    policy = policy_of(current_app, request.endpoint)
    if policy == PUBLIC:
        return None
    if not current_user.is_authenticated:
        return _lead_to("/login")
    if policy is None:
        raise NotAllowed(N_("This page is not open to anyone."))
    actor().require(policy)
    me = cast(SignedIn, current_user)
    if me.must_first is None or request.path == me.must_first:
        return None
    if not me.is_locked:
        return see_other(me.must_first)
    is_poll = "HX-PTag" in request.headers  # nobody asked: what is on the screen stays as it is
    return make_response("", 204) if is_poll else _lead_to(me.must_first, is_locked=True)


def _lead_to(way: str, *, is_locked: bool = False) -> Response:
    """Ask for a sign-in, or for the PIN, without losing what was typed: what was sent comes back, to be sent again after it."""
    if htmx.wants_fragment:
        return make_response(render_template("errors/_session_ended.html", way=way, is_locked=is_locked), 401)
    typed = [(name, value) for name, value in request.form.items(multi=True) if name not in _NOT_SENT_BACK]
    if typed:
        response = make_response(render_template("errors/session_ended.html", typed=typed, way=way, is_locked=is_locked), 401)
        response.headers["Cache-Control"] = "no-store"
        return response
    target = request.full_path.rstrip("?") if request.method == "GET" else "/"
    return see_other(f"{way}?next={quote(target)}" if target != "/" else way)
