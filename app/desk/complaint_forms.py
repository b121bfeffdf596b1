"""What people type about complaints and work slips, checked for shape; the rules are in the operations."""

import secrets
from collections.abc import Iterable, Mapping
from datetime import date, datetime

from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import DateField, DateTimeLocalField, HiddenField, SelectField, StringField, TextAreaField
from wtforms.validators import Length, Optional

from app.accounts.models import Department, User
from app.core import clock
from app.core.errors import N_, Invalid
from app.tickets.complaint_register import OPEN, STATES, ComplaintFilter
from app.tickets.complaints import Assessment
from app.tickets.models import CauseClass, Complaint
from app.web.labels import options

Choice = tuple[str, object]
YES, NO = "yes", "no"


def person_choices(people: Iterable[tuple[int, str]]) -> list[Choice]:
    """People for a choice, with an empty one before them."""
    return [("", "–"), *((str(user_id), name) for user_id, name in people)]


class AssignmentForm(FlaskForm):
    """Another person takes a complaint over."""

    version = HiddenField()
    responsible = SelectField(_("Responsible person"))
    reason = StringField(_("Why"), validators=[Length(max=200)])

    def person(self) -> User | None:
        """Who was chosen."""
        return User.get_or_none(User.id == int(self.responsible.data)) if self.responsible.data else None


class AssessmentForm(FlaskForm):
    """Cause, verdict and measure of a complaint."""

    version = HiddenField()
    cause = SelectField(_("Cause"), choices=[("", "–"), *options("CauseClass")])
    cause_text = TextAreaField(_("The cause in words"), validators=[Length(max=4000)])
    is_justified = SelectField(_("Justified"), choices=[("", "–"), (YES, _("Yes, it is justified")), (NO, _("No, it is not justified"))])
    measure = TextAreaField(_("Corrective measure"), validators=[Length(max=4000)])
    measure_owner = SelectField(_("Who sees to it"))
    measure_due_on = DateField(_("By when"), validators=[Optional()])

    def found(self) -> Assessment:
        """What was typed."""
        owner = User.get_or_none(User.id == int(self.measure_owner.data)) if self.measure_owner.data else None
        return Assessment(
            cause=CauseClass(self.cause.data) if self.cause.data else None,
            cause_text=self.cause_text.data or "",
            is_justified={YES: True, NO: False}.get(self.is_justified.data),
            measure=self.measure.data or "",
            measure_owner=owner,
            measure_due_on=self.measure_due_on.data,
        )


def assessment_of(complaint: Complaint, people: list[Choice], **options: object) -> AssessmentForm:
    """The form, filled with the complaint when it was not sent (``formdata=None``: in any case)."""
    filled = {name: getattr(complaint, name) for name in ("version", "cause_text", "measure", "measure_due_on")}
    filled["is_justified"] = {True: YES, False: NO}.get(complaint.is_justified, "")
    filled |= {"measure_owner": str(complaint.measure_owner_id or ""), "cause": complaint.cause or ""}
    form = AssessmentForm(data=filled, **options)
    form.measure_owner.choices = people
    return form


class SlipForm(FlaskForm):
    """A work slip. ``form_token`` makes sending it twice harmless; the time is the deployment's."""

    form_token = HiddenField(default=lambda: secrets.token_urlsafe(24))
    department = SelectField(_("Department"))
    text = TextAreaField(_("What is asked for"), validators=[Length(max=8000)])
    due_at = DateTimeLocalField(_("Answer due"), format="%Y-%m-%dT%H:%M", validators=[Optional()])

    def offer(self, departments: Iterable[Department]) -> None:
        """Say which departments can be chosen."""
        self._by_id = {str(one.id): one for one in departments}
        self.department.choices = [("", "–"), *((key, one.name) for key, one in self._by_id.items())]

    def chosen_department(self) -> Department | None:
        """The department that was chosen."""
        return self._by_id.get(self.department.data)

    def due(self) -> datetime | None:
        """When the answer is due."""
        typed: datetime | None = self.due_at.data
        return typed.replace(tzinfo=clock.zone()) if typed else None


def wanted_from(query: Mapping[str, str]) -> ComplaintFilter:
    """The filter of the list as it stands in the address. Raises ``Invalid`` for values that no choice offers."""
    state = query.get("state", OPEN)
    cause, justified, responsible = query.get("cause", ""), query.get("justified", ""), query.get("responsible", "")
    is_known = state in ("", *STATES) and cause in ("", *CauseClass) and justified in ("", YES, NO)
    if not is_known or not (responsible == "" or (responsible.isdecimal() and len(responsible) < 10)):
        raise Invalid(N_("The list cannot be filtered that way."))
    return ComplaintFilter(
        q=query.get("q", "").strip()[:100],
        state=state,
        responsible=int(responsible) if responsible else None,
        cause=cause,
        is_justified={YES: True, NO: False}.get(justified),
        is_major=bool(query.get("major")),
        from_on=_day(query.get("from")),
        to_on=_day(query.get("to")),
    )


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise Invalid(N_("That is not a day; write it like 2026-11-23.")) from None
