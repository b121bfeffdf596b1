"""The ticket page of a storm: its children answered in one step, and one of them taken out from under it."""

from collections.abc import Sequence
from datetime import datetime

from flask import Blueprint, Response, request

from app.core.clock import from_ms
from app.core.errors import N_, Invalid
from app.desk.views import done
from app.tickets import children, parents
from app.tickets import queries as tickets
from app.tickets.children import Answer
from app.tickets.models import Ticket
from app.web.auth import actor, requires

blueprint = Blueprint("storm_tickets", __name__)
TICKED = "ticked"


@blueprint.post("/tickets/<number>/children")
@requires("tickets.edit")
def answer(number: str) -> Response:
    """Say the same of all untouched children, or of those that are ticked."""
    found, words, which = tickets.by_number(actor(), number), request.form.get("words", ""), request.form.get("which", "")
    ticked = [int(text) for text in request.form.getlist("child") if text.isascii() and text.isdigit() and len(text) < 10]
    return done(number, lambda: _answer(found, words, which, ticked), children_words=words, which=which, children=ticked)


def _answer(found: Ticket, words: str, which: str, ticked: Sequence[int]) -> None:
    try:
        said = Answer(request.form.get("answer", ""))
    except ValueError:
        raise Invalid(N_("Say what came of the call.")) from None
    if which == TICKED and not ticked:
        raise Invalid(N_("Tick the tickets that are meant."))
    children.answer(
        by=actor(),
        parent=found,
        said=said,
        words=words,
        ticked=ticked,
        only_ticked=which == TICKED,
        seen_at=_seen_at(),
        form_token=request.form.get("form_token", ""),
    )


def _seen_at() -> datetime:
    """When the page was made that the answer was given on."""
    text = request.form.get("seen_at", "")
    if not (text.isascii() and text.isdigit() and len(text) < 15):
        raise Invalid(N_("This form is not complete. Reload the page and send it again."))
    return from_ms(int(text))


@blueprint.post("/tickets/<number>/children/undo")
@requires("tickets.edit")
def undo(number: str) -> Response:
    """Take the last step for several children back."""
    found = tickets.by_number(actor(), number)
    return done(number, lambda: children.undo(by=actor(), parent=found))


@blueprint.post("/tickets/<number>/untie")
@requires("tickets.edit")
def untie(number: str) -> Response:
    """Take the ticket out from under its parent."""
    found = tickets.by_number(actor(), number)
    return done(number, lambda: parents.untie(by=actor(), ticket=found))
