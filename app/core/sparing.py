"""What a process that runs for long does without: libraries that others load wherever they find them, and memory that is free again."""

import ctypes
import gc
import sys
from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

TRACES = "rich"  # structlog draws errors with it on a terminal; our logs are lines of JSON
POSTGRESQL = "psycopg"  # peewee loads it beside SQLite, too
# Left to itself the C library raises this to the biggest piece it has seen, 19 MB for a password's hash, and keeps as much for good.
BIG_BYTES = 1024 * 1024
_M_MMAP_THRESHOLD = -3


def unneeded(environ: Mapping[str, str]) -> list[str]:
    """The libraries that a process with these settings does without, some megabytes each for all its life."""
    is_sqlite = urlsplit(environ.get("DATABASE_URL") or "sqlite:").scheme == "sqlite"
    return [TRACES, POSTGRESQL] if is_sqlite else [TRACES]


def spare(names: Sequence[str]) -> None:
    """Let this process import none of ``names``: who looks for one takes it as not installed. To be called before anything is imported."""
    for name in names:
        sys.modules[name] = None  # type: ignore[assignment]  # what the import system takes for "there is none"


def give_back() -> None:
    """Let pieces of memory of ``BIG_BYTES`` and more go back to the system as soon as they are free; only glibc can do so."""
    library = ctypes.CDLL(None)
    if hasattr(library, "mallopt"):
        library.mallopt(_M_MMAP_THRESHOLD, BIG_BYTES)


def share_with_children() -> None:
    """Set aside what is loaded: the garbage collector would write to each object in it, and a page written to is no longer shared."""
    gc.collect()
    gc.freeze()
