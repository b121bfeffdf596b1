"""Forms of sign-in, accounts, users and areas."""

from collections.abc import Sequence
from typing import Any

from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import BooleanField, IntegerField, PasswordField, SelectField, SelectMultipleField, StringField
from wtforms.validators import InputRequired, Length
from wtforms.widgets import CheckboxInput, HiddenInput, ListWidget

from app.accounts.models import Role, Station
from app.accounts.operations import Reach

# Long enough for any passphrase, short enough that hashing it is no attack; the rule itself is in ``passwords``.
_READABLE = Length(max=1024)


def _text(typed: str | None) -> str:
    return (typed or "").strip()


class Checkboxes(SelectMultipleField):
    """Several choices, each a box to tick."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()


class SignInForm(FlaskForm):
    """User name and password; on one's own tablet a session lasts longer."""

    username = StringField(_("User name"), validators=[InputRequired(_("Please enter your user name.")), Length(max=200)])
    password = PasswordField(_("Password"), validators=[InputRequired(_("Please enter your password.")), _READABLE])
    is_own_tablet = BooleanField(_("This is my own tablet or phone: stay signed in for up to a week"))


class OwnPasswordForm(FlaskForm):
    """The present password and the new one."""

    current = PasswordField(_("Present password"), validators=[InputRequired(_("Please enter your present password.")), _READABLE])
    new = PasswordField(_("New password"), validators=[InputRequired(_("Please enter a new password.")), _READABLE])


class PinForm(FlaskForm):
    """A PIN for locked desks, empty to have none, with the password."""

    pin = PasswordField(_("PIN"), validators=[Length(max=20)])
    password = PasswordField(_("Password"), validators=[InputRequired(_("Please enter your password.")), _READABLE])


class UnlockForm(FlaskForm):
    """What opens a locked desk."""

    secret = PasswordField(_("PIN or password"), validators=[InputRequired(_("Please enter your PIN or password.")), _READABLE])


class PasswordForm(FlaskForm):
    """A password given to someone else, to be changed at the next sign-in."""

    password = StringField(_("First password"), validators=[InputRequired(_("Please enter a password.")), _READABLE])


class PersonForm(FlaskForm):
    """Who a user is and may do; ``area_ids`` and ``station`` are chosen from those there are."""

    name = StringField(_("Name of the person"), validators=[InputRequired(_("Please enter a name.")), Length(max=60)])
    roles = Checkboxes(_("Roles"), choices=[(role.value, role.value) for role in Role])
    area_ids = Checkboxes(_("Areas"), coerce=int)
    email = StringField(_("E-mail"), validators=[Length(max=120)], filters=[_text])
    phone = StringField(_("Phone"), validators=[Length(max=30)], filters=[_text])
    station = SelectField(_("Station"), filters=[lambda chosen: chosen or ""])

    def offer(self, areas: Sequence[tuple[int, str]], stations: Sequence[Station]) -> None:
        """Say which areas and stations can be chosen."""
        self.area_ids.choices = list(areas)
        self.station.choices = [("", "–"), *((str(station.id), station.name) for station in stations)]

    def given(self) -> dict[str, Any]:
        """What was typed, as the operations name it."""
        reached = ("email", "phone", "station")
        named = {name: field.data for name, field in self._fields.items() if name not in ("csrf_token", *reached)}
        station_id = int(self.station.data) if self.station.data else None
        return named | {"reach": Reach(email=self.email.data, phone=self.phone.data, station_id=station_id)}


class NewUserForm(PersonForm):
    """A new user with the password for the first sign-in."""

    username = StringField(_("User name"), validators=[InputRequired(_("Please enter a user name.")), Length(max=40)])
    password = StringField(_("First password"), validators=[InputRequired(_("Please enter a password.")), _READABLE])


class UserForm(PersonForm):
    """A user as the reader saw it: ``version`` shows whether someone else was faster."""

    version = IntegerField(widget=HiddenInput(), validators=[InputRequired()])


class AreaForm(FlaskForm):
    """The name of an area."""

    name = StringField(_("Name"), validators=[InputRequired(_("Please enter a name.")), Length(max=60)])
