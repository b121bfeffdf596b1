"""The strokes of a hand that signs, and the canonical text that a signature stands for (security §7). Pure: no database and no clock.

The canonical form is JSON with the keys of every object sorted, no blanks, no escapes but those JSON demands, in UTF-8.
"""

import hashlib
import json
from base64 import b64encode
from itertools import pairwise
from math import hypot
from typing import Any

from app.core.errors import N_, Invalid

# Strokes are drawn on a sheet this wide, whatever the screen; heights follow.
SHEET_WIDTH = 1_000
SHEET_HEIGHT = 1_500
MOST_POINTS, MOST_STROKES = 8_000, 400
LONGEST_MS = 3_600_000
LARGEST_TEXT = 400_000
# Less ink than this is a dot or a slip of the finger.
LEAST_INK = 150

Stroke = list[list[int]]
NO_SIGNATURE = N_("There is no signature yet: please write the name with a finger or a pen.")
_UNREADABLE = N_("The signature could not be read. Please draw it again.")


def text_of(value: Any) -> str:
    """The canonical text of ``value``."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def digest(text: str) -> str:
    """The SHA-256 of ``text`` in lower-case hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()


def strokes_in(text: str) -> list[Stroke]:
    """The strokes that a device sent: lists of points [x, y, ms]. Raises ``Invalid`` for none, for a dot, and for what are no strokes."""
    if not text.strip():
        raise Invalid(NO_SIGNATURE)
    try:
        strokes: Any = json.loads(text) if len(text) <= LARGEST_TEXT else None
    except (ValueError, RecursionError):
        strokes = None
    if not _are_strokes(strokes):
        raise Invalid(_UNREADABLE)
    if ink(strokes) < LEAST_INK:
        raise Invalid(NO_SIGNATURE)
    return strokes


def _are_strokes(value: Any) -> bool:
    if not isinstance(value, list) or len(value) > MOST_STROKES or not all(isinstance(stroke, list) and stroke for stroke in value):
        return False
    points = [point for stroke in value for point in stroke]
    return len(points) <= MOST_POINTS and all(_is_point(point) for point in points)


def _is_point(value: Any) -> bool:
    if not isinstance(value, list) or len(value) != 3 or not all(type(number) is int for number in value):
        return False
    x, y, ms = value
    return 0 <= x <= SHEET_WIDTH and 0 <= y <= SHEET_HEIGHT and 0 <= ms <= LONGEST_MS


def ink(strokes: list[Stroke]) -> float:
    """How long the lines are, in units of the sheet."""
    return sum(hypot(b[0] - a[0], b[1] - a[1]) for stroke in strokes for a, b in pairwise(stroke))


def picture(strokes: str) -> str:
    """The signature as the address of a picture (SVG in a ``data:`` URL), cut to what was drawn; empty without strokes."""
    if not strokes:
        return ""
    lines: list[Stroke] = json.loads(strokes)
    points = [point for line in lines for point in line]
    left, top = min(point[0] for point in points) - 20, min(point[1] for point in points) - 20
    width, height = max(point[0] for point in points) + 20 - left, max(point[1] for point in points) + 20 - top
    path = " ".join(_path(line) for line in lines)
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{left} {top} {width} {height}" width="{width}" height="{height}">'
        f'<path d="{path}" fill="none" stroke="#000" stroke-width="7" stroke-linecap="round" stroke-linejoin="round"/></svg>'
    )
    return f"data:image/svg+xml;base64,{b64encode(svg.encode()).decode('ascii')}"


def _path(line: Stroke) -> str:
    """One stroke as an SVG path: a curve through the middles of its points, or a dot."""
    (x, y, _ms), *rest = line
    if not rest:
        return f"M{x} {y}h1"
    middles = [f"Q{a[0]} {a[1]} {(a[0] + b[0]) // 2} {(a[1] + b[1]) // 2}" for a, b in pairwise(line)]
    return f"M{x} {y}{''.join(middles)}L{line[-1][0]} {line[-1][1]}"
