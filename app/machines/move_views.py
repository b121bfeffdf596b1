"""Screens of a machine's moves, and the question whether it is in warranty on a day."""

from datetime import date
from typing import Any

from flask import Blueprint, flash, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from app.core import clock
from app.core.errors import Invalid
from app.customers import queries as customers
from app.customers.models import Customer
from app.machines import move_forms, move_operations, queries, terms
from app.web.auth import actor, requires
from app.web.errors import words
from app.web.forms import sent
from app.web.render import render, see_other

blueprint = Blueprint("moves", __name__)
NOBODY = "-"


@blueprint.route("/machines/<serial>/move", methods=["GET", "POST"])
@requires("machines.edit")
def move(serial: str) -> Response:
    """Move a machine: first the customer is named, then the site is chosen among that customer's."""
    found = queries.by_serial(actor(), serial)
    named, customer, problem = _named(request.values.get("customer", "").strip())
    form = move_forms.move_form(found, customer)
    form.offer(customers.sites(customer) if customer else [], customers.areas())
    done = sent(
        form,
        lambda: move_operations.move_machine(by=actor(), machine=found, version=form.version.data, details=form.details(customer)),
    )
    if done.is_done:
        flash(_("Moved. Within a day this can be taken back on the page “Move”."), "message")
        return see_other(url_for("machine_files.machine", serial=found.serial))
    shown: dict[str, Any] = {"customer": customer, "is_named": named and not problem, "naming_problem": problem, "problem": done.problem}
    return render("machines/move.html", form=form, machine=found, undoable=move_operations.undoable(found), status=done.status, **shown)


def _named(name: str) -> tuple[bool, Customer | None, str]:
    """Whether a customer was named, which one (None: nobody, the machine comes back), and what is wrong with the name."""
    if not name or name == NOBODY:
        return name == NOBODY, None, ""
    try:
        return True, customers.named(actor(), name), ""
    except Invalid as error:
        return True, None, _(error.fields.get("customer", "")) or words(error)


@blueprint.post("/machines/<serial>/moves/<int:move_id>/undo")
@requires("machines.edit")
def undo(serial: str, move_id: int) -> Response:
    """Take a move back."""
    found = queries.by_serial(actor(), serial)
    move_operations.undo_move(by=actor(), machine=found, move_id=move_id)
    flash(_("The move is taken back."), "message")
    return see_other(url_for("machine_files.machine", serial=found.serial))


@blueprint.get("/machines/<serial>/warranty")
@requires("machines.read")
def warranty(serial: str) -> Response:
    """Whether the machine is in warranty on the day ``on``, with the reason; today without one."""
    found, problem = queries.by_serial(actor(), serial), ""
    day = clock.today()
    try:
        day = date.fromisoformat(request.args["on"]) if request.args.get("on") else day
    except ValueError:
        problem = _("That is not a day; write it like 2026-11-23.")
    covered = terms.warranty_of(found, day)
    shown: dict[str, Any] = {"machine": found, "day": day, "covered": covered, "problem": problem}
    return render("machines/warranty.html", fragment="machines/_warranty_question.html", status=422 if problem else 200, **shown)
