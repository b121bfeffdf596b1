"""Keyset paging: a page begins after the last row of the one before, so that page 1,000 costs what page 1 costs."""

import base64
import json
from collections.abc import Sequence

from app.core.errors import Invalid, N_

PAGE_SIZE = 50
# Counting stops here; the list then says "more than".
COUNT_CAP = 1_000


def encode_key(values: Sequence[int | str | None]) -> str:
    """A key of the last row shown, fit for a query string."""
    return base64.urlsafe_b64encode(json.dumps(list(values), separators=(",", ":")).encode()).rstrip(b"=").decode()


def decode_key(key: str, length: int) -> list[int | str | None]:
    """The values of ``encode_key``. Raises ``Invalid`` for a key that was tampered with."""
    try:
        values = json.loads(base64.urlsafe_b64decode(key + "=" * (-len(key) % 4)))
    except ValueError:
        values = None
    if not isinstance(values, list) or len(values) != length or not all(isinstance(value, int | str | None) for value in values):
        raise Invalid(N_("This page of the list does not exist. Go back to its first page."))
    return values
