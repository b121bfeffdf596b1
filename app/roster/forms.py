"""Forms of the working calendar and the duty roster, checked for shape; the rules are in the operations."""

from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from wtforms import BooleanField, DateField, HiddenField, RadioField, SelectChoice, SelectField, StringField, TimeField
from wtforms.validators import InputRequired, Length, Optional

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
    """The same shift of one person on several days; times are those of the deployment."""

    user = SelectField(_("Person"), coerce=int, validators=[_NEEDED])
    role = SelectField(_("As"))
    first = DateField(_("First day"), validators=[_NEEDED])
    last = DateField(_("Last day"), validators=[_NEEDED])
    start = TimeField(_("From"), validators=[_NEEDED])
    end = TimeField(_("To"), validators=[_NEEDED])
    note = StringField(_("Note"), validators=[Length(max=200)], filters=[lambda value: value or ""])

    def offer(self, people: list[tuple[int, str]], roles: tuple[str, ...]) -> None:
        """Give the choices."""
        self.user.choices = [SelectChoice(*one) for one in people]
        self.role.choices = [SelectChoice(value, words) for value, words in options("Role") if value in roles]


class PresenceForm(FlaskForm):
    """Where somebody is, for a stretch of days."""

    user = SelectField(_("Person"), coerce=int, validators=[_NEEDED])
    state = SelectField(_("State"), choices=[SelectChoice(value, words) for value, words in options("PresenceState")])
    first = DateField(_("First day"), validators=[Optional()])
    last = DateField(_("Last day"), validators=[Optional()])
    note = StringField(_("Note"), validators=[Length(max=200)], filters=[lambda value: value or ""])


class MessageChoiceForm(FlaskForm):
    """How somebody wants to be told."""

    takes_email = BooleanField(_("E-mails"))
    takes_wecom = BooleanField(_("Messages in the group of the messenger"))
    has_quiet_hours = BooleanField(_("Keep my quiet hours"))

    def chosen(self) -> dict[str, bool]:
        """What was ticked, as the operation names it."""
        return {name: bool(self[name].data) for name in ("takes_email", "takes_wecom", "has_quiet_hours")}
