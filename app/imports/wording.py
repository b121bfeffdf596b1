"""Why a line or a file is refused, in the reader's language."""

from typing import Any

from app.core.importing import Kind, Reason
from app.web.i18n import translated

# Parameters that are message ids themselves.
_WORDS = ("reason", "type")


def reason_words(kind: Kind, reason: Reason) -> str:
    """The sentence of ``reason``; columns are called as on the screen."""
    message, params = reason
    return translated(message, **{name: _param(kind, name, value) for name, value in params.items()})


def _param(kind: Kind, name: str, value: Any) -> Any:
    if name == "column":
        labels = {column.code: column.label for column in kind.columns}
        return translated(labels[value]) if value in labels else value
    return translated(value) if name in _WORDS and value else value
