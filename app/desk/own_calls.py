"""\"The customer called me\": a technician finds the machine and has ticket and job in one step."""

import re
from datetime import datetime
from typing import Any

from flask import Blueprint, flash, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from werkzeug.wrappers import Response
from wtforms import DateTimeLocalField, HiddenField, SelectChoice, SelectField, StringField, TextAreaField
from wtforms.validators import Length, Optional

from app.core import clock
from app.core.types import Actor
from app.desk import card, finding
from app.machines import queries as machines
from app.machines.models import Machine
from app.tickets import queries as tickets
from app.tickets.forms import new_token
from app.tickets.models import Priority, Ticket
from app.web.auth import actor, requires
from app.web.forms import sent
from app.web.labels import options
from app.web.render import render, see_other
from app.work_orders import progress, self_dispatch
from app.work_orders.models import WorkOrder
from app.work_orders.self_dispatch import OwnCall

blueprint = Blueprint("own_calls", __name__)
_SCANNED = re.compile(r"/m/([A-Za-z0-9_-]{8,32})")
NEW = ""


class CallForm(FlaskForm):
    """What the customer said; the rules are in ``self_dispatch``."""

    form_token = HiddenField(default=new_token)
    ticket = SelectField(lazy_gettext("What is it about?"), validate_choice=False)
    title = StringField(lazy_gettext("In a few words"), validators=[Length(max=200)])
    text = TextAreaField(lazy_gettext("What was said"), validators=[Length(max=8000)])
    caller_name = StringField(lazy_gettext("Who called"), validators=[Length(max=60)])
    caller_phone = StringField(lazy_gettext("Phone"), validators=[Length(max=30)])
    priority = SelectField(
        lazy_gettext("Priority"), choices=[SelectChoice(value, words) for value, words in options("Priority")], default=Priority.HIGH
    )
    planned_from = DateTimeLocalField(lazy_gettext("When do you go there?"), format="%Y-%m-%dT%H:%M", validators=[Optional()])

    def call(self, machine: Machine, waiting: list[Ticket]) -> OwnCall:
        """What was typed."""
        typed: datetime | None = self.planned_from.data
        return OwnCall(
            machine=machine,
            title=self.title.data or "",
            text=self.text.data or "",
            caller_name=self.caller_name.data or "",
            caller_phone=self.caller_phone.data or "",
            priority=Priority(self.priority.data),
            ticket=next((one for one in waiting if one.number == self.ticket.data), None),
            planned_from=typed.replace(tzinfo=clock.zone()) if typed else None,
        )


@blueprint.route("/my/jobs/new", methods=["GET", "POST"])
@requires(progress.WORK)
def new() -> Response:
    """Find the machine, then say what it is about; a double click makes one job."""
    machine = _machine(actor())
    if machine is None:
        return _search()
    waiting = tickets.open_of_machine(machine)
    form = CallForm()
    form.ticket.choices = [SelectChoice(number, number) for number in (NEW, *(one.number for one in waiting))]
    made: list[WorkOrder] = []
    done = sent(form, lambda: made.append(_take(form, machine, waiting)))
    if done.is_done:
        flash(_("The job %(number)s is yours; the deputy ratifies it.", number=made[0].number), "message")
        return see_other(f"/my/jobs/{made[0].number}")
    kind, warranty = self_dispatch.kind_for(machine), machines.warranty_now(machine)
    shown: dict[str, Any] = {"machine": machine, "waiting": waiting, "kind": kind, "warranty": warranty}
    return render("jobs/new.html", status=done.status, problem=done.problem, form=form, **shown)


def _take(form: CallForm, machine: Machine, waiting: list[Ticket]) -> WorkOrder:
    return self_dispatch.dispatch_self(by=actor(), call=form.call(machine, waiting), form_token=form.form_token.data)


def _machine(me: Actor) -> Machine | None:
    """The machine that is named, or whose code was scanned: its serial number, its device code, the address of its label."""
    named = request.values.get("machine", "").strip() or request.values.get("q", "").strip()
    scanned = _SCANNED.search(named)
    if scanned:
        return card.machine_with_token(me, scanned.group(1))
    return card.machine_named(me, named) if named else None


def _search() -> Response:
    q = request.values.get("q", "").strip()[:100] or request.values.get("machine", "").strip()[:100]
    found = [match for match in finding.matches(actor(), q, 24) if match.serial] if q else []
    return render("jobs/find.html", q=q, found=found)
