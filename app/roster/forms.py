"""Forms of the working calendar and the duty roster, checked for shape; the rules are in the operations."""

from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from wtforms import DateField, DateTimeLocalField, HiddenField, RadioField, SelectChoice, SelectField, StringField
from wtforms.validators import InputRequired, Length

from app.web.labels import options

_NEEDED = InputRequired(_("This is needed."))
WORKED, OFF, PLAIN = "worked", "off", "plain"


class DayForm(FlaskForm):
    """What one day or several are; ``expected`` is what the form showed of the first."""

    expected = HiddenField()
    first = DateField(_("First day"), validators=[_NEEDED])
    last = DateField(_("Last day"), validators=[_NEEDED])
    kind = RadioField(
        _("These days are"),
        choices=[SelectChoice(OFF, _("Days off")), SelectChoice(WORKED, _("Working days")), SelectChoice(PLAIN, _("As their weekday"))],
        validators=[_NEEDED],
    )
    name = StringField(_("Name of the day"), validators=[Length(max=60)], filters=[lambda value: value or ""])


class TableForm(FlaskForm):
    """A table of days as a file."""

    file = FileField(_("File"))


class ShiftForm(FlaskForm):
    """A shift of one person; times are those of the deployment."""

    user = SelectField(_("Person"), coerce=int, validators=[_NEEDED])
    role = SelectField(_("As"), choices=[SelectChoice(value, words) for value, words in options("Role")])
    starts_at = DateTimeLocalField(_("From"), validators=[_NEEDED])
    ends_at = DateTimeLocalField(_("To"), validators=[_NEEDED])
    note = StringField(_("Note"), validators=[Length(max=200)], filters=[lambda value: value or ""])
