"""Rendered pieces of lists, kept by what they show: a row that did not change is not rendered again."""

from collections import OrderedDict
from collections.abc import Callable
from threading import Lock
from typing import Any

from flask import Flask
from markupsafe import Markup

from app.web.i18n import language

# A row weighs about 1 kB: some MB a process at most.
MOST_KEPT = 4_000


class FragmentCache:
    """The least recently used pieces go first. The key must name everything the piece shows but the language."""

    def __init__(self, most_kept: int = MOST_KEPT) -> None:
        self._most_kept = most_kept
        self._pieces: OrderedDict[tuple[Any, ...], Markup] = OrderedDict()
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._pieces)

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
            self._pieces[whole_key] = piece
            if len(self._pieces) > self._most_kept:
                self._pieces.popitem(last=False)
        return piece


def init_app(app: Flask) -> None:
    """Give templates ``kept(name, key, macro, …)``."""
    app.jinja_env.globals["kept"] = FragmentCache().kept
