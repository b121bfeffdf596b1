"""HTML on paper as PDF, by WeasyPrint in a child process that exits: what it needs of memory and time is never the portal's.

The child sees no settings, opens no connection and reads no file but those handed over. Without the system library (Pango) it says
so, and so do we; the print view of a browser needs neither.

``python -m app.core.pdf`` is the child: a job as JSON on its input, the PDF on its output.
"""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import structlog

from app.core.errors import N_, Unavailable

TIME_LIMIT_S = 90
MEMORY_LIMIT = 2 * 1024**3
LARGEST = 200 * 1024**2
# Somebody else's PDF is waited for this long; a request that waits longer would hold up the portal's threads.
TURN_WITHIN_S = 3.0
NO_LIBRARY = 3
# Addresses in the HTML stand below this one; it leads nowhere (RFC 2606), and nothing is asked of it.
BASE = "http://document.invalid"

log = structlog.get_logger()
_turn = threading.BoundedSemaphore(1)
_PASSED_ON = (
    "PATH",
    "HOME",
    "LANG",
    "LC_ALL",
    "TMPDIR",
    "XDG_CACHE_HOME",
    "FONTCONFIG_PATH",
    "FONTCONFIG_FILE",
    "PYTHONPATH",
    "VIRTUAL_ENV",
)

_NOT_NOW = N_("Another PDF is being made just now. Please try again in a moment, or use the print view.")
_TOO_MUCH = N_("This is too much for one PDF. Choose a period, or use the print view.")
_MISSING = N_(
    "PDFs cannot be made here: a system library (Pango) is missing. The print view works; your administrator can add the library."
)


def make(html: str, *, styles: str, files: Mapping[str, Path] | None = None, time_limit_s: float = TIME_LIMIT_S) -> bytes:
    """The PDF of ``html`` with the stylesheet ``styles``; ``files`` are the pictures it may show, by the address that the HTML uses.

    Raises ``Unavailable`` in words when the library is missing, when another PDF is under way, or when it takes too long or too much.
    """
    if not _turn.acquire(timeout=TURN_WITHIN_S):
        raise Unavailable(_NOT_NOW)
    try:
        return _ask_child(html, styles, files or {}, time_limit_s)
    finally:
        _turn.release()


def _ask_child(html: str, styles: str, files: Mapping[str, Path], time_limit_s: float) -> bytes:
    job = json.dumps({"html": html, "styles": styles, "files": {f"{BASE}{name}": str(path) for name, path in files.items()}})
    environ = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    command = [sys.executable, "-m", "app.core.pdf"]
    root = Path(__file__).parents[2]
    try:
        done = subprocess.run(command, input=job.encode(), capture_output=True, cwd=root, env=environ, timeout=time_limit_s, check=False)
    except subprocess.TimeoutExpired:
        raise Unavailable(_TOO_MUCH) from None
    if done.returncode == NO_LIBRARY:
        raise Unavailable(_MISSING)
    if done.returncode != 0 or not done.stdout.startswith(b"%PDF"):
        log.error("pdf_failed", returncode=done.returncode, said=done.stderr[-2000:].decode("utf8", "replace"))
        raise Unavailable(_TOO_MUCH)
    return done.stdout


def _child() -> int:
    _limit_child()
    job = json.loads(sys.stdin.buffer.read())
    try:
        from weasyprint import CSS, HTML
    except OSError as error:
        sys.stderr.write(f"{error}\n")
        return NO_LIBRARY
    fetcher = _fetcher_of(job["files"])
    document = HTML(string=job["html"], base_url=BASE + "/", url_fetcher=fetcher)
    document.write_pdf(sys.stdout.buffer, stylesheets=[CSS(string=job["styles"], url_fetcher=fetcher, base_url=BASE + "/")])
    return 0


def _limit_child() -> None:
    import resource

    os.nice(10)
    for what, limit in ((resource.RLIMIT_AS, MEMORY_LIMIT), (resource.RLIMIT_CPU, TIME_LIMIT_S), (resource.RLIMIT_FSIZE, LARGEST)):
        resource.setrlimit(what, (limit, limit))


def _fetcher_of(files: Mapping[str, str]) -> Any:
    """A fetcher that gives what was handed over and what stands in the HTML itself, and refuses everything else."""
    from weasyprint.urls import URLFetcher, URLFetcherResponse

    class OnlyOurs(URLFetcher):
        def fetch(self, url: str, headers: Any = None) -> Any:
            if url in files:
                return URLFetcherResponse(url, Path(files[url]).open("rb"))
            if url.startswith("data:"):
                return super().fetch(url, headers)
            raise ValueError(f"not handed over: {url}")

    return OnlyOurs(allowed_protocols=("data",), allow_redirects=False)


if __name__ == "__main__":
    sys.exit(_child())
