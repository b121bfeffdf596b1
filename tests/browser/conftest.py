"""A running portal and a real Chromium. ``browse`` opens pages; ``serious_problems`` is what axe-core finds on one.

``portal`` serves this test's SQLite database from a thread on a free port of 127.0.0.1.
"""

import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from peewee import Database
from playwright.sync_api import sync_playwright
from werkzeug.serving import make_server

from app.accounts.models import User
from app.core.config import load_config
from app.factory import create_app
from tests.conftest import AUDIT_KEY, SECRET_KEY, need
from tests.personas import sign_in

DESK, TABLET, PHONE = (1440, 900), (820, 1180), (390, 844)
AXE = Path(__file__).parent / "vendor" / "axe-core-4.14.1" / "axe.min.js"
_FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip
_FOCUSED = "document.querySelector('[autofocus]') === null || document.activeElement !== document.body"
_WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


@pytest.fixture
def served(sqlite_database: Database, tmp_path: Path) -> Flask:
    """A portal of its own, as it runs for people: with CSRF tokens."""
    settings = {"DATABASE_URL": f"sqlite:///{sqlite_database.database}", "DATA_DIR": str(tmp_path), "PLAIN_HTTP": "1", "DEMO": "1"}
    return create_app(load_config({**settings, "SECRET_KEY": SECRET_KEY, "AUDIT_KEY": AUDIT_KEY}))


@pytest.fixture
def portal(served: Flask) -> Iterator[str]:
    """The address of the served portal."""
    server = make_server("127.0.0.1", 0, served, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join(timeout=10)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """Debian's Chromium, one for all tests of a worker."""
    program = shutil.which("chromium")
    need(program is not None, "chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=list(_FLAGS))
        yield browser
        browser.close()


Browse = Callable[..., Any]


@pytest.fixture
def browse(chromium: Any, portal: str, served: Flask) -> Iterator[Browse]:
    """``browse(path, size, locale, theme, user, javascript)`` opens a page of the portal, signed in as ``user``."""
    contexts = []

    def open_page(
        path: str,
        size: tuple[int, int] = DESK,
        locale: str = "zh_CN",
        theme: str = "light",
        user: User | None = None,
        javascript: bool = True,
    ) -> Any:
        context = chromium.new_context(viewport={"width": size[0], "height": size[1]}, base_url=portal, java_script_enabled=javascript)
        contexts.append(context)
        context.add_cookies([{"name": name, "value": value, "url": portal} for name, value in (("locale", locale), ("theme", theme))])
        if user is not None:
            client = sign_in(served.test_client(), user)
            session = client.get_cookie("session")
            assert session is not None
            context.add_cookies([{"name": "session", "value": session.value, "url": portal}])
        page = context.new_page()
        page.goto(path)
        if javascript:
            page.wait_for_function(_FOCUSED)  # Chromium gives the focus with its first picture, which may come after the load
        return page

    yield open_page
    for context in contexts:
        context.close()


def sideways_scroll(page: Any) -> int:
    """How many pixels the page, once it is there, is wider than the window; 0 or less is well."""
    page.wait_for_load_state()
    return page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")


def serious_problems(page: Any) -> list[str]:
    """Serious and critical findings of axe-core by the rules of WCAG 2.2 A and AA: rule and first places."""
    page.evaluate(AXE.read_text(encoding="utf-8") + "; 0")  # a script element would be stopped by the page's own policy
    found = page.evaluate("tags => axe.run(document, {runOnly: {type: 'tag', values: tags}})", _WCAG)
    return [
        f"{violation['id']}: {[node['target'] for node in violation['nodes'][:3]]}"
        for violation in found["violations"]
        if violation["impact"] in ("serious", "critical")
    ]
