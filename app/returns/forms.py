"""What people type about nonconformity reports, checked for shape; the rules are in the operations."""

from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import HiddenField, SelectField, StringField, TextAreaField
from wtforms.validators import Length

from app.returns.models import DefectCause, Disposition
from app.returns.nonconformities import Described, Verdict
from app.web.amounts import AmountField
from app.web.labels import options


class DescriptionForm(FlaskForm):
    """What the clerk writes down about the part."""

    version = HiddenField()
    found_where = StringField(_("Found where"), validators=[Length(max=120)])
    batch = StringField(_("Batch"), validators=[Length(max=40)])
    description = TextAreaField(_("What is wrong with it"), validators=[Length(max=4000)])

    def said(self) -> Described:
        """What was typed."""
        return Described(found_where=self.found_where.data or "", description=self.description.data or "", batch=self.batch.data or "")


class VerdictForm(FlaskForm):
    """What quality decides."""

    version = HiddenField()
    cause = SelectField(_("Cause"), choices=[("", "–"), *options("DefectCause")])
    disposition = SelectField(_("Disposition"), choices=[("", "–"), *options("Disposition")])
    quality_opinion = TextAreaField(_("Opinion of quality"), validators=[Length(max=4000)])
    engineering_opinion = TextAreaField(_("Opinion of engineering"), validators=[Length(max=4000)])
    purchasing_opinion = TextAreaField(_("Opinion of purchasing"), validators=[Length(max=4000)])
    responsibility = StringField(_("Who is responsible"), validators=[Length(max=200)])
    cost = AmountField(_("Cost of the failure (yuan)"))

    def verdict(self) -> Verdict:
        """What was typed."""
        return Verdict(
            cause=DefectCause(self.cause.data) if self.cause.data else None,
            disposition=Disposition(self.disposition.data) if self.disposition.data else None,
            quality_opinion=self.quality_opinion.data or "",
            engineering_opinion=self.engineering_opinion.data or "",
            purchasing_opinion=self.purchasing_opinion.data or "",
            responsibility=self.responsibility.data or "",
            cost=self.cost.data,
        )
