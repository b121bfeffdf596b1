"""The stream as gunicorn's ASGI worker serves it: ``GET /live/board?…`` for a page of the portal, with the session's cookie."""

import asyncio
import contextlib
import sys
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from app.core.config import Config, ConfigError, load_config
from app.core.errors import DomainError
from app.factory import create_app
from app.live.hub import MOST_VIEWERS, PING, Event, Hub, Viewer

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

PATH = "/live/board"
# A page that hears nothing for five seconds asks the portal again.
PING_EVERY_S = 2.0
_GZIP_HEAD = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
_HEADERS = (
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
    (b"x-content-type-options", b"nosniff"),
    (b"vary", b"Origin, Accept-Encoding"),
)


class Stream:
    """The ASGI application of one process."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._hub = Hub(create_app(config))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http":
            await self._answer(scope, receive, send)

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        self._hub.start()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self._hub.stop()
        await send({"type": "lifespan.shutdown.complete"})

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = {name.decode("latin1").lower(): value.decode("latin1") for name, value in scope["headers"]}
        if scope["method"] != "GET" or scope["path"] not in (PATH, "/healthz"):
            return await _refuse(send, 404)
        if scope["path"] == "/healthz":
            return await _refuse(send, 200, b"ok")
        origin = headers.get("origin")
        if headers.get("sec-fetch-site") == "cross-site" or not is_ours(origin, headers.get("host", ""), self._config.port):
            return await _refuse(send, 403)
        if len(self._hub.viewers) >= MOST_VIEWERS:
            return await _refuse(send, 503)
        query, version = _asked(scope["query_string"].decode("latin1"))
        try:
            viewer = await self._hub.join(headers.get("cookie", ""), query, version)
        except DomainError:
            return await _refuse(send, 503)
        if viewer is None:
            return await _refuse(send, 401)
        try:
            await _serve(viewer, "gzip" in headers.get("accept-encoding", ""), _allowing(origin), receive, send)
        finally:
            self._hub.leave(viewer)


def is_ours(origin: str | None, host: str, portal_port: int) -> bool:
    """Whether a page of ``origin`` may read the stream that was asked for at ``host``: its own one, or the portal's on the same host.

    A cookie knows no ports: a page of another program on this host would be sent along with it.
    """
    if origin is None:
        return True
    try:
        page, here = urlsplit(origin), urlsplit(f"//{host}")
        return page.hostname is not None and page.hostname == here.hostname and (page.netloc == here.netloc or page.port == portal_port)
    except ValueError:
        return False


def _asked(query: str) -> tuple[str, int]:
    """What the board is narrowed to, in one order, and the version that the page shows."""
    pairs = parse_qsl(query)
    shown = next((value for name, value in pairs if name == "v"), "")
    is_number = shown.isascii() and shown.isdigit() and len(shown) < 19
    return urlencode(sorted(pair for pair in pairs if pair[0] != "v")), int(shown) if is_number else -1


def _allowing(origin: str | None) -> Iterable[tuple[bytes, bytes]]:
    if origin is None:
        return ()
    return ((b"access-control-allow-origin", origin.encode("latin1")), (b"access-control-allow-credentials", b"true"))


async def _serve(viewer: Viewer, is_packed: bool, more: Iterable[tuple[bytes, bytes]], receive: Receive, send: Send) -> None:
    """Send what is due until the viewer goes, the session ends or the process does."""
    encoding = ((b"content-encoding", b"gzip"),) if is_packed else ()
    await send({"type": "http.response.start", "status": 200, "headers": [*_HEADERS, *encoding, *more]})
    gone = asyncio.create_task(_gone(receive))
    body = _GZIP_HEAD if is_packed else b""
    events: list[Event] = [PING]
    try:
        while not viewer.is_over and not gone.done():
            body += b"".join(one.packed if is_packed else one.plain for one in events)
            await send({"type": "http.response.body", "body": body, "more_body": True})
            body = b""
            waiting = asyncio.create_task(viewer.news.wait())
            await asyncio.wait({waiting, gone}, timeout=PING_EVERY_S, return_when=asyncio.FIRST_COMPLETED)
            waiting.cancel()
            viewer.news.clear()
            events = viewer.due() or [PING]
        if not gone.done():
            await send({"type": "http.response.body", "body": b"", "more_body": False})
    finally:
        gone.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await gone


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _refuse(send: Send, status: int, body: bytes = b"") -> None:
    await send(
        {"type": "http.response.start", "status": status, "headers": [(b"content-type", b"text/plain"), (b"cache-control", b"no-store")]}
    )
    await send({"type": "http.response.body", "body": body})


def make() -> Stream:
    """The stream for the environment of this process; ends it when a setting is wrong."""
    try:
        return Stream(load_config())
    except ConfigError as error:
        sys.exit(str(error))
