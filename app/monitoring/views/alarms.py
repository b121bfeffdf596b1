"""Acknowledging an alarm."""

from flask import make_response, render_template, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from app.core.errors import Conflict
from app.monitoring import operations, queries
from app.monitoring.models import Alarm
from app.monitoring.views.routes import blueprint
from app.web.auth import actor, requires
from app.web.errors import words
from app.web.htmx import htmx
from app.web.preferences import local_path
from app.web.render import see_other


@blueprint.post("/alarms/<int:alarm_id>/acknowledgement")
@requires("alarms.acknowledge")
def acknowledge(alarm_id: int) -> Response:
    """Acknowledge the alarm as it was at ``version``; a stale row is answered with the present one and 409."""
    alarm = queries.alarm_by_id(actor(), alarm_id)
    try:
        operations.acknowledge(by=actor(), alarm=alarm, version=request.form.get("version", 0, type=int))
    except Conflict as error:
        if not htmx.wants_fragment:
            raise
        return _row(alarm, words(error), 409)
    if not htmx.wants_fragment:
        return see_other(local_path(request.form.get("next", "/monitoring")))
    return _row(alarm, _("Acknowledged."), 200)


def _row(alarm: Alarm, message: str, status: int) -> Response:
    row = queries.alarm_row(actor(), alarm.id)
    shown = {"row": row, "message": message, "status": status, "back": request.form.get("next", "/monitoring")}
    response = make_response(render_template("monitoring/_alarm_answer.html", **shown), status)
    response.vary.add("HX-Request")
    return response
