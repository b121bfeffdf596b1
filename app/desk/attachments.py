"""The files of a ticket: handed in, looked at one after the other, described, taken off and brought back."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, flash, request, url_for
from flask_babel import gettext as _

from app.core import files
from app.core.errors import Conflict, Invalid
from app.tickets import attachments
from app.tickets import queries as tickets
from app.tickets.forms import new_token
from app.tickets.models import Ticket, TicketAttachment
from app.web import uploads
from app.web.auth import actor, requires
from app.web.errors import words
from app.web.render import render, see_other

blueprint = Blueprint("attachments", __name__)
GALLERY = "attachments.gallery"


@blueprint.app_template_test("picture")
def is_picture(file: files.StoredFile) -> bool:
    """For templates: ``file is picture``."""
    return files.is_picture(file)


@blueprint.app_template_test("film")
def is_film(file: files.StoredFile) -> bool:
    """For templates: ``file is film``."""
    return files.is_film(file)


@blueprint.get("/tickets/<number>/attachments")
@requires("tickets.read")
def gallery(number: str) -> Response:
    """All files of a ticket with what they show, and those that were taken off."""
    return _gallery(tickets.by_number(actor(), number))


@blueprint.post("/tickets/<number>/attachments")
@requires("tickets.note")
def attach(number: str) -> Response:
    """Hand files in, with words or without."""
    found, handed, text = tickets.by_number(actor(), number), uploads.received(), request.form.get("text", "")
    token = request.form.get("form_token") or None
    try:
        attachments.attach(by=actor(), ticket=found, incoming=handed.check(), text=text, form_token=token)
    except Invalid as error:
        return _gallery(found, status=error.status, problem=words(error), handed=handed, text=text)
    return see_other(url_for(GALLERY, number=number))


@blueprint.get("/tickets/<number>/attachments/<int:attachment_id>")
@requires("tickets.read")
def send(number: str, attachment_id: int) -> Response:
    """The file itself; ``?preview=1`` the small picture, ``?download`` to be saved."""
    _found, one = _one(number, attachment_id)
    return uploads.send(one.file, preview="preview" in request.args)


@blueprint.get("/tickets/<number>/attachments/<int:attachment_id>/view")
@requires("tickets.read")
def view(number: str, attachment_id: int) -> Response:
    """One file, large, with the way to those before and after it."""
    found, one = _one(number, attachment_id)
    shown = attachments.of_ticket(found)
    place = next((index for index, other in enumerate(shown) if other.id == one.id), None)
    before, after = (None, None) if place is None else ([None, *shown][place], [*shown, None][place + 1])
    context: dict[str, Any] = {"one": one, "before": before, "after": after, "place": place, "total": len(shown)}
    return render("desk/attachment.html", ticket=found, **context)


@blueprint.post("/tickets/<number>/attachments/<int:attachment_id>/caption")
@requires("tickets.note")
def describe(number: str, attachment_id: int) -> Response:
    """Say what a file shows."""
    found, one = _one(number, attachment_id)
    caption = request.form.get("caption", "")
    return _done(found, lambda: attachments.describe(by=actor(), attachment=one, caption=caption), f"attachment-{one.id}")


@blueprint.post("/tickets/<number>/attachments/<int:attachment_id>/removal")
@requires("tickets.note")
def remove(number: str, attachment_id: int) -> Response:
    """Take a file off the ticket."""
    found, one = _one(number, attachment_id)
    said = _("%(name)s was taken off the ticket. It can be brought back below.", name=one.file.name)
    return _done(found, lambda: attachments.remove(by=actor(), attachment=one), "removed", said)


@blueprint.post("/tickets/<number>/attachments/<int:attachment_id>/restoration")
@requires("tickets.note")
def restore(number: str, attachment_id: int) -> Response:
    """Bring a file back."""
    found, one = _one(number, attachment_id)
    said = _("%(name)s is on the ticket again.", name=one.file.name)
    return _done(found, lambda: attachments.restore(by=actor(), attachment=one), f"attachment-{one.id}", said)


def _one(number: str, attachment_id: int) -> tuple[Ticket, TicketAttachment]:
    found = tickets.by_number(actor(), number)
    return found, attachments.one_of(found, attachment_id)


def _done(found: Ticket, act: Callable[[], object], anchor: str, said: str = "") -> Response:
    try:
        act()
    except (Conflict, Invalid) as error:
        return _gallery(found, status=error.status, problem=words(error))
    if said:
        flash(said, "message")
    return see_other(url_for(GALLERY, number=found.number, _anchor=anchor))


def _gallery(found: Ticket, *, status: int = 200, **more: Any) -> Response:
    shown: dict[str, Any] = {"attachments": attachments.of_ticket(found), "removed": attachments.of_ticket(found, removed=True)}
    shown["form_token"] = new_token()
    return render("desk/attachments.html", status=status, ticket=found, **shown, **more)
