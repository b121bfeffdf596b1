"""The list of technicians, and the form of one's grade and trainings."""

from datetime import date
from typing import Any

from flask import Blueprint, flash, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from app.accounts import queries as accounts
from app.core import clock
from app.core.errors import N_, Conflict, Invalid
from app.machines.models import MachineModel
from app.machines.queries import models as all_models
from app.web import exports
from app.web.auth import actor, requires
from app.web.errors import words
from app.web.i18n import translated
from app.web.render import render, see_other
from app.work_orders import technicians
from app.work_orders.technicians import Skills, TechnicianFilter

blueprint = Blueprint("technicians", __name__)
COLUMNS = ("name", "grade", "models", "station", "areas", "state", "on_duty", "out")


@blueprint.get("/technicians")
@requires(technicians.READ)
def index() -> Response:
    """Who can be sent: grade, trainings, station, areas, where they are, jobs on hand."""
    wanted = _wanted()
    areas = accounts.area_choices() if actor().area_ids is None else []
    shown: dict[str, Any] = {"lines": technicians.listed(actor(), wanted, clock.now()), "wanted": wanted, "areas": areas}
    shown["models"] = [(one.id, one.name) for one in all_models()]
    return render("technicians/index.html", fragment="technicians/_list.html", **shown)


@blueprint.get("/technicians.csv")
@requires(technicians.READ)
def export_csv() -> Response:
    """The list with the same filters as CSV."""
    return exports.csv_response("technicians", COLUMNS, _rows())


@blueprint.get("/technicians.xlsx")
@requires(technicians.READ)
def export_xlsx() -> Response:
    """The list with the same filters as a workbook."""
    return exports.xlsx_response("technicians", N_("Technicians"), COLUMNS, _rows(), words=_WORDS, labels={"state": "PresenceState"})


_WORDS = {
    "name": N_("Technician"),
    "grade": N_("Grade"),
    "models": N_("Trained on"),
    "on_duty": N_("On shift"),
    "out": N_("Jobs on hand"),
}


def _rows() -> list[list[Any]]:
    return [
        [one.user.name, one.grade, one.models, one.station, one.areas, one.state, one.is_on_duty, one.out]
        for one in technicians.listed(actor(), _wanted(), clock.now())
    ]


def _wanted() -> TechnicianFilter:
    return TechnicianFilter(q=request.args.get("q", "").strip()[:60], area=_number("area"), model=_number("model"))


def _number(name: str) -> int | None:
    text = request.args.get(name, "")
    if text and not (text.isdecimal() and len(text) < 10):
        raise Invalid(N_("The list cannot be filtered that way."))
    return int(text) if text else None


@blueprint.route("/technicians/<int:user_id>", methods=["GET", "POST"])
@requires(technicians.EDIT)
def technician(user_id: int) -> Response:
    """Grade and trainings of one."""
    found = technicians.by_id(user_id)
    present = technicians.skills_of(found)
    chosen, seen, problem, wrong, status = present, present.seen, "", {}, 200
    if request.method == "POST":
        try:
            chosen = _typed()
            technicians.set_skills(by=actor(), user=found, skills=chosen, seen=request.form.get("seen", ""))
            flash(_("%(name)s is saved.", name=found.name), "message")
            return see_other("/technicians")
        except (Conflict, Invalid) as error:
            problem, status = words(error), error.status
            wrong = {name: translated(message) for name, message in getattr(error, "fields", {}).items()}
    shown: dict[str, Any] = {"user": found, "chosen": chosen, "seen": seen, "problem": problem, "wrong": wrong, "models": all_models()}
    return render("technicians/technician.html", status=status, grades=technicians.GRADES, **shown)


def _typed() -> Skills:
    grade, known = request.form.get("grade", ""), {str(one.id): one for one in all_models()}
    ticked = [known[text] for text in request.form.getlist("model") if text in known]
    return Skills(int(grade) if grade.isdecimal() and len(grade) < 3 else None, {one.id: _since(one) for one in ticked})


def _since(model: MachineModel) -> date | None:
    text = request.form.get(f"since-{model.id}", "")
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise Invalid(N_("That is not a day; write it like 2026-11-23.")) from None
