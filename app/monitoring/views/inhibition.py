"""Laying an alarm aside for a time, and resetting one that is latched."""

from collections.abc import Callable
from datetime import timedelta

from flask import flash
from flask_babel import gettext as _
from flask_wtf import FlaskForm
from werkzeug.wrappers import Response

from app.core import clock
from app.monitoring import queries, resetting, shelving
from app.monitoring.alarm_machine.inhibition import longest_shelving
from app.monitoring.forms import AlarmForm, ShelvingForm
from app.monitoring.queries import AlarmRow
from app.monitoring.views.routes import blueprint
from app.web.auth import actor, requires
from app.web.forms import sent
from app.web.render import render, see_other


@blueprint.route("/alarms/<int:alarm_id>/reset", methods=["GET", "POST"])
@requires("alarms.reset")
def reset(alarm_id: int) -> Response:
    """Reset a latched alarm, with the reason."""
    row = queries.alarm_row(actor(), alarm_id)
    form = AlarmForm(data={"version": row.alarm.version})
    return _form(
        row,
        form,
        "monitoring/reset.html",
        lambda: resetting.reset(by=actor(), alarm=row.alarm, version=form.version.data, reason=form.reason.data),
    )


@blueprint.route("/alarms/<int:alarm_id>/shelf", methods=["GET", "POST"])
@requires("alarms.shelve")
def shelve(alarm_id: int) -> Response:
    """Lay an alarm aside for some hours, with the reason."""
    row, now = queries.alarm_row(actor(), alarm_id), clock.now()
    form = ShelvingForm(data={"version": row.alarm.version, "hours": 1})
    longest = longest_shelving(is_manager=actor().may("alarms.shelve_safety")) // timedelta(hours=1)
    form.hours.choices = [(hours, words) for hours, words in form.hours.choices if hours <= longest]
    return _form(
        row,
        form,
        "monitoring/shelf.html",
        lambda: shelving.shelve(
            by=actor(),
            alarm=row.alarm,
            version=form.version.data,
            until=now + timedelta(hours=form.hours.data),
            reason=form.reason.data,
            is_safety=row.policy.safety,
            at=now,
        ),
    )


@blueprint.post("/alarms/<int:alarm_id>/shelf/end")
@requires("alarms.shelve")
def unshelve(alarm_id: int) -> Response:
    """Take an alarm up again before its time."""
    row = queries.alarm_row(actor(), alarm_id)
    shelving.unshelve(by=actor(), alarm=row.alarm, version=row.alarm.version)
    flash(_("The alarm is taken up again."))
    return see_other("/monitoring")


def _form(row: AlarmRow, form: FlaskForm, page: str, act: Callable[[], object]) -> Response:
    """The page with ``form``, or back to the board when ``act`` was done."""
    done = sent(form, act)
    if not done.is_done:
        return render(page, form=form, row=row, problem=done.problem, status=done.status)
    flash(_("Saved."))
    return see_other("/monitoring")
