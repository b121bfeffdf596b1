"""The technician's jobs on a phone or tablet: what is mine now and next, one job, and each step as a button (2C-01).

Works without JavaScript and in WeChat's browser. A button pressed twice is a step taken once.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from flask import Blueprint, flash, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from app.core import clock
from app.core.errors import N_, Conflict, Invalid, NotAllowed
from app.desk import job_list, job_page
from app.web.auth import actor, requires
from app.web.errors import words
from app.web.i18n import translated
from app.web.render import live_tag, render, see_other, tagged, unchanged
from app.work_orders import guidance, progress, visits
from app.work_orders.models import OrderStatus, WorkOrder
from app.work_orders.queries import own_by_number

blueprint = Blueprint("jobs", __name__)
NO_TIME = N_("That is not a time; write it like 2026-11-23T14:05.")


@blueprint.app_template_filter("input_time")
def input_time(at: datetime | None) -> str:
    """``at`` as a field for day and time has it."""
    return f"{at.astimezone(clock.zone()):%Y-%m-%dT%H:%M}" if at else ""


@blueprint.get("/my/jobs")
@requires(progress.WORK)
def index() -> Response:
    """What is mine now and next; keeps itself up to date."""
    tag = live_tag("orders", "tickets", "service_reports", "roster")
    if (same := unchanged(tag)) is not None:
        return same
    shown = job_list.shown(actor(), clock.now())
    return tagged(render("jobs/index.html", fragment="jobs/_list.html", tag=tag, **shown), tag)


@blueprint.get("/my/jobs/<order_number>")
@requires(progress.WORK)
def job(order_number: str) -> Response:
    """One job."""
    return _page(own_by_number(actor(), order_number))


@blueprint.post("/my/jobs/<order_number>/acceptance")
@requires(progress.WORK)
def accept(order_number: str) -> Response:
    """Accept it (接单)."""
    return _step(order_number, progress.accept, OrderStatus.ACCEPTED, _("You have the job."))


@blueprint.post("/my/jobs/<order_number>/refusal")
@requires(progress.WORK)
def refuse(order_number: str) -> Response:
    """Return it with the reason (退单); it is no longer mine then."""
    reason = request.form.get("reason", "")
    said = _("The job went back to the queue, and its dispatcher is told.")
    return _step(order_number, progress.decline, OrderStatus.DECLINED, said, back="/my/jobs", reason=reason)


@blueprint.post("/my/jobs/<order_number>/departure")
@requires(progress.WORK)
def depart(order_number: str) -> Response:
    """On the way (出发)."""
    return _step(order_number, progress.set_off, OrderStatus.TRAVELLING, _("Drive safely."))


@blueprint.post("/my/jobs/<order_number>/arrival")
@requires(progress.WORK)
def arrive(order_number: str) -> Response:
    """There (到场), with who watches and the gas reading in a pit."""
    given = request.form
    safety = {"watcher": given.get("watcher", ""), "gas_reading": given.get("gas_reading", "")}
    confirmed = "is_stop_confirmed" in given
    return _step(
        order_number, progress.arrive, OrderStatus.ON_SITE, _("Your arrival is noted."), **safety, is_stop_confirmed=confirmed
    )  # fmt: skip


@blueprint.post("/my/jobs/<order_number>/parts-wait")
@requires(progress.WORK)
def wait_for_parts(order_number: str) -> Response:
    """Nothing more can be done before parts come (待配件)."""
    reason = request.form.get("parts", "")
    said = _("The desk knows which parts you wait for.")
    return _step(order_number, progress.wait_for_parts, OrderStatus.WAITING_PARTS, said, reason=reason)


@blueprint.post("/my/jobs/<order_number>/next-visit")
@requires(progress.WORK)
def come_again(order_number: str) -> Response:
    """This visit is over, the next one is planned."""
    why = request.form.get("why", "")

    def act(*, planned_from: str, **order: Any) -> None:
        progress.come_again(planned_from=_required_time("planned_from", planned_from), reason=why, **order)

    planned_from = request.form.get("planned_from", "")
    return _step(order_number, act, OrderStatus.ACCEPTED, _("The next visit is planned."), planned_from=planned_from)


@blueprint.post("/my/jobs/<order_number>/finish")
@requires(progress.WORK)
def finish(order_number: str) -> Response:
    """Done (完工)."""
    return _step(order_number, progress.finish, OrderStatus.FINISHED, _("Finished. Thank you."))


@blueprint.post("/my/jobs/<order_number>/finish-undo")
@requires(progress.WORK)
def take_back_finish(order_number: str) -> Response:
    """Finished by mistake."""
    return _step(order_number, progress.take_back_finish, OrderStatus.ON_SITE, _("You are on site again."))


@blueprint.post("/my/jobs/<order_number>/times")
@requires(progress.WORK)
def enter_times(order_number: str) -> Response:
    """Enter or correct the times of the last visit."""

    def act(*, order: WorkOrder, **by: Any) -> None:
        visit = visits.last(order)
        if visit is None:
            raise Conflict(N_("Nobody has gone there yet."))
        progress.enter_times(order=order, visit=visit, times=_times(), by=by["by"])

    return _step(order_number, act, None, _("The times are noted."))


@blueprint.post("/my/jobs/<order_number>/repair")
@requires(progress.WORK)
def begin_repair(order_number: str) -> Response:
    """The diagnosis becomes the repair, once the gate is open."""

    def act(*, by: Any, order: WorkOrder, version: int) -> None:
        progress.begin_repair(by=by, order=order)

    return _step(order_number, act, None, _("The repair may begin."))


@blueprint.post("/my/jobs/<order_number>/help")
@requires(progress.WORK)
def ask_for_help(order_number: str) -> Response:
    """Ask the deputy (求助)."""
    given = request.form

    def act(*, by: Any, order: WorkOrder, version: int) -> None:
        token, is_urgent = given.get("form_token") or None, "is_urgent" in given
        guidance.ask(by=by, order=order, question=given.get("question", ""), is_urgent=is_urgent, form_token=token)

    return _step(order_number, act, None, _("The deputy on duty is told."), anchor="#guidance")


def _step(
    number: str, act: Callable[..., None], to: OrderStatus | None, said: str, *, back: str = "", anchor: str = "", **given: Any
) -> Response:
    """Take the step; what refuses it brings the page back with words and all that was typed."""
    order, version = own_by_number(actor(), number), request.form.get("version", 0, int)
    if to is None or not (order.status == to and order.version == version + 1):  # else the same button, pressed twice
        try:
            act(by=actor(), order=order, version=version, **given)
        except (Conflict, Invalid, NotAllowed) as error:
            fields = {name: translated(message) for name, message in getattr(error, "fields", {}).items()}
            return _page(own_by_number(actor(), number), status=error.status, problem=words(error), wrong=fields)
        flash(said, "message")
    return see_other(back or f"/my/jobs/{number}{anchor}")


def _page(order: WorkOrder, *, status: int = 200, problem: str = "", wrong: dict[str, str] | None = None) -> Response:
    shown = job_page.shown(actor(), order, clock.now())
    return render("jobs/job.html", status=status, problem=problem, wrong=wrong or {}, typed=request.form, **shown)


def _times() -> progress.Times:
    names = ("departed_at", "arrived_at", "left_at")
    return progress.Times(**{name: _time(name, typed) if (typed := request.form.get(name, "").strip()) else None for name in names})


def _required_time(name: str, typed: str) -> datetime:
    if not typed.strip():
        raise Invalid(N_("Something is missing. See the words beside the fields."), fields={name: N_("Say when you come again.")})
    return _time(name, typed)


def _time(name: str, typed: str) -> datetime:
    try:
        return datetime.strptime(typed.strip()[:16], "%Y-%m-%dT%H:%M").replace(tzinfo=clock.zone())
    except ValueError:
        raise Invalid(N_("Something is missing. See the words beside the fields."), fields={name: NO_TIME}) from None
