"""What the board shows, in pieces: the same templates as the portal's, without anything that belongs to one reader."""

from dataclasses import dataclass
from hashlib import blake2b
from urllib.parse import parse_qs

from flask import Flask, g, render_template, session
from flask_login import current_user

from app.accounts.sign_in import BOARD, SignedInUser
from app.core import live
from app.core.errors import DomainError
from app.monitoring import forms
from app.monitoring.views.board import scope_of, seen
from app.monitoring.views.routes import LIVE
from app.web.i18n import language

# Asked for with this header nothing keeps a session alive (``accounts.sign_in``).
_AS_A_POLL = ("HX-PTag", "stream")


@dataclass(frozen=True, slots=True)
class Reader:
    """A person with the board open: what they see is the same for all of one ``audience``."""

    user: SignedInUser
    language: str
    query: str

    @property
    def audience(self) -> tuple[object, ...]:
        """Readers of one audience see the same board."""
        return self.query, self.language, scope_of(self.user.actor)


def reader_of(app: Flask, cookie: str, query: str) -> Reader | None:
    """The person whose session the ``Cookie`` header names, if they may see the board narrowed to ``query``; the session gets no older."""
    with app.test_request_context(f"{BOARD}?{query}", headers=[("Cookie", cookie), _AS_A_POLL]):
        if "_user_id" not in session or not current_user.is_authenticated:
            return None
        user: SignedInUser = current_user._get_current_object()
        if user.must_first or not user.actor.may("monitoring.read"):
            return None
        try:
            forms.board_filters({name: values[0] for name, values in parse_qs(query).items()})
        except DomainError:
            return None
        return Reader(user, language(), query)


def version() -> int:
    """The version of everything that a board shows."""
    return live.versions(*LIVE)


def pieces(app: Flask, reader: Reader) -> tuple[str, dict[str, str]]:
    """The board of ``reader`` as HTML by the ids of its pieces, and a digest of how they hang together."""
    with app.test_request_context(f"{BOARD}?{reader.query}", headers=[_AS_A_POLL]):
        g._login_user, g.language = reader.user, reader.language
        filters = forms.board_filters({name: values[0] for name, values in parse_qs(reader.query).items()})
        shown = seen(reader.user.actor, filters)
        found = {
            "board-figures": render_template("monitoring/_board_figures.html", **shown),
            "board-alarms": render_template("monitoring/_board_alarms.html", **shown),
        }
        for group in shown["board"].groups:
            found[f"area-{group.area_id or 0}"] = render_template("monitoring/_board_area.html", group=group, **shown)
    frame = blake2b(repr((sorted(found), shown["board"].next_page)).encode(), digest_size=8).hexdigest()
    return frame, found
