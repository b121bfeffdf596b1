"""The stream of the board under gunicorn: one worker holds every viewer, for each change is painted once."""

import os
from typing import Any

from app.core import sparing

sparing.spare(sparing.unneeded(os.environ))

bind = f"{os.environ.get('HOST') or '127.0.0.1'}:{os.environ.get('LIVE_PORT') or int(os.environ.get('PORT') or 8000) + 1}"
workers = 1
# Its parent would hold libraries of its own otherwise.
preload_app = True
worker_class = "asgi"
worker_connections = 400
timeout = 60
graceful_timeout = 1  # its viewers never finish; their pages ask the portal meanwhile
keepalive = 15
control_socket_disable = True
logconfig_dict: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "loggers": {
        "gunicorn.error": {"level": "INFO", "handlers": [], "propagate": True},
        "gunicorn.access": {"level": "CRITICAL", "handlers": [], "propagate": False},
    },
    "root": {"level": "INFO", "handlers": []},
}


def on_starting(server: Any) -> None:
    """gunicorn's own words are JSON lines, too."""
    from app.core.logs import configure_logs  # only now: it loads a library that looks for those spared

    configure_logs("live")
