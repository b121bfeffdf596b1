"""Screens of projects: the list, a new one, changing one. The page of a project is in ``app.desk.overviews``."""

import secrets
from typing import Any

from flask import Blueprint, flash, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as __
from flask_wtf import FlaskForm
from werkzeug.wrappers import Response
from wtforms import DateField, HiddenField, IntegerField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional
from wtforms.widgets import HiddenInput

from app.core import paging
from app.core.errors import N_, Conflict
from app.customers import project_operations, projects, queries
from app.customers.forms import text
from app.customers.models import Project
from app.customers.project_operations import ProjectDetails
from app.customers.projects import ProjectFilter
from app.web import exports
from app.web.auth import actor, requires
from app.web.forms import differences, sent
from app.web.render import render, see_other

blueprint = Blueprint("projects", __name__)

COLUMNS = ("contract_number", "name", "customer", "site", "signed_on", "machines", "remark")


class ProjectForm(FlaskForm):
    """A project; ``form_token`` makes sending twice harmless, ``version`` shows whether somebody else was quicker."""

    form_token = HiddenField(default=lambda: secrets.token_urlsafe(24))
    version = IntegerField(widget=HiddenInput(), validators=[Optional()])
    contract_number = text(__("Sales contract"), InputRequired(__("Please give the number of the sales contract.")), Length(max=40))
    name = text(__("Name of the project"), InputRequired(__("Please give the name.")), Length(max=120))
    customer = text(__("Customer"), InputRequired(__("Please name the customer.")), Length(max=120))
    site = text(__("Site"), Length(max=120))
    signed_on = DateField(__("Signed on"), validators=[Optional()])
    remark = TextAreaField(__("Remark"), validators=[Length(max=500)], filters=[lambda typed: (typed or "").strip()])

    def details(self) -> ProjectDetails:
        """What was typed, with the customer and site it names. Raises ``Invalid``."""
        customer = queries.named(actor(), self.customer.data)
        return ProjectDetails(
            contract_number=self.contract_number.data,
            name=self.name.data,
            customer=customer,
            site=queries.site_named(customer, self.site.data) if self.site.data else None,
            signed_on=self.signed_on.data,
            remark=self.remark.data,
        )


def form_of(project: Project | None, **options: Any) -> ProjectForm:
    """The form, filled with the project when it was not sent (``formdata=None``: in any case)."""
    if project is None:
        return ProjectForm(data={"customer": request.args.get("customer", "")})
    shown = {name: getattr(project, name) for name in ("contract_number", "name", "signed_on", "remark", "version")}
    return ProjectForm(data=shown | {"customer": project.customer.name, "site": project.site.name if project.site else ""}, **options)


def _wanted() -> ProjectFilter:
    given = request.args
    state = given.get("state", "")
    return ProjectFilter(given.get("q", "").strip()[:100], given.get("customer", type=int), state if state in ("waiting", "bound") else "")


def _sort() -> str:
    return request.args.get("sort") or projects.DEFAULT_SORT


@blueprint.get("/projects")
@requires("customers.read")
def index() -> Response:
    """The list of projects."""
    page = projects.page(actor(), _wanted(), sort=_sort(), after=request.args.get("after"), before=request.args.get("before"))
    return render("projects/index.html", fragment="projects/_list.html", page=page, wanted=_wanted(), sort=_sort())


@blueprint.get("/projects.csv")
@requires("customers.read")
def export_csv() -> Response:
    """The list with the same filters as CSV."""
    return exports.csv_response("projects", COLUMNS, _rows())


@blueprint.get("/projects.xlsx")
@requires("customers.read")
def export_xlsx() -> Response:
    """The list with the same filters as a workbook."""
    words = {"name": N_("Name of the project")}
    return exports.xlsx_response("projects", N_("Projects"), COLUMNS, _rows(), words=words)


def _rows() -> list[list[Any]]:
    found = paging.whole(projects.listed(actor(), _wanted()), projects.SORTS, _sort())
    return [
        [one.contract_number, one.name, one.customer.name, one.site and one.site.name, one.signed_on, one.machine_count, one.remark]
        for one in found
    ]


@blueprint.route("/projects/new", methods=["GET", "POST"])
@requires("customers.edit")
def new() -> Response:
    """Register a project; the same form sent again leads to the same project."""
    form, made = form_of(None), []
    done = sent(
        form, lambda: made.append(project_operations.create_project(by=actor(), details=form.details(), form_token=form.form_token.data))
    )
    if done.is_done:
        flash(_("%(name)s is registered.", name=made[0].name), "message")
        return see_other(url_for("overviews.project", project_id=made[0].id))
    return render("projects/edit.html", form=form, project=None, problem=done.problem, status=done.status)


@blueprint.route("/projects/<int:project_id>/edit", methods=["GET", "POST"])
@requires("customers.edit")
def edit(project_id: int) -> Response:
    """Change a project."""
    found = projects.by_id(actor(), project_id)
    form = form_of(found)
    done = sent(form, lambda: project_operations.edit_project(by=actor(), project=found, version=form.version.data, details=form.details()))
    if done.is_done:
        flash(_("Saved."), "message")
        return see_other(url_for("overviews.project", project_id=found.id))
    stored = form_of(projects.by_id(actor(), project_id), formdata=None)
    present = differences(form, stored) if done.status == Conflict.status else []
    return render("projects/edit.html", form=form, project=found, problem=done.problem, present=present, status=done.status)
