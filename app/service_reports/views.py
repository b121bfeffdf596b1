"""The report on the technician's tablet: one screen for each step, saved while one types (2C-15, F-05, F-06)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from flask import Blueprint, flash, request, url_for
from werkzeug.wrappers import Response

from app.core import clock
from app.core.errors import N_, Conflict, DomainError, Invalid
from app.core.files import PICTURES
from app.parts import stock
from app.parts.models import StockBalance
from app.service_reports import forms, queries, sheets, steps, writing
from app.service_reports.models import ReportPart, ReportReading, ReportStatus, ServiceReport
from app.service_reports.steps import Step
from app.tickets.forms import new_token
from app.web import uploads
from app.web.auth import actor, requires
from app.web.errors import words
from app.web.filters import local
from app.web.htmx import htmx
from app.web.i18n import translated
from app.web.render import render, see_other
from app.work_orders import gate
from app.work_orders import queries as orders
from app.work_orders.models import WorkOrder

blueprint = Blueprint("report_writing", __name__)
STAY, MORE, SIGN = "stay", "more", "sign"

_HOURS, _MINUTES = N_("%(n)d h"), N_("%(n)d min")
STEP_WORDS = {
    Step.FINDING: N_("Finding"),
    Step.CAUSE: N_("Cause"),
    Step.ACTION: N_("Remedy"),
    Step.PARTS: N_("Parts"),
    Step.READINGS: N_("Values read"),
    Step.PHOTOS: N_("Photos"),
    Step.TIMES: N_("Hours"),
    Step.REMARK: N_("Opinion"),
}


@blueprint.app_template_filter("clock_time")
def clock_time(at: datetime) -> str:
    """14:05, local."""
    return local(at).strftime("%H:%M")


@blueprint.app_template_filter("duration")
def duration(minutes: int | None) -> str:
    """2 h 30 min; a dash for what nobody entered."""
    if minutes is None:
        return "–"
    hours, rest = divmod(minutes, 60)
    return " ".join(translated(unit, n=n) for unit, n in ((_HOURS, hours), (_MINUTES, rest)) if n or (unit is _MINUTES and not hours))


@blueprint.route("/my/jobs/<order_number>/report", methods=["GET", "POST"])
@requires(writing.WRITE)
def report(order_number: str) -> Response:
    """One step of the report; what is sent is saved, by htmx while one types, and leads on."""
    order, step = orders.own_by_number(actor(), order_number), step_in(request.args.get("step", ""))
    if request.method == "GET":
        return _page(order, step)
    handed = uploads.received(kinds=PICTURES) if step == Step.PHOTOS and not htmx.wants_fragment else None
    try:
        forms.save_step(actor(), order, step, request.form, handed)
    except (Conflict, Invalid) as error:
        return _saved_line(order, error) if htmx.wants_fragment else _page(order, step, error=error, handed=handed)
    return _saved_line(order) if htmx.wants_fragment else see_other(_way_on(order, step))


@blueprint.post("/my/jobs/<order_number>/report/photos/<int:photo_id>/removal")
@requires(writing.WRITE)
def remove_photo(order_number: str, photo_id: int) -> Response:
    """Take a photo out of the report."""
    order = orders.own_by_number(actor(), order_number)
    found = queries.of_order(order)
    photo = next((one for one in sheets.photos_of(found) if one.id == photo_id), None) if found else None
    try:
        if photo is not None:  # gone already: as wanted
            writing.remove_photo(by=actor(), order=order, photo=photo)
    except Conflict as error:
        flash(words(error), "error")
    return see_other(address(order, Step.PHOTOS))


def address(order: WorkOrder, step: Step) -> str:
    """Where a step of the report is written."""
    return url_for("report_writing.report", order_number=order.number, step=step)


def step_in(text: str) -> Step:
    """The step that an address names; the first one unless it is known."""
    return Step(text) if text in set(Step) else Step.FINDING


def _way_on(order: WorkOrder, step: Step) -> str:
    """Where the pressed button leads: a step, more lines, the signature, or what follows."""
    go = request.form.get("go", "")
    if go in (STAY, MORE) or request.form.get("drop"):
        return address(order, step) + ("&lines=1" if go == MORE else "")
    if go in set(Step):
        return address(order, Step(go))
    follows = None if go == SIGN else steps.after(step)
    return address(order, follows) if follows else url_for("report_signing.signature", order_number=order.number)


def _saved_line(order: WorkOrder, error: DomainError | None = None) -> Response:
    """The words that stand beside the step after it was saved by itself."""
    found = queries.of_order(order)
    problem = "" if error is None else translated(next(iter(getattr(error, "fields", {}).values()), "")) or words(error)
    # After a conflict the page has not seen what is there now.
    version = forms.page_in(request.form).version if isinstance(error, Conflict) or found is None else found.version
    shown: dict[str, Any] = {"report": found, "version": version, "problem": problem}
    return render("service_reports/_saved.html", status=200 if error is None else error.status, **shown)


def _page(order: WorkOrder, step: Step, *, error: DomainError | None = None, handed: uploads.Received | None = None) -> Response:
    found = queries.of_order(order)
    if found is not None and found.status != ReportStatus.DRAFT:
        return see_other(url_for("report_signing.signature", order_number=order.number))
    stored = forms.shown(step, order, found, forms.proposals(order, clock.now()))
    typed = stored if error is None else stored | _sent(request.form)
    status = 200 if error is None else error.status
    shown = _surroundings(order, found, step) | _content(order, found, step, typed) | _problem(error, found, stored, step)
    shown |= {"typed": typed, "handed": handed, "client_id": _client_id(handed), "in_van": _in_van() if step is Step.PARTS else []}
    return render("service_reports/step.html", status=status, **shown)


def _in_van() -> list[StockBalance]:
    """What the van of who writes the report holds."""
    van = stock.van_of(actor().user_id)
    return stock.held_in(van) if van is not None else []


def _sent(form: Mapping[str, str]) -> dict[str, str]:
    """What was typed; a box that was not ticked is not sent."""
    return {"is_solved": "", **form}


def _client_id(handed: uploads.Received | None) -> str:
    """A new one for a new page; one that comes back keeps its own, so that the same photos are not added twice."""
    return request.form.get("client_id", "") if handed is not None else new_token()


def _problem(error: DomainError | None, found: ServiceReport | None, stored: dict[str, Any], step: Step) -> dict[str, Any]:
    fields = {name: translated(message) for name, message in getattr(error, "fields", {}).items()}
    present = [(translated(forms.COLUMN_LABELS[name]), stored.get(name, "")) for name in steps.COLUMNS[step] if name in stored]
    is_stale = isinstance(error, Conflict) and found is not None
    return {"problem": "" if error is None else words(error), "errors": fields, "present": present if is_stale else []}


def _surroundings(order: WorkOrder, found: ServiceReport | None, step: Step) -> dict[str, Any]:
    """What every step shows: where one is, what is done, what is still missing."""
    photos = sheets.photos_of(found) if found else []
    parts, readings = (model.select().where(model.report == found).count() if found else 0 for model in (ReportPart, ReportReading))
    return {
        "order": order,
        "report": found,
        "step": step,
        "steps": [(one, translated(STEP_WORDS[one])) for one in Step],
        "follows": steps.after(step),
        "done": steps.done(order, found, parts=parts, readings=readings, photos=len(photos)),
        "photos": photos,
        "version": found.version if found else 0,
    }


def _content(order: WorkOrder, found: ServiceReport | None, step: Step, typed: dict[str, Any]) -> dict[str, Any]:
    """What only one step needs."""
    more = forms.EMPTY_LINES if request.args.get("lines") else 1
    if step == Step.PARTS:
        is_shut = gate.passage(order, clock.now()) is None
        return {"line_count": forms.line_count("part", typed, more=more), "is_gate_shut": is_shut}
    if step == Step.READINGS:
        return {"line_count": forms.line_count("reading", typed, more=more), "metrics": forms.metrics_of(order)}
    if step == Step.TIMES:
        return {"visits": forms.visits_asked(order)}
    return {"components": forms.components()} if step == Step.FINDING else {}
