"""What people type about documents and about forms that are asked for; the rules are in the operations."""

import secrets
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import BooleanField, DateField, HiddenField, IntegerField, SelectField
from wtforms.validators import Length, Optional
from wtforms.widgets import HiddenInput

from app.accounts.models import User
from app.core.errors import N_, Invalid
from app.customers.forms import text
from app.machines.document_queries import FILED, KEPT, NOT_FILED, REMOVED, DocumentFilter
from app.machines.documents import DocumentDetails
from app.machines.models import Document, FormType
from app.web.labels import options

_UNREADABLE = N_("The list cannot be filtered that way.")


def new_token() -> str:
    """A token that makes sending a form twice harmless."""
    return secrets.token_urlsafe(24)


class DocumentForm(FlaskForm):
    """A document; the files come beside it."""

    form_token = HiddenField(default=new_token)
    version = IntegerField(widget=HiddenInput(), validators=[Optional()])
    form_type = SelectField(_("Kind of document"), choices=options("FormType"), default=FormType.OTHER)
    title = text(_("Title"), Length(max=200))
    document_on = DateField(_("Date on the document"), validators=[Optional()])
    about = text(_("Ticket or order"), Length(max=40))
    has_paper = BooleanField(_("The original is on paper"))
    cabinet = text(_("Cabinet"), Length(max=40))
    box = text(_("Box"), Length(max=40))

    def details(self) -> DocumentDetails:
        """What was typed."""
        return DocumentDetails(
            form_type=FormType(self.form_type.data),
            title=self.title.data or "",
            document_on=self.document_on.data,
            about=self.about.data or "",
            has_paper=self.has_paper.data,
            cabinet=self.cabinet.data or "",
            box=self.box.data or "",
        )


def new_form(query: Mapping[str, str]) -> DocumentForm:
    """The empty form; ``form`` and ``about`` in the address fill it."""
    wanted = query.get("form", "")
    known = wanted if wanted in set(FormType) else FormType.OTHER
    return DocumentForm(data={"form_type": known, "about": query.get("about", "")[:40], "has_paper": True})


def form_of(document: Document, **more: Any) -> DocumentForm:
    """The form, filled with the document when it was not sent."""
    names = ("form_type", "title", "document_on", "about", "has_paper", "cabinet", "box", "version")
    return DocumentForm(data={name: getattr(document, name) for name in names}, **more)


class RequestForm(FlaskForm):
    """A form that a technician is asked to hand in."""

    form_type = SelectField(_("Kind of document"), choices=options("FormType"), default=FormType.SERVICE_REPORT)
    technician = SelectField(_("Technician"))
    about = text(_("Ticket or order"), Length(max=40))
    due_on = DateField(_("To be handed in by"), validators=[Optional()])

    def offer(self, technicians: Sequence[User]) -> None:
        """Say who can be asked."""
        self.technicians = {str(one.id): one for one in technicians}
        self.technician.choices = [("", "–"), *((key, one.name) for key, one in self.technicians.items())]

    def values(self) -> dict[str, Any]:
        """What was typed, as the operation takes it."""
        return {
            "form_type": FormType(self.form_type.data),
            "technician": self.technicians.get(self.technician.data),
            "about": self.about.data or "",
            "due_on": self.due_on.data,
        }


def wanted_from(query: Mapping[str, str], state: str = KEPT) -> DocumentFilter:
    """The list's filter as it stands in the address. Raises ``Invalid`` for what cannot be read."""
    given = query.get("state") or state
    return DocumentFilter(
        q=query.get("q", "").strip()[:100],
        form_type=form_type_in(query),
        state=given if given in (KEPT, FILED, NOT_FILED, REMOVED) else state,
        machine=query.get("machine", "").strip()[:40],
        model=number_in(query, "model"),
        project=number_in(query, "project"),
        about=query.get("about", "").strip()[:40],
        from_on=_day(query.get("from", "")),
        to_on=_day(query.get("to", "")),
    )


def form_type_in(query: Mapping[str, str]) -> FormType | None:
    """The kind of document in the address. Raises ``Invalid`` for one that is not known."""
    try:
        return FormType(query["form"]) if query.get("form") else None
    except ValueError:
        raise Invalid(_UNREADABLE) from None


def number_in(query: Mapping[str, str], name: str) -> int | None:
    """A number in the address. Raises ``Invalid`` for what is none."""
    value = query.get(name) or ""
    if value and not (value.isascii() and value.isdigit() and len(value) < 10):
        raise Invalid(_UNREADABLE)
    return int(value) if value else None


def _day(given: str) -> date | None:
    try:
        return date.fromisoformat(given) if given else None
    except ValueError:
        raise Invalid(_UNREADABLE) from None
