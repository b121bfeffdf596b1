"""Forms of sign-in and accounts."""

from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import BooleanField, PasswordField, StringField
from wtforms.validators import InputRequired, Length


class SignInForm(FlaskForm):
    """User name and password; on one's own tablet a session lasts longer."""

    username = StringField(_("User name"), validators=[InputRequired(_("Please enter your user name.")), Length(max=40)])
    password = PasswordField(_("Password"), validators=[InputRequired(_("Please enter your password.")), Length(max=1024)])
    is_own_tablet = BooleanField(_("This is my own tablet or phone: stay signed in for a week"))
