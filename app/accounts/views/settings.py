"""The settings of the house: hotline, letterhead, signatures, and what else is registered."""

from itertools import groupby
from typing import Any

from flask import Response, flash
from flask_babel import gettext as _

from app.accounts.setting_forms import settings_form
from app.accounts.views.blueprint import blueprint
from app.core import known_settings
from app.core.errors import Conflict
from app.web.auth import actor, requires
from app.web.forms import differences, sent
from app.web.render import render, see_other


@blueprint.route("/settings", methods=["GET", "POST"])
@requires("settings.edit")
def settings() -> Response:
    """All settings on one page."""
    form = settings_form()
    done = sent(form, lambda: known_settings.change(by=actor(), values=form.typed(), version=form.version.data))
    if done.is_done:
        flash(_("Saved."), "message")
        return see_other("/settings")
    present = differences(form, settings_form(formdata=None)) if done.status == Conflict.status else []
    groups = [(group, list(found)) for group, found in groupby(known_settings.known(), key=lambda setting: setting.group)]
    shown: dict[str, Any] = {"form": form, "groups": groups, "problem": done.problem, "present": present}
    return render("accounts/settings.html", status=done.status, **shown)
