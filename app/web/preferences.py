"""The reader's language and theme: kept in a cookie, and with the user when signed in."""

from collections.abc import Callable

from flask import Blueprint, Flask, current_app, request
from flask_login import current_user
from werkzeug.wrappers import Response

from app.core.config import LOCALES
from app.web.auth import actor, public
from app.web.i18n import LOCALE_COOKIE
from app.web.navigation import THEME_COOKIE, THEMES
from app.web.render import see_other

_YEAR_S = 365 * 86_400
AUTO = "auto"
Remember = Callable[..., None]

blueprint = Blueprint("preferences", __name__)


def init_app(app: Flask, remember: Remember) -> None:
    """``remember(by, *, locale, theme)`` keeps the choice of someone signed in; None means unchanged, ``auto`` the device's theme."""
    app.extensions["remember_preferences"] = remember
    app.register_blueprint(blueprint)


@blueprint.post("/preferences")
@public
def change() -> Response:
    """Take what the form names and go back to where it was sent from."""
    locale = _one_of(request.form.get("locale"), LOCALES)
    theme = _one_of(request.form.get("theme"), (*THEMES, AUTO))
    if current_user.is_authenticated:
        current_app.extensions["remember_preferences"](actor(), locale=locale, theme=theme)
    response = see_other(local_path(request.form.get("next", "/")))
    _set_cookie(response, LOCALE_COOKIE, locale)
    _set_cookie(response, THEME_COOKIE, theme)
    return response


def local_path(target: str) -> str:
    """``target`` if it is an address of this portal, else the start page."""
    is_local = target.startswith("/") and not target.startswith(("//", "/\\")) and target.isprintable()
    return target if is_local else "/"


def _one_of(value: str | None, allowed: tuple[str, ...]) -> str | None:
    return value if value in allowed else None


def _set_cookie(response: Response, name: str, value: str | None) -> None:
    if value is not None:
        is_secure = not current_app.config["CENTRE"].is_plain_http
        response.set_cookie(name, value, max_age=_YEAR_S, secure=is_secure, httponly=True, samesite="Lax")
