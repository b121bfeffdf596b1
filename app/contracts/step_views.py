"""What is done with a contract: handed in, taken back, signed, completed, made void."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, flash, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from app.contracts import operations, progress, queries, signing, views
from app.contracts.models import Contract, ContractStatus
from app.contracts.signing import Drawn
from app.contracts.writing import DRAFT, SIGN
from app.core.errors import Conflict, DomainError, Invalid
from app.web import uploads
from app.web.auth import actor, requires
from app.web.errors import words
from app.web.i18n import translated
from app.web.render import render, see_other

blueprint = Blueprint("contract_steps", __name__)


@blueprint.post("/contracts/<contract_number>/submission")
@requires(DRAFT)
def submit(contract_number: str) -> Response:
    """Hand it in for approval."""
    return _step(contract_number, operations.submit, _("Handed in: who approves it is told."))


@blueprint.post("/contracts/<contract_number>/taking-back")
@requires(DRAFT)
def take_back(contract_number: str) -> Response:
    """Make a draft of it again."""
    return _step(contract_number, operations.take_back, _("It is a draft again."), reason=request.form.get("reason", ""))


@blueprint.post("/contracts/<contract_number>/completion")
@requires(DRAFT)
def complete(contract_number: str) -> Response:
    """All that it says is done."""
    return _step(contract_number, progress.complete, _("Noted as completed."))


@blueprint.post("/contracts/<contract_number>/voiding")
@requires(DRAFT)
def void(contract_number: str) -> Response:
    """Make it void."""
    return _step(contract_number, operations.void, _("The contract is void."), reason=request.form.get("void_reason", ""))


@blueprint.post("/contracts/<contract_number>/paper-signature")
@requires(SIGN)
def sign_on_paper(contract_number: str) -> Response:
    """The customer signed the paper; its scan is handed in."""
    found = queries.by_number(actor(), contract_number)
    handed = uploads.received("scan", most=1)
    try:
        incoming = handed.check()
        signing.sign_on_paper(
            by=actor(), contract=found, signer=request.form.get("paper_signer", ""), incoming=incoming[0] if incoming else None
        )
    except (Conflict, Invalid) as error:
        return _refused(contract_number, error, handed=handed)
    flash(_("Signed: the repair may begin."), "message")
    return see_other(f"/contracts/{contract_number}")


@blueprint.route("/contracts/<contract_number>/signature", methods=["GET", "POST"])
@requires(SIGN)
def signature(contract_number: str) -> Response:
    """The customer reads the contract and signs on this device."""
    found = queries.by_number(actor(), contract_number)
    if request.method == "GET":
        return _signing_page(found)
    form = request.form
    drawn = Drawn(signer=form.get("signer", ""), strokes=form.get("strokes", ""), seen=form.get("seen", "")[:64])
    try:
        signing.sign(by=actor(), contract=found, drawn=drawn)
    except (Conflict, Invalid) as error:
        return _signing_page(queries.by_number(actor(), contract_number), error=error)
    flash(_("Signed: the repair may begin."), "message")
    return see_other(_back_of(found))


def _signing_page(found: Contract, error: DomainError | None = None) -> Response:
    fields = error.fields if isinstance(error, Invalid) else {}
    shown: dict[str, Any] = {"contract": found, "lines": queries.lines_of(found), "machines": queries.machines_of(found)}
    shown |= {"is_ready": found.status == ContractStatus.APPROVED, "back": _back_of(found), "typed": request.form}
    shown |= {"problem": words(error) if error else "", "errors": {name: translated(text) for name, text in fields.items()}}
    return render("contracts/signature.html", status=error.status if error else 200, **shown)


def _back_of(found: Contract) -> str:
    """The job, for the technician whose job it is, else the contract's page."""
    order = found.order if found.order_id else None
    is_own = order is not None and order.is_out and order.lead_id == actor().user_id
    return f"/my/jobs/{order.number}" if order is not None and is_own else f"/contracts/{found.number}"


def _step(contract_number: str, act: Callable[..., object], said: str, **given: str) -> Response:
    found = queries.by_number(actor(), contract_number)
    version = request.form.get("version", "")
    try:
        act(by=actor(), contract=found, version=int(version) if version.isdecimal() and len(version) < 10 else 0, **given)
    except (Conflict, Invalid) as error:
        return _refused(contract_number, error)
    flash(said, "message")
    return see_other(f"/contracts/{contract_number}")


def _refused(contract_number: str, error: DomainError, **typed: Any) -> Response:
    fields = error.fields if isinstance(error, Invalid) else {}
    found = queries.by_number(actor(), contract_number)
    errors = {name: translated(text) for name, text in fields.items()}
    return views.page(found, status=error.status, problem=words(error), errors=errors, typed=request.form.to_dict() | typed)
