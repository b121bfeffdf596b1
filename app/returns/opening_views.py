"""A return that is opened by hand, for a report on paper."""

from decimal import Decimal
from typing import Any

from flask import Blueprint, flash, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from app.accounts.models import User
from app.core.errors import N_, Conflict, DomainError, Invalid, NotFound
from app.machines import queries as machines
from app.machines.models import Machine
from app.parts import catalogue
from app.parts.models import Part
from app.returns import opening, queries
from app.returns.models import DefectiveReturn
from app.returns.opening import ByHand
from app.tickets.forms import new_token
from app.web.amounts import number_in
from app.web.auth import actor, requires
from app.web.errors import words
from app.web.i18n import translated
from app.web.render import render, see_other
from app.work_orders import queries as orders
from app.work_orders.models import WorkOrder
from app.work_orders.writing import MISSING

blueprint = Blueprint("return_openings", __name__)
OFFERED = 50


@blueprint.route("/returns/new", methods=["GET", "POST"])
@requires(opening.OPEN)
def new() -> Response:
    """The form; ``?order=`` or ``?machine=`` says what it is about."""
    if request.method == "GET":
        return _page()
    try:
        made = _opened()
    except (Conflict, Invalid) as error:
        return _page(error)
    flash(_("%(number)s is opened.", number=made.number), "message")
    return see_other(f"/returns/{made.number}")


def _opened() -> DefectiveReturn:
    given = request.form
    order, machine = _about()
    wanted = ByHand(
        machine=machine, order=order, part=given.get("part", ""), serial=given.get("serial", ""), quantity=_quantity(),
        reason=given.get("reason", ""), technician=_technician(order),
    )  # fmt: skip
    return opening.open_by_hand(by=actor(), wanted=wanted, form_token=given.get("form_token") or None)


def _about() -> tuple[WorkOrder | None, Machine]:
    number, serial = (request.form.get(name, "").strip()[:60] for name in ("order", "machine"))
    try:
        order = orders.by_number(actor(), number) if number else None
    except NotFound as error:
        raise Invalid(MISSING, fields={"order": error.message}) from None
    if order is not None and order.machine_id is not None and not serial:
        return order, order.machine
    if not serial:
        raise Invalid(MISSING, fields={"machine": N_("Which machine did it come off?")})
    try:
        return order, machines.by_serial(actor(), serial)
    except NotFound as error:
        raise Invalid(MISSING, fields={"machine": error.message}) from None


def _quantity() -> Decimal | None:
    """What was typed; None for what is no quantity, so that all that is wrong is said at once."""
    try:
        return number_in(request.form.get("quantity", ""), 3)
    except ValueError:
        return None


def _technician(order: WorkOrder | None) -> User | None:
    """Who was chosen, else the lead of the order."""
    chosen = request.form.get("technician", "")
    found = next((one for one in queries.every_technician() if str(one.id) == chosen), None)
    return found or (order.lead if order is not None and order.lead_id is not None else None)


def _page(error: DomainError | None = None) -> Response:
    typed = request.form if request.method == "POST" else request.args
    fields = error.fields if isinstance(error, Invalid) else {}
    shown: dict[str, Any] = {
        "typed": typed,
        "problem": words(error) if error else "",
        "errors": {name: translated(text) for name, text in fields.items()},
        "technicians": [(one.id, one.name) for one in queries.every_technician()],
        "offered": list(
            Part.select().where(Part.is_active, catalogue.found(typed.get("part", "").strip())).order_by(Part.number).limit(OFFERED)
        ),
        "form_token": typed.get("form_token") or new_token(),
    }
    return render("returns/new.html", status=error.status if error else 200, **shown)
