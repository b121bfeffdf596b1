"""The code of a machine: what it leads to, and another one when its labels came into wrong hands."""

from flask import Blueprint, flash, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from app.core.errors import Conflict
from app.machines import qr, queries
from app.web.auth import actor, requires
from app.web.errors import words
from app.web.render import render, see_other

blueprint = Blueprint("codes", __name__)


@blueprint.get("/machines/<serial>/code")
@requires("machines.read")
def code(serial: str) -> Response:
    """The code, its address, and what can be done with it."""
    return _page(serial)


@blueprint.post("/machines/<serial>/code")
@requires("machines.edit")
def renew(serial: str) -> Response:
    """Make another code; the labels printed so far lead nowhere then."""
    machine = queries.by_serial(actor(), serial)
    try:
        qr.new_token(by=actor(), machine=machine, present=request.form.get("present") or None)
    except Conflict as error:
        return _page(serial, status=error.status, problem=words(error))
    flash(_("The machine has a new code. Print a new label and put it over the old one."), "message")
    return see_other(url_for("codes.code", serial=serial))


def _page(serial: str, *, status: int = 200, problem: str = "") -> Response:
    machine = queries.by_serial(actor(), serial)
    address = f"{request.host_url}m/{machine.qr_token}" if machine.qr_token else None
    return render("machines/code.html", status=status, machine=machine, address=address, problem=problem)
