"""The portal under gunicorn: HOST and PORT as everywhere, JSON-line logs, one control socket per installation."""

import os
import shutil
from pathlib import Path
from typing import Any

from app.core import sparing

sparing.spare(sparing.unneeded(os.environ))
sparing.give_back()

# A Unix socket's path may not be longer on Linux.
LONGEST_SOCKET_PATH = 107

bind = f"{os.environ.get('HOST') or '127.0.0.1'}:{os.environ.get('PORT') or 8000}"
workers = int(os.environ.get("WEB_CONCURRENCY") or 2)
worker_class = "gthread"
threads = 4
# The application is loaded once and its memory shared; connections are opened after the fork.
preload_app = True
# Longer than a live screen's poll, so that the connection is used again.
keepalive = 15
timeout = 60
graceful_timeout = 6
# The heartbeat file of a worker must not wait for a disk.
_shared_memory = Path("/dev/shm")  # noqa: S108
worker_tmp_dir = str(_shared_memory) if _shared_memory.is_dir() else None
control_socket = str((Path(os.environ.get("DATA_DIR") or "instance") / "gunicorn.ctl").resolve())
control_socket_disable = len(control_socket) > LONGEST_SOCKET_PATH
# Each worker keeps its figures in files here, and /metrics adds them up; they begin anew with each start.
_figures = Path(os.environ.get("DATA_DIR") or "instance") / "metrics"
shutil.rmtree(_figures, ignore_errors=True)
_figures.mkdir(parents=True)
os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(_figures.resolve())
logconfig_dict: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "loggers": {
        "gunicorn.error": {"level": "INFO", "handlers": [], "propagate": True},
        "gunicorn.access": {"level": "CRITICAL", "handlers": [], "propagate": False},  # it would name people's addresses
    },
    "root": {"level": "INFO", "handlers": []},
}


def on_starting(server: Any) -> None:
    """gunicorn's own words are JSON lines, too."""
    from app.core.logs import configure_logs  # only now: it loads a library that looks for those spared

    configure_logs("web")


def when_ready(server: Any) -> None:
    """The application is loaded; the workers are forked next."""
    sparing.share_with_children()


def child_exit(server: Any, worker: Any) -> None:
    """The gauges of a worker that is gone no longer count; its counters do."""
    from prometheus_client.multiprocess import mark_process_dead

    mark_process_dead(worker.pid)
