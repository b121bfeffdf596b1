"""The subscriber loads no library that it never uses."""

import subprocess
import sys

import pytest

from mqtt.sparing import POSTGRESQL, TRACES, unneeded
from tests.faults.site import ROOT

STARTED = """
import sys
from mqtt.sparing import spare, unneeded
spare(unneeded([], {"DATABASE_URL": sys.argv[1]}))
from app.core import db
from app.core.logs import configure_logs
from app.monitoring.evaluation import Evaluators
from app.work_orders import on_site
from mqtt import commands, subscriber
configure_logs("evc")
db.open_database(sys.argv[1])
print(*(name for name, module in sys.modules.items() if module is not None))
"""


@pytest.mark.parametrize("arguments", [[], ["run"]])
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
def test_it_works(arguments: list[str], url: str | None, names: list[str]) -> None:
    assert unneeded(arguments, {} if url is None else {"DATABASE_URL": url}) == names


@pytest.mark.parametrize("command", ["broker", "simulate", "replay", "accounts", "partitions", "check", "contract", "--help"])
def test_other_commands_may_load_everything(command: str) -> None:
    assert unneeded([command], {}) == []


@pytest.mark.slow
@pytest.mark.parametrize(("url", "is_loaded"), [("sqlite:///centre.db", False), ("postgresql://one@127.0.0.1/centre", True)])
def test_what_is_not_needed_is_not_loaded(url: str, is_loaded: bool) -> None:
    said = subprocess.run([sys.executable, "-c", STARTED, url], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    loaded = set(said.split())
    assert (POSTGRESQL in loaded) is is_loaded
    assert not loaded & {TRACES, "pygments"}
