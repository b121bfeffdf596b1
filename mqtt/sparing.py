"""What the subscriber does without: libraries that others load wherever they find them, some megabytes each for all its life."""

import sys
from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

TRACES = "rich"  # structlog draws errors with it on a terminal; our logs are lines of JSON
POSTGRESQL = "psycopg"  # peewee loads it beside SQLite, too


def unneeded(arguments: Sequence[str], environ: Mapping[str, str]) -> list[str]:
    """The libraries that ``python -m mqtt`` with these ``arguments`` does without; its other commands end soon or need more."""
    if arguments and arguments[0] != "run":
        return []
    is_sqlite = urlsplit(environ.get("DATABASE_URL") or "sqlite:").scheme == "sqlite"
    return [TRACES, POSTGRESQL] if is_sqlite else [TRACES]


def spare(names: Sequence[str]) -> None:
    """Let this process import none of ``names``: who looks for one takes it as not installed. To be called before anything is imported."""
    for name in names:
        sys.modules[name] = None  # type: ignore[assignment]  # what the import system takes for "there is none"
