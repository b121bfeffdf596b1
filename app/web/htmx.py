"""flask-htmx with the request headers of htmx 4."""

from flask import request
from flask_htmx import HTMX


class Htmx(HTMX):
    """htmx 4 names the sender and the target as ``tag#id`` and says what it wants of the answer."""

    @property
    def source(self) -> str | None:
        """The element that sent the request, e.g. ``form#note``."""
        return request.headers.get("HX-Source")

    @property
    def target_id(self) -> str | None:
        """The id of the target element."""
        target = request.headers.get("HX-Target")
        return target.partition("#")[2] or None if target else None

    @property
    def request_type(self) -> str | None:
        """``full`` or ``partial``."""
        return request.headers.get("HX-Request-Type")

    @property
    def wants_fragment(self) -> bool:
        """Whether the answer should be the fragment alone: an htmx request, neither boosted nor a history restore."""
        return bool(self) and not self.boosted and not self.history_restore_request


htmx = Htmx()
