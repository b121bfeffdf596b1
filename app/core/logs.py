"""Logs are JSON lines on stderr: time, level, process, event, request id; never personal data (ASVS 16.2)."""

import logging
import os
import sys
import traceback
from collections.abc import MutableMapping
from pathlib import Path
from typing import Any

import structlog

# What people are called, say, own or know has no place in a log, whoever hands it in.
PERSONAL = frozenset({
    "address", "body", "contact", "cookie", "customer", "email", "form", "ip", "name", "password", "payload",
    "phone", "remote_addr", "secret", "text", "token", "username",
})  # fmt: skip
_ROOT = f"{Path(__file__).parents[2]}{os.sep}"
_QUIET = ("amqtt", "asyncio", "transitions", "werkzeug")
_PLAIN = frozenset({"exc_info", "stack_info"})

Event = MutableMapping[str, Any]


def configure_logs(process: str, level: int = logging.INFO) -> None:
    """Make every logger of this process write JSON lines that carry ``process`` and its id."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
        _stamp(process),
        drop_personal,
        describe_error,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(level),
        cache_logger_on_first_use=True,
    )
    finish: list[Any] = [structlog.stdlib.ProcessorFormatter.remove_processors_meta, structlog.processors.JSONRenderer(ensure_ascii=False)]
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=finish))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in _QUIET:
        logging.getLogger(name).setLevel(max(level, logging.WARNING))


def _stamp(process: str) -> Any:
    def add(_logger: Any, _method: str, event: Event) -> Event:
        return {**event, "process": process, "pid": os.getpid()}

    return add


def drop_personal(_logger: Any, _method: str, event: Event) -> Event:
    """Leave out every key that could hold personal data."""
    return {key: value for key, value in event.items() if key not in PERSONAL}


def describe_error(_logger: Any, _method: str, event: Event) -> Event:
    """Replace the exception by its type and where it came from: its own words may repeat what somebody typed."""
    error = event.get("exc_info")
    described = {key: value for key, value in event.items() if key not in _PLAIN}
    if not error:
        return described
    kind, value, trace = (
        error if isinstance(error, tuple) else sys.exc_info() if error is True else (type(error), error, error.__traceback__)
    )
    if value is None:
        return described
    causes = [] if value.__cause__ is None else [type(value.__cause__).__name__]
    frames = [f"{frame.filename.removeprefix(_ROOT)}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(trace)]
    return described | {"error": getattr(kind, "__name__", str(kind)), "caused_by": causes, "frames": frames[-12:]}
