"""What a first visit weighs, and the memory of a whole installation."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from tests.benchmarks import http, processes, world
from tests.personas import PASSWORD

LINKED = re.compile(r'(?:href|src)="(/assets/[^"#]+)')
MEMORY_SETTLES_S = 5


def first_visit(folder: Path) -> dict[str, Any]:
    """Sign-in and start page with an empty cache: bytes as sent and requests, the POST of the sign-in included."""
    with processes.portal(folder / "run", world.ensure(folder, world.SIZES[0])) as port:
        connection, fetched = http.Connection(port), {}
        page = connection.get("/login")
        requests, size = 1, page.sent_bytes
        size += _fetch_assets(connection, page, fetched)
        form = {"username": "clerk", "password": PASSWORD, "csrf_token": http.token_in(page.text)}
        size += connection.post("/login", form).sent_bytes
        start = connection.get("/")
        assert "T2611-" in start.text
        size += start.sent_bytes + _fetch_assets(connection, start, fetched)
        return {"bytes_gz": size, "requests": requests + 2 + len(fetched), "start_html_gz_bytes": start.sent_bytes, "assets": fetched}


def _fetch_assets(connection: http.Connection, page: http.Answer, fetched: dict[str, int]) -> int:
    before = sum(fetched.values())
    for path in LINKED.findall(page.text):
        name = path.rpartition("/")[2]
        if name not in fetched:
            answer = connection.get(path)
            assert answer.status == 200
            fetched[name] = answer.sent_bytes
    return sum(fetched.values()) - before


def memory(folder: Path) -> dict[str, Any]:
    """PSS of a running installation after some pages, in MB; the broker is counted apart."""
    data, port = folder / "whole", processes.free_port()
    data.mkdir(parents=True, exist_ok=True)
    for old in data.glob("*.db*"):
        old.unlink()
    settings = processes.environment(data, data / "centre.db", port) | {"MQTT_PORT": str(processes.free_port()), "DEMO": "1"}
    settings["DEMO_PASSWORD"] = PASSWORD
    with (data / "run.log").open("wb") as log:
        command = [sys.executable, "-m", "app.run"]
        process = subprocess.Popen(command, cwd=processes.ROOT, env=settings, stdout=log, stderr=log, start_new_session=True)
        try:
            processes.wait_for(port)
            _use(port)
            time.sleep(MEMORY_SETTLES_S)
            return _shares(process.pid)
        finally:
            os.killpg(process.pid, signal.SIGINT)
            processes.stop(process)


def _use(port: int) -> None:
    connection = http.Connection(port, http.sign_in(port, "clerk", PASSWORD))
    for _round in range(20):
        for path in ("/", "/tickets", "/tickets?status=any", "/monitoring", "/machines"):
            assert connection.get(path).status == 200, path
    connection.close()


def _shares(pid: int) -> dict[str, Any]:
    shares: dict[str, float] = {}
    for member in processes.family_of(pid):
        name = processes.name_of(member)
        shares[name] = shares.get(name, 0.0) + processes.pss_mb(member)
    broker = shares.pop("broker", 0.0)
    rounded = {name: round(share, 1) for name, share in shares.items()}
    return {**rounded, "broker": round(broker, 1), "total_without_broker": round(sum(shares.values()), 1)}
