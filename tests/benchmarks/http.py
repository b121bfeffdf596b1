"""A browser's connection reduced to what a measurement needs: it sends, waits for the whole answer, and keeps the cookie."""

import gzip
import re
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlencode

_LENGTH = re.compile(rb"\r\ncontent-length: (\d+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back; ``sent_bytes`` is the body as it went over the wire."""

    status: int
    head: str
    body: bytes
    sent_bytes: int

    def header(self, name: str) -> str | None:
        """The first header of this name."""
        found = re.search(rf"\r\n{name}: ([^\r]*)", self.head, re.IGNORECASE)
        return found.group(1) if found else None

    @property
    def text(self) -> str:
        """The body in words."""
        return self.body.decode()


class Connection:
    """One kept-alive connection to the portal on 127.0.0.1."""

    def __init__(self, port: int, cookie: str = "") -> None:
        self.port, self.cookie = port, cookie
        self._socket = socket.create_connection(("127.0.0.1", port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def get(self, path: str, **headers: str) -> Answer:
        """The answer to GET ``path``."""
        return self._ask("GET", path, b"", headers)

    def post(self, path: str, form: dict[str, str]) -> Answer:
        """The answer to a form."""
        return self._ask("POST", path, urlencode(form).encode(), {"Content-Type": "application/x-www-form-urlencoded"})

    def _ask(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> Answer:
        lines = [f"{method} {path} HTTP/1.1", f"Host: 127.0.0.1:{self.port}", "Accept-Encoding: gzip", f"Cookie: {self.cookie}"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        if method == "POST":
            lines.append(f"Content-Length: {len(body)}")
        self._socket.sendall("\r\n".join(lines).encode() + b"\r\n\r\n" + body)
        return self._read()

    def _read(self) -> Answer:
        data = b""
        while (end := data.find(b"\r\n\r\n")) < 0:
            data += self._more()
        head = data[:end]
        status = int(head[9:12])
        found = _LENGTH.search(head)
        length = int(found.group(1)) if found and status != 304 else 0
        while len(data) < end + 4 + length:
            data += self._more()
        body = data[end + 4 :]
        text = head.decode("latin1")
        for cookie in re.findall(r"\r\nset-cookie: ([^;\r]+)", text, re.IGNORECASE):
            name = cookie.partition("=")[0]
            kept = [one for one in self.cookie.split("; ") if one and not one.startswith(f"{name}=")]
            self.cookie = "; ".join([*kept, cookie])
        is_packed = "content-encoding: gzip" in text.lower()
        return Answer(status, text, gzip.decompress(body) if is_packed and body else body, len(body))

    def _more(self) -> bytes:
        data = self._socket.recv(262_144)
        if not data:
            raise ConnectionError("the portal closed the connection")
        return data

    def close(self) -> None:
        """Hang up."""
        self._socket.close()


def token_in(text: str, name: str = "csrf_token") -> str:
    """The value of the hidden field ``name``."""
    found = re.search(rf'name="{name}"[^>]*value="([^"]*)"', text)
    assert found, f"no {name} in the page"
    return found.group(1)


def sign_in(port: int, username: str, password: str) -> str:
    """Sign in with the password; gives the cookie."""
    connection = Connection(port)
    form = {"username": username, "password": password, "csrf_token": token_in(connection.get("/login").text)}
    assert connection.post("/login", form).status == 303, "the sign-in was refused"
    connection.close()
    return connection.cookie


def p50_ms(ask: Callable[[], None], count: int = 60, before: Callable[[], None] = lambda: None) -> float:
    """The median time of ``ask`` in ms, after five runs that do not count; ``before`` runs ahead of each, untimed."""
    times = []
    for number in range(count + 5):
        before()
        began = time.perf_counter()
        ask()
        if number >= 5:
            times.append(time.perf_counter() - began)
    return round(sorted(times)[len(times) // 2] * 1_000, 2)


def per_second(port: int, cookie: str, ask: Callable[[Connection], None], connections: int = 16, seconds: float = 5) -> float:
    """How many ``ask`` a second the portal answers on so many connections."""
    counts, stop = [0] * connections, time.perf_counter() + seconds

    errors: list[Exception] = []

    def work(index: int) -> None:
        connection = Connection(port, cookie)
        try:
            while time.perf_counter() < stop and not errors:
                ask(connection)
                counts[index] += 1
        except Exception as error:
            errors.append(error)
        connection.close()

    threads = [threading.Thread(target=work, args=(index,)) for index in range(connections)]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
    return round(sum(counts) / (time.perf_counter() - began), 1)
