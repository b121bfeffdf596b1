"""The board with 5,000 machines: its page, the browser's first picture, and 200 viewers on streams while something changes each second."""

import multiprocessing
import re
import selectors
import shutil
import socket
import subprocess
import sys
import threading
import time
import zlib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import cysqlite

from tests.benchmarks import board_world, http, processes, world
from tests.personas import PASSWORD

VIEWERS = 200
CHANGES = 20
EVERY_S = 1.0
_WORD = re.compile(r"change\d{3}end")
PAGES = ("/tickets", "/", "/machines")
OBSERVE = """
window.tasks = [];
const note = (list) => tasks.push(...list.getEntries().map((one) => one.duration));
new PerformanceObserver(note).observe({ type: "longtask", buffered: true });
"""


def measure(folder: Path) -> dict[str, Any]:
    """The figures; every answer is checked to be the right one."""
    made = world.ensure_board(folder)
    run = folder / "run"
    figures: dict[str, Any] = {"machines": board_world.MACHINES, "standing_alarms": board_world.STANDING, "viewers": VIEWERS}
    with processes.portal(run, made) as port:
        figures |= _page(port, processes.running_database(run))
    with _streamed(run, made) as (port, live_port):
        cookie, database = http.sign_in(port, "clerk", PASSWORD), processes.running_database(run)
        figures |= _in_a_browser(port, database)
        with _changing(database):
            figures["pages_p99_ms_without_viewers"] = _pages_p99_ms(port, cookie)
        seen = _with_viewers(live_port, cookie, database, lambda: figures.update(pages_p99_ms_with_viewers=_pages_p99_ms(port, cookie)))
    figures |= seen
    figures["pages_p99_ratio"] = round(figures["pages_p99_ms_with_viewers"] / figures["pages_p99_ms_without_viewers"], 2)
    return figures


@contextmanager
def _streamed(folder: Path, made: Path) -> Iterator[tuple[int, int]]:
    """The portal and the stream on one copy of the world; gives their ports."""
    live_port = processes.free_port()
    with processes.portal(folder, made, LIVE_URL=f":{live_port}", LIVE_PORT=str(live_port)) as port:
        settings = processes.environment(folder, processes.running_database(folder), port) | {"LIVE_PORT": str(live_port)}
        command = [sys.executable, "-m", "gunicorn", "-c", "app/deploy/live.conf.py", "app.live.asgi:make()"]
        with (folder / "live.log").open("wb") as log:
            process = subprocess.Popen(command, cwd=processes.ROOT, env=settings, stdout=log, stderr=log)
            try:
                processes.wait_for(live_port)
                yield port, live_port
            finally:
                processes.stop(process)


def _page(port: int, database: Path) -> dict[str, Any]:
    connection = http.Connection(port, http.sign_in(port, "clerk", PASSWORD))

    def ask() -> None:
        answer = connection.get("/monitoring")
        assert answer.status == 200
        assert answer.text.count('id="tile-') <= 300

    ask()
    figures = {
        "board_p50_ms": http.p50_ms(ask),
        "board_after_change_p50_ms": http.p50_ms(ask, before=lambda: _change(database, "p50")),
        "board_html_gz_bytes": connection.get("/monitoring").sent_bytes,
    }
    connection.close()
    return figures


def _in_a_browser(port: int, database: Path) -> dict[str, Any]:
    from playwright.sync_api import sync_playwright

    program = shutil.which("chromium")
    assert program is not None
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport={"width": 1440, "height": 900}, base_url=f"http://127.0.0.1:{port}")
        page.goto("/login")
        page.fill("[name=username]", "clerk")
        page.fill("[name=password]", PASSWORD)
        page.click("form button.primary")
        page.add_init_script(OBSERVE)
        page.goto("/monitoring")
        page.wait_for_timeout(2_500)
        first = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")
        loading = page.evaluate("tasks.splice(0)")
        waits = []
        for number in range(5):
            began = time.monotonic()
            _change(database, f"word{number}end")
            page.get_by_text(f"word{number}end").wait_for(timeout=10_000)
            waits.append(time.monotonic() - began)
        changing = page.evaluate("tasks")
        browser.close()
    return {
        "browser_first_contentful_paint_ms": round(first),
        "browser_longest_task_while_loading_ms": round(max(loading, default=0)),
        "browser_longest_task_while_changing_ms": round(max(changing, default=0)),
        "browser_change_seen_p50_ms": round(sorted(waits)[2] * 1_000),
    }


def _change(database: Path, word: str) -> float:
    """The gravest alarm says ``word``; gives the time of the commit."""
    with closing(cysqlite.connect(str(database), timeout=5)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("UPDATE episode SET text = ? WHERE alarm_id = 20", (word,))
        connection.execute("UPDATE live_version SET value = value + 1 WHERE name = 'alarms'")
        connection.execute("COMMIT")
    return time.monotonic()


@contextmanager
def _changing(database: Path) -> Iterator[None]:
    """Something changes each second meanwhile."""
    stopping = threading.Event()

    def work() -> None:
        number = 0
        while not stopping.wait(EVERY_S):
            number += 1
            _change(database, f"quiet{number}end")

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        stopping.set()
        thread.join()


def _pages_p99_ms(port: int, cookie: str, seconds: float = CHANGES * EVERY_S) -> float:
    """Pages of the portal one after the other, twenty a second."""
    connection, times, until = http.Connection(port, cookie), [], time.monotonic() + seconds
    while time.monotonic() < until:
        for path in PAGES:
            began = time.perf_counter()
            assert connection.get(path).status == 200
            times.append(time.perf_counter() - began)
            time.sleep(max(0.0, 0.05 - times[-1]))
    connection.close()
    return round(sorted(times)[int(len(times) * 0.99)] * 1_000, 1)


def _with_viewers(live_port: int, cookie: str, database: Path, meanwhile: Any) -> dict[str, Any]:
    """200 viewers, a change each second, and ``meanwhile`` beside it: how long each change took to each of them."""
    context = multiprocessing.get_context("spawn")
    found, is_ready = context.Queue(), context.Event()
    viewers = context.Process(target=_view, args=(live_port, cookie, found, is_ready))
    viewers.start()
    assert is_ready.wait(60), "not all viewers were let in"
    beside = threading.Thread(target=meanwhile)
    beside.start()
    committed = {}
    for number in range(CHANGES):
        word = f"change{number:03}end"
        committed[word] = _change(database, word)
        time.sleep(EVERY_S)
    beside.join()
    seen: dict[str, list[float]] = found.get(timeout=60)
    viewers.join(30)
    waits = sorted(at - committed[word] for word, times in seen.items() for at in times)
    missed = VIEWERS * CHANGES - len(waits)
    assert missed < VIEWERS * CHANGES * 0.02, f"{missed} changes did not reach a viewer"
    return {
        "change_received_p50_ms": round(waits[len(waits) // 2] * 1_000),
        "change_received_p95_ms": round(waits[int(len(waits) * 0.95)] * 1_000),
        "changes_overtaken": missed,
        "received_bytes_per_viewer_and_change": found.get(timeout=10) // (VIEWERS * CHANGES),
    }


def _view(port: int, cookie: str, found: Any, is_ready: Any) -> None:
    """All viewers, in a process of their own."""
    selector = selectors.DefaultSelector()
    ask = f"GET /live/board? HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAccept-Encoding: gzip\r\nCookie: {cookie}\r\n\r\n".encode()
    for _ in range(VIEWERS):
        one = socket.create_connection(("127.0.0.1", port))
        one.sendall(ask)
        selector.register(one, selectors.EVENT_READ, _Viewer())
    seen: dict[str, list[float]] = {f"change{number:03}end": [] for number in range(CHANGES)}
    total, idle_since = 0, time.monotonic()
    waiting = VIEWERS
    while time.monotonic() - idle_since < 5:
        for key, _events in selector.select(0.5):
            data = key.fileobj.recv(262_144)  # type: ignore[union-attr]
            assert data, "a stream ended"
            viewer: _Viewer = key.data
            was_silent = not viewer.head_is_read
            text = viewer.take(data)
            waiting -= was_silent and viewer.head_is_read
            if not waiting and not is_ready.is_set():
                is_ready.set()
            total += len(data) if is_ready.is_set() else 0
            for word in set(_WORD.findall(text)) - viewer.known:
                viewer.known.add(word)
                seen[word].append(time.monotonic())
                idle_since = time.monotonic()
        if not is_ready.is_set() or not any(seen.values()):
            idle_since = time.monotonic()
    found.put(seen)
    found.put(total)


class _Viewer:
    """One stream as a browser reads it: chunks, gzip, events."""

    def __init__(self) -> None:
        self.head_is_read, self.known = False, set[str]()
        self._unpack, self._rest = zlib.decompressobj(31), b""

    def take(self, data: bytes) -> str:
        """The words that came with ``data``."""
        self._rest += data
        if not self.head_is_read:
            head, mark, self._rest = self._rest.partition(b"\r\n\r\n")
            if not mark:
                self._rest = head
                return ""
            assert b" 200 " in head.splitlines()[0], head
            self.head_is_read = True
        words = b""
        while (end := self._rest.find(b"\r\n")) >= 0:
            size = int(self._rest[:end], 16)
            if len(self._rest) < end + size + 4:
                break
            words += self._unpack.decompress(self._rest[end + 2 : end + 2 + size])
            self._rest = self._rest[end + size + 4 :]
        return words.decode(errors="replace")
