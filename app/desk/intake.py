"""Taking a call: one screen that finds machine and customer while one types, files the call or joins it to its ticket.

Every button is a submit button of the one form, so that all of it works without JavaScript: what was typed goes into the draft,
and the page comes back with it.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from flask import Blueprint, Response, flash, make_response, request, url_for
from flask_babel import gettext

from app.accounts import queries as accounts
from app.core import clock
from app.core.errors import Conflict, Invalid
from app.core.files import ANY
from app.core.types import Actor
from app.desk import card, intake_form, offering, wording
from app.desk.intake_form import IntakeForm
from app.tickets import drafts, filing, moving
from app.tickets import queries as tickets
from app.tickets.drafts import Fate, Kept, Writing
from app.tickets.models import IntakeDraft, Ticket
from app.web.auth import actor, requires
from app.web.errors import words
from app.web.filters import local
from app.web.forms import show_errors
from app.web.htmx import htmx
from app.web.i18n import language
from app.web.render import render, see_other
from app.web.uploads import Received, received, send

blueprint = Blueprint("intake", __name__)


@blueprint.app_context_processor
def _parked() -> dict[str, Any]:
    """For the top bar: ``parked_calls()`` counts the reader's calls put aside."""
    return {"parked_calls": lambda: drafts.count_parked(actor())}


PAGE, FRAGMENT = "intake/new.html", "intake/_intake.html"


@blueprint.get("/tickets/new")
@requires("tickets.open")
def new() -> Response:
    """The intake: empty, with what the address names, or with a draft (``?draft=``)."""
    if draft_id := request.args.get("draft"):
        draft = drafts.by_id(actor(), draft_id)
        return _page(intake_form.form_for(drafts.content(draft), draft.id, seen=draft.updated_at))
    return _page(intake_form.form_for(offering.content_for(actor(), request.args), drafts.new_id()))


@blueprint.route("/tickets/new/matches", methods=["GET", "POST"])
@requires("tickets.open")
def matches() -> Response:
    """What fits the words typed so far; a pasted message is searched for the numbers in it (POST, so that it stands in no address)."""
    typed = request.values.get("q", "")
    return render("intake/part.html", part="intake/_matches.html", fragment="intake/_matches.html", **_found(typed))


@blueprint.get("/tickets/new/card")
@requires("tickets.open")
def shown_card() -> Response:
    """What is known of the machine or customer that stands in the form."""
    shown = card.card_of(actor(), intake_form.asked_in(request.args))
    return render(
        "intake/part.html",
        part="intake/_card.html",
        fragment="intake/_card.html",
        card=shown,
        ticked=request.args,
        sentences=_sentences(shown),
    )


@blueprint.post("/tickets")
@requires("tickets.open")
def create() -> Response:
    """File the call; the same form sent again leads to the same ticket."""
    return _done(lambda by, call: filing.file_call(by=by, call=call), gettext("Filed as %(number)s"), IntakeForm())


@blueprint.post("/tickets/<number>/calls")
@requires("tickets.open")
def join(number: str) -> Response:
    """Note the call on a ticket that stands for it already, or open that ticket again."""
    found = tickets.by_number(actor(), number)
    is_urging, opens_again = "is_urging" in request.form, "opens_again" in request.form

    def act(by: Actor, call: filing.Call) -> Ticket:
        filing.join_call(by=by, call=call, ticket=found, is_urging=is_urging, opens_again=opens_again)
        return found

    return _done(act, gettext("Noted on %(number)s"), IntakeForm() if opens_again else IntakeForm().needs_no_title())


@blueprint.post("/tickets/drafts")
@requires("tickets.open")
def keep() -> Response:
    """Keep what is typed; ``park`` puts it aside, ``pick`` goes on with another draft, ``choose`` takes over one of the matches."""
    form = request.form
    writing = intake_form.writing_of(form)
    if choice := form.get("choose"):
        writing.content.update(offering.chosen(actor(), choice))
    is_swap = "park" in form or "pick" in form
    if is_swap:  # what the page sent to be kept just before may arrive after this
        writing = replace(writing, turn=writing.turn + 1)
    kept = drafts.keep(by=actor(), writing=writing, is_parked=is_swap)
    if "pick" in form:
        drafts.take_up(by=actor(), draft=drafts.by_id(actor(), form["pick"]))
    if is_swap or "look" in form or "choose" in form:
        return _go_to(_address_after(kept))
    return _kept(kept)


def _kept(kept: Kept) -> Response:
    status, part, shown = 409 if kept.other else 200, "intake/_kept.html", {"keeping": kept, "fate": Fate}
    if kept.draft is not None:
        shown |= {"seen": clock.to_ms(kept.draft.updated_at), "kept_at": f"{local(kept.draft.updated_at):%H:%M}"}
    return render("intake/part.html", part=part, fragment=part, status=status, **shown)


def _address_after(kept: Kept) -> str:
    if "pick" in request.form:
        return url_for("intake.new", draft=request.form["pick"])
    if "park" in request.form:
        return url_for("intake.new")
    return url_for("intake.new", draft=kept.draft.id) if kept.draft else url_for("intake.new")


@blueprint.post("/tickets/drafts/files")
@requires("tickets.open")
def hand_in() -> Response:
    """Keep files with the draft as soon as they are pasted or chosen; what is refused is named, the others are kept."""
    handed, writing = received(kinds=ANY), intake_form.writing_of(request.form)
    drafts.hand_in(by=actor(), writing=writing, files=handed.files)
    return _files(writing.draft_id, handed.problems)


@blueprint.get("/tickets/drafts/files/<int:file_id>")
@requires("tickets.open")
def file(file_id: int) -> Response:
    """A file of a draft; ``?preview`` gives its small picture."""
    return send(drafts.file_by_id(actor(), file_id).file, preview="preview" in request.args)


@blueprint.post("/tickets/drafts/files/<int:file_id>/removal")
@requires("tickets.open")
def remove_file(file_id: int) -> Response:
    """Take a file out of the draft again."""
    found = drafts.file_by_id(actor(), file_id)
    drafts.remove_file(by=actor(), file=found)
    return _files(found.draft_id) if htmx.wants_fragment else see_other(url_for("intake.new", draft=found.draft_id))


def _files(draft_id: str, problems: tuple[str, ...] = ()) -> Response:
    part, status = "intake/_files.html", 422 if problems else 200
    return render("intake/part.html", part=part, fragment=part, status=status, files=drafts.files_of(actor(), draft_id), problems=problems)


@blueprint.get("/tickets/drafts")
@requires("tickets.open")
def index() -> Response:
    """The calls put aside or left unfinished."""
    return _drafts_part(request.args.get("besides", ""))


@blueprint.post("/tickets/drafts/<draft_id>/discard")
@requires("tickets.open")
def discard(draft_id: str) -> Response:
    """Throw a draft away; for an hour it can be taken back."""
    drafts.discard(by=actor(), draft=drafts.by_id(actor(), draft_id))
    return _back()


@blueprint.post("/tickets/drafts/<draft_id>/return")
@requires("tickets.open")
def take_back(draft_id: str) -> Response:
    """Fetch a draft back that was thrown away."""
    drafts.take_back(by=actor(), draft=drafts.by_id(actor(), draft_id))
    return _back()


def _back() -> Response:
    if htmx.wants_fragment:
        return _drafts_part(request.form.get("besides", ""))
    return see_other(url_for("intake.new"))


def _go_to(address: str) -> Response:
    """Lead the browser there, whether it asked by a form or by htmx."""
    if not htmx.wants_fragment:
        return see_other(address)
    response = make_response("", 200)
    response.headers["HX-Redirect"] = address
    return response


def _done(act: Callable[[Actor, filing.Call], Ticket], said: str, form: IntakeForm) -> Response:
    """Do it and show the ticket; refused, the form comes back as it is, with words beside the fields."""
    writing, handed = intake_form.writing_of(request.form), received(kinds=ANY)
    try:
        if not form.validate():
            return _page(form, status=422, problem=_wrong_names(form, writing), handed=handed)
        call = intake_form.call_of(actor(), form, writing, request.form, handed.check())
        ticket = act(actor(), call)
    except Invalid as error:
        return _page(form, status=error.status, problem=show_errors(form, error), handed=handed)
    except Conflict as error:
        return _page(_as_a_new_call(form), status=error.status, problem=words(error), handed=handed)
    flash(said % {"number": ticket.number})
    return _go_to(url_for("desk.ticket", number=ticket.number))


def _wrong_names(form: IntakeForm, writing: Writing) -> str:
    """Say of a form that is wrong already what else is, so that it comes back once and not twice."""
    try:
        intake_form.check_names(actor(), writing, request.form)
    except Invalid as error:
        return show_errors(form, error)
    return ""


def _as_a_new_call(form: IntakeForm) -> IntakeForm:
    form.draft.data = drafts.new_id()
    form.seen.data = form.turn.data = ""
    return form


def _page(form: IntakeForm, *, status: int = 200, problem: str = "", handed: Received | None = None) -> Response:
    asked = {field.short_name: field.data or "" for field in form}
    known = card.card_of(actor(), intake_form.asked_in(asked))
    shown: dict[str, Any] = {"form": form, "problem": problem, "card": known, "sentences": _sentences(known)}
    shown |= {"received": handed, "priorities": intake_form.PRIORITY_OF, "ticked": request.values}
    shown["people"] = accounts.active_people()
    shown |= _found(form.q.data or "") | _drafts(form.draft.data)
    shown["files"] = drafts.files_of(actor(), form.draft.data)
    return render(PAGE, fragment=FRAGMENT, status=status, **shown)


def _sentences(known: card.Card) -> dict[int, str]:
    """What to tell the caller about each open ticket on the card."""
    now, told = clock.now(), known.open_tickets[: card.OPEN]
    moves = {ticket.id: moving.last_transition(ticket) for ticket in told}
    return {
        ticket.id: wording.sentence(ticket, move.at if (move := moves[ticket.id]) else ticket.opened_at, now, language()) for ticket in told
    }


def _found(typed: str) -> dict[str, Any]:
    return {"typed": typed, "offers": offering.offers(actor(), typed)}


def _drafts_part(besides: str) -> Response:
    return render("intake/part.html", part="intake/_drafts.html", fragment="intake/_drafts.html", **_drafts(besides))


def _drafts(besides: str) -> dict[str, Any]:
    by, now = actor(), clock.now()
    mine: list[IntakeDraft] = [one for one in drafts.unfinished(by) if one.id != besides]
    return {"drafts": mine, "discarded": drafts.discarded(by, now), "besides": besides}
