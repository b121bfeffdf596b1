"""The register of vehicles, with what each is booked for."""

import secrets
from datetime import date, timedelta
from typing import Any

from flask import Blueprint, flash, request
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from werkzeug.wrappers import Response
from wtforms import BooleanField, HiddenField, SelectChoice, SelectField, StringField
from wtforms.validators import InputRequired, Length

from app.accounts import queries as accounts
from app.accounts.models import Area
from app.core import clock
from app.core.errors import N_, Invalid
from app.roster import vehicles
from app.roster.models import Vehicle
from app.web import exports
from app.web.auth import actor, requires
from app.web.forms import sent
from app.web.render import render, see_other
from app.work_orders import vehicle_bookings

blueprint = Blueprint("vehicles", __name__)
COLUMNS = ("plate", "name", "area", "active")


class VehicleForm(FlaskForm):
    """A vehicle."""

    form_token = HiddenField(default=lambda: secrets.token_urlsafe(24))
    version = HiddenField("")
    plate = StringField(_("Plate"), validators=[InputRequired(_("Enter the plate, at most 20 characters.")), Length(max=20)])
    name = StringField(_("What it is"), validators=[Length(max=60)])
    area = SelectField(_("Area"), default="")
    is_active = BooleanField(_("In use"))

    def offer(self) -> "VehicleForm":
        """Give the choices."""
        self.area.choices = [SelectChoice("", "–"), *(SelectChoice(str(key), name) for key, name in accounts.area_choices())]
        return self

    def where(self) -> Area | None:
        """The area that was chosen."""
        return accounts.area(int(self.area.data)) if self.area.data else None


@blueprint.route("/vehicles", methods=["GET", "POST"])
@requires(vehicles.EDIT)
def index() -> Response:
    """The vehicles and their bookings of a week from ``?from=`` on; sent, the form enters one more."""
    form = VehicleForm().offer()
    done = sent(form, lambda: _enter(form))
    if done.is_done:
        flash(gettext("%(plate)s is in the register.", plate=form.plate.data.strip().upper()), "message")
        return see_other("/vehicles")
    days = vehicle_bookings.days_from(_first())
    shown: dict[str, Any] = {"vehicles": list(_listed()), "days": days, "booked": vehicle_bookings.booked(days), "form": form}
    shown |= {
        "problem": done.problem,
        "week": timedelta(days=vehicle_bookings.DAYS),
        "today": clock.today(),
        "areas": accounts.area_choices(),
    }
    return render("vehicles/index.html", status=done.status, state=_state(), area=_area(), **shown)


def _enter(form: VehicleForm) -> None:
    token = form.form_token.data or None
    vehicles.enter(by=actor(), plate=form.plate.data, name=form.name.data or "", area=form.where(), form_token=token)


@blueprint.get("/vehicles.csv")
@requires(vehicles.EDIT)
def export_csv() -> Response:
    """The register as CSV."""
    return exports.csv_response("vehicles", COLUMNS, _rows())


@blueprint.get("/vehicles.xlsx")
@requires(vehicles.EDIT)
def export_xlsx() -> Response:
    """The register as a workbook."""
    words = {"plate": N_("Plate"), "name": N_("What it is")}
    return exports.xlsx_response("vehicles", N_("Vehicles"), COLUMNS, _rows(), words=words)


@blueprint.route("/vehicles/<int:vehicle_id>", methods=["GET", "POST"])
@requires(vehicles.EDIT)
def vehicle(vehicle_id: int) -> Response:
    """Change one, or take it out of use."""
    found = vehicles.by_id(vehicle_id)
    form = VehicleForm(data=_filled(found)).offer()
    done = sent(form, lambda: _change(found, form))
    if done.is_done:
        flash(gettext("%(plate)s is saved.", plate=form.plate.data.strip().upper()), "message")
        return see_other("/vehicles")
    if done.status == 409:
        form.version.data = str(vehicles.by_id(vehicle_id).version)
    return render("vehicles/vehicle.html", status=done.status, form=form, problem=done.problem, vehicle=found)


def _filled(found: Vehicle) -> dict[str, Any]:
    return {
        "plate": found.plate, "name": found.name, "area": str(found.area_id or ""), "is_active": found.is_active,
        "version": str(found.version),
    }  # fmt: skip


def _change(found: Vehicle, form: VehicleForm) -> None:
    version = int(form.version.data) if form.version.data.isdecimal() and len(form.version.data) < 10 else 0
    vehicles.change(
        by=actor(), vehicle=found, version=version, plate=form.plate.data, name=form.name.data or "", area=form.where(),
        is_active=form.is_active.data,
    )  # fmt: skip


def _rows() -> list[list[Any]]:
    return [[one.plate, one.name, one.area.name if one.area else "", one.is_active] for one in _listed()]


def _listed() -> Any:
    return vehicles.listed(area=_area(), is_active={"active": True, "disabled": False}.get(_state()))


def _state() -> str:
    state = request.args.get("state", "active")
    if state not in ("active", "disabled", "any"):
        raise Invalid(N_("The list cannot be filtered that way."))
    return state


def _area() -> int | None:
    text = request.args.get("area", "")
    if text and not (text.isdecimal() and len(text) < 10):
        raise Invalid(N_("The list cannot be filtered that way."))
    return int(text) if text else None


def _first() -> date:
    try:
        return date.fromisoformat(request.args["from"]) if request.args.get("from") else clock.today()
    except ValueError:
        raise Invalid(N_("That is not a day; write it like 2026-11-23.")) from None
