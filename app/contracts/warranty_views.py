"""Warranty on screen: the proof for a machine, its extensions, the rulings on an order."""

from datetime import date
from typing import Any

from flask import Blueprint, flash, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from werkzeug.wrappers import Response
from wtforms import DateField, HiddenField, SelectField, StringField
from wtforms.validators import Length, Optional

from app.contracts import warranty, warranty_operations
from app.contracts.models import WarrantyExtension
from app.contracts.warranty_operations import RULE, Ruling
from app.core import clock
from app.core.errors import N_, NotFound
from app.core.known_settings import letterhead
from app.machines import queries as machines
from app.machines.models import Machine
from app.machines.warranty import WarrantyState
from app.parts.models import Part
from app.tickets.forms import new_token
from app.web.auth import actor, requires
from app.web.forms import sent
from app.web.labels import options
from app.web.render import render, see_other
from app.work_orders import queries as orders
from app.work_orders.models import WorkOrder

blueprint = Blueprint("warranty", __name__)
_REASON = [Length(max=warranty_operations.MAX_REASON)]


class ExtensionForm(FlaskForm):
    """A warranty that lasts longer."""

    form_token = HiddenField()
    until_on = DateField(lazy_gettext("In warranty until"), validators=[Optional()])
    reason = StringField(lazy_gettext("Why"), validators=_REASON)


class RulingForm(FlaskForm):
    """What the deputy decides for one order, or one part of it."""

    version = HiddenField()
    state = SelectField(lazy_gettext("Warranty"), choices=[("", "–"), *options("WarrantyState")[:2]])
    part_name = StringField(lazy_gettext("Only for this part (empty: the whole job)"), validators=[Length(max=120)])
    reason = StringField(lazy_gettext("Why"), validators=_REASON)

    def ruling(self) -> Ruling:
        """What was typed."""
        state = WarrantyState(self.state.data) if self.state.data else None
        return Ruling(state=state, reason=self.reason.data or "", part_name=self.part_name.data or "")


@blueprint.get("/machines/<serial>/warranty/proof")
@requires("machines.read")
def proof(serial: str) -> Response:
    """The verdict for a day, a part and a cause, with every term that was looked at; and the machine's extensions."""
    return _proof(machines.by_serial(actor(), serial), ExtensionForm(formdata=None, form_token=new_token()))


@blueprint.get("/machines/<serial>/warranty/print")
@requires("machines.read")
def printed(serial: str) -> Response:
    """The proof on paper."""
    found = machines.by_serial(actor(), serial)
    return render("contracts/warranty_print.html", machine=found, head=letterhead(), **_asked(found))


@blueprint.post("/machines/<serial>/warranty/extensions")
@requires(RULE)
def extend(serial: str) -> Response:
    """Extend the warranty."""
    found, form = machines.by_serial(actor(), serial), ExtensionForm()
    done = sent(
        form,
        lambda: warranty_operations.extend(
            by=actor(), machine=found, until_on=form.until_on.data, reason=form.reason.data or "", form_token=form.form_token.data or ""
        ),
    )
    if not done.is_done:
        return _proof(found, form, problem=done.problem, status=done.status)
    flash(_("The warranty is extended."), "message")
    return see_other(f"/machines/{serial}/warranty/proof")


@blueprint.post("/machines/<serial>/warranty/extensions/<int:extension_id>/revocation")
@requires(RULE)
def revoke(serial: str, extension_id: int) -> Response:
    """An extension counts no more."""
    found = machines.by_serial(actor(), serial)
    extension = WarrantyExtension.get_or_none(WarrantyExtension.id == extension_id, WarrantyExtension.machine == found)
    if extension is None:
        raise NotFound(N_("This machine has no such extension."))
    warranty_operations.revoke(by=actor(), extension=extension)
    flash(_("The extension is revoked."), "message")
    return see_other(f"/machines/{serial}/warranty/proof")


def _asked(machine: Machine) -> dict[str, Any]:
    """The verdict for what the query string asks, and the words beside what it cannot be asked for."""
    given, problem = request.args, ""
    day = clock.today()
    try:
        day = date.fromisoformat(given["on"]) if given.get("on") else day
    except ValueError:
        problem = _("That is not a day; write it like 2026-11-23.")
    number = given.get("part", "").strip()[:60]
    part = Part.get_or_none(Part.number == number) if number else None
    cause = warranty.MISUSE if given.get("misuse") else None
    asked = {"on": day, "part": number, "is_misuse": cause is not None, "part_name": part.name if part else "", "problem": problem}
    asked["part_problem"] = _("No part of this number is in the catalogue.") if number and part is None else ""
    return {"asked": asked, "proof": warranty.decide(machine, day, part, cause)}


def _proof(machine: Machine, form: ExtensionForm, *, problem: str = "", status: int = 200) -> Response:
    shown = _asked(machine) | {"extensions": warranty.extensions_of(machine), "may_rule": actor().may(RULE)}
    refused = 422 if shown["asked"]["problem"] or shown["asked"]["part_problem"] else status
    return render("contracts/warranty.html", status=refused, machine=machine, form=form, problem=problem, **shown)


@blueprint.get("/work-orders/<order_number>/warranty")
@requires("orders.read")
def of_order(order_number: str) -> Response:
    """How the order stands, why, and what was ruled."""
    found = orders.by_number(actor(), order_number)
    return _of_order(found, RulingForm(formdata=None, version=found.version))


@blueprint.post("/work-orders/<order_number>/warranty/rulings")
@requires(RULE)
def rule(order_number: str) -> Response:
    """Decide otherwise than the terms."""
    found, form = orders.by_number(actor(), order_number), RulingForm()
    text = form.version.data or ""
    version = int(text) if text.isdecimal() and len(text) < 10 else 0
    done = sent(form, lambda: warranty_operations.rule(by=actor(), order=found, version=version, ruling=form.ruling()))
    if not done.is_done:
        present = orders.by_number(actor(), order_number)
        form.version.raw_data, form.version.data = None, str(present.version)
        return _of_order(present, form, problem=done.problem, status=done.status)
    flash(_("It is ruled."), "message")
    return see_other(f"/work-orders/{order_number}/warranty")


def _of_order(found: WorkOrder, form: RulingForm, *, problem: str = "", status: int = 200) -> Response:
    shown: dict[str, Any] = {"order": found, "proof": warranty.of_order(found), "rulings": warranty.rulings_of(found), "form": form}
    may_rule = actor().may(RULE) and found.status not in ("archived", "cancelled")
    return render("contracts/order_warranty.html", status=status, problem=problem, may_rule=may_rule, **shown)
