"""What a process that runs for long does without: libraries that others load wherever they find them."""

import sys
from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

TRACES = "rich"  # structlog draws errors with it on a terminal; our logs are lines of JSON
POSTGRESQL = "psycopg"  # peewee loads it beside SQLite, too


def unneeded(environ: Mapping[str, str]) -> list[str]:
    """The libraries that a process with these settings does without, some megabytes each for all its life."""
    is_sqlite = urlsplit(environ.get("DATABASE_URL") or "sqlite:").scheme == "sqlite"
    return [TRACES, POSTGRESQL] if is_sqlite else [TRACES]


def spare(names: Sequence[str]) -> None:
    """Let this process import none of ``names``: who looks for one takes it as not installed. To be called before anything is imported."""
    for name in names:
        sys.modules[name] = None  # type: ignore[assignment]  # what the import system takes for "there is none"
