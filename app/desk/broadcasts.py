"""Screens of notices to many customers: the list with progress, writing one, looking at who would get it, sending it."""

import json
import secrets
from typing import Any

from flask import Blueprint, flash, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as __
from flask_wtf import FlaskForm
from peewee import ModelSelect
from werkzeug.wrappers import Response
from wtforms import HiddenField, SelectField, TextAreaField
from wtforms.validators import InputRequired, Length

from app.core import paging
from app.core.errors import N_, Conflict, Invalid, NotFound
from app.core.outbox import OutboxMessage
from app.core.paging import Sort
from app.customers import broadcast_operations as operations
from app.customers import queries as customers
from app.customers.broadcast_operations import MAX_SUBJECT, MAX_TEXT, Audience, Notice
from app.customers.forms import text
from app.customers.models import BroadcastMessage
from app.machines import queries as machines
from app.web import exports
from app.web.auth import actor, requires
from app.web.errors import words
from app.web.forms import show_errors
from app.web.labels import options
from app.web.render import render, see_other

blueprint = Blueprint("broadcasts", __name__)

COLUMNS = ("sent_at", "subject", "recipients", "sent", "failed", "by")
SORTS = {
    "sent_at": Sort(BroadcastMessage.sent_at, lambda one: one.sent_at),
    "recipients": Sort(BroadcastMessage.recipients, lambda one: one.recipients),
}
# A broadcast's page shows so many of its e-mails, failed ones first.
SHOWN = 500


def _number(chosen: str | int | None) -> int | None:
    return int(str(chosen)) if str(chosen).isdecimal() else None


class BroadcastForm(FlaskForm):
    """A notice and whom it is for; ``seen`` is the seal of the list that was looked at."""

    form_token = HiddenField(default=lambda: secrets.token_urlsafe(24))
    seen = HiddenField()
    area = SelectField(__("Area"), coerce=_number, filters=[lambda chosen: chosen or None])
    kind = SelectField(__("Kind of customer"), choices=[("", __("All")), *options("CustomerKind")], filters=[lambda chosen: chosen or ""])
    model = SelectField(__("With a machine of model"), coerce=_number, filters=[lambda chosen: chosen or None])
    subject = text(__("Subject"), InputRequired(__("Please give a subject.")), Length(max=MAX_SUBJECT))
    text = TextAreaField(__("Text"), validators=[InputRequired(__("Please write the text.")), Length(max=MAX_TEXT)])

    def offer(self) -> None:
        """Say which areas and models can be chosen."""
        self.area.choices = [("", _("All")), *((area.id, area.name) for area in customers.areas())]
        self.model.choices = [("", _("All")), *((model.id, model.name) for model in machines.models())]

    def notice(self) -> Notice:
        """What was typed."""
        audience = Audience(area=self.area.data, kind=self.kind.data, model=self.model.data)
        return Notice(subject=self.subject.data, text=(self.text.data or "").replace("\r\n", "\n"), audience=audience)


def _listed() -> ModelSelect:
    query, q = BroadcastMessage.select(), request.args.get("q", "").strip()[:100]
    return query.where(BroadcastMessage.subject.contains(q) | BroadcastMessage.text.contains(q)) if q else query


def _sort() -> str:
    return request.args.get("sort") or "-sent_at"


@blueprint.get("/broadcasts")
@requires("broadcasts.send")
def index() -> Response:
    """The notices that were sent, with their progress."""
    page = paging.page_of_records(_listed(), SORTS, _sort(), after=request.args.get("after"), before=request.args.get("before"))
    shown: dict[str, Any] = {"page": page, "sort": _sort(), "q": request.args.get("q", "").strip()}
    shown["progress"] = operations.progress([one.id for one in page.rows])
    return render("broadcasts/index.html", fragment="broadcasts/_list.html", **shown)


@blueprint.get("/broadcasts.csv")
@requires("broadcasts.send")
def export_csv() -> Response:
    """The list with the same filters as CSV."""
    return exports.csv_response("broadcasts", COLUMNS, _rows())


@blueprint.get("/broadcasts.xlsx")
@requires("broadcasts.send")
def export_xlsx() -> Response:
    """The list with the same filters as a workbook."""
    headings = {"subject": N_("Subject"), "recipients": N_("Recipients"), "sent": N_("Sent"), "sent_at": N_("Sent at"), "by": N_("Sent by")}
    return exports.xlsx_response("broadcasts", N_("Broadcasts"), COLUMNS, _rows(), words=headings)


def _rows() -> list[list[Any]]:
    found = list(paging.whole(_listed(), SORTS, _sort()))
    done = operations.progress([one.id for one in found])
    return [[one.sent_at, one.subject, one.recipients, done[one.id].sent, done[one.id].failed, one.by_name] for one in found]


@blueprint.route("/broadcasts/new", methods=["GET", "POST"])
@requires("broadcasts.send")
def new() -> Response:
    """Write a notice; sent, the form is answered with the list of those who would get it."""
    form = BroadcastForm()
    form.offer()
    if not form.validate_on_submit() or request.form.get("step") == "change":
        return render("broadcasts/new.html", form=form, problem="", status=422 if form.is_submitted() and form.errors else 200)
    wrong = operations.problems(form.notice())
    if wrong:
        problem = show_errors(form, Invalid(N_("Something is missing or wrong. See the words beside the fields."), fields=wrong))
        return render("broadcasts/new.html", form=form, problem=problem, status=422)
    return _preview(form)


@blueprint.post("/broadcasts")
@requires("broadcasts.send")
def send() -> Response:
    """Send the notice that was looked at; the same form sent again leads to the same broadcast."""
    form = BroadcastForm()
    form.offer()
    if not form.validate():
        return render("broadcasts/new.html", form=form, problem="", status=422)
    try:
        sent = operations.send_broadcast(by=actor(), notice=form.notice(), seen=form.seen.data or "", form_token=form.form_token.data)
    except (Conflict, Invalid) as error:
        return _preview(form, problem=words(error), status=error.status)
    flash(_("The notice is on its way to %(n)s recipients.", n=sent.recipients), "message")
    return see_other(url_for("broadcasts.broadcast", broadcast_id=sent.id))


def _preview(form: BroadcastForm, *, problem: str = "", status: int = 200) -> Response:
    notice = form.notice()
    found = operations.recipients(actor(), notice.audience)
    form.seen.data = operations.seal(found)
    missed, way_out = operations.without_address(actor(), notice.audience), operations.WAY_OUT.value()
    shown: dict[str, Any] = {"recipients": found, "missed": missed, "notice": notice, "way_out": way_out}
    return render("broadcasts/preview.html", form=form, problem=problem, status=status, **shown)


@blueprint.get("/broadcasts/<int:broadcast_id>")
@requires("broadcasts.send")
def broadcast(broadcast_id: int) -> Response:
    """One notice: what it said, and what became of each e-mail."""
    found = BroadcastMessage.get_or_none(BroadcastMessage.id == broadcast_id)
    if found is None:
        raise NotFound(N_("There is no such broadcast."))
    mails = OutboxMessage.select().where(OutboxMessage.about == operations.about(found.id))
    order = (OutboxMessage.failed_at.is_null(), OutboxMessage.sent_at.is_null(False), OutboxMessage.id)
    shown: dict[str, Any] = {"broadcast": found, "progress": operations.progress([found.id])[found.id]}
    shown |= {"mails": list(mails.order_by(*order).limit(SHOWN)), "audience": _audience_words(json.loads(found.filters or "{}"))}
    return render("broadcasts/broadcast.html", fragment="broadcasts/_progress.html", **shown)


def _audience_words(audience: dict[str, Any]) -> dict[str, str]:
    areas = {area.id: area.name for area in customers.areas()}
    models = {model.id: model.name for model in machines.models()}
    area, model = areas.get(audience.get("area"), ""), models.get(audience.get("model"), "")
    return {"area": area, "model": model, "kind": audience.get("kind") or ""}
