"""What is done on the ticket page beyond notes and states: verifying by phone, urging, watching, merging, splitting."""

from datetime import datetime

from flask import Blueprint, Response, render_template, request, url_for

from app.core import clock
from app.core.errors import N_, Invalid, NotFound
from app.desk.views import done, version
from app.tickets import forms, hotline, merging, urging, verifying, watching
from app.tickets import queries as tickets
from app.tickets.models import Ticket
from app.web.auth import actor, requires
from app.web.forms import sent
from app.web.render import render, see_other

blueprint = Blueprint("ticket_work", __name__)


@blueprint.post("/tickets/<number>/verification")
@requires("tickets.edit")
def verification(number: str) -> Response:
    """What came of phoning the customer: ``answer`` is confirmed, false_alarm or not_reached."""
    found, words = tickets.by_number(actor(), number), request.form.get("words", "")
    answer = request.form.get("answer", "")
    return done(number, lambda: _verify(found, answer, words), words=words, answer=answer, again_at=request.form.get("again_at"))


def _verify(found: Ticket, answer: str, words: str) -> None:
    if answer == "confirmed":
        verifying.confirm(by=actor(), ticket=found, version=version(), note=words)
    elif answer == "false_alarm":
        verifying.dismiss(by=actor(), ticket=found, version=version(), reason=words)
    elif answer == "not_reached":
        verifying.not_reached(by=actor(), ticket=found, version=version(), again_at=_time("again_at"), note=words)
    else:
        raise Invalid(N_("Say what came of the call."))


def _time(name: str) -> datetime:
    try:
        return datetime.fromisoformat(request.form.get(name, "")).replace(tzinfo=clock.zone())
    except ValueError:
        raise Invalid(N_("That is not a time."), fields={name: N_("That is not a time.")}) from None


@blueprint.post("/tickets/<number>/urgings")
@requires("tickets.open")
def urge(number: str) -> Response:
    """The customer urges."""
    found, text, token = tickets.by_number(actor(), number), request.form.get("text", ""), request.form.get("form_token", "")
    return done(number, lambda: urging.urge(by=actor(), ticket=found, text=text, form_token=token), urging=text)


@blueprint.post("/tickets/<number>/watch")
@requires("tickets.read")
def watch(number: str) -> Response:
    """Tell me what happens; ``off=1`` tells me no more."""
    found, act = tickets.by_number(actor(), number), watching.unwatch if request.form.get("off") else watching.watch
    return done(number, lambda: act(by=actor(), ticket=found))


@blueprint.post("/tickets/<number>/merge")
@requires("tickets.edit")
def merge(number: str) -> Response:
    """Merge into the ticket whose number was typed or chosen."""
    found, typed = tickets.by_number(actor(), number), request.form.get("into", "").strip().upper()
    reason = request.form.get("reason", "")
    return done(number, lambda: _merge(found, typed, reason), into=typed, merge_reason=reason)


def _merge(found: Ticket, typed: str, reason: str) -> None:
    try:
        into = tickets.by_number(actor(), typed)
    except NotFound:
        raise Invalid(N_("There is no ticket of this number."), fields={"into": N_("There is no ticket of this number.")}) from None
    merging.merge(by=actor(), ticket=found, into=into, version=version(), reason=reason)


@blueprint.post("/tickets/<number>/unmerge")
@requires("tickets.edit")
def unmerge(number: str) -> Response:
    """Take a merged ticket out again."""
    found = tickets.by_number(actor(), number)
    return done(number, lambda: merging.unmerge(by=actor(), ticket=found, version=version()))


@blueprint.route("/tickets/<number>/split", methods=["GET", "POST"])
@requires("tickets.edit")
def split(number: str) -> Response:
    """Make a ticket of its own of a part."""
    found = tickets.by_number(actor(), number)
    form, made = forms.SplitForm(kind=found.kind, priority=found.priority), list[Ticket]()
    form.notes.choices = [(note.id, note.text) for note in tickets.notes(found)]
    outcome = sent(form, lambda: made.append(_split(found, form)))
    if outcome.is_done:
        return see_other(url_for("desk.ticket", number=made[0].number))
    form.form_token.data = form.form_token.data or forms.new_token()
    shown = {"form": form, "ticket": found, "problem": outcome.problem}
    return render("desk/split.html", fragment="desk/_split.html", status=outcome.status, **shown)


def _split(found: Ticket, form: forms.SplitForm) -> Ticket:
    return merging.split(
        by=actor(),
        ticket=found,
        title=form.title.data,
        text=form.text.data,
        kind=form.kind.data,
        priority=form.priority.data,
        note_ids=form.notes.data,
        form_token=form.form_token.data,
    )


@blueprint.get("/tickets/<number>/people")
@requires("tickets.note")
def people(number: str) -> str:
    """The names that @ completes to on this ticket."""
    return render_template("desk/_people.html", people=watching.people_for(tickets.by_number(actor(), number)))


@blueprint.get("/tickets/<number>/hotline-record")
@requires("tickets.read")
def hotline_record(number: str) -> Response:
    """The 400 record as the paper form (F-02, F-03)."""
    found = tickets.by_number(actor(), number)
    record = hotline.existing(found)
    content, is_changed = hotline.content(record), hotline.was_changed_since(record)
    return render("desk/hotline_print.html", record=record, ticket=found, content=content, is_changed=is_changed)
