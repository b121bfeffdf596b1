"""One URL, two answers: the page, or only its fragment for htmx."""

from typing import Any
from zlib import crc32

from flask import Response, make_response, redirect, render_template, request, session

from app.core import clock, live
from app.web.htmx import htmx
from app.web.i18n import language

MOST_TOASTS = 3
_TOASTS = "_flashes"  # where flask keeps what was flashed


def render(page: str, /, *, fragment: str | None = None, status: int = 200, **context: Any) -> Response:
    """Render ``fragment`` for an htmx request that wants one, else ``page``; always varies by ``HX-Request``."""
    template = fragment if fragment and htmx.wants_fragment else page
    response = make_response(render_template(template, **context), status)
    response.vary.add("HX-Request")
    return response


def see_other(location: str) -> Response:
    """The answer to a successful POST: 303, which htmx and browsers follow with a GET."""
    _drop_old_toasts()
    response = make_response(redirect(location, code=303))
    response.vary.add("HX-Request")
    return response


def _drop_old_toasts() -> None:
    """Words that no page has shown yet travel in the cookie, and a cookie has 4 KB: of many only the last are kept."""
    waiting = session.get(_TOASTS, ())
    if len(waiting) > MOST_TOASTS:
        session[_TOASTS] = waiting[-MOST_TOASTS:]


def live_tag(*names: str) -> str:
    """The version of what this address shows: changes with each of the live ``names``, the language, and every minute, as ages do."""
    shown = crc32(f"{request.full_path} {language()}".encode())
    return f"{live.versions(*names)}.{clock.now_ms() // 60_000}.{shown:x}"


def unchanged(tag: str) -> Response | None:
    """304 when the poll carries ``tag`` already (htmx's ptag extension swaps nothing then), else None."""
    return make_response("", 304) if request.headers.get("HX-PTag") == tag else None


def tagged(response: Response, tag: str) -> Response:
    """Name the version that this fragment shows, for the next poll."""
    response.headers["HX-PTag"] = tag
    return response
