"""A job without a ticket, or one more for a ticket: inspection, maintenance, pit work on a project; it goes to the dispatch queue."""

import secrets
from datetime import datetime
from typing import Any

from flask import Blueprint, flash, request
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from werkzeug.wrappers import Response
from wtforms import BooleanField, DateTimeLocalField, HiddenField, SelectChoice, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional

from app.core import clock
from app.core.errors import N_, Invalid
from app.core.types import Actor
from app.customers import projects
from app.desk import card, finding
from app.desk.finding import MatchKind
from app.machines import queries as machines
from app.machines.models import Machine
from app.tickets import queries as tickets
from app.tickets.models import Priority
from app.web.auth import actor, requires
from app.web.forms import sent
from app.web.labels import options
from app.web.render import render, see_other
from app.work_orders import dispatching, states
from app.work_orders.dispatching import CREATE, Job
from app.work_orders.models import OrderKind, WorkOrder
from app.work_orders.writing import MISSING

blueprint = Blueprint("new_order", __name__)

_SUGGESTED = 8


def _given(value: str | None) -> str:
    return (value or "").strip()


def _choices(kind: str) -> list[SelectChoice]:
    return [SelectChoice(value, words) for value, words in options(kind)]


class OrderForm(FlaskForm):
    """A job. ``form_token`` makes sending it twice harmless; the time is the deployment's."""

    form_token = HiddenField(default=lambda: secrets.token_urlsafe(24))
    ticket = HiddenField("", filters=[_given])
    kind = SelectField(_("Kind"), choices=_choices("OrderKind"), default=OrderKind.INSPECTION)
    machine = StringField(_("Machine (serial number)"), validators=[Length(max=40)], filters=[_given])
    project = StringField(_("or project (sales contract)"), validators=[Length(max=60)], filters=[_given])
    title = StringField(
        _("In a few words"), validators=[InputRequired(_("Say in a few words what it is about.")), Length(max=200)], filters=[_given]
    )
    priority = SelectField(_("Priority"), choices=_choices("Priority"), default=Priority.LOW)
    wanted_at = DateTimeLocalField(_("To be there by"), format="%Y-%m-%dT%H:%M", validators=[Optional()])
    instructions = TextAreaField(_("What is to be done"), validators=[Length(max=8000)], filters=[_given])
    bring = TextAreaField(_("Parts to bring"), validators=[Length(max=2000)], filters=[_given])
    is_outside = BooleanField(_("Nobody goes down into the pit"))

    def wanted(self) -> datetime | None:
        """When the customer was promised somebody."""
        typed: datetime | None = self.wanted_at.data
        return typed.replace(tzinfo=clock.zone()) if typed else None


@blueprint.route("/work-orders/new", methods=["GET", "POST"])
@requires(CREATE)
def new() -> Response:
    """The form; ``?machine=``, ``?project=`` or ``?ticket=`` fill it. Sent again, it leads to the same order."""
    form, made = OrderForm(data=_prefilled(actor())), list[WorkOrder]()
    done = sent(form, lambda: made.append(_create(actor(), form)))
    if done.is_done:
        flash(gettext("%(number)s waits in the dispatch queue.", number=made[0].number), "message")
        return see_other(f"/work-orders/{made[0].number}")
    shown: dict[str, Any] = {"form": form, "problem": done.problem, "projects": projects.offered(actor()), **_about(form)}
    return render("work_orders/new.html", status=done.status, **shown)


@blueprint.get("/work-orders/new/machines")
@requires(CREATE)
def suggested() -> Response:
    """The machines that fit what is typed so far, as suggestions of the field; what is known of the one that is named."""
    typed = request.args.get("machine", "").strip()[:100]
    found = [match for match in finding.matches(actor(), typed, _SUGGESTED) if match.kind is MatchKind.MACHINE] if typed else []
    shown = {"suggestions": found, **_about_machine(card.machine_named(actor(), typed) if typed else None)}
    return render("work_orders/machine_part.html", fragment="work_orders/_machine.html", **shown)


def _prefilled(by: Actor) -> dict[str, Any]:
    """What the address names."""
    filled: dict[str, Any] = {name: request.args.get(name, "").strip()[:60] for name in ("machine", "project")}
    if number := request.args.get("ticket", "").strip():
        job = dispatching.of_ticket(tickets.by_number(by, number))
        filled |= {"ticket": number, "kind": job.kind, "title": job.title, "priority": job.priority}
        filled["machine"] = job.machine.serial if job.machine else ""
    elif filled["project"]:
        filled["kind"] = OrderKind.PIT_GUIDANCE
    return filled


def _about(form: OrderForm) -> dict[str, Any]:
    serial = form.machine.data or ""
    return {"suggestions": [], **_about_machine(card.machine_named(actor(), serial) if serial else None)}


def _about_machine(machine: Machine | None) -> dict[str, Any]:
    return {"machine": machine, "warranty": machines.warranty_now(machine) if machine else None}


def _create(by: Actor, form: OrderForm) -> WorkOrder:
    machine = card.machine_named(by, form.machine.data) if form.machine.data else None
    if form.machine.data and machine is None:
        raise Invalid(MISSING, fields={"machine": N_("No machine of this serial number is known.")})
    kind = OrderKind(form.kind.data)
    values: dict[str, Any] = {
        "kind": kind, "title": form.title.data, "priority": Priority(form.priority.data), "machine": machine,
        "project": projects.named(by, form.project.data) if form.project.data else None, "instructions": form.instructions.data,
        "bring": form.bring.data, "wanted_at": form.wanted(), "is_pit": kind in states.PIT_KINDS and not form.is_outside.data,
    }  # fmt: skip
    if form.ticket.data:
        ticket = tickets.by_number(by, form.ticket.data)
        job = dispatching.of_ticket(ticket, **values | {"machine": machine or ticket.machine})
    else:
        job = Job(**values)
    return dispatching.create(by=by, job=job, form_token=form.form_token.data)
