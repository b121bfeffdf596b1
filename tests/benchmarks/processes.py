"""Starting and stopping the product's processes for a measurement, and the memory they share."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
WAIT_S = 60


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def environment(folder: Path, database: Path, port: int) -> dict[str, str]:
    """The environment of a process on ``database``."""
    return {
        **os.environ,
        "DATABASE_URL": f"sqlite:///{database}",
        "DATA_DIR": str(folder),
        "SECRET_KEY": "secret key of the benchmarks, long enough",
        "AUDIT_KEY": "history key of the benchmarks, long enough",
        "PLAIN_HTTP": "1",
        "DEMO": "0",
        "PORT": str(port),
        "WEB_CONCURRENCY": "2",
    }


@contextmanager
def portal(folder: Path, world: Path, **settings: str) -> Iterator[int]:
    """The portal with two workers on a copy of ``world``, with more ``settings``; gives its port."""
    folder.mkdir(parents=True, exist_ok=True)
    database, port = running_database(folder), free_port()
    for suffix in ("", "-wal", "-shm"):
        database.with_name(database.name + suffix).unlink(missing_ok=True)
    shutil.copy(world, database)
    command = [sys.executable, "-m", "gunicorn", "-c", "app/deploy/gunicorn.conf.py", "app.wsgi:app"]
    with (folder / "portal.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=ROOT, env=environment(folder, database, port) | settings, stdout=log, stderr=log)
        try:
            wait_for(port)
            yield port
        finally:
            stop(process)
            database.unlink()


def running_database(folder: Path) -> Path:
    """The copy that the portal of ``folder`` works on."""
    return folder / "running.db"


def wait_for(port: int) -> None:
    """Wait until somebody listens on ``port``. Raises ``TimeoutError``."""
    until = time.monotonic() + WAIT_S
    while time.monotonic() < until:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise TimeoutError(f"nobody listens on {port}")


def stop(process: subprocess.Popen[bytes]) -> None:
    """End ``process`` in order."""
    process.send_signal(signal.SIGINT)
    try:
        process.wait(timeout=20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def family_of(pid: int) -> list[int]:
    """``pid`` and all its descendants."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    return [pid, *(member for child in children for member in family_of(int(child)))]


def pss_mb(pid: int) -> float:
    """Proportional set size of one process in MB."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) / 1024
    return 0.0


def name_of(pid: int) -> str:
    """What a process is, in a word, by its command line."""
    words = Path(f"/proc/{pid}/cmdline").read_text(encoding="utf8").replace("\0", " ")
    known = {
        "app.live": "stream",
        "gunicorn": "portal",
        "mqtt run": "subscriber",
        "app.worker": "worker",
        "mqtt broker": "broker",
        "mosquitto": "broker",
    }
    return next((name for part, name in known.items() if part in words), "supervisor")
