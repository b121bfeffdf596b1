"""Approvals (批复, 2A-08): one contract a screen, made for a phone; approve, reject with a remark, next."""

from typing import Any

from flask import Blueprint, flash, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from app.contracts import approval, queries
from app.contracts.writing import READ
from app.core import clock
from app.core.errors import N_, Conflict, DomainError, Invalid, NotAllowed
from app.desk import approval_page
from app.web.auth import actor, requires
from app.web.errors import words
from app.web.i18n import translated
from app.web.render import render, see_other

blueprint = Blueprint("approvals", __name__)
APPROVE, REJECT = "approve", "reject"


@blueprint.get("/approvals")
@requires(READ)
def index() -> Response:
    """The contract that waits longest, or the one that is named."""
    _check()
    return _page(request.args.get("contract", ""))


@blueprint.post("/approvals/<contract_number>")
@requires(READ)
def decide(contract_number: str) -> Response:
    """Approve or reject; the next one follows."""
    found, form = queries.by_number(actor(), contract_number), request.form
    _check()
    following = _next_of(contract_number)
    version = int(form.get("version", "")) if form.get("version", "").isdecimal() and len(form["version"]) < 10 else 0
    try:
        if form.get("decision") == REJECT:
            approval.reject(by=actor(), contract=found, version=version, remark=form.get("remark", ""))
            flash(_("%(number)s is turned down.", number=found.number), "message")
        elif form.get("decision") == APPROVE:
            approval.approve(
                by=actor(), contract=found, version=version, remark=form.get("remark", ""),
                discount_reason=form.get("discount_reason", ""), single_reason=form.get("single_reason", ""),
            )  # fmt: skip
            flash(_("%(number)s is approved.", number=found.number), "message")
        else:
            raise Invalid(N_("Approve it or turn it down."))
    except (Conflict, Invalid) as error:
        return _page(contract_number, error)
    return see_other(f"/approvals?contract={following}" if following else "/approvals")


def _check() -> None:
    """Let in who approves by own right or in somebody's place."""
    if not approval.may_approve_any(actor(), clock.now()):
        raise NotAllowed(N_("Your role does not allow this."))


def _next_of(number: str) -> str | None:
    numbers = approval_page.waiting(actor(), clock.now())
    place = numbers.index(number) + 1 if number in numbers else len(numbers)
    return numbers[place] if place < len(numbers) else None


def _page(number: str, error: DomainError | None = None) -> Response:
    now = clock.now()
    numbers = approval_page.waiting(actor(), now)
    if not number and not numbers:
        return render("approvals/none.html")
    fields = error.fields if isinstance(error, Invalid) else {}
    shown: dict[str, Any] = approval_page.shown(actor(), number or numbers[0], numbers, now)
    shown |= {"problem": words(error) if error else "", "errors": {name: translated(text) for name, text in fields.items()}}
    return render("approvals/approval.html", status=error.status if error else 200, typed=request.form, **shown)
