"""Headers and request checks of security.md §1."""

import re
import uuid
from collections.abc import Iterable
from ipaddress import ip_address, ip_network
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

import structlog
from flask import Flask, Response, request
from flask_wtf.csrf import CSRFProtect
from werkzeug.exceptions import BadRequest, Forbidden
from werkzeug.middleware.proxy_fix import ProxyFix

from app.core.config import Config

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; connect-src 'self'; "
    "media-src 'self' blob:; manifest-src 'self'; form-action 'self'; base-uri 'none'; object-src 'none'; frame-ancestors 'none'"
)
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

# What a host's name in front of the stream's port may look like, before it stands in a header.
_HOST_NAME = re.compile(r"[A-Za-z0-9.-]+|\[[0-9A-Fa-f:]+\]")

csrf = CSRFProtect()


def init_app(app: Flask, config: Config) -> None:
    """Cookies, CSRF, headers, request ids."""
    app.config.update(
        SESSION_COOKIE_NAME="session" if config.is_plain_http else "__Host-session",
        SESSION_COOKIE_SECURE=not config.is_plain_http,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_PATH="/",
        MAX_FORM_MEMORY_SIZE=2 * 1024 * 1024,
        WTF_CSRF_TIME_LIMIT=12 * 3600,
        WTF_CSRF_SSL_STRICT=False,  # the Origin check below is stricter and needs no Referer
    )
    csrf.init_app(app)
    app.before_request(_name_request)
    app.before_request(_refuse_foreign_origin)
    app.before_request(_refuse_nul)
    app.after_request(_add_headers if config.is_plain_http else _add_headers_and_hsts)


def stream_of(config: Config) -> str | None:
    """Where the page of this request finds the stream of the board; None when there is none for it."""
    url = config.live_url
    if url is None or url.startswith("/"):
        return url.rstrip("/") if url else None
    host = request.host.rpartition(":")[0] if re.search(r":\d+$", request.host) else request.host
    return f"{request.scheme}://{host}{url}" if _HOST_NAME.fullmatch(host) else None


def policy_with(stream: str | None) -> str:
    """The content security policy of a page that may also listen to ``stream``."""
    if not stream or stream.startswith("/"):
        return CONTENT_SECURITY_POLICY
    return CONTENT_SECURITY_POLICY.replace("connect-src 'self'", f"connect-src 'self' {stream}")


def behind_proxies(wsgi_app: WSGIApplication, trusted: tuple[str, ...]) -> WSGIApplication:
    """Believe ``X-Forwarded-*`` only when the request comes from one of the ``trusted`` addresses or networks."""
    networks = [ip_network(name) for name in trusted]
    believing = ProxyFix(wsgi_app, x_for=1, x_proto=1, x_host=1)

    def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        try:
            peer = ip_address(environ.get("REMOTE_ADDR", ""))
        except ValueError:
            return wsgi_app(environ, start_response)
        is_trusted = any(peer in network for network in networks)
        return (believing if is_trusted else wsgi_app)(environ, start_response)

    return application


def _name_request() -> None:
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(request_id=uuid.uuid4().hex[:16])


def _refuse_foreign_origin() -> None:
    if request.method in SAFE_METHODS:
        return
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none"):
        raise Forbidden
    origin = request.headers.get("Origin")
    if origin is not None and origin != request.host_url.rstrip("/"):
        raise Forbidden


def _refuse_nul() -> None:
    """No text of a person holds the character NUL, and PostgreSQL stores none: the request is a probe or damaged."""
    given = (request.args, request.form)
    if "\0" in request.path or any("\0" in text for values in given for name in values for text in (name, *values.getlist(name))):
        raise BadRequest


def _add_headers(response: Response) -> Response:
    headers = response.headers
    headers.setdefault("Content-Security-Policy", CONTENT_SECURITY_POLICY)
    headers.setdefault("X-Content-Type-Options", "nosniff")
    headers.setdefault("Referrer-Policy", "same-origin")
    headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
    headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
    headers.setdefault("Permissions-Policy", "camera=(self), geolocation=(self), microphone=()")
    if "Cache-Control" not in headers:
        headers["Cache-Control"] = "no-store"
    headers["X-Request-Id"] = structlog.contextvars.get_contextvars().get("request_id", "")
    return response


def _add_headers_and_hsts(response: Response) -> Response:
    response.headers.setdefault("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
    return _add_headers(response)
