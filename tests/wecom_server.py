"""A messenger for trial: a real HTTP server on a free port of 127.0.0.1 that answers as it is told to and keeps what it took."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

KEY = "a-secret-robot-key-0001"
OK = b'{"errcode":0,"errmsg":"ok"}'


@dataclass
class Messenger:
    """``received`` is what was taken, ``asked`` how often it was called; ``answers`` decides what is said, ``OK`` when None."""

    port: int = 0
    asked: int = 0
    received: list[dict[str, Any]] = field(default_factory=list)
    answer: Callable[[BaseHTTPRequestHandler], None] | None = None
    stopping: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        """Its address as ``WECOM_WEBHOOK``."""
        return f"http://127.0.0.1:{self.port}/cgi-bin/webhook/send?key={KEY}"

    @property
    def texts(self) -> list[str]:
        """What stood in the messages that were taken, in their order."""
        return [message["text"]["content"] for message in self.received]

    def works(self) -> None:
        """Take everything."""
        self.answer = None

    def says(self, body: bytes, status: int = 200, location: str = "") -> None:
        """Answer with these bytes and take nothing."""

        def answer(request: BaseHTTPRequestHandler) -> None:
            _answer(request, body, status, location)

        self.answer = answer

    def refuses(self, errcode: int, errmsg: str = "not today") -> None:
        """HTTP 200 with an error code."""
        self.says(json.dumps({"errcode": errcode, "errmsg": errmsg}).encode())

    def hangs(self) -> None:
        """Take the request and never answer."""
        self.answer = lambda _request: self.stopping.wait(60) and None

    def drips(self, pause_s: float) -> None:
        """Answer one byte after the other."""

        def answer(request: BaseHTTPRequestHandler) -> None:
            request.wfile.write(b"HTTP/1.0 200 OK\r\n\r\n")
            for byte in OK * 20:
                if self.stopping.wait(pause_s):
                    return
                request.wfile.write(bytes([byte]))
                request.wfile.flush()

        self.answer = answer

    def takes_without_answer(self) -> None:
        """Take the message and hang up."""
        self.answer = lambda request: self.received.append(request.message)  # type: ignore[attr-defined]


def _answer(request: BaseHTTPRequestHandler, body: bytes, status: int = 200, location: str = "") -> None:
    request.send_response(status)
    if location:
        request.send_header("Location", location)
    request.send_header("Content-Length", str(len(body)))
    request.end_headers()
    request.wfile.write(body)


@contextmanager
def wecom_server() -> Iterator[Messenger]:
    """A messenger that runs for the length of the block."""
    messenger = Messenger()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self.message = json.loads(body)
            messenger.asked += 1
            if messenger.answer is not None:
                messenger.answer(self)
                return
            messenger.received.append(self.message)
            _answer(self, OK)

        def handle(self) -> None:
            try:
                super().handle()
            except (BrokenPipeError, ConnectionResetError):
                return

        def log_message(self, format: str, *args: Any) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    messenger.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield messenger
    finally:
        messenger.stopping.set()
        server.shutdown()
        server.server_close()
        thread.join()
