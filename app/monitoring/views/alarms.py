"""Acknowledging alarms, finding a ticket for one, and noting something of its code."""

from flask import flash, make_response, render_template, request
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.wrappers import Response

from app.core.errors import N_, Conflict
from app.monitoring import code_notes, forms, joining, operations, queries
from app.monitoring.models import Alarm
from app.monitoring.views.routes import blueprint
from app.tickets.faults import FaultTicket, Outcome
from app.web.auth import actor, requires
from app.web.errors import words
from app.web.forms import sent
from app.web.htmx import htmx
from app.web.i18n import translated
from app.web.preferences import local_path
from app.web.render import render, see_other

OUTCOMES = {
    Outcome.OPENED: N_("Ticket %(number)s was opened."),
    Outcome.JOINED: N_("The alarm stands on ticket %(number)s now."),
    Outcome.REOPENED: N_("Ticket %(number)s was opened again."),
}
OF_A_MACHINE = "/monitoring/machines/"


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
        return see_other(_back())
    return _row(alarm, _("Acknowledged."), 200)


@blueprint.post("/alarms/acknowledgements")
@requires("alarms.acknowledge")
def acknowledge_chosen() -> Response:
    """Acknowledge the chosen rows, each as it was at its version; those that had changed are named and left alone."""
    versions = forms.chosen_alarms(request.form.getlist("alarm"))
    found = queries.alarms_by_ids(actor(), versions)
    stale = operations.acknowledge_all(by=actor(), seen=[(alarm, versions[alarm.id]) for alarm in found])
    done = len(found) - len(stale)
    if done:
        flash(ngettext("%(num)s alarm acknowledged.", "%(num)s alarms acknowledged.", done))
    if stale:
        names = ", ".join(f"{alarm.machine.serial} {alarm.code}" for alarm in stale)
        flash(_("Changed meanwhile, look again: %(names)s", names=names), "error")
    if not versions:
        flash(_("Choose the rows first."), "error")
    return see_other(_back())


@blueprint.route("/alarms/<int:alarm_id>/ticket", methods=["GET", "POST"])
@requires("alarms.acknowledge")
def alarm_ticket(alarm_id: int) -> Response:
    """A ticket for an alarm that has none: a new one, or an open one of its machine."""
    row = queries.alarm_row(actor(), alarm_id)
    form = forms.TicketForm(data={"version": row.alarm.version, "ticket": 0})
    tickets = joining.open_tickets(row.alarm)
    form.ticket.choices = [(0, _("A new ticket")), *((ticket.id, ticket.number) for ticket in tickets)]
    found: list[FaultTicket] = []

    def find() -> None:
        found.append(joining.find_ticket(by=actor(), alarm=row.alarm, version=form.version.data, join=form.ticket.data or None))

    done = sent(form, find)
    if not done.is_done:
        return render("monitoring/alarm_ticket.html", status=done.status, row=row, form=form, tickets=tickets, problem=done.problem)
    number = found[0].ticket.number
    flash(translated(OUTCOMES[found[0].outcome], number=number))
    return see_other(f"/tickets/{number}")


@blueprint.route("/alarms/<int:alarm_id>/note", methods=["GET", "POST"])
@requires("alarms.shelve")
def code_note(alarm_id: int) -> Response:
    """What the desk wants to remember of the alarm's code."""
    row = queries.alarm_row(actor(), alarm_id)
    note = row.note
    form = forms.CodeNoteForm(data={"version": note.version if note else 0, "text": note.text if note else ""})
    done = sent(
        form,
        lambda: code_notes.write(
            by=actor(), machine=row.machine, code=row.alarm.code, text=form.text.data or "", version=form.version.data
        ),
    )
    if not done.is_done:
        return render("monitoring/code_note.html", status=done.status, row=row, note=note, form=form, problem=done.problem)
    flash(_("Saved."))
    return see_other("/monitoring")


def _back() -> str:
    return local_path(request.form.get("next", "/monitoring"))


def _row(alarm: Alarm, message: str, status: int) -> Response:
    row = queries.alarm_row(actor(), alarm.id)
    shown = {"row": row, "message": message, "status": status, "shows_machine": not _back().startswith(OF_A_MACHINE)}
    response = make_response(render_template("monitoring/_alarm_answer.html", **shown), status)
    response.vary.add("HX-Request")
    return response
