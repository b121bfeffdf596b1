"""One URL, two answers: the page, or only its fragment for htmx."""

from typing import Any

from flask import Response, make_response, redirect, render_template, request

from app.web.htmx import htmx


def render(page: str, /, *, fragment: str | None = None, status: int = 200, **context: Any) -> Response:
    """Render ``fragment`` for an htmx request that wants one, else ``page``; always varies by ``HX-Request``."""
    template = fragment if fragment and htmx.wants_fragment else page
    response = make_response(render_template(template, **context), status)
    response.vary.add("HX-Request")
    return response


def see_other(location: str) -> Response:
    """The answer to a successful POST: 303, which htmx and browsers follow with a GET."""
    response = make_response(redirect(location, code=303))
    response.vary.add("HX-Request")
    return response


def unchanged(tag: str) -> Response | None:
    """304 when the poll carries ``tag`` already (htmx's ptag extension swaps nothing then), else None."""
    return make_response("", 304) if request.headers.get("HX-PTag") == tag else None


def tagged(response: Response, tag: str) -> Response:
    """Name the version that this fragment shows, for the next poll."""
    response.headers["HX-PTag"] = tag
    return response
