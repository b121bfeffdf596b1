"""What the desk does with an order after it was dispatched: reassign, ratify, accept for somebody, call off, plan again, proposals."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, flash, request
from flask_babel import gettext as _
from flask_wtf import FlaskForm
from werkzeug.wrappers import Response

from app.accounts import authorities
from app.accounts.models import User
from app.core import clock
from app.core.errors import Conflict, Invalid
from app.desk import dispatch_forms, dispatch_page
from app.desk.dispatch_forms import AssignmentForm, ProposalForm, ReasonForm
from app.tickets import forms as ticket_forms
from app.web.auth import actor, requires
from app.web.errors import words
from app.web.forms import Sent, sent
from app.web.render import render, see_other
from app.work_orders import board, dispatching, gate, planning, progress, proposals, queries, visits
from app.work_orders.models import Proposal, WorkOrder
from app.work_orders.visits import USUAL_LENGTH

blueprint = Blueprint("redispatching", __name__)

LOOK = "look"


@blueprint.route("/work-orders/<order_number>/reassignment", methods=["GET", "POST"])
@requires(dispatching.CREATE)
def reassignment(order_number: str) -> Response:
    """Give an order that is out to somebody else, or plan it for another time (改派)."""
    order = queries.by_number(actor(), order_number)
    found, form = dispatch_page.subject(order, clock.now()), _reassignment_form(order)
    done = Sent(False) if LOOK in request.form else sent(form, lambda: _reassign(order, form))
    if done.is_done:
        flash(_("%(number)s is dispatched to %(lead)s.", number=order.number, lead=order.lead.name), "message")
        return see_other(f"/work-orders/{order.number}/dispatched")
    if done.status == 409:
        form.version.data = WorkOrder.get_by_id(order.id).version
    shown = {"order": order, "visit": visits.present(order)} | dispatch_page.suggestion(found, form)
    return render("dispatch/reassignment.html", status=done.status, problem=done.problem, **shown)


def _reassignment_form(order: WorkOrder) -> AssignmentForm:
    visit, proposal = visits.present(order), _proposal(request.args.get("proposal", ""))
    starts = (proposal and proposal.planned_from) or (visit.planned_from if visit else None)
    if starts is None or starts < clock.now():
        starts = dispatch_forms.first_start(planning.job_of(order), clock.now())
    form = AssignmentForm(
        data={
            "version": order.version,
            "lead": str((proposal.user_id if proposal and proposal.user_id else order.lead_id) or ""),
            "vehicle": str(visit.vehicle_id or "") if visit else "",
            "planned_from": dispatch_forms.local(starts),
            "planned_until": dispatch_forms.local(starts + (visit.planned_until - visit.planned_from if visit else USUAL_LENGTH)),
            "proposal": str(proposal.id) if proposal else "",
            "reason": proposal.text if proposal else "",
        }
    )
    dispatch_page.offer(form)
    return form


def _proposal(text: str | None) -> Proposal | None:
    return proposals.by_id(actor(), int(text)) if text and text.isdecimal() and len(text) < 10 else None


def _reassign(order: WorkOrder, form: AssignmentForm) -> None:
    given, version = form.order(_proposal(form.proposal.data)), int(form.version.data or 0)
    planning.reassign(
        by=actor(), queued=order, version=version, order=given, reason=form.reason.data, form_token=form.form_token.data, at=clock.now()
    )


@blueprint.post("/work-orders/<order_number>/ratification")
@requires(dispatching.CREATE)
def ratification(order_number: str) -> Response:
    """Ratify a provisional dispatch (追认)."""
    order = queries.by_number(actor(), order_number)
    return _done(order, lambda: dispatching.ratify(by=actor(), order=order), _("%(number)s is ratified.", number=order.number))


@blueprint.post("/work-orders/<order_number>/acceptance")
@requires(progress.ACCEPT_FOR)
def acceptance(order_number: str) -> Response:
    """Accept for somebody who confirmed by phone."""
    order, version = queries.by_number(actor(), order_number), _version()
    said = _("%(number)s is accepted for %(lead)s.", number=order.number, lead=order.lead.name if order.lead else "")
    return _done(order, lambda: progress.accept(by=actor(), order=order, version=version), said)


@blueprint.post("/work-orders/<order_number>/parts-received")
@requires(dispatching.CREATE)
def parts_received(order_number: str) -> Response:
    """The parts are here: the order stands in the queue again."""
    order, version = queries.by_number(actor(), order_number), _version()
    said = _("%(number)s stands in the queue again.", number=order.number)
    return _done(order, lambda: progress.parts_are_here(by=actor(), order=order, version=version), said)


@blueprint.route("/work-orders/<order_number>/cancellation", methods=["GET", "POST"])
@requires(dispatching.CANCEL)
def cancellation(order_number: str) -> Response:
    """Call an order off, with the reason."""
    order, form = queries.by_number(actor(), order_number), ReasonForm()
    version = int(form.version.data or 0) if form.is_submitted() else 0
    return _with_reason(
        order, form, lambda: dispatching.call_off(by=actor(), order=order, version=version, reason=form.reason.data), "cancellation",
        _("%(number)s is called off.", number=order.number),
    )  # fmt: skip


@blueprint.route("/work-orders/<order_number>/override", methods=["GET", "POST"])
@requires(dispatching.CREATE)
def override(order_number: str) -> Response:
    """Open the warranty gate for an order in an emergency, with the reason, by own right or in somebody's place."""
    authorities.standing(actor(), gate.OVERRIDE, clock.now())
    order, form = queries.by_number(actor(), order_number), ReasonForm()
    said = _("The repair of %(number)s may go on; the manager reads why.", number=order.number)
    return _with_reason(order, form, lambda: gate.override(by=actor(), order=order, reason=form.reason.data), "override", said)


def _with_reason(order: WorkOrder, form: FlaskForm, act: Callable[[], object], what: str, said: str) -> Response:
    done = sent(form, act)
    if done.is_done:
        flash(said, "message")
        return see_other(f"/work-orders/{order.number}")
    if done.status != 422:
        form.version.data = WorkOrder.get_by_id(order.id).version
    return render("dispatch/reason.html", status=done.status, problem=done.problem, order=order, form=form, what=what)


@blueprint.route("/work-orders/<order_number>/next-visit", methods=["GET", "POST"])
@requires(dispatching.CREATE)
def next_visit(order_number: str) -> Response:
    """Say when the same person goes again to an order that waits for parts."""
    order = queries.by_number(actor(), order_number)
    form = _reassignment_form(order)
    done = sent(form, lambda: _plan(order, form))
    if done.is_done:
        flash(_("The next visit of %(number)s is planned.", number=order.number), "message")
        return see_other(f"/work-orders/{order.number}")
    if done.status == 409:
        form.version.data = WorkOrder.get_by_id(order.id).version
    return render("dispatch/next_visit.html", status=done.status, problem=done.problem, order=order, form=form)


def _plan(order: WorkOrder, form: AssignmentForm) -> None:
    form.lead.data = str(order.lead_id or "")
    planning.plan_next_visit(by=actor(), order=order, version=int(form.version.data or 0), assignment=form.assignment())


@blueprint.route("/work-orders/<order_number>/proposals", methods=["GET", "POST"])
@requires(proposals.PROPOSE)
def propose(order_number: str) -> Response:
    """Propose another person or time for an order."""
    order, form = queries.by_number(actor(), order_number), ProposalForm()
    form.offer([(one.id, one.name) for one in board.technicians()])
    done = sent(form, lambda: _propose(order, form))
    if done.is_done:
        flash(_("The proposal is with the deputy."), "message")
        return see_other(f"/work-orders/{order.number}/proposals")
    form.form_token.data = form.form_token.data or ticket_forms.new_token()
    return render(
        "dispatch/proposals.html", status=done.status, problem=done.problem, order=order, form=form, made=proposals.of_order(order)
    )


def _propose(order: WorkOrder, form: ProposalForm) -> None:
    user: User | None = form.person()
    proposals.propose(by=actor(), order=order, user=user, planned_from=form.when(), text=form.text.data, form_token=form.form_token.data)


@blueprint.post("/proposals/<proposal_id>/decision")
@requires(proposals.DECIDE)
def decision(proposal_id: str) -> Response:
    """Decline a proposal, with the answer; taking one goes through giving the order to somebody else."""
    found = proposals.by_id(actor(), int(proposal_id) if proposal_id.isdecimal() and len(proposal_id) < 10 else 0)
    proposals.decide(by=actor(), proposal=found, is_taken=False, answer=request.form.get("answer", ""))
    flash(_("The answer is with %(who)s.", who=found.by_name), "message")
    return see_other("/dispatch")


def _version() -> int:
    text = request.form.get("version", "")
    return int(text) if text.isdecimal() and len(text) < 10 else 0


def _done(order: WorkOrder, act: Callable[[], object], said: str) -> Response:
    """Do what one press does, and go on to the order; a refusal stands above it."""
    try:
        act()
    except (Conflict, Invalid) as error:
        shown: dict[str, Any] = {"order": WorkOrder.get_by_id(order.id), "problem": words(error)}
        return render("dispatch/refused.html", status=error.status, **shown)
    flash(said, "message")
    return see_other(f"/work-orders/{order.number}")
