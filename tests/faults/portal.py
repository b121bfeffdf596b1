"""A real portal process beside the feed, and a clerk who keeps looking at its pages."""

import re
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.cookiejar import CookieJar
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, OpenerDirector, Request, build_opener, urlopen

from app.accounts.models import Role
from app.core.config import load_config
from app.factory import create_app
from tests.faults.site import Site, free_port, wait_for
from tests.personas import PASSWORD, make_user, sign_in

PAGES = ("/monitoring", "/faults", "/tickets")


class Portal:
    """The portal of ``site``, as it is shipped, for one clerk who is signed in."""

    def __init__(self, site: Site) -> None:
        environ = {"PORT": str(free_port()), "PLAIN_HTTP": "1"}
        config = load_config(site.environ | environ)
        self.address = f"http://127.0.0.1:{config.port}"
        self.user = make_user(Role.CLERK)
        client = sign_in(create_app(config).test_client(), self.user)
        self._cookies = "; ".join(f"{cookie.key}={cookie.value}" for cookie in client._cookies.values())
        site.start("portal", [sys.executable, "-m", "gunicorn", "-c", "app/deploy/gunicorn.conf.py", "app.wsgi:app"], environ)
        wait_for(self._answers, 30)
        self._newcomer = build_opener(HTTPCookieProcessor(CookieJar()))
        self._token = self._token_of_the_form(self._newcomer)

    def _answers(self) -> bool:
        try:
            return self.get("/monitoring")[0] == 200
        except OSError:
            return False

    def _token_of_the_form(self, newcomer: OpenerDirector) -> str:
        with newcomer.open(self._request("/login"), timeout=60) as response:
            found = re.search(r'name="csrf_token"[^>]* value="([^"]+)"', response.read().decode())
        assert found is not None
        return found[1]

    def _request(self, path: str, **headers: str) -> Request:
        return Request(self.address + path, headers=headers)

    def sign_in_again(self) -> tuple[int, str]:
        """Status and text of what must be written: a sign-in, its form opened before."""
        form = {"csrf_token": self._token, "username": self.user.username, "password": PASSWORD}
        request = self._request("/login", Referer=f"{self.address}/login")
        request.data = urlencode(form).encode()
        return _answer(self._newcomer.open, request)

    def get(self, path: str) -> tuple[int, str]:
        """Status and text of a page."""
        return _answer(urlopen, self._request(path, Cookie=self._cookies))


def _answer(ask: Callable[..., Any], request: Request) -> tuple[int, str]:
    try:
        with ask(request, timeout=60) as response:
            assert response.url == request.full_url, f"sent on to {response.url}"
            return response.status, response.read().decode()
    except HTTPError as error:
        return error.code, error.read().decode()


@dataclass
class Visits:
    """``with Visits(portal) as visits:`` looks at ``PAGES`` in turn, about ten a second, and keeps what came of it."""

    portal: Portal
    seconds: list[float] = field(default_factory=list)
    answers: list[tuple[int, str]] = field(default_factory=list)

    def __enter__(self) -> "Visits":
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._look)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._is_over.wait(0.1):
            started = time.monotonic()
            self.answers.append(self.portal.get(PAGES[len(self.answers) % len(PAGES)]))
            self.seconds.append(time.monotonic() - started)

    @property
    def p95_s(self) -> float:
        """Of 100 answers 95 came within this time."""
        return sorted(self.seconds)[int(len(self.seconds) * 0.95)]
