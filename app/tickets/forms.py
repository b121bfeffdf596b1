"""What people type about tickets, checked for shape; the rules are in the operations."""

import secrets
from collections.abc import Iterable, Mapping
from datetime import date
from enum import StrEnum
from typing import TypeVar

from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import BooleanField, HiddenField, SelectChoice, SelectField, SelectMultipleField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length
from wtforms.widgets import CheckboxInput, ListWidget

from app.core.errors import N_, Invalid
from app.tickets import hotline_queries
from app.tickets.hotline_queries import RecordFilter
from app.tickets.models import Priority, TicketKind, TicketSource, TicketStatus
from app.tickets.queries import ANY, DUE, HAS_DEADLINE, OPEN, SORTS, TicketFilter
from app.web.labels import options

Member = TypeVar("Member", bound=StrEnum)


def _choices(kind: str, allowed: Iterable[str] | None = None) -> list[SelectChoice]:
    return [SelectChoice(value, words) for value, words in options(kind) if allowed is None or value in allowed]


def _given(value: str | None) -> str:
    return value or ""  # a field that was not sent at all is an empty one


class WordsForm(FlaskForm):
    """Changing what a ticket says."""

    version = HiddenField("")
    kind = SelectField(_("Kind"), choices=_choices("TicketKind"))
    priority = SelectField(_("Priority"), choices=_choices("Priority"))
    title = StringField(_("In a few words"), validators=[InputRequired(_("Say in a few words what it is about.")), Length(max=200)])
    text = TextAreaField(_("What was said"), validators=[Length(max=8000)], filters=[_given])
    is_major = BooleanField(_("Difficult or major"))


class SplitForm(FlaskForm):
    """What becomes a ticket of its own; ``notes`` are those that go there."""

    form_token = HiddenField("")
    title = StringField(_("In a few words"), validators=[InputRequired(_("Say in a few words what it is about.")), Length(max=200)])
    kind = SelectField(_("Kind"), choices=_choices("TicketKind"))
    priority = SelectField(_("Priority"), choices=_choices("Priority"))
    text = TextAreaField(_("What was said"), validators=[Length(max=8000)], filters=[_given])
    notes = SelectMultipleField(
        _("Notes that go there"), coerce=int, validate_choice=False, option_widget=CheckboxInput(), widget=ListWidget(prefix_label=False)
    )


def new_token() -> str:
    """A token for a form about to be shown."""
    return secrets.token_urlsafe(24)


def wanted_from(query: Mapping[str, str], me: int | None = None) -> TicketFilter:
    """The list's filter as it stands in the address; ``me`` is who asks, for the tickets watched.

    Raises ``Invalid`` for values that no choice offers.

    Searching looks everywhere unless a state is chosen; without words the list begins with what is open.
    """
    q = query.get("q", "").strip()[:200]
    due = _one_of(query, "due", DUE) or ""
    if not due and query.get("sort") == "due_at":
        due = HAS_DEADLINE  # the others have no place in that order
    return TicketFilter(
        q=q,
        status=_one_of(query, "status", (OPEN, ANY, *TicketStatus)) or (ANY if q else OPEN),
        kind=_member_of(TicketKind, query, "kind"),
        priority=_member_of(Priority, query, "priority"),
        source=_member_of(TicketSource, query, "source"),
        machine=query.get("machine", "").strip(),
        customer=_number(query, "customer"),
        area=_number(query, "area"),
        from_on=_day(query, "from"),
        to_on=_day(query, "to"),
        due=due,
        is_urged=_is_ticked(query, "urged"),
        is_major=_is_ticked(query, "major"),
        watched_by=me if _is_ticked(query, "watched") else None,
        parent=query.get("parent", "").strip()[:20].upper(),
        shows_children=_is_ticked(query, "children"),
        sort=_one_of(query, "sort", SORTS) or ("due_at" if due and not q else "-opened_at"),
    )


def _one_of(query: Mapping[str, str], name: str, allowed: Iterable[str]) -> str | None:
    value = query.get(name) or None
    if value is not None and value not in tuple(allowed):
        raise Invalid(N_("The list cannot be filtered that way."))
    return value


def _member_of(kind: type[Member], query: Mapping[str, str], name: str) -> Member | None:
    value = _one_of(query, name, kind)
    return None if value is None else kind(value)


def records_wanted_from(query: Mapping[str, str]) -> RecordFilter:
    """The filter of the 400 records as it stands in the address. Raises ``Invalid`` for values that no choice offers.

    What waits for a signature is read oldest first, everything else newest first.
    """
    state = _one_of(query, "state", hotline_queries.STATES) or hotline_queries.UNSIGNED
    return RecordFilter(
        state=state,
        kind=_member_of(TicketKind, query, "kind"),
        from_on=_day(query, "from"),
        to_on=_day(query, "to"),
        sort=_one_of(query, "sort", ("called_at", "-called_at")) or ("called_at" if state == hotline_queries.UNSIGNED else "-called_at"),
    )


def _is_ticked(query: Mapping[str, str], name: str) -> bool:
    return _one_of(query, name, ("1",)) is not None


def _number(query: Mapping[str, str], name: str) -> int | None:
    value = query.get(name) or None
    if value is not None and not (value.isascii() and value.isdigit() and len(value) < 10):
        raise Invalid(N_("The list cannot be filtered that way."))
    return int(value) if value else None


def _day(query: Mapping[str, str], name: str) -> date | None:
    try:
        return date.fromisoformat(query[name]) if query.get(name) else None
    except ValueError:
        raise Invalid(N_("That is not a day; write it like 2026-11-23.")) from None
