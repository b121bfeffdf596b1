"""The ticket page: the ticket, why it exists, its timeline with notes and alarms, its machine, and what can be done now."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, request, url_for

from app.core import clock
from app.core.errors import N_, Conflict, Invalid
from app.desk import queries, storm_panel, ticket_panels
from app.machines import terms
from app.monitoring import queries as monitoring
from app.tickets import attachments, clock_queries, complaint_register, forms, merging, moving, operations, past_work, reasons, states
from app.tickets import queries as tickets
from app.tickets.models import Ticket, TicketStatus
from app.web import uploads
from app.web.auth import actor, requires
from app.web.errors import words
from app.web.forms import status_of, submitted
from app.web.render import live_tag, render, see_other, tagged, unchanged

blueprint = Blueprint("desk", __name__)


@blueprint.get("/tickets/<number>")
@requires("tickets.read")
def ticket(number: str) -> Response:
    """The ticket page."""
    return page(number)


@blueprint.get("/tickets/<number>/timeline")
@requires("tickets.read")
def timeline(number: str) -> Response:
    """The part of the ticket page that keeps itself up to date; ``?entries=all`` shows old entries too."""
    tag = live_tag("tickets", "alarms", "orders")
    if (same := unchanged(tag)) is not None:
        return same
    return tagged(page(number, fragment="desk/_timeline.html"), tag)


@blueprint.get("/tickets/<number>/print")
@requires("tickets.read")
def printed(number: str) -> Response:
    """The ticket as a sheet of paper."""
    found = tickets.by_number(actor(), number)
    return render("desk/print.html", **_shown(found))


@blueprint.post("/tickets/<number>/notes")
@requires("tickets.note")
def notes(number: str) -> Response:
    """Leave a note, files, or both."""
    found, handed, text = tickets.by_number(actor(), number), uploads.received(), request.form.get("text", "")
    token = request.form.get("form_token") or None
    return done(
        number,
        lambda: attachments.attach(by=actor(), ticket=found, incoming=handed.check(), text=text, form_token=token),
        note=text,
        handed=handed,
    )


@blueprint.post("/tickets/<number>/state")
@requires("tickets.edit")
def state(number: str) -> Response:
    """Move the ticket on to the state ``to``."""
    found, to, reason = tickets.by_number(actor(), number), _state(request.form.get("to", "")), request.form.get("reason", "")
    solution = request.form.get("solution")
    return done(
        number,
        lambda: moving.change_status(by=actor(), ticket=found, to=to, version=version(), reason=reason, solution=solution),
        reason=reason,
        solution=solution,
        to=to,
    )


@blueprint.post("/tickets/<number>/undo")
@requires("tickets.edit")
def undo(number: str) -> Response:
    """Take the last change of state back."""
    found = tickets.by_number(actor(), number)
    return done(number, lambda: moving.undo(by=actor(), ticket=found, version=version()))


@blueprint.get("/tickets/<number>/edit")
@requires("tickets.edit")
def edit(number: str) -> Response:
    """The form that changes what the ticket says."""
    found = tickets.by_number(actor(), number)
    form = forms.WordsForm(formdata=None, obj=found)
    return render("desk/edit.html", fragment="desk/_edit.html", form=form, ticket=found)


@blueprint.post("/tickets/<number>/edit")
@requires("tickets.edit")
def change(number: str) -> Response:
    """Change what the ticket says; what was typed stays when somebody else was quicker."""
    found, form = tickets.by_number(actor(), number), forms.WordsForm()
    changes = {name: form[name].data for name in operations.EDITABLE}
    try:
        is_done, problem = submitted(form, lambda: operations.edit(by=actor(), ticket=found, version=version(), **changes))
        status = status_of(form)
    except Conflict as error:
        is_done, problem, status = False, words(error), error.status
        form.version.data = str(found.version)
    if is_done:
        return see_other(url_for("desk.ticket", number=number))
    return render("desk/edit.html", fragment="desk/_edit.html", status=status, form=form, ticket=found, problem=problem)


def done(number: str, act: Callable[[], object], **typed: Any) -> Response:
    """Do it and show the ticket; refused, the page comes back as it is now with what was typed."""
    try:
        act()
    except (Conflict, Invalid) as error:
        return page(number, status=error.status, problem=words(error), typed=typed)
    return see_other(url_for("desk.ticket", number=number))


def page(number: str, *, fragment: str = "desk/_ticket.html", status: int = 200, problem: str = "", typed: Any = None) -> Response:
    found = tickets.by_number(actor(), number)
    tag = live_tag("tickets", "alarms", "orders")
    return render("desk/ticket.html", fragment=fragment, status=status, tag=tag, problem=problem, typed=typed or {}, **_shown(found))


def _shown(found: Ticket) -> dict[str, Any]:
    now, machine = clock.now(), found.machine
    may_move = actor().may("tickets.edit")
    shows_all = request.args.get("entries") == "all"
    attached, last, relatives = attachments.of_ticket(found), moving.last_transition(found), merging.relatives(found)
    return {
        "ticket": found,
        "attachments": attached,
        "form_token": forms.new_token(),
        "reasons": reasons.from_json(found.reason),
        "past_work": past_work.of_ticket(found),
        "clocks": clock_queries.of_ticket(found, now),
        "timeline": queries.timeline(found, queries.SHOWN_AT_MOST if shows_all else queries.SHOWN, attached, relatives),
        "ways": states.ways(TicketStatus(found.status), moving.ended_at(found), now, found.open_orders) if may_move else (),
        "undoable": moving.undoable(found, now, last) if may_move else None,
        "needs_reason": lambda to: states.needs_reason(TicketStatus(found.status), to),
        **storm_panel.of_ticket(actor(), found),
        **ticket_panels.of_ticket(actor(), found, now, last, relatives),
        "warranty": machine and _warranty(found),
        "others": tickets.open_of_machine(machine, found) if machine else [],
        "alarms": monitoring.standing_of(actor(), machine) if machine else [],
    } | complaint_register.of_ticket(found, now)


def _warranty(found: Ticket) -> Any:
    return terms.warranty_of(found.machine, clock.day_of(found.opened_at))


def _state(text: str) -> TicketStatus:
    try:
        return TicketStatus(text)
    except ValueError:
        raise Invalid(N_("There is no such state.")) from None


def version() -> int:
    """The version of the ticket that the form was made for. Raises ``Invalid`` for a form without one."""
    text = request.form.get("version", "")
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise Invalid(N_("This form is not complete. Reload the page and send it again."))
    return int(text)
