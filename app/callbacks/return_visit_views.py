"""Return visits on screen: the plan of a quarter by area, the draw and its proof, the record of a visit, swapping."""

import secrets
from collections.abc import Callable
from typing import Any

from flask import Blueprint, flash, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from app.accounts import queries as accounts
from app.callbacks import return_visit_forms, return_visits, sampler, visit_plans, visit_pools
from app.callbacks.models import ReturnVisit, ReturnVisitState, VisitDraw
from app.callbacks.return_visit_forms import DrawForm, ReasonForm, RecordForm
from app.callbacks.visit_plans import VisitFilter
from app.core import clock, known_settings
from app.core.errors import N_, Conflict, Invalid
from app.web import exports
from app.web.auth import actor, requires
from app.web.forms import Sent, differences, sent
from app.web.i18n import translated
from app.web.render import render, see_other

blueprint = Blueprint("return_visits", __name__)

ALL, LEFT_OVER = "all", "left_over"
LOTS_SHOWN = 50
PROOF_COLUMNS = ("customer_id", "customer", "lot", "drawn")
_WORDS = {
    "quarter": N_("Quarter"),
    "contact": N_("Contact"),
    "last_job": N_("Last job"),
    "finished_at": N_("Finished at"),
    "visited_on": N_("Visited on"),
    "by_name": N_("Visited by"),
    "score": N_("Score"),
    "result": N_("What the customer said"),
    "reason": N_("Reason"),
}


@blueprint.app_template_filter()
def quarter_words(number: int) -> str:
    """2026年第4季度, or 4th quarter of 2026."""
    year, quarter = sampler.quarter_of(number)
    return _("Quarter %(quarter)d of %(year)d", quarter=quarter, year=year)


@blueprint.app_template_filter()
def quarter_code(number: int) -> str:
    """2026-Q4."""
    return visit_pools.quarter_code(number)


@blueprint.app_template_filter()
def draw_quarter(drawn: VisitDraw) -> int:
    """The number of the quarter of a draw."""
    return visit_pools.number_of(drawn)


@blueprint.app_template_filter()
def visit_reason(visit: ReturnVisit) -> str:
    """Why a visit was swapped or released, in the reader's language where the program said it."""
    return translated(visit.reason) if visit.reason == return_visits.NO_MACHINE else visit.reason


@blueprint.get("/return-visits")
@requires("return_visits.list")
def index() -> Response:
    """The plan of a quarter: how far each area is, and the visits."""
    return _index()


def _index(form: DrawForm | None = None, problem: str = "", status: int = 200) -> Response:
    wanted, sort, now = _wanted(), _sort(), clock.now()
    present = visit_pools.number_at(now)
    number = present if wanted.number is None else wanted.number
    page = visit_plans.page(actor(), wanted, sort=sort, after=request.args.get("after"), before=request.args.get("before"))
    shown: dict[str, Any] = {"page": page, "wanted": wanted, "sort": sort, "number": number, "present": present, "problem": problem}
    shown |= {
        "quarters": visit_plans.quarters(now),
        "areas": [(one.id, one.name) for one in visit_plans.visible_areas(actor())],
        "form": form or DrawForm(formdata=None),
    }
    shown |= {"plans": visit_plans.area_plans(actor(), number, now), "left_over": visit_plans.left_over(actor(), number)}
    shown["token"] = secrets.token_urlsafe(24)
    shown["without_area"] = visit_pools.without_area() if actor().area_ids is None else ([], 0)
    return render("return_visits/index.html", fragment="return_visits/_list.html", status=status, **shown)


@blueprint.get("/return-visits.csv")
@requires("return_visits.list")
def export_csv() -> Response:
    """The list with the same filters as CSV."""
    return exports.csv_response("return-visits", visit_plans.COLUMNS, visit_plans.exported(actor(), _wanted(), _sort()))


@blueprint.get("/return-visits.xlsx")
@requires("return_visits.list")
def export_xlsx() -> Response:
    """The list with the same filters as a workbook."""
    rows = visit_plans.exported(actor(), _wanted(), _sort())
    labels = {"state": "ReturnVisitState"}
    return exports.xlsx_response("return-visits", N_("Return visits"), visit_plans.COLUMNS, rows, words=_WORDS, labels=labels)


@blueprint.get("/return-visits/print")
@requires("return_visits.list")
def printed_plan() -> Response:
    """The plan with the same filters on paper (回访计划)."""
    wanted = _wanted()
    shown: dict[str, Any] = {"lines": visit_plans.whole(actor(), wanted, _sort()), "number": wanted.number, "wanted": wanted}
    shown["area"] = visit_plans.visible_area(actor(), wanted.area) if wanted.area else None
    return render("return_visits/plan_print.html", company=known_settings.value("company_name"), **shown)


def _wanted() -> VisitFilter:
    area, state = request.args.get("area", ""), request.args.get("state", "")
    if state not in ("", LEFT_OVER, *ReturnVisitState) or not (area == "" or (area.isdecimal() and len(area) < 10)):
        raise Invalid(N_("The list cannot be filtered that way."))
    text = request.args.get("quarter", "")
    number = None if text == ALL else visit_pools.number_from(text) if text else visit_pools.number_at(clock.now())
    q = request.args.get("q", "").strip()[:100]
    if state == LEFT_OVER and number is None:
        state = ReturnVisitState.PLANNED
    return VisitFilter(number, int(area) if area else None, "" if state == LEFT_OVER else state, q, state == LEFT_OVER)


def _sort() -> str:
    return request.args.get("sort") or visit_plans.DEFAULT_SORT


@blueprint.post("/return-visits/draws")
@requires(return_visits.DRAW)
def draw() -> Response:
    """Draw the present quarter in an area; the same form sent again leads to the same draw."""
    form, now = DrawForm(), clock.now()
    area = next((one for one in visit_plans.visible_areas(actor()) if one.id == form.area.data), None)

    def act() -> None:
        if area is None:
            raise Invalid(N_("Please choose the area."))
        number, seed, token = visit_pools.number_at(now), form.seed.data or "", form.form_token.data
        return_visits.draw_quarter(by=actor(), area=area, number=number, seed=seed, form_token=token, at=now)

    done = sent(form, act)
    if area is not None and done.is_done:
        flash(_("The return visits of %(area)s are drawn.", area=area.name), "message")
        return see_other(f"/return-visits?area={area.id}")
    return _index(form, done.problem, done.status)


@blueprint.get("/return-visits/draws/<int:draw_id>")
@requires("return_visits.list")
def proof(draw_id: int) -> Response:
    """A draw repeated from its seed and pool."""
    found = visit_plans.draw_by_id(actor(), draw_id)
    repeated = visit_pools.repeated(found)
    first = repeated.lots[0] if repeated.lots else None
    shown: dict[str, Any] = {"draw": found, "proof": repeated, "lots": repeated.lots[:LOTS_SHOWN], "first": first}
    return render("return_visits/draw.html", number=visit_pools.number_of(found), **shown)


@blueprint.get("/return-visits/draws/<int:draw_id>.csv")
@requires("return_visits.list")
def proof_csv(draw_id: int) -> Response:
    """All lots of a draw, to check it with other means."""
    found = visit_plans.draw_by_id(actor(), draw_id)
    rows = ([one.customer_id, one.name, one.lot, one.is_drawn] for one in visit_pools.repeated(found).lots)
    return exports.csv_response(f"draw-{draw_id}", PROOF_COLUMNS, rows)


@blueprint.get("/return-visits/<int:return_visit_id>")
@requires("return_visits.list")
def visit(return_visit_id: int) -> Response:
    """One return visit."""
    return _visit(visit_plans.by_id(actor(), return_visit_id))


@blueprint.get("/return-visits/<int:return_visit_id>/print")
@requires("return_visits.list")
def printed(return_visit_id: int) -> Response:
    """The record on paper (回访记录); empty lines to write on when the visit is still to be made."""
    found = visit_plans.by_id(actor(), return_visit_id)
    (line,) = visit_plans.lines(actor(), [found])
    number = visit_pools.number_of(found.draw)
    return render("return_visits/visit_print.html", line=line, visit=found, number=number, company=known_settings.value("company_name"))


@blueprint.post("/return-visits/<int:return_visit_id>/record")
@requires(return_visits.RECORD)
def record(return_visit_id: int) -> Response:
    """Write down what the visit brought, or correct that."""
    found = visit_plans.by_id(actor(), return_visit_id)
    form = return_visit_forms.record_form(found, accounts.active_people(), actor().user_id)
    done = sent(form, lambda: return_visits.record(by=actor(), visit=found, found=form.found(), version=form.version.data or 0))
    if done.is_done:
        flash(_("The visit is recorded."), "message")
        return see_other(f"/return-visits/{found.id}")
    return _visit(visit_plans.by_id(actor(), return_visit_id), done, record_form=form)


@blueprint.post("/return-visits/<int:return_visit_id>/swap")
@requires(return_visits.RECORD)
def swap(return_visit_id: int) -> Response:
    """Let the next customer of the draw take the place."""
    made: list[ReturnVisit] = []
    found, form = visit_plans.by_id(actor(), return_visit_id), ReasonForm()

    def act() -> None:
        made.append(return_visits.swap(by=actor(), visit=found, reason=form.reason.data or "", version=form.version.data or 0))

    done = _given_up(found, form, act)
    if done is not None:
        return done
    flash(_("%(name)s takes the place.", name=made[0].customer.name), "message")
    return see_other(f"/return-visits/{made[0].id}")


@blueprint.post("/return-visits/<int:return_visit_id>/release")
@requires(return_visits.RECORD)
def release(return_visit_id: int) -> Response:
    """Give up the visit of a customer who is none any more."""
    found, form = visit_plans.by_id(actor(), return_visit_id), ReasonForm()
    reason, version = form.reason.data or "", form.version.data or 0
    done = _given_up(found, form, lambda: return_visits.release(by=actor(), visit=found, reason=reason, version=version))
    if done is not None:
        return done
    flash(_("The visit is released."), "message")
    return see_other(f"/return-visits/{found.id}")


def _given_up(found: ReturnVisit, form: ReasonForm, act: Callable[[], object]) -> Response | None:
    """None when it was done, else the page with the words of the refusal."""
    done = sent(form, act)
    return None if done.is_done else _visit(visit_plans.by_id(actor(), found.id), done, reason_form=form)


def _visit(
    found: ReturnVisit, done: Sent | None = None, *, record_form: RecordForm | None = None, reason_form: ReasonForm | None = None
) -> Response:
    (line,) = visit_plans.lines(actor(), [found])
    stored = return_visit_forms.record_form(found, accounts.active_people(), actor().user_id, is_fresh=True)
    is_stale = record_form is not None and done is not None and done.status == Conflict.status
    shown: dict[str, Any] = {"line": line, "visit": found, "number": visit_pools.number_of(found.draw)}
    shown["present"] = differences(record_form, stored) if is_stale and record_form else []
    shown |= {
        "form": record_form or stored,
        "reason_form": reason_form or ReasonForm(formdata=None),
        "problem": done.problem if done else "",
    }
    shown["may_record"] = actor().may(return_visits.RECORD) and found.state in visit_pools.TAKEN
    if found.state == ReturnVisitState.PLANNED:
        shown |= {"is_active": visit_pools.is_active(found), "refusal": return_visits.why_not_swapped(found)}
        shown["successor"] = None if shown["refusal"] else visit_pools.successor(found)
    return render("return_visits/visit.html", status=done.status if done else 200, **shown)
