"""Forms of return visits, checked for shape; the rules are in the operations."""

from collections.abc import Iterable

from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import DateField, HiddenField, IntegerField, RadioField, SelectField, StringField, TextAreaField
from wtforms.validators import Length, Optional
from wtforms.widgets import HiddenInput

from app.accounts.models import User
from app.callbacks.models import ReturnVisit
from app.callbacks.return_visits import MAX_REASON, MAX_RESULT, VisitRecord

SCORES = [*((str(one), str(one)) for one in range(5, 0, -1)), ("", _("Not given"))]


class DrawForm(FlaskForm):
    """The draw of the present quarter in one area."""

    form_token = HiddenField()
    area = IntegerField(widget=HiddenInput())
    seed = StringField(_("Seed"))


class RecordForm(FlaskForm):
    """The record of a visit (回访记录)."""

    version = IntegerField(widget=HiddenInput(), validators=[Optional()])
    visited_on = DateField(_("Visited on"), validators=[Optional()])
    visitor = SelectField(_("Visited by"), validate_choice=False)
    score = RadioField(_("How content is the customer?"), choices=SCORES, default="")
    result = TextAreaField(_("What the customer said"), validators=[Length(max=MAX_RESULT)])

    def offer(self, people: Iterable[tuple[int, str]]) -> None:
        """Say who can have been there."""
        self.visitor.choices = [(str(user_id), name) for user_id, name in people]

    def found(self) -> VisitRecord:
        """What was typed."""
        who = self.visitor.data or ""
        return VisitRecord(
            visited_on=self.visited_on.data,
            result=self.result.data or "",
            score=int(self.score.data) if self.score.data else None,
            visitor=User.get_or_none(User.id == int(who)) if who.isdecimal() and len(who) < 10 else None,
        )


def record_form(visit: ReturnVisit, people: list[tuple[int, str]], me: int | None, *, is_fresh: bool = False) -> RecordForm:
    """The form, filled with what is recorded; ``is_fresh``: whatever was sent."""
    filled = {
        "version": visit.version,
        "visited_on": visit.visited_on,
        "visitor": str(visit.by_id or me or ""),
        "score": str(visit.score or ""),
        "result": visit.result,
    }
    form = RecordForm(data=filled, formdata=None) if is_fresh else RecordForm(data=filled)
    form.offer(people)
    return form


class ReasonForm(FlaskForm):
    """Why a visit is swapped or released."""

    version = IntegerField(widget=HiddenInput(), validators=[Optional()])
    reason = StringField(_("Why"), validators=[Length(max=MAX_REASON)])
