"""Stations and departments: lists, add, change, take out of use."""

from typing import Any

from flask import Response, flash, request
from flask_babel import gettext as _

from app.accounts import place_forms, place_operations, places, queries
from app.accounts.places import PlaceFilter
from app.accounts.views.blueprint import blueprint
from app.core import paging
from app.core.errors import N_, Conflict
from app.web import exports
from app.web.auth import actor, requires
from app.web.forms import differences, sent
from app.web.render import render, see_other

STATION_COLUMNS = ("name", "area", "address", "users", "active")
DEPARTMENT_COLUMNS = ("name", "email", "active")


def _wanted() -> PlaceFilter:
    given = request.args
    state = given.get("state", "")
    return PlaceFilter(given.get("q", "").strip()[:60], given.get("area", type=int), state if state in ("active", "disabled") else "")


def _sort() -> str:
    return request.args.get("sort") or places.DEFAULT_SORT


@blueprint.get("/stations")
@requires("users.manage")
def stations() -> Response:
    """The stations of resident technicians."""
    page = places.station_page(_wanted(), sort=_sort(), after=request.args.get("after"), before=request.args.get("before"))
    shown: dict[str, Any] = {"page": page, "wanted": _wanted(), "sort": _sort(), "areas": queries.area_choices()}
    return render("accounts/stations.html", fragment="accounts/_stations.html", **shown)


@blueprint.get("/stations.csv")
@requires("users.manage")
def stations_csv() -> Response:
    """The list with the same filters as CSV."""
    return exports.csv_response("stations", STATION_COLUMNS, _station_rows())


@blueprint.get("/stations.xlsx")
@requires("users.manage")
def stations_xlsx() -> Response:
    """The list with the same filters as a workbook."""
    words = {"users": N_("Residents"), "name": N_("Station")}
    return exports.xlsx_response("stations", N_("Stations"), STATION_COLUMNS, _station_rows(), words=words)


def _station_rows() -> list[list[Any]]:
    found = paging.whole(places.stations(_wanted()), places.STATION_SORTS, _sort())
    return [[one.name, one.area.name, one.address, one.residents, one.is_active] for one in found]


@blueprint.route("/stations/new", methods=["GET", "POST"])
@requires("users.manage")
def new_station() -> Response:
    """Add a station; the same form sent again adds no second one."""
    form = place_forms.station_form(None, queries.all_areas())
    done = sent(form, lambda: place_operations.create_station(by=actor(), details=form.details(), form_token=form.form_token.data))
    if done.is_done:
        flash(_("Station %(name)s is added.", name=form.name.data), "message")
        return see_other("/stations")
    return render("accounts/station.html", form=form, station=None, problem=done.problem, status=done.status)


@blueprint.route("/stations/<int:station_id>", methods=["GET", "POST"])
@requires("users.manage")
def station(station_id: int) -> Response:
    """One station: who is based there, and what is written of it."""
    found, areas = places.station(station_id), queries.all_areas()
    form = place_forms.station_form(found, areas)
    done = sent(form, lambda: place_operations.edit_station(by=actor(), station=found, version=form.version.data, details=form.details()))
    if done.is_done:
        flash(_("Saved."), "message")
        return see_other("/stations")
    stored = place_forms.station_form(places.station(station_id), areas, is_fresh=True)
    present = differences(form, stored) if done.status == Conflict.status else []
    shown: dict[str, Any] = {"station": found, "present": present, "residents": places.residents(found)}
    return render("accounts/station.html", form=form, problem=done.problem, status=done.status, **shown)


@blueprint.get("/departments")
@requires("departments.edit")
def departments() -> Response:
    """The departments that work slips and copies go to."""
    page = places.department_page(_wanted(), sort=_sort(), after=request.args.get("after"), before=request.args.get("before"))
    return render("accounts/departments.html", fragment="accounts/_departments.html", page=page, wanted=_wanted(), sort=_sort())


@blueprint.get("/departments.csv")
@requires("departments.edit")
def departments_csv() -> Response:
    """The list with the same filters as CSV."""
    return exports.csv_response("departments", DEPARTMENT_COLUMNS, _department_rows())


@blueprint.get("/departments.xlsx")
@requires("departments.edit")
def departments_xlsx() -> Response:
    """The list with the same filters as a workbook."""
    words = {"name": N_("Department")}
    return exports.xlsx_response("departments", N_("Departments"), DEPARTMENT_COLUMNS, _department_rows(), words=words)


def _department_rows() -> list[list[Any]]:
    found = paging.whole(places.departments(_wanted()), places.DEPARTMENT_SORTS, _sort())
    return [[one.name, one.email, one.is_active] for one in found]


@blueprint.route("/departments/new", methods=["GET", "POST"])
@requires("departments.edit")
def new_department() -> Response:
    """Add a department; the same form sent again adds no second one."""
    form = place_forms.department_form(None)
    done = sent(form, lambda: place_operations.create_department(by=actor(), details=form.details(), form_token=form.form_token.data))
    if done.is_done:
        flash(_("Department %(name)s is added.", name=form.name.data), "message")
        return see_other("/departments")
    return render("accounts/department.html", form=form, department=None, problem=done.problem, status=done.status)


@blueprint.route("/departments/<int:department_id>", methods=["GET", "POST"])
@requires("departments.edit")
def department(department_id: int) -> Response:
    """Change a department or take it out of use."""
    found = places.department(department_id)
    form = place_forms.department_form(found)
    done = sent(
        form,
        lambda: place_operations.edit_department(by=actor(), department=found, version=form.version.data, details=form.details()),
    )
    if done.is_done:
        flash(_("Saved."), "message")
        return see_other("/departments")
    stored = place_forms.department_form(places.department(department_id), is_fresh=True)
    present = differences(form, stored) if done.status == Conflict.status else []
    return render("accounts/department.html", form=form, department=found, present=present, problem=done.problem, status=done.status)
