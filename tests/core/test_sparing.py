"""No process that runs for long loads a library that it never uses."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from app.core.sparing import POSTGRESQL, TRACES, unneeded
from tests.faults.site import ROOT

# Each is started as an installation starts it, as far as the setting that is wrong: by then everything is imported.
SUBSCRIBER = """
import contextlib
sys.argv = ["mqtt", "run"]
with contextlib.suppress(SystemExit):
    runpy.run_module("mqtt", run_name="__main__")
import app.monitoring.evaluation, app.work_orders.on_site, mqtt.subscriber
sys.exit()
"""
WORKER = """
runpy.run_module("app.worker", run_name="__main__")
"""
PORTAL = """
runpy.run_path("app/deploy/gunicorn.conf.py")["on_starting"](None)
import app.wsgi
"""
STREAM = """
runpy.run_path("app/deploy/live.conf.py")["on_starting"](None)
import app.live.asgi
app.live.asgi.make()
"""
WRONG = {"MQTT_PORT": "no port"}
FRAME = """
import runpy, sys
try:{lines}
except SystemExit:
    print(*(name for name, module in sys.modules.items() if module is not None))
"""


def loaded(lines: str, folder: Path, url: str) -> set[str]:
    """What a process of ``lines`` has loaded when it is up."""
    program = FRAME.format(lines=lines.replace("\n", "\n    "))
    settings = {**os.environ, "DATA_DIR": str(folder), "DATABASE_URL": url, **WRONG}
    told = subprocess.run([sys.executable, "-c", program], cwd=ROOT, env=settings, capture_output=True, text=True, check=True)
    return set(told.stdout.split())


@pytest.mark.parametrize(
    ("url", "names"),
    [
        (None, [TRACES, POSTGRESQL]),
        ("", [TRACES, POSTGRESQL]),
        ("sqlite:///centre.db", [TRACES, POSTGRESQL]),
        ("postgresql://one@host/centre", [TRACES]),
        ("postgres://one@host/centre", [TRACES]),
        ("POSTGRESQL://one@host/centre", [TRACES]),
    ],
)
def test_it_works(url: str | None, names: list[str]) -> None:
    assert unneeded({} if url is None else {"DATABASE_URL": url}) == names


@pytest.mark.slow
@pytest.mark.parametrize("lines", [SUBSCRIBER, WORKER, PORTAL, STREAM], ids=["subscriber", "worker", "portal", "stream"])
@pytest.mark.parametrize(("url", "is_loaded"), [("sqlite:///centre.db", False), ("postgresql://one@127.0.0.1/centre", True)])
def test_what_is_not_needed_is_not_loaded(lines: str, url: str, is_loaded: bool, tmp_path: Path) -> None:
    names = loaded(lines, tmp_path, url)
    assert {"peewee", "structlog"} <= names
    assert (POSTGRESQL in names) is is_loaded
    assert not names & {TRACES, "pygments"}


@pytest.mark.slow
@pytest.mark.parametrize("lines", [SUBSCRIBER, WORKER], ids=["subscriber", "worker"])
def test_processes_without_screens_load_no_flask(lines: str, tmp_path: Path) -> None:
    assert not loaded(lines, tmp_path, "sqlite:///centre.db") & {"flask", "werkzeug", "jinja2", "wtforms", "babel"}


@pytest.mark.slow
def test_other_commands_may_load_everything(tmp_path: Path) -> None:
    lines = SUBSCRIBER.replace('"run"', '"simulate"')
    assert {POSTGRESQL, TRACES} <= loaded(lines, tmp_path, "sqlite:///centre.db")
