"""Rendered pieces of pages, kept by what they show: a row, or a list at one version, is rendered once for all its readers."""

from collections import OrderedDict
from collections.abc import Callable
from threading import Lock
from typing import Any

from flask import Flask
from markupsafe import Markup

from app.web.i18n import language

# Characters in all; Chinese text takes two bytes each, so about 4 MB a process.
MOST_KEPT = 2_000_000


class FragmentCache:
    """The least recently used pieces go first. The key must name everything the piece shows but the language."""

    def __init__(self, most_kept: int = MOST_KEPT) -> None:
        self._most_kept = most_kept
        self._size = 0
        self._pieces: OrderedDict[tuple[Any, ...], Markup] = OrderedDict()
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._pieces)

    def clear(self) -> None:
        """Forget every piece, as when another database stands behind the portal."""
        with self._lock:
            self._pieces.clear()
            self._size = 0

    def kept(self, name: str, key: tuple[Any, ...], macro: Callable[..., Markup], *args: Any) -> Markup:
        """The piece ``name`` of ``key`` in the reader's language; ``macro(*args)`` renders it the first time."""
        whole_key = (name, language(), key)
        with self._lock:
            piece = self._pieces.get(whole_key)
            if piece is not None:
                self._pieces.move_to_end(whole_key)
                return piece
        piece = macro(*args)
        with self._lock:
            self._size += len(piece) - len(self._pieces.pop(whole_key, ""))
            self._pieces[whole_key] = piece
            while self._size > self._most_kept:
                self._size -= len(self._pieces.popitem(last=False)[1])
        return piece


def init_app(app: Flask) -> None:
    """Give templates ``kept(name, key, macro, …)``."""
    app.extensions["fragments"] = FragmentCache()
    app.jinja_env.globals["kept"] = app.extensions["fragments"].kept
