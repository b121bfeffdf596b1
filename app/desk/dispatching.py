"""The dispatch page (queue and board), and giving a ticket or a queued order to somebody."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any

from flask import Blueprint, flash, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from app.accounts import authorities
from app.accounts.models import Area
from app.core import clock
from app.core.errors import N_, Invalid, NotFound
from app.desk import dispatch_forms, dispatch_page
from app.desk.dispatch_forms import DispatchForm
from app.desk.dispatch_page import Subject
from app.tickets import queries as tickets
from app.tickets.models import Ticket
from app.web.auth import actor, requires
from app.web.forms import Sent, sent
from app.web.i18n import language, translated
from app.web.render import live_tag, render, see_other, tagged, unchanged
from app.work_orders import board, dispatching, gate, planning, proposals, queries, suggestions, unaccepted, visits, waiting, wording
from app.work_orders.board import LENGTHS
from app.work_orders.creating import Job
from app.work_orders.models import QUEUED_STATUSES, Proposal, WorkOrder
from app.work_orders.suggestions import Reason
from app.work_orders.visits import USUAL_LENGTH

blueprint = Blueprint("dispatching", __name__)

LOOK = "look"  # the button that asks again who is free, and sends nothing


@blueprint.app_template_filter()
def reason_words(reason: Reason) -> str:
    """A reason for or against somebody, in words."""
    params = {
        name: value.astimezone(clock.zone()).strftime("%Y-%m-%d") if isinstance(value, datetime) else value
        for name, value in reason.params.items()
    }
    return translated(reason.message, **params)


@blueprint.app_template_filter()
def step_reason(text: str) -> str:
    """The reason of a step of an order: what somebody typed, or words of the program in the reader's language."""
    return translated(text) if text == unaccepted.NOBODY_ACCEPTED else text


@blueprint.get("/dispatch")
@requires("orders.read")
def index() -> Response:
    """What waits, and who does what when; keeps itself up to date."""
    tag = live_tag("orders", "tickets", "roster", "customers", "machines")
    if (same := unchanged(tag)) is not None:
        return same
    return tagged(render("dispatch/index.html", fragment="dispatch/_dispatch.html", tag=tag, **_shown(clock.now())), tag)


def _shown(now: datetime) -> dict[str, Any]:
    me, area, about = actor(), _area(), _chosen()
    first, length = _days(now)
    starts = dispatch_forms.first_start(_job(about), now) if about else now
    candidates = suggestions.ranked(suggestions.need_of(about, starts, starts + USUAL_LENGTH)) if about else []
    by_person = {one.user_id: one for one in candidates}
    return {
        # Called only where what they give is not kept from another reader of the same version.
        "read_queue": partial(waiting.queue, me, now, area_id=area),
        "read_board": lambda: _sorted_by(by_person, board.board(me, first, length, now, area_id=area)),
        "scope": None if me.area_ids is None else (me.area_ids, me.user_id),
        "chosen": about,
        "chosen_at": f"{dispatch_forms.local(starts):%m-%d %H:%M}",
        "fits": by_person,
        "proposals": proposals.undecided(me) if me.may(proposals.DECIDE) or me.may(proposals.PROPOSE) else [],
        "first": first,
        "length": length,
        "today": clock.day_of(now),
        "lengths": LENGTHS,
        "one_day": timedelta(days=1),
        "areas": _areas(),
        "area": area,
        "may_read_overrides": authorities.may_act(me, gate.READ, now),
    }


def _areas() -> list[tuple[int, str]]:
    query = Area.select(Area.id, Area.name).order_by(Area.name)
    visible = actor().area_ids
    return list((query if visible is None else query.where(Area.id.in_(sorted(visible)))).tuples())


def _area() -> int | None:
    text = request.args.get("area", "")
    if text and not (text.isdecimal() and len(text) < 10):
        raise Invalid(N_("The list cannot be filtered that way."))
    return int(text) if text else None


def _days(now: datetime) -> tuple[date, int]:
    text, length = request.args.get("from", ""), request.args.get("days", str(LENGTHS[0]))
    if length not in map(str, LENGTHS):
        raise Invalid(N_("The list cannot be filtered that way."))
    try:
        return (date.fromisoformat(text) if text else clock.day_of(now)), int(length)
    except ValueError:
        raise Invalid(N_("That is not a day; write it like 2026-11-23.")) from None


def _chosen() -> Ticket | WorkOrder | None:
    """What of the queue was chosen; None when it is not there any more."""
    order, ticket = request.args.get("order", ""), request.args.get("ticket", "")
    try:
        if order:
            found = queries.by_number(actor(), order)
            return found if found.status in QUEUED_STATUSES else None
        return tickets.by_number(actor(), ticket) if ticket else None
    except NotFound:
        return None


def _job(about: Ticket | WorkOrder) -> Job:
    return planning.job_of(about) if isinstance(about, WorkOrder) else dispatching.of_ticket(about)


def _sorted_by(fits: dict[int, suggestions.Candidate], found: board.Board) -> board.Board:
    """The board with the best people on top when something was chosen."""
    ranks = {user_id: rank for rank, user_id in enumerate(fits)}
    return board.Board(found.days, sorted(found.lines, key=lambda line: ranks.get(line.user_id, len(ranks)))) if ranks else found


@blueprint.route("/dispatch/tickets/<number>", methods=["GET", "POST"])
@requires(dispatching.CREATE)
def ticket(number: str) -> Response:
    """Dispatch a ticket; one that has an order in the queue is dispatched by that."""
    found = tickets.by_number(actor(), number)
    queued = WorkOrder.get_or_none(WorkOrder.ticket == found, WorkOrder.status.in_(QUEUED_STATUSES))
    if queued is not None and request.method == "GET":
        return see_other(f"/work-orders/{queued.number}/dispatch")
    return _answer(found, _send_ticket)


@blueprint.route("/work-orders/<order_number>/dispatch", methods=["GET", "POST"])
@requires(dispatching.CREATE)
def order(order_number: str) -> Response:
    """Dispatch an order of the queue."""
    return _answer(queries.by_number(actor(), order_number), _send_order)


def _answer(about: Ticket | WorkOrder, send: Callable[[Subject, DispatchForm], WorkOrder]) -> Response:
    found = dispatch_page.subject(about, clock.now(), component=request.form.get("component"))
    form, made = dispatch_page.form_of(found), list[WorkOrder]()
    is_look = LOOK in request.form
    done = Sent(False) if is_look else sent(form, lambda: made.append(send(found, form)))
    if done.is_done:
        flash(_("%(number)s is dispatched to %(lead)s.", number=made[0].number, lead=made[0].lead.name), "message")
        return see_other(f"/work-orders/{made[0].number}/dispatched")
    if done.status == 409:  # what was typed may be sent again for what stands there now
        form.version.data = type(about).get_by_id(about.id).version
    form.proposal.data = form.proposal.data or request.args.get("proposal", "")
    shown = dispatch_page.shown(actor(), found, form)
    return render("dispatch/form.html", status=done.status, problem=done.problem, **shown)


def _send_ticket(found: Subject, form: DispatchForm) -> WorkOrder:
    job = form.job(found.job, found.earlier)
    assert job.ticket is not None
    job.ticket.version = int(form.version.data or 0)
    return planning.dispatch_ticket(
        by=actor(), job=job, order=_order(form), stops=_stops(found, form), form_token=form.form_token.data, at=found.now
    )


def _send_order(found: Subject, form: DispatchForm) -> WorkOrder:
    assert found.order is not None
    return planning.dispatch_order(
        by=actor(), queued=found.order, version=int(form.version.data or 0), job=form.job(found.job, found.earlier), order=_order(form),
        stops=_stops(found, form), form_token=form.form_token.data, at=found.now,
    )  # fmt: skip


def _order(form: DispatchForm) -> planning.Order:
    note = form.not_rework_reason.data.strip()
    return form.order(_proposal(form.proposal.data), override_reason=form.override_reason.data, note=note)


def _proposal(text: str | None) -> Proposal | None:
    return proposals.by_id(actor(), int(text)) if text and text.isdecimal() and len(text) < 10 else None


def _stops(found: Subject, form: DispatchForm) -> list[planning.Stop]:
    return dispatch_page.stops_of(actor(), found, dispatch_forms.chosen(form.stops.data))


@blueprint.get("/dispatch/suggestion")
@requires(dispatching.CREATE)
def suggestion() -> Response:
    """Whom to send at the time that stands in the form; ``order`` or ``ticket`` says for what."""
    about = _chosen()
    if about is None:
        raise Invalid(N_("Say which ticket or order somebody is to be sent for."))
    found = dispatch_page.subject(about, clock.now())
    form = dispatch_page.form_of(found)
    form.lead.data = request.args.get("lead", "")
    for name in ("planned_from", "planned_until"):
        if (at := dispatch_forms.instant_of(request.args.get(name, ""))) is not None:
            form[name].data = dispatch_forms.local(at)
    form.assistants.data = request.args.getlist("assistants")
    return render("dispatch/suggestion.html", fragment="dispatch/_suggestion.html", **dispatch_page.suggestion(found, form))


@blueprint.get("/work-orders/<order_number>/dispatched")
@requires(dispatching.CREATE)
def dispatched(order_number: str) -> Response:
    """What was sent out in one go, with the text for the technician's chat."""
    found = queries.by_number(actor(), order_number)
    together = [one for one in planning.on_the_same_trip(found) if one.id != found.id]
    sheets = [(one, visits.present(one), wording.dispatch_text(one, visits.present(one), language())) for one in (found, *together)]
    return render("dispatch/dispatched.html", order=found, sheets=sheets, passage=gate.visit_passage(found, clock.now()))
