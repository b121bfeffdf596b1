"""Screens of the models of the range: list, page with documents, add, change, retire."""

import secrets
from typing import Any

from flask import Blueprint, flash, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as __
from flask_wtf import FlaskForm
from werkzeug.wrappers import Response
from wtforms import BooleanField, HiddenField, IntegerField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional
from wtforms.widgets import HiddenInput

from app.core import paging
from app.core.errors import N_, Conflict
from app.customers.forms import text
from app.machines import catalogue, document_queries, model_operations
from app.machines.catalogue import ModelFilter
from app.machines.model_operations import ModelDetails
from app.machines.models import MachineModel
from app.web import exports
from app.web.auth import actor, requires
from app.web.forms import differences, sent
from app.web.render import render, see_other

blueprint = Blueprint("models", __name__)

COLUMNS = ("name", "description", "warranty_months", "machines", "active")


class ModelForm(FlaskForm):
    """A model; ``form_token`` makes sending twice harmless, ``version`` shows whether somebody else was quicker."""

    form_token = HiddenField(default=lambda: secrets.token_urlsafe(24))
    version = IntegerField(widget=HiddenInput(), validators=[Optional()])
    name = text(__("Model"), InputRequired(__("Please give the name.")), Length(max=80))
    warranty_months = IntegerField(__("Warranty in months"), default=12, validators=[InputRequired(__("Please give a number."))])
    description = TextAreaField(__("Description"), validators=[Length(max=4_000)], filters=[lambda typed: (typed or "").strip()])
    is_active = BooleanField(__("Offered for new machines"))

    def details(self) -> ModelDetails:
        """What was typed."""
        return ModelDetails(
            name=self.name.data,
            description=self.description.data,
            warranty_months=self.warranty_months.data,
            is_active=self.is_active.data,
        )


def form_of(model: MachineModel | None, **options: Any) -> ModelForm:
    """The form, filled with the model when it was not sent (``formdata=None``: in any case)."""
    return ModelForm(obj=model, data={"is_active": True}, **options)


def _wanted() -> ModelFilter:
    state = request.args.get("state", "")
    return ModelFilter(request.args.get("q", "").strip()[:80], state if state in ("active", "retired") else "")


def _sort() -> str:
    return request.args.get("sort") or catalogue.DEFAULT_SORT


@blueprint.get("/models")
@requires("machines.read")
def index() -> Response:
    """The models of the range."""
    page = catalogue.page(actor(), _wanted(), sort=_sort(), after=request.args.get("after"), before=request.args.get("before"))
    return render("models/index.html", fragment="models/_list.html", page=page, wanted=_wanted(), sort=_sort())


@blueprint.get("/models.csv")
@requires("machines.read")
def export_csv() -> Response:
    """The list with the same filters as CSV."""
    return exports.csv_response("models", COLUMNS, _rows())


@blueprint.get("/models.xlsx")
@requires("machines.read")
def export_xlsx() -> Response:
    """The list with the same filters as a workbook."""
    words = {"name": N_("Model"), "active": N_("Offered for new machines")}
    return exports.xlsx_response("models", N_("Models"), COLUMNS, _rows(), words=words)


def _rows() -> list[list[Any]]:
    found = paging.whole(catalogue.listed(actor(), _wanted()), catalogue.SORTS, _sort())
    return [[one.name, one.description, one.warranty_months, one.machine_count, one.is_active] for one in found]


@blueprint.get("/models/<int:model_id>")
@requires("machines.read")
def model(model_id: int) -> Response:
    """One model with its documents and schematics."""
    found = catalogue.by_id(actor(), model_id)
    documents = document_queries.of_holder(model=found) if actor().may("documents.read") else []
    return render("models/model.html", model=found, documents=documents)


@blueprint.route("/models/new", methods=["GET", "POST"])
@requires("models.edit")
def new() -> Response:
    """Add a model; the same form sent again leads to the same model."""
    form, made = form_of(None), []
    done = sent(
        form, lambda: made.append(model_operations.create_model(by=actor(), details=form.details(), form_token=form.form_token.data))
    )
    if done.is_done:
        flash(_("Model %(name)s is in the range.", name=made[0].name), "message")
        return see_other(url_for("models.model", model_id=made[0].id))
    return render("models/edit.html", form=form, model=None, problem=done.problem, status=done.status)


@blueprint.route("/models/<int:model_id>/edit", methods=["GET", "POST"])
@requires("models.edit")
def edit(model_id: int) -> Response:
    """Change or retire a model."""
    found = catalogue.by_id(actor(), model_id)
    form = form_of(found)
    done = sent(form, lambda: model_operations.edit_model(by=actor(), model=found, version=form.version.data, details=form.details()))
    if done.is_done:
        flash(_("Saved."), "message")
        return see_other(url_for("models.model", model_id=found.id))
    present = differences(form, form_of(catalogue.by_id(actor(), model_id), formdata=None)) if done.status == Conflict.status else []
    return render("models/edit.html", form=form, model=found, problem=done.problem, present=present, status=done.status)
