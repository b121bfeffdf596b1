"""The stream, asked as a browser asks: who may listen, what comes, and when it ends."""

import asyncio
import zlib
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from peewee import Database

from app.accounts.models import Role, User, UserSession
from app.core import clock, db, live
from app.core.config import load_config
from app.live import asgi
from app.live.asgi import PATH, Stream, is_ours
from app.machines.operations import seed_profiles
from app.monitoring.evaluation import Evaluator
from app.monitoring.models import Alarm
from tests import factories
from tests.conftest import AUDIT_KEY, SECRET_KEY
from tests.monitoring.sender import Sender, ago, store
from tests.personas import make_area, make_user, sign_in

WITHIN_S = 10


@pytest.fixture
def stream(sqlite_database: Database, tmp_path: Path) -> Stream:
    settings = {"DATABASE_URL": f"sqlite:///{sqlite_database.database}", "DATA_DIR": str(tmp_path), "PLAIN_HTTP": "1"}
    seed_profiles()
    return Stream(load_config({**settings, "SECRET_KEY": SECRET_KEY, "AUDIT_KEY": AUDIT_KEY, "PORT": "8000"}))


class Listener:
    """One open stream: its status, headers and what has come, in words."""

    def __init__(self) -> None:
        self.status, self.headers, self.raw, self.is_over = 0, {}, b"", False
        self.hangs_up = asyncio.Event()

    async def receive(self) -> dict[str, Any]:
        await self.hangs_up.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            self.status, self.headers = message["status"], dict(message["headers"])
            return
        self.raw += message["body"]
        self.is_over = not message.get("more_body", False)

    @property
    def text(self) -> str:
        """Everything so far."""
        is_packed = self.headers.get(b"content-encoding") == b"gzip"
        return (zlib.decompressobj(31).decompress(self.raw) if is_packed else self.raw).decode()


async def until(what: Callable[[], object]) -> None:
    async with asyncio.timeout(WITHIN_S):
        while not what():
            await asyncio.sleep(0.02)


@asynccontextmanager
async def listening(stream: Stream, cookie: str, query: str = "", **headers: str) -> AsyncIterator[Listener]:
    hub = stream._hub
    if not hub._tasks:
        hub.start()
    listener = Listener()
    sent = {"host": "127.0.0.1:8001", "cookie": cookie} | {name.replace("_", "-"): value for name, value in headers.items()}
    scope = {
        "type": "http", "method": "GET", "path": PATH, "query_string": query.encode(),
        "headers": [(name.encode(), value.encode()) for name, value in sent.items()],
    }  # fmt: skip
    task = asyncio.create_task(stream(scope, listener.receive, listener.send))
    try:
        await until(lambda: listener.status)
        yield listener
    finally:
        listener.hangs_up.set()
        await task
        for one in hub._tasks:
            one.cancel()
        hub._tasks = []


def cookie_of(app: Flask, user: User) -> str:
    client = sign_in(app.test_client(), user)
    found = client.get_cookie("session")
    assert found is not None
    return f"session={found.value}"


def run(work: Coroutine[Any, Any, None]) -> None:
    asyncio.run(work)


def fault(device: Sender, code: str) -> None:
    store(device.fault(code, ago(minutes=1)))
    Evaluator().evaluate_pending()


@pytest.fixture
def cookie(stream: Stream) -> str:
    return cookie_of(stream._hub._app, make_user(Role.CLERK))


@pytest.fixture
def machine(stream: Stream):
    from app.machines.models import DeviceProfile

    return factories.machine(serial="YS0001", device="EVC-1", profile=DeviceProfile.get(), area=make_area("北区"))


def test_it_works(stream: Stream, cookie: str, machine: Any) -> None:
    async def work() -> None:
        async with listening(stream, cookie) as heard:
            assert (heard.status, heard.headers[b"content-type"]) == (200, b"text/event-stream; charset=utf-8")
            await until(lambda: "event: ping" in heard.text)
            await asyncio.to_thread(fault, Sender("EVC-1"), "E04")
            await until(lambda: "油温高" in heard.text)

    run(work())


def test_only_pieces_that_changed_are_sent(stream: Stream, cookie: str, machine: Any) -> None:
    factories.machine(serial="YS0002", device="EVC-2", area=make_area("南区"))

    async def work() -> None:
        async with listening(stream, cookie, f"v={live.versions('alarms', 'monitoring', 'feed', 'shifts')}") as heard:
            await asyncio.to_thread(fault, Sender("EVC-1"), "E04")
            await until(lambda: 'id="area-' in heard.text)
            assert "YS0001" in heard.text
            assert "南区" not in heard.text

    run(work())


def test_what_travels_packed_can_be_unpacked_from_the_first_event_to_the_last(stream: Stream, cookie: str, machine: Any) -> None:
    async def work() -> None:
        async with listening(stream, cookie, accept_encoding="gzip, br") as heard:
            device = Sender("EVC-1")
            for code in ("E04", "E06"):
                await asyncio.to_thread(fault, device, code)
                await until(lambda code=code: f"<strong>{code}</strong>" in heard.text)
            assert heard.headers[b"content-encoding"] == b"gzip"

    run(work())


def test_nothing_of_one_reader_is_in_it(stream: Stream, cookie: str, machine: Any) -> None:
    fault(Sender("EVC-1"), "E04")

    async def work() -> None:
        async with listening(stream, cookie) as heard:
            await until(lambda: "油温高" in heard.text)
            assert "csrf" not in heard.text

    run(work())


def test_who_is_bound_to_an_area_hears_nothing_of_another(stream: Stream, machine: Any) -> None:
    technician = cookie_of(stream._hub._app, make_user(Role.TECHNICIAN, areas=(make_area("南区"),)))

    async def work() -> None:
        async with listening(stream, technician) as heard:
            await asyncio.to_thread(fault, Sender("EVC-1"), "E04")
            await until(lambda: heard.text.count("event: ping") > 1)
            assert "YS0001" not in heard.text

    run(work())


def test_without_a_session_nobody_hears_anything(stream: Stream) -> None:
    async def work() -> None:
        async with listening(stream, "session=invented") as heard:
            assert (heard.status, heard.raw, heard.is_over) == (401, b"", True)

    run(work())


def test_the_stream_ends_with_the_session_and_does_not_extend_it(stream: Stream, cookie: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.live.hub.CHECK_EVERY_S", 0.2)
    UserSession.update(last_seen_at=clock.now() - timedelta(minutes=5)).execute()
    seen = UserSession.get().last_seen_at

    async def work() -> None:
        async with listening(stream, cookie) as heard:
            await until(lambda: "event: ping" in heard.text)
            await asyncio.sleep(0.5)
            assert not heard.is_over
            with db.transaction():
                UserSession.update(revoked_at=clock.now()).execute()
            await until(lambda: heard.is_over)

    run(work())
    assert UserSession.get().last_seen_at == seen


def test_a_locked_desk_goes_on_hearing_and_stays_locked(stream: Stream, cookie: str, machine: Any) -> None:
    """The stream itself is what keeps the board open: it is noted before half an hour is over."""

    async def work() -> None:
        async with listening(stream, cookie) as heard:
            await until(lambda: "event: ping" in heard.text)

    UserSession.update(last_seen_at=clock.now() - timedelta(minutes=25)).execute()
    run(work())
    assert UserSession.get().board_seen_at is not None
    UserSession.update(last_seen_at=clock.now() - timedelta(minutes=35)).execute()
    run(work())
    assert clock.now() - UserSession.get().last_seen_at > timedelta(minutes=30)


def test_who_comes_when_all_places_are_taken_is_sent_to_ask_the_portal(
    stream: Stream, cookie: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asgi, "MOST_VIEWERS", 0)

    async def work() -> None:
        async with listening(stream, cookie) as heard:
            assert heard.status == 503

    run(work())


def test_readers_of_one_board_are_painted_for_once(stream: Stream, cookie: str, machine: Any) -> None:
    other = cookie_of(stream._hub._app, make_user(Role.CLERK))

    async def work() -> None:
        async with listening(stream, cookie, "area=1&v=3"), listening(stream, other, "area=1"):
            assert len(stream._hub._audiences) == 1
            assert len(stream._hub.viewers) == 2

    run(work())
    assert Alarm.select().count() == 0


@pytest.mark.parametrize(
    ("origin", "host", "is_allowed"),
    [
        (None, "centre.example.com", True),
        ("https://centre.example.com", "centre.example.com", True),
        ("http://127.0.0.1:8000", "127.0.0.1:8001", True),
        ("http://127.0.0.1:9999", "127.0.0.1:8001", False),  # another program on this host has the cookie, too
        ("http://evil.example.com:8000", "127.0.0.1:8001", False),
        ("null", "127.0.0.1:8001", False),
        ("http://[::1:8000", "127.0.0.1:8001", False),
    ],
)
def test_only_pages_of_the_portal_may_listen(origin: str | None, host: str, is_allowed: bool) -> None:
    assert is_ours(origin, host, 8000) is is_allowed
