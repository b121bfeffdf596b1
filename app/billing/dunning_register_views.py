"""The register of demands, the ladder and the service stops on screen."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, flash, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from app.billing import asking, dunning_records, ladder, letters, stops
from app.billing.dunning_forms import step_form
from app.billing.dunning_records import RecordFilter
from app.billing.models import DunningAct, DunningStep
from app.core import paging
from app.core.errors import N_, Conflict, Invalid, NotFound
from app.customers import queries as customers
from app.web import exports, uploads
from app.web.auth import actor, requires
from app.web.errors import words
from app.web.forms import sent
from app.web.render import render, see_other

blueprint = Blueprint("dunning_registers", __name__)
READ = "money.read"
RECORD_WORDS = {
    "at": N_("When"),
    "act": N_("Kind of demand"),
    "step": N_("Step of the ladder"),
    "by_name": N_("Demanded by"),
    "result": N_("What came of it"),
    "promised_on": N_("Promised to pay by"),
    "promised": N_("Promised amount (yuan)"),
    "next_on": N_("Next step on"),
    "has_letter": N_("Letter kept"),
}
STOP_WORDS = {
    "at": N_("Suspended"),
    "by_name": N_("Suspended by"),
    "reason": N_("Reason"),
    "lifted_at": N_("Lifted"),
    "lifted_by_name": N_("Lifted by"),
    "lifted_reason": N_("Why it was lifted"),
}


@blueprint.get("/dunning/records")
@requires(READ)
def records() -> Response:
    """Every demand, newest first."""
    wanted, sort = _records_wanted(), request.args.get("sort") or dunning_records.DEFAULT_SORT
    page = dunning_records.page(actor(), wanted, sort=sort, after=request.args.get("after"), before=request.args.get("before"))
    return render("dunning/records.html", fragment="dunning/_records.html", page=page, wanted=wanted, sort=sort)


@blueprint.get("/dunning/records.csv")
@requires(READ)
def records_csv() -> Response:
    """The register with the same filters as CSV."""
    return exports.csv_response("dunning-records", dunning_records.COLUMNS, _records_exported())


@blueprint.get("/dunning/records.xlsx")
@requires(READ)
def records_xlsx() -> Response:
    """The register with the same filters as a workbook."""
    labels = {"act": "DunningAct"}
    return exports.xlsx_response(
        "dunning-records", N_("Dunning records"), dunning_records.COLUMNS, _records_exported(), words=RECORD_WORDS, labels=labels
    )


def _records_exported() -> Any:
    return dunning_records.exported(actor(), _records_wanted(), request.args.get("sort") or dunning_records.DEFAULT_SORT)


def _records_wanted() -> RecordFilter:
    given = request.args
    return RecordFilter(
        q=asking.words(given),
        act=asking.one_of(given, "act", tuple(DunningAct)),
        from_on=asking.day(given, "from"),
        to_on=asking.day(given, "to"),
    )


@blueprint.get("/dunning/records/<int:record_id>/letter")
@requires(READ)
def letter(record_id: int) -> Response:
    """The letter that was kept with a demand."""
    found = dunning_records.by_id(actor(), record_id)
    if found.letter_id is None:
        raise NotFound(N_("No letter hangs on this demand."))
    return uploads.send(found.letter)


@blueprint.get("/dunning/ladder")
@requires(READ)
def steps() -> Response:
    """The ladder."""
    return render("dunning/ladder.html", steps=ladder.steps(), may_edit=actor().may(ladder.EDIT))


@blueprint.route("/dunning/ladder/new", methods=["GET", "POST"])
@requires(ladder.EDIT)
def new_step() -> Response:
    """Add a step."""
    return _step_page(None)


@blueprint.route("/dunning/ladder/<int:step_id>", methods=["GET", "POST"])
@requires(ladder.EDIT)
def step(step_id: int) -> Response:
    """Change a step."""
    return _step_page(ladder.by_id(step_id))


def _step_page(found: DunningStep | None) -> Response:
    form = step_form(found)
    done = sent(form, lambda: ladder.save(by=actor(), step=found, details=form.details()))
    if done.is_done:
        flash(_("The ladder is changed."), "message")
        return see_other(url_for("dunning_registers.steps"))
    shown: dict[str, Any] = {"step": found, "form": form, "placeholders": ladder.PLACEHOLDERS, "usual": _usual_text(found)}
    return render("dunning/step.html", problem=done.problem, status=done.status, **shown)


def _usual_text(found: DunningStep | None) -> str:
    return letters.TEXTS.get(DunningAct(found.act), "") if found else ""


@blueprint.post("/dunning/ladder/<int:step_id>/removal")
@requires(ladder.EDIT)
def remove_step(step_id: int) -> Response:
    """Take a step out."""
    return _done(
        lambda: ladder.remove(by=actor(), step=ladder.by_id(step_id)), _("The ladder is changed."), url_for("dunning_registers.steps")
    )


@blueprint.get("/service-stops")
@requires(READ)
def service_stops() -> Response:
    """For whom off-warranty service is suspended, and was."""
    state, q, sort = _stop_filter()
    after, before = request.args.get("after"), request.args.get("before")
    page = paging.page_of_records(stops.listed(actor(), state, q), stops.SORTS, sort, after=after, before=before)
    return render("dunning/stops.html", fragment="dunning/_stops.html", page=page, state=state, q=q, sort=sort)


@blueprint.get("/service-stops.csv")
@requires(READ)
def stops_csv() -> Response:
    """The same as CSV."""
    return exports.csv_response("service-stops", stops.COLUMNS, _stops_exported())


@blueprint.get("/service-stops.xlsx")
@requires(READ)
def stops_xlsx() -> Response:
    """The same as a workbook."""
    return exports.xlsx_response("service-stops", N_("Service stops"), stops.COLUMNS, _stops_exported(), words=STOP_WORDS)


def _stops_exported() -> Any:
    state, q, sort = _stop_filter()
    return stops.exported(actor(), state, q, sort)


def _stop_filter() -> tuple[str, str, str]:
    given = request.args
    return (
        asking.one_of(given, "state", (stops.OPEN, stops.LIFTED), stops.OPEN),
        asking.words(given),
        given.get("sort") or stops.DEFAULT_SORT,
    )


@blueprint.post("/customers/<int:customer_id>/service-stop")
@requires(stops.STOP)
def stop(customer_id: int) -> Response:
    """Suspend off-warranty service for a debtor."""
    found, reason = customers.by_id(actor(), customer_id), request.form.get("reason", "")
    return _stopped(customer_id, lambda: stops.stop(by=actor(), customer=found, reason=reason), _("Off-warranty service is suspended."))


@blueprint.post("/customers/<int:customer_id>/service-stop/lifting")
@requires(stops.STOP)
def lift(customer_id: int) -> Response:
    """Serve the customer again."""
    found, reason = customers.by_id(actor(), customer_id), request.form.get("reason", "")
    return _stopped(customer_id, lambda: stops.lift(by=actor(), customer=found, reason=reason), _("The customer is served again."))


def _stopped(customer_id: int, act: Callable[[], object], said: str) -> Response:
    return _done(act, said, url_for("dunning.customer", customer_id=customer_id))


def _done(act: Callable[[], object], said: str, address: str) -> Response:
    try:
        act()
    except (Conflict, Invalid) as error:
        flash(words(error), "error")
    else:
        flash(said, "message")
    return see_other(address)
