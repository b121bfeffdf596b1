"""The screens of contract templates: the list, a new one, changing one."""

import secrets
from typing import Any

from flask import Blueprint, flash
from flask_babel import gettext as _
from flask_babel import lazy_gettext as __
from flask_wtf import FlaskForm
from werkzeug.wrappers import Response
from wtforms import BooleanField, HiddenField, IntegerField, SelectField, StringField, TextAreaField
from wtforms.validators import Length, Optional
from wtforms.widgets import HiddenInput

from app.contracts import clauses, template_operations
from app.contracts.models import ContractKind
from app.contracts.template_operations import EDIT, TemplateText
from app.web.auth import actor, requires
from app.web.forms import sent
from app.web.labels import options
from app.web.render import render, see_other

blueprint = Blueprint("contract_templates", __name__)


class TemplateForm(FlaskForm):
    """A template; ``form_token`` makes sending twice harmless, ``version`` shows whether somebody else was quicker."""

    form_token = HiddenField(default=lambda: secrets.token_urlsafe(24))
    version = IntegerField(widget=HiddenInput(), validators=[Optional()])
    kind = SelectField(__("Kind"), choices=options("ContractKind"))
    name = StringField(__("Name"), validators=[Length(max=80)])
    text = TextAreaField(__("Text of the contract"), validators=[Length(max=20_000)])
    is_active = BooleanField(__("In use"), default=True)

    def said(self) -> TemplateText:
        """What was typed."""
        return TemplateText(
            kind=ContractKind(self.kind.data), name=self.name.data or "", text=self.text.data or "", is_active=self.is_active.data
        )


@blueprint.get("/contract-templates")
@requires(EDIT)
def index() -> Response:
    """All templates."""
    return render("contracts/templates.html", templates=template_operations.every())


@blueprint.route("/contract-templates/new", methods=["GET", "POST"])
@requires(EDIT)
def new() -> Response:
    """Add a template; it begins with what stands in while there is none."""
    form = TemplateForm(data={"text": clauses.USUAL[ContractKind.REPAIR]})
    done = sent(form, lambda: template_operations.create(by=actor(), said=form.said(), form_token=form.form_token.data))
    if done.is_done:
        flash(_("Saved."), "message")
        return see_other("/contract-templates")
    return render("contracts/template.html", status=done.status, form=form, problem=done.problem, template=None)


@blueprint.route("/contract-templates/<int:template_id>", methods=["GET", "POST"])
@requires(EDIT)
def edit(template_id: int) -> Response:
    """Change a template."""
    found = template_operations.by_id(template_id)
    filled: dict[str, Any] = {name: getattr(found, name) for name in ("version", "kind", "name", "text", "is_active")}
    form = TemplateForm(data=filled)
    done = sent(
        form, lambda: template_operations.edit(by=actor(), template=found, version=form.version.data or 0, said=form.said())
    )  # fmt: skip
    if done.is_done:
        flash(_("Saved."), "message")
        return see_other("/contract-templates")
    return render("contracts/template.html", status=done.status, form=form, problem=done.problem, template=found)
