"""The form by which somebody lets another act in their place."""

import secrets

from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import DateField, HiddenField, SelectField, StringField
from wtforms.validators import Length, Optional

from app.accounts.authorities import MAX_REASON, Grant
from app.accounts.forms import Checkboxes
from app.accounts.models import User


class GrantForm(FlaskForm):
    """To whom, what, how long, why; ``form_token`` makes sending it twice harmless."""

    form_token = HiddenField(default=lambda: secrets.token_urlsafe(24))
    holder = SelectField(_("Who acts in my place"))
    permissions = Checkboxes(_("What they may do"))
    first = DateField(_("First day"), validators=[Optional()])
    last = DateField(_("Last day"), validators=[Optional()])
    reason = StringField(_("Why"), validators=[Length(max=MAX_REASON)])

    def offer(self, people: list[tuple[int, str]], permissions: list[str]) -> None:
        """Give the choices."""
        self.holder.choices = [("", "–"), *((str(user_id), name) for user_id, name in people)]
        self.permissions.choices = [(one, one) for one in permissions]

    def grant(self) -> Grant:
        """What was chosen."""
        holder = User.get_or_none(User.id == int(self.holder.data)) if self.holder.data else None
        chosen = self.permissions.data or []
        return Grant(holder=holder, permissions=chosen, first=self.first.data, last=self.last.data, reason=self.reason.data or "")
