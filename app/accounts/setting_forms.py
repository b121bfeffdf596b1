"""The form of the settings, made of what is known of each (``app.core.known_settings``)."""

from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import BooleanField, Field, IntegerField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, NumberRange
from wtforms.widgets import HiddenInput

from app.core import known_settings
from app.core.known_settings import KnownSetting, SettingKind


def _text(typed: str | None) -> str:
    return (typed or "").replace("\r\n", "\n").strip()


class SettingsForm(FlaskForm):
    """All known settings; ``version`` shows whether somebody else was quicker."""

    version = IntegerField(widget=HiddenInput(), validators=[InputRequired()])

    def typed(self) -> dict[str, Any]:
        """What was typed, by name of the setting."""
        return {setting.name: self[setting.name].data for setting in known_settings.known()}


def settings_form(**options: Any) -> SettingsForm:
    """The form, filled with the present values when it was not sent (``formdata=None``: in any case)."""
    fields = {setting.name: _field(setting) for setting in known_settings.known()}
    present = {setting.name: setting.value() for setting in known_settings.known()}
    form: SettingsForm = type("SettingsForm", (SettingsForm,), fields)(data={"version": known_settings.version()} | present, **options)
    return form


def _field(setting: KnownSetting) -> Field:
    label = gettext(setting.label)
    if setting.kind is SettingKind.SWITCH:
        return BooleanField(label)
    if setting.kind is SettingKind.WHOLE:
        fits = NumberRange(setting.least, setting.most, _("Please give a number from %(min)s to %(max)s."))
        return IntegerField(label, validators=[InputRequired(_("Please give a number.")), fits])
    kind = TextAreaField if setting.kind is SettingKind.LINES else StringField
    return kind(label, validators=[Length(max=setting.most)], filters=[_text])
