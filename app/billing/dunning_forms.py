"""Forms of dunning and costs: a demand, a step of the ladder, a cost that nothing else knows of."""

import secrets
from collections.abc import Sequence

from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import BooleanField, DateField, HiddenField, IntegerField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional

from app.billing import ladder
from app.billing.dunning import Demand
from app.billing.ladder import StepDetails
from app.billing.models import DunningStep, Receivable
from app.web.amounts import AmountField
from app.web.labels import options


class DemandForm(FlaskForm):
    """One demand and what came of it; ``form_token`` makes sending it twice harmless."""

    form_token = HiddenField(default=lambda: secrets.token_urlsafe(24))
    act = SelectField(_("Kind of demand"))
    step = SelectField(_("Step of the ladder"))
    receivable = SelectField(_("Which debt"))
    result = TextAreaField(
        _("What came of it"), validators=[InputRequired(_("Say what came of it, in at most 500 characters.")), Length(max=500)]
    )
    promised_on = DateField(_("Promised to pay by"), validators=[Optional()])
    promised = AmountField(_("Promised amount (yuan)"))
    next_on = DateField(_("Next step on"), validators=[Optional()])

    def offer(self, steps: Sequence[tuple[DunningStep, str]], items: Sequence[tuple[Receivable, str]]) -> None:
        """Say which steps and debts can be chosen, each with its words."""
        self.steps = {str(step.id): step for step, _words in steps}
        self.items = {str(item.id): item for item, _words in items}
        self.act.choices = options("DunningAct")
        self.step.choices = [("", _("No step of the ladder")), *((str(step.id), words) for step, words in steps)]
        self.receivable.choices = [("", _("Everything overdue")), *((str(item.id), words) for item, words in items)]

    def wanted(self) -> Demand:
        """What was typed."""
        return Demand(
            act=self.act.data, result=self.result.data or "", step=self.steps.get(self.step.data),
            receivable=self.items.get(self.receivable.data),
            promised_on=self.promised_on.data, promised=self.promised.data, next_on=self.next_on.data,
        )  # fmt: skip


class StepForm(FlaskForm):
    """One step of the ladder."""

    days = IntegerField(_("Days after the due date"), validators=[InputRequired(_("A whole number of days from -90 to 1,095."))])
    act = SelectField(_("What is done"))
    role = SelectField(_("By whom"))
    name_zh = StringField(_("Name in Chinese"), validators=[Length(max=60)])
    name_en = StringField(_("Name in English"), validators=[Length(max=60)])
    letter = TextAreaField(_("Text of the letter"), validators=[Length(max=ladder.MAX_LETTER)])
    stops_service = BooleanField(_("Propose to suspend off-warranty service"))

    def details(self) -> StepDetails:
        """What was typed."""
        return StepDetails(
            days=self.days.data, act=self.act.data, role=self.role.data, name_zh=(self.name_zh.data or "").strip(),
            name_en=(self.name_en.data or "").strip(), letter=(self.letter.data or "").replace("\r\n", "\n").strip(),
            stops_service=self.stops_service.data,
        )  # fmt: skip


def step_form(step: DunningStep | None) -> StepForm:
    """The form of a step (a new one: None)."""
    form = StepForm(obj=step)
    form.act.choices = options("DunningAct")
    form.role.choices = [(role, words) for role, words in options("Role") if role in ladder.ROLES]
    return form


class CostForm(FlaskForm):
    """A cost written down by hand."""

    form_token = HiddenField(default=lambda: secrets.token_urlsafe(24))
    kind = SelectField(_("Kind of cost"), choices=options("CostKind"))
    amount = AmountField(_("Amount (yuan)"))
    on_date = DateField(_("Day"), validators=[Optional()])
    remark = StringField(_("What for"), validators=[InputRequired(_("Say what it was for, in at most 200 characters.")), Length(max=200)])
