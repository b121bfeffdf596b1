"""Replacing the terminal of a machine."""

from typing import Any

from flask import flash, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from app.machines import move_forms, queries
from app.machines.terminals import changes_of
from app.monitoring import operations
from app.monitoring.views.routes import blueprint
from app.web.auth import actor, requires
from app.web.forms import sent
from app.web.render import render, see_other


@blueprint.route("/machines/<serial>/terminal", methods=["GET", "POST"])
@requires("machines.edit")
def replace_terminal(serial: str) -> Response:
    """Fit, replace or take off a terminal; what waits of the new one in quarantine is taken in."""
    found = queries.by_serial(actor(), serial)
    form, taken_in = move_forms.terminal_form(found), []
    done = sent(
        form,
        lambda: taken_in.append(operations.fit_terminal(by=actor(), machine=found, version=form.version.data, details=form.details())),
    )
    if not done.is_done:
        shown: dict[str, Any] = {"form": form, "machine": found, "changes": changes_of(found)}
        return render("monitoring/fitting.html", problem=done.problem, status=done.status, **shown)
    waited = taken_in[0]
    flash(_("The terminal is changed; %(n)s messages that waited were taken in.", n=waited) if waited else _("The terminal is changed."))
    return see_other(url_for("machine_files.machine", serial=found.serial))
