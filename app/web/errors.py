"""One place turns errors into a page, a fragment or JSON, in the reader's language."""

from typing import Any

import structlog
from flask import Flask, Response, g, jsonify, make_response, render_template, request
from flask_babel import gettext
from flask_login import AnonymousUserMixin, current_user
from flask_wtf.csrf import CSRFError
from peewee import InterfaceError, OperationalError
from werkzeug.exceptions import HTTPException

from app.core import db
from app.core.errors import N_, Conflict, DomainError, TooManyAttempts, Unavailable
from app.web.htmx import htmx

log = structlog.get_logger()

PAGES = (400, 403, 404, 409, 413, 422, 429, 500, 503)
_HTTP_WORDS = {
    400: N_("This request cannot be read."),
    403: N_("This is not open to you."),
    404: N_("There is no such page, or it is not for you to see."),
    405: N_("This address does not take that kind of request."),
    413: N_("That is too large."),
    500: N_("Something went wrong here. It was noted; please try again."),
}


def init_app(app: Flask) -> None:
    """Register the handlers."""
    app.register_error_handler(DomainError, domain_error)
    app.register_error_handler(CSRFError, _csrf_error)
    app.register_error_handler(HTTPException, http_error)
    app.register_error_handler(OperationalError, _database_error)
    app.register_error_handler(InterfaceError, _database_error)
    app.register_error_handler(Exception, unexpected)


def words(error: DomainError) -> str:
    """The message of ``error`` in the reader's language."""
    return gettext(error.message, **error.params) if error.params else gettext(error.message)


def answer(status: int, message: str, **context: Any) -> Response:
    """Say ``message`` as JSON, as a fragment, or as a page of its own."""
    if request.path.startswith("/api/"):
        return make_response(jsonify(error={"status": status, "message": message}), status)
    shown = status if status in PAGES else 400
    template = "errors/_error.html" if htmx.wants_fragment else "errors/error.html"
    response = make_response(render_template(template, status=status, shown=shown, message=message, **context), status)
    response.headers["Cache-Control"] = "no-store"
    response.vary.add("HX-Request")
    return response


def _know_reader() -> None:
    """Show the page as to a stranger when the database cannot even say who is reading it."""
    try:
        bool(current_user.is_authenticated)
    except (OperationalError, InterfaceError, Unavailable):
        db.drop_connection()
        g._login_user = AnonymousUserMixin()


def domain_error(error: DomainError) -> Response:
    """The answer to a refusal, in words."""
    _know_reader()
    response = answer(error.status, words(error), is_stale=isinstance(error, Conflict))
    if isinstance(error, TooManyAttempts):
        response.headers["Retry-After"] = str(error.retry_after_s)
    return response


def _csrf_error(error: CSRFError) -> Response:
    _know_reader()
    message = gettext(
        "This form has been open too long or was sent from elsewhere. Nothing was changed; go back, reload and send it again."
    )
    return answer(400, message)


def http_error(error: HTTPException) -> Response:
    """The answer to an error of HTTP, in words."""
    status = error.code or 500
    if status < 400:
        return make_response(error.get_response())
    _know_reader()
    response = answer(status, gettext(_HTTP_WORDS.get(status, _HTTP_WORDS[400])))
    response.headers.extend([(name, value) for name, value in error.get_headers() if name in ("Allow", "Retry-After")])
    return response


def _database_error(error: Exception) -> Response:
    log.error("database_unavailable", error=type(error).__name__)
    db.drop_connection()
    return domain_error(Unavailable(N_("The database does not answer just now. Nothing was lost; please try again in a moment.")))


def unexpected(error: Exception) -> Response:
    """The answer to what nobody foresaw; it is logged and tells nothing of the inside."""
    _know_reader()
    log.exception("unexpected_error", route=request.url_rule.rule if request.url_rule else None)
    return answer(500, gettext(_HTTP_WORDS[500]))
