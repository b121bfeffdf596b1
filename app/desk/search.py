"""Search over everything (one key): what is typed is looked for in all registers and tickets at once."""

from flask import Blueprint, request
from werkzeug.wrappers import Response

from app.desk import finding
from app.desk.finding import Match
from app.tickets import reasons
from app.web.auth import actor, requires
from app.web.i18n import language
from app.web.render import render, see_other

blueprint = Blueprint("search", __name__)

MAX_TYPED = 200


@blueprint.app_template_filter("match_text")
def match_text(match: Match) -> str:
    """What a ticket is about, in the reader's language."""
    return reasons.title_in(match.text, match.reason, language())


@blueprint.get("/search")
@requires("machines.read")
def index() -> Response:
    """What ``?q=`` fits; with ``go`` (Enter) a number that is exactly one thing's leads straight there."""
    typed = request.args.get("q", "").strip()[:MAX_TYPED]
    found = finding.find(actor(), typed)
    if request.args.get("go") and found.exact is not None:
        return see_other(found.exact.href)
    return render("search/index.html", fragment="search/_results.html", typed=typed, found=found)
