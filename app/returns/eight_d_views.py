"""8D reports and the statistics of verdicts on screen."""

from datetime import date
from typing import Any

from flask import Blueprint, flash, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from werkzeug.wrappers import Response
from wtforms import DateField, HiddenField, SelectField, TextAreaField
from wtforms.validators import Length, Optional

from app.accounts.models import User
from app.core.errors import N_, Invalid, NotFound
from app.core.known_settings import letterhead
from app.returns import eight_d, nonconformities, verdicts
from app.returns.eight_d import DISCIPLINES, Written
from app.returns.models import EightD, Nonconformity
from app.web import exports
from app.web.auth import actor, requires
from app.web.forms import sent
from app.web.render import render, see_other

blueprint = Blueprint("eight_d", __name__)
_LENGTH = [Length(max=eight_d.LONGEST)]
_COLUMNS = ("key", "name", "number", "last_on")
_BY = {"part": N_("Number of the part"), "batch": N_("Batch"), "supplier": N_("Supplier"), "cause": N_("Cause")}
_WORDS = {"name": N_("Part"), "number": N_("Verdicts"), "last_on": N_("Last verdict")}


class EightDForm(FlaskForm):
    """The disciplines, each with the words of its heading."""

    version = HiddenField()
    d0 = TextAreaField(lazy_gettext("D0 Emergency measure"), validators=_LENGTH)
    d1 = TextAreaField(lazy_gettext("D1 Team"), validators=_LENGTH)
    d2 = TextAreaField(lazy_gettext("D2 Problem"), validators=_LENGTH)
    d3 = TextAreaField(lazy_gettext("D3 Containment"), validators=_LENGTH)
    d4 = TextAreaField(lazy_gettext("D4 Root cause"), validators=_LENGTH)
    d5 = TextAreaField(lazy_gettext("D5 Corrective measure chosen"), validators=_LENGTH)
    d6 = TextAreaField(lazy_gettext("D6 Corrective measure carried out"), validators=_LENGTH)
    d7 = TextAreaField(lazy_gettext("D7 Prevention"), validators=_LENGTH)
    d8 = TextAreaField(lazy_gettext("D8 Conclusion and thanks"), validators=_LENGTH)
    owner = SelectField(lazy_gettext("Who sees to it"))
    due_on = DateField(lazy_gettext("By when"), validators=[Optional()])

    def said(self) -> Written:
        """What was typed."""
        owner = User.get_or_none(User.id == int(self.owner.data)) if self.owner.data else None
        return Written(words={name: self[name].data or "" for name in DISCIPLINES}, owner=owner, due_on=self.due_on.data)


def _found(number: str) -> tuple[Nonconformity, EightD]:
    report = verdicts.by_number(number)
    found = verdicts.eight_d_of(report)
    if found is None:
        raise NotFound(N_("There is no 8D report of this nonconformity."))
    return report, found


@blueprint.post("/nonconformities/<nonconformity_number>/8d")
@requires(nonconformities.DECIDE)
def begin(nonconformity_number: str) -> Response:
    """Open it."""
    eight_d.open_one(by=actor(), report=verdicts.by_number(nonconformity_number))
    return see_other(f"/nonconformities/{nonconformity_number}/8d")


@blueprint.get("/nonconformities/<nonconformity_number>/8d")
@requires(nonconformities.READ)
def report(nonconformity_number: str) -> Response:
    """The report; quality writes in it."""
    found, one = _found(nonconformity_number)
    return _page(found, one, _form(one))


@blueprint.post("/nonconformities/<nonconformity_number>/8d/text")
@requires(nonconformities.DECIDE)
def write(nonconformity_number: str) -> Response:
    """Save what was written, and close it when that was asked."""
    found, one = _found(nonconformity_number)
    form, is_last = _form(one), request.form.get("do") == "close"

    def save() -> None:
        eight_d.write(by=actor(), eight_d=one, version=_version(), said=form.said())
        if is_last:
            saved = EightD.get_by_id(one.id)
            eight_d.close(by=actor(), eight_d=saved, version=saved.version)

    done = sent(form, save)
    if not done.is_done:
        form.version.raw_data, form.version.data = None, EightD.get_by_id(one.id).version
        return _page(found, one, form, problem=done.problem, status=done.status)
    flash(_("The 8D report is closed.") if is_last else _("Saved."), "message")
    return see_other(f"/nonconformities/{nonconformity_number}/8d")


@blueprint.get("/nonconformities/<nonconformity_number>/8d/print")
@requires(nonconformities.READ)
def printed(nonconformity_number: str) -> Response:
    """The report on paper."""
    found, one = _found(nonconformity_number)
    return render("eight_d/print.html", report=found, eight_d=one, form=_form(one), disciplines=DISCIPLINES, head=letterhead())


def _form(one: EightD) -> EightDForm:
    form = EightDForm(obj=one)
    people = User.select(User.id, User.name).where(User.is_active).order_by(User.name).tuples()
    form.owner.choices = [("", "–"), *((str(user_id), name) for user_id, name in people)]
    if not form.is_submitted():
        form.owner.data = str(one.owner_id or "")
    return form


def _version() -> int:
    text = request.form.get("version", "")
    return int(text) if text.isdecimal() and len(text) < 10 else 0


def _page(found: Nonconformity, one: EightD, form: EightDForm, *, problem: str = "", status: int = 200) -> Response:
    may_write = actor().may(nonconformities.DECIDE) and one.closed_at is None
    shown: dict[str, Any] = {"report": found, "eight_d": one, "form": form, "may_write": may_write, "disciplines": DISCIPLINES}
    return render("eight_d/report.html", status=status, problem=problem, **shown)


@blueprint.get("/nonconformities/statistics")
@requires(nonconformities.READ)
def statistics() -> Response:
    """The verdicts by part, batch, supplier or cause."""
    by, from_on, to_on = _asked()
    return render("nonconformities/statistics.html", groups=verdicts.groups(by, from_on, to_on), by=by, from_on=from_on, to_on=to_on)


@blueprint.get("/nonconformities/statistics.csv")
@requires(nonconformities.READ)
def statistics_csv() -> Response:
    """The same as CSV."""
    return exports.csv_response("verdicts", _COLUMNS, _rows())


@blueprint.get("/nonconformities/statistics.xlsx")
@requires(nonconformities.READ)
def statistics_xlsx() -> Response:
    """The same as a workbook."""
    by, _from_on, _to_on = _asked()
    labels = {"key": "DefectCause"} if by == "cause" else {}
    return exports.xlsx_response("verdicts", N_("Verdicts of quality"), _COLUMNS, _rows(), words=_WORDS | {"key": _BY[by]}, labels=labels)


def _rows() -> list[list[Any]]:
    return [[group.key, group.name, group.number, group.last_on] for group in verdicts.groups(*_asked())]


def _asked() -> tuple[str, date | None, date | None]:
    by = request.args.get("by", "part")
    try:
        days = [date.fromisoformat(text) if (text := request.args.get(name, "")) else None for name in ("from_on", "to_on")]
    except ValueError:
        by, days = "", [None, None]
    if by not in verdicts.BY:
        raise Invalid(N_("The list cannot be filtered that way."))
    return by, days[0], days[1]
