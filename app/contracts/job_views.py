"""The contract that comes about during a diagnosis visit (workflows, gate b): written on the spot, approved meanwhile, signed, repaired."""

from decimal import Decimal
from typing import Any

from flask import Blueprint, flash, request
from flask import Response as FlaskResponse
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from app.contracts import approval, clauses, forms, operations, queries, states
from app.contracts.forms import TypedLines
from app.contracts.models import Contract, ContractKind, ContractStatus
from app.contracts.operations import Terms
from app.contracts.writing import stale
from app.core import clock, db, submissions
from app.core.errors import Conflict, Invalid
from app.tickets.forms import new_token
from app.web import lines
from app.web.auth import actor, requires
from app.web.errors import words
from app.web.i18n import translated
from app.web.render import live_tag, render, see_other, tagged, unchanged
from app.work_orders import queries as orders
from app.work_orders.models import WorkOrder
from app.work_orders.progress import WORK

blueprint = Blueprint("job_contract", __name__)


@blueprint.get("/my/jobs/<order_number>/contract")
@requires(WORK)
def job_contract(order_number: str) -> Response:
    """The contract of the job as it stands; while there is none, the form. It keeps itself up to date while one waits."""
    tag = live_tag("contracts")
    if (same := unchanged(tag)) is not None:
        return same
    order = orders.own_by_number(actor(), order_number)
    found = present(order)
    if found is None or found.status in states.CHANGEABLE:
        return _form(order, found)
    return tagged(_waiting(order, found, tag), tag)


@blueprint.post("/my/jobs/<order_number>/contract")
@requires(WORK)
def write(order_number: str) -> Response:
    """Write it, and hand it in at once unless only the sum or another line was asked for."""
    order = orders.own_by_number(actor(), order_number)
    typed, found = forms.lines_in(request.form), present(order)
    if request.form.keys() & {"more", "drop", "reckon"}:
        return _form(order, found, typed)
    try:
        typed.refuse()
        _hand_in(order, found, typed)
    except (Conflict, Invalid) as error:
        typed.wrong.update(error.fields if isinstance(error, Invalid) else {})
        found = present(order)
        if found is not None and found.status not in states.CHANGEABLE:
            flash(words(error), "error")
            return see_other(f"/my/jobs/{order_number}/contract")
        return _form(order, found, typed, problem=words(error), status=error.status)
    flash(_("Handed in: who approves it is told."), "message")
    return see_other(f"/my/jobs/{order_number}/contract")


@blueprint.post("/my/jobs/<order_number>/contract-taking-back")
@requires(WORK)
def take_back(order_number: str) -> Response:
    """Not yet: it is a draft again."""
    order = orders.own_by_number(actor(), order_number)
    found = present(order)
    version = request.form.get("version", "")
    try:
        if found is not None:
            reason = request.form.get("reason", "")
            operations.take_back(by=actor(), contract=found, version=int(version) if version.isdecimal() else 0, reason=reason)
    except (Conflict, Invalid) as error:
        flash(words(error), "error")
    return see_other(f"/my/jobs/{order_number}/contract")


def present(order: WorkOrder) -> Contract | None:
    """The contract that counts for the job: the newest that is not void."""
    return next((one for one in queries.of_order(order) if one.status != ContractStatus.VOID and one.order_id == order.id), None)


def _hand_in(order: WorkOrder, found: Contract | None, typed: TypedLines) -> None:
    """In one step, so that nothing lies about half done; small sums are quote confirmations, which the deputy approves."""
    me, form = actor(), request.form
    total = typed.earned.amount
    kind = ContractKind.QUOTE if total < Decimal(approval.QUOTE_LIMIT.value()) else ContractKind.REPAIR
    title = form.get("title", "").strip() or order.title
    terms = Terms(kind=kind, title=title, lines=typed.lines, text=clauses.usual_text(kind), cost=found.cost if found else None)
    token, version = form.get("form_token", ""), form.get("version", "")
    if found is not None and not version and submissions.record_of(token) != str(found.id):
        raise stale(found.id)
    with db.transaction():
        if found is None or not version:
            made = operations.draft(by=me, about=operations.about_order(order), terms=terms, form_token=token or None)
        else:
            made = found
            operations.change(by=me, contract=made, version=int(version) if version.isdecimal() else 0, terms=terms)
        if made.status == ContractStatus.DRAFT:
            operations.submit(by=me, contract=made, version=made.version)


def _form(order: WorkOrder, found: Contract | None, typed: TypedLines | None = None, *, problem: str = "", status: int = 200) -> Response:
    if typed is None:
        typed = forms.lines_in(forms.as_sent(forms.texts_of(queries.lines_of(found)) if found else []))
    today = clock.today()
    shown: dict[str, Any] = {"order": order, "contract": found, "problem": problem, "title": request.form.get("title")}
    shown |= {"lines": lines.shown(typed.texts, forms.NAMES, empty=2), "earned": typed.earned, "parts": forms.offered_parts()}
    shown |= {
        "line_errors": {name: translated(text) for name, text in typed.wrong.items()},
        "rates": forms.rate_choices(today, typed.texts),
    }
    shown["form_token"] = request.form.get("form_token") or new_token()
    shown["quote_limit"] = approval.QUOTE_LIMIT.value()
    return render("contracts/job_form.html", status=status, **shown)


def _waiting(order: WorkOrder, found: Contract, tag: str) -> FlaskResponse:
    is_open = found.status == ContractStatus.SUBMITTED
    shown: dict[str, Any] = {"order": order, "contract": found, "lines": queries.lines_of(found), "tag": tag}
    shown |= {"approvers": approval.approvers(found, clock.now()) if is_open else [], "may_write": operations.may_write(actor(), found)}
    return render("contracts/job.html", fragment="contracts/_job.html", **shown)
