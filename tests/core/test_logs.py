"""Logs are JSON lines that carry no personal data."""

import json
import subprocess
import sys

PROGRAM = """
import logging, structlog
from app.core.logs import configure_logs
configure_logs("test")
structlog.contextvars.bind_contextvars(request_id="abc")
log = structlog.get_logger()
log.info("done", job="purge", phone="13800001234", name="Chen", ip="10.1.2.3")
logging.getLogger("another.library").warning("said %s", "something")
try:
    int("13800001234x")
except ValueError:
    log.exception("failed")
"""


def lines() -> list[dict[str, object]]:
    said = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True).stderr
    return [json.loads(line) for line in said.splitlines()]


def test_it_works() -> None:
    done, other, failed = lines()
    assert (done["event"], done["process"], done["request_id"], done["level"]) == ("done", "test", "abc", "info")
    assert other["event"] == "said something"
    assert failed["error"] == "ValueError"
    assert str(failed["frames"]).count("<module>") == 1


def test_what_people_are_called_or_typed_is_left_out() -> None:
    said = json.dumps(lines())
    assert "purge" in said
    assert not any(word in said for word in ("13800001234", "Chen", "10.1.2.3"))
