"""Screens of machines."""

from collections.abc import Callable, Iterator
from typing import Any

from flask import Blueprint, flash, request, url_for
from flask_babel import gettext as _
from peewee import ModelSelect
from werkzeug.wrappers import Response

from app.core import paging
from app.core.errors import N_, Conflict
from app.customers import projects
from app.customers import queries as customers
from app.machines import forms, operations, queries, terms
from app.machines.models import Machine
from app.machines.warranty import Warranty
from app.web import exports
from app.web.auth import actor, requires
from app.web.forms import differences, sent
from app.web.i18n import language
from app.web.render import render, see_other

blueprint = Blueprint("machines", __name__)

COLUMNS = (
    "serial", "device", "model", "profile", "customer", "site", "address", "area", "gateway",
    "accepted_on", "shipped_on", "warranty_months", "batch", "warranty", "warranty_until",
    "project", "sim_number", "sim_expires_on", "retired_on",
)  # fmt: skip


@blueprint.get("/machines")
@requires("machines.read")
def index() -> Response:
    """The list of machines."""
    given, wanted = request.args, forms.wanted_from(request.args)
    page = queries.page(actor(), wanted, sort=_sort(), after=given.get("after"), before=given.get("before"))
    shown = {"page": page, "wanted": wanted, "sort": _sort(), "warranty": _warranty(), **_choices()}
    return render("machines/index.html", fragment="machines/_list.html", **shown)


@blueprint.get("/machines.csv")
@requires("machines.read")
def export_csv() -> Response:
    """The list with the same filters as CSV; its columns are those of an import, then the warranty."""
    return exports.csv_response("machines", COLUMNS, _rows(_found()))


@blueprint.get("/machines.xlsx")
@requires("machines.read")
def export_xlsx() -> Response:
    """The list with the same filters as a workbook."""
    return exports.xlsx_response("machines", N_("Machines"), COLUMNS, _rows(_found()), labels={"warranty": "WarrantyState"})


def _sort() -> str:
    return request.args.get("sort") or queries.DEFAULT_SORT


def _choices() -> dict[str, Any]:
    return {
        "areas": [(area.id, area.name) for area in customers.areas()],
        "models": [(model.id, model.name) for model in queries.models()],
    }


def _warranty() -> Callable[[Machine], Warranty]:
    """The warranty today of one machine after the other; extensions are read once."""
    known = terms.extended()
    return lambda machine: queries.warranty_now(machine, known)


def _found() -> ModelSelect:
    return paging.whole(queries.listed(actor(), forms.wanted_from(request.args)), queries.SORTS, _sort())


def _rows(found: ModelSelect) -> Iterator[list[Any]]:
    covered = _warranty()
    for m in found.iterator():
        warranty = covered(m)
        yield [
            m.serial, m.device, m.model.name, m.profile and m.profile.name, m.customer and m.customer.name, m.site and m.site.name,
            m.site and m.site.address, m.area and m.area.name, m.gateway, m.accepted_on, m.shipped_on, m.warranty_months,
            m.batch, warranty.state.value, warranty.last_on, m.project and m.project.contract_number, m.sim_number, m.sim_expires_on,
            m.retired_on,
        ]  # fmt: skip


@blueprint.route("/machines/new", methods=["GET", "POST"])
@requires("machines.edit")
def new() -> Response:
    """Enter a machine; the same form sent again leads to the same machine."""
    form, made = _offered(forms.form_of(None)), []
    done = sent(
        form,
        lambda: made.append(operations.create_machine(by=actor(), details=form.details(actor()), form_token=form.form_token.data)),
    )
    if done.is_done:
        flash(_("Machine %(serial)s is in the register.", serial=made[0].serial), "message")
        return see_other(url_for("machine_files.machine", serial=made[0].serial))
    return render("machines/new.html", form=form, **_offers(), problem=done.problem, status=done.status)


@blueprint.route("/machines/<serial>/edit", methods=["GET", "POST"])
@requires("machines.edit")
def edit(serial: str) -> Response:
    """Change a machine."""
    found = queries.by_serial(actor(), serial)
    form = _offered(forms.form_of(found))
    done = sent(form, lambda: operations.edit_machine(by=actor(), machine=found, version=form.version.data, details=form.details(actor())))
    if done.is_done:
        flash(_("Saved."), "message")
        return see_other(url_for("machine_files.machine", serial=found.serial))
    present = _present_machine(serial, form) if done.status == Conflict.status else []
    shown: dict[str, Any] = {"form": form, "machine": found, "problem": done.problem, "present": present} | _offers()
    return render("machines/edit.html", status=done.status, **shown)


def _offers() -> dict[str, Any]:
    return {"models": queries.offered_models(), "projects": projects.offered(actor())}


def _present_machine(serial: str, typed: forms.MachineForm) -> list[tuple[str, str]]:
    return differences(typed, _offered(forms.form_of(queries.by_serial(actor(), serial), formdata=None)))


def _offered(form: forms.MachineForm) -> forms.MachineForm:
    form.offer(customers.areas(), queries.profile_choices(), language())
    return form
