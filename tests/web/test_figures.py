"""``/metrics`` of a portal with two real workers: one answer for all of them, whichever is asked."""

import re
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from peewee import Database

from tests.postgresql import free_port

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parent.parent.parent
PAGES = 60
COUNTED = re.compile(r'^centre_page_seconds_count\{endpoint="accounts.login"[^}]*\} (\d+)', re.M)


@pytest.fixture
def database(sqlite_database: Database) -> Database:
    """The figures of pages stand in files, whatever the database is."""
    return sqlite_database


@pytest.fixture
def ask(environment: dict[str, str], tmp_path: Path) -> Iterator[Callable[[str], str]]:
    """Get a page of a portal under gunicorn, each time over a new connection."""
    port = free_port()
    base = f"http://127.0.0.1:{port}"

    def get(path: str) -> str:
        with urllib.request.urlopen(base + path, timeout=20) as answer:
            return str(answer.read().decode())

    command = [sys.executable, "-m", "gunicorn", "-c", "app/deploy/gunicorn.conf.py", "app.wsgi:app"]
    settings = environment | {"PORT": str(port), "WEB_CONCURRENCY": "2"}
    with (tmp_path / "portal.log").open("wb") as log:
        portal = subprocess.Popen(command, cwd=ROOT, env=settings, stdout=log, stderr=log)
        try:
            _wait_for(get, portal, tmp_path / "portal.log")
            yield get
        finally:
            portal.terminate()
            portal.wait(20)


def _wait_for(get: Callable[[str], str], portal: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        assert portal.poll() is None, log.read_text()
        try:
            get("/healthz")
        except urllib.error.URLError:
            time.sleep(0.1)
        else:
            return
    raise TimeoutError(log.read_text())


def workers(log: Path) -> set[str]:
    """The process ids that the log names as having answered a request."""
    return {found for line in log.read_text().splitlines() if '"request"' in line for found in re.findall(r'"pid": ?(\d+)', line)}


def test_it_works(ask: Callable[[str], str], tmp_path: Path) -> None:
    for _ in range(PAGES):
        ask("/login")
    assert len(workers(tmp_path / "portal.log")) == 2, "both workers must have answered for this test to mean anything"
    said = [COUNTED.search(ask("/metrics")) for _ in range(10)]
    assert {int(found[1]) for found in said if found} == {PAGES}
    assert all(said)
