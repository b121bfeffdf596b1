"""The screen of tax rates: all of them by name and day, a new one, taking out what has not begun."""

from typing import Any

from flask import Blueprint, flash
from flask_babel import gettext as _
from flask_babel import lazy_gettext as __
from flask_wtf import FlaskForm
from werkzeug.wrappers import Response
from wtforms import DateField, StringField
from wtforms.validators import Length, Optional

from app.contracts import tax_rates
from app.contracts.tax_rates import EDIT, Rate
from app.core import clock
from app.core.errors import Conflict
from app.web.amounts import ShareField
from app.web.auth import actor, requires
from app.web.errors import words
from app.web.forms import sent
from app.web.render import render, see_other

blueprint = Blueprint("tax_rates", __name__)


class RateForm(FlaskForm):
    """A rate from a day on."""

    name_zh = StringField(__("Name (Chinese)"), validators=[Length(max=tax_rates.MAX_NAME)])
    name_en = StringField(__("Name (English)"), validators=[Length(max=tax_rates.MAX_NAME)])
    share = ShareField(__("Rate in per cent"))
    valid_from = DateField(__("Counts from"), validators=[Optional()])

    def said(self) -> Rate:
        """What was typed."""
        name_zh, name_en = self.name_zh.data or "", self.name_en.data or ""
        return Rate(name_zh=name_zh, name_en=name_en, share=self.share.data, valid_from=self.valid_from.data)


@blueprint.route("/tax-rates", methods=["GET", "POST"])
@requires(EDIT)
def index() -> Response:
    """All rates, and the form for the next one."""
    form = RateForm()
    done = sent(form, lambda: tax_rates.add(by=actor(), said=form.said()))
    if done.is_done:
        flash(_("Saved."), "message")
        return see_other("/tax-rates")
    today = clock.today()
    shown: dict[str, Any] = {"rates": tax_rates.every(), "form": form, "problem": done.problem, "today": today}
    return render("contracts/tax_rates.html", status=done.status, **shown)


@blueprint.post("/tax-rates/<int:rate_id>/removal")
@requires(EDIT)
def remove(rate_id: int) -> Response:
    """Take out a rate that has not begun."""
    try:
        tax_rates.remove(by=actor(), rate_id=rate_id, today=clock.today())
    except Conflict as error:
        flash(words(error), "error")
    return see_other("/tax-rates")
