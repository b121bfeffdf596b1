"""Every component in every state, for those who build screens; only where the demo world is."""

from datetime import timedelta

from flask import Blueprint, Response

from app.core import clock
from app.core.types import Page
from app.web.auth import public
from app.web.render import render

blueprint = Blueprint("styleguide", __name__)
_AGES_S = {"now": 5, "minutes": 480, "hours": 11_000, "days": 190_000}
_READINGS = (41.0, 41.5, 42.1, 43.0, 46.8, 52.3, None, None, 60.2, 63.9, 66.1, 64.0, 61.7, 58.2)


@blueprint.get("/styleguide")
@public
def index() -> Response:
    """The components on the desk layout."""
    now = clock.now()
    ages = {name: now - timedelta(seconds=seconds) for name, seconds in _AGES_S.items()}
    page: Page[int] = Page(rows=(), total=1_000, is_total_capped=True, next_key="next", previous_key="previous")
    return render("styleguide/index.html", ages=ages, readings=_READINGS, page=page)


@blueprint.get("/styleguide/<any(tablet, plain, print):layout>")
@public
def layout(layout: str) -> Response:
    """A sample page on one of the other layouts."""
    return render(f"styleguide/{layout}.html", now=clock.now())
