"""What is signed, as text: the canonical JSON of a report and its signature (security §7); strokes of a hand: ``app.core.strokes``.

The whole text is ``{"report":R,"signature":S}``, with whole numbers only: ``R`` is made here and sent to the device as it is, ``S`` is
made on the device (``static/js/signature.js``) and once more here; the SHA-256 of the whole, in lower-case hexadecimal, is the digest.

Pure: no database and no clock.
"""

from typing import Any

from app.core.strokes import (
    LARGEST_TEXT,
    LEAST_INK,
    LONGEST_MS,
    MOST_POINTS,
    MOST_STROKES,
    NO_SIGNATURE,
    SHEET_HEIGHT,
    SHEET_WIDTH,
    Stroke,
    digest,
    ink,
    picture,
    strokes_in,
    text_of,
)

__all__ = [
    "FORMAT", "LARGEST_TEXT", "LEAST_INK", "LONGEST_MS", "MOST_POINTS", "MOST_STROKES", "NO_SIGNATURE", "SHEET_HEIGHT", "SHEET_WIDTH",
    "Stroke", "digest", "ink", "picture", "strokes_in", "text_of", "whole",
]  # fmt: skip

FORMAT = 1


def whole(report: str, signature: dict[str, Any]) -> str:
    """The canonical text that is signed, of the canonical text of the report and the signature."""
    return f'{{"report":{report},"signature":{text_of(signature)}}}'
