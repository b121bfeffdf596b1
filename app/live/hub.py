"""Who looks at what: changes are noticed by one number, painted once per audience, packed once, and handed to every viewer."""

import asyncio
import zlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from hashlib import blake2b
from typing import Any, TypeVar

import structlog
from flask import Flask

from app.core import db
from app.core.errors import Unavailable
from app.live import painting
from app.live.painting import Reader

log = structlog.get_logger()
Result = TypeVar("Result")

LOOK_EVERY_S = 0.3
# How often it is looked whether the sessions of the viewers still live.
CHECK_EVERY_S = 3.0
LOOK_AGAIN_AFTER_S = 2.0
MOST_VIEWERS = 200


@dataclass(frozen=True, slots=True)
class Event:
    """One event of the stream, plain and as a part of a gzip stream that any other part may follow."""

    digest: str
    plain: bytes
    packed: bytes


def event(name: str, text: str = "", number: int | None = None) -> Event:
    """An event of the given ``name``; ``number`` is the version that a page has once it has taken it in."""
    lines = [f"event: {name}", *(f"data: {line}" for line in text.split("\n"))]
    plain = ("\n".join([f"id: {number}", *lines] if number is not None else lines) + "\n\n").encode()
    packer = zlib.compressobj(6, zlib.DEFLATED, -15)
    packed = packer.compress(plain) + packer.flush(zlib.Z_SYNC_FLUSH)
    return Event(blake2b(text.encode(), digest_size=12).hexdigest(), plain, packed)


PING = event("ping")
REFRESH = event("refresh")


@dataclass(slots=True, eq=False)
class Audience:
    """Those who see the same board, and the pieces that it has now."""

    reader: Reader
    version: int = -1
    frame: str = ""
    pieces: dict[str, Event] = field(default_factory=dict)
    viewers: set["Viewer"] = field(default_factory=set)


@dataclass(slots=True, eq=False)
class Viewer:
    """One open stream. What it has seen it does not get again, so one that is slow misses nothing but what was overtaken."""

    audience: Audience
    cookie: str
    seen: dict[str, str] = field(default_factory=dict)
    frame: str = ""
    news: asyncio.Event = field(default_factory=asyncio.Event)
    is_over: bool = False

    def due(self) -> list[Event]:
        """What the page does not show yet; from now on it counts as shown."""
        if self.frame and self.frame != self.audience.frame:
            self.frame, self.seen = self.audience.frame, {name: piece.digest for name, piece in self.audience.pieces.items()}
            return [REFRESH]
        self.frame = self.audience.frame
        changed = [(name, piece) for name, piece in self.audience.pieces.items() if self.seen.get(name) != piece.digest]
        self.seen.update((name, piece.digest) for name, piece in changed)
        return [piece for _name, piece in changed]


class Hub:
    """All viewers of this process. Everything that reads the database does so on one thread of its own."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._audiences: dict[tuple[object, ...], Audience] = {}
        self._reading = ThreadPoolExecutor(1, "reading")
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def viewers(self) -> list[Viewer]:
        """Everybody who looks now."""
        return [viewer for audience in self._audiences.values() for viewer in audience.viewers]

    def start(self) -> None:
        """Look for changes and for sessions that have ended, until ``stop``."""
        self._tasks = [
            asyncio.create_task(self._keep(self._look, LOOK_EVERY_S)),
            asyncio.create_task(self._keep(self._check, CHECK_EVERY_S)),
        ]

    async def stop(self) -> None:
        """Send everybody away: their pages ask the portal until they find a stream again."""
        for task in self._tasks:
            task.cancel()
        for viewer in self.viewers:
            _end(viewer)
        self._reading.shutdown(wait=False)

    async def join(self, cookie: str, query: str, version: int) -> Viewer | None:
        """A new viewer whose page shows the board at ``version``; None for who may not see it."""
        reader = await self._read(lambda: painting.reader_of(self._app, cookie, query))
        if reader is None:
            return None
        audience = self._audiences.setdefault(reader.audience, Audience(reader))
        viewer = Viewer(audience, cookie)
        audience.viewers.add(viewer)
        if audience.version < 0:
            await self._paint(audience, await self._read(painting.version))
        if version == audience.version:
            viewer.due()
        viewer.news.set()
        return viewer

    def leave(self, viewer: Viewer) -> None:
        """The stream of ``viewer`` is closed."""
        viewer.audience.viewers.discard(viewer)
        if not viewer.audience.viewers:
            self._audiences = {key: audience for key, audience in self._audiences.items() if audience.viewers}

    async def _look(self) -> None:
        if not self._audiences:
            return
        version = await self._read(painting.version)
        for audience in list(self._audiences.values()):
            if audience.version != version:
                await self._paint(audience, version)

    async def _paint(self, audience: Audience, version: int) -> None:
        frame, found = await self._read(lambda: painting.pieces(self._app, audience.reader))
        audience.pieces = {name: event("piece", html, version) for name, html in found.items()}
        audience.frame, audience.version = frame, version
        for viewer in audience.viewers:
            viewer.news.set()

    async def _check(self) -> None:
        for viewer in self.viewers:
            if not await self._read(partial(self._still_belongs, viewer)):
                _end(viewer)

    def _still_belongs(self, viewer: Viewer) -> bool:
        reader = painting.reader_of(self._app, viewer.cookie, viewer.audience.reader.query)
        return reader is not None and reader.audience == viewer.audience.reader.audience

    async def _keep(self, work: Callable[[], Any], every_s: float) -> None:
        while True:
            await asyncio.sleep(every_s)
            try:
                await work()
            except Unavailable:
                log.warning("database_unavailable")
                await asyncio.sleep(LOOK_AGAIN_AFTER_S)
            except Exception:
                log.exception("board_not_painted")
                await asyncio.sleep(LOOK_AGAIN_AFTER_S)

    async def _read(self, ask: Callable[[], Result]) -> Result:
        def read() -> Result:
            with db.available():
                db.connect()
                return ask()

        return await asyncio.get_running_loop().run_in_executor(self._reading, read)


def _end(viewer: Viewer) -> None:
    viewer.is_over = True
    viewer.news.set()
