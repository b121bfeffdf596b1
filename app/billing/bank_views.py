"""The bank's file on screen: handed in, shown line by line with what each is likely meant for, taken in as confirmed."""

from typing import Any

from flask import Blueprint, flash, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from app.billing import bank_import, bank_lines, payments
from app.billing.bank_import import Confirmed
from app.billing.bank_lines import BankLine
from app.billing.models import AccountBalance
from app.core import files
from app.core.errors import N_, Conflict, DomainError, Invalid
from app.core.file_kinds import TABLES
from app.customers import queries as customers
from app.customers.models import Customer
from app.web import uploads
from app.web.auth import actor, requires
from app.web.errors import words
from app.web.i18n import translated
from app.web.render import render, see_other

blueprint = Blueprint("bank", __name__)
FILE = "bank"
MOST_NAMES = 400


@blueprint.get("/payments/bank")
@requires(payments.RECORD)
def index() -> Response:
    """Hand the bank's file in."""
    return _page([], uploads.Received(field=FILE))


@blueprint.post("/payments/bank")
@requires(payments.RECORD)
def take_in() -> Response:
    """Show its lines, and once they are confirmed take them in, all or none."""
    sent = uploads.received(FILE, kinds=TABLES, most=1)
    lines: list[BankLine] = []
    try:
        lines = _lines(sent)
        if "confirm" not in request.form:
            return _page(lines, sent)
        made = bank_import.take_in(by=actor(), lines=_confirmed(lines))
    except (Conflict, Invalid) as error:
        return _page(lines, sent, error)
    flash(_("%(count)d payments are recorded.", count=len(made)), "message")
    return see_other("/payments")


def _lines(sent: uploads.Received) -> list[BankLine]:
    incoming = sent.check()
    if not incoming:
        raise Invalid(N_("Choose the file first."))
    lines = bank_lines.read(files.path_of(incoming[0]).read_bytes())
    if "shown" in request.form:
        for line in lines:
            _as_typed(line)
    return lines


def _as_typed(line: BankLine) -> None:
    """The customer that was typed instead of the one proposed."""
    name = request.form.get(f"customer-{line.number}", "").strip()
    if line.is_good and name != (line.customer.name if line.customer else ""):
        try:
            line.customer = customers.named(actor(), name) if name else None
        except Invalid:
            line.customer = None
        bank_lines.propose(line)


def _confirmed(lines: list[BankLine]) -> list[Confirmed]:
    found, wrong = [], {}
    for line in lines:
        if not line.is_good or f"take-{line.number}" not in request.form:
            continue
        if line.customer is None:
            wrong[f"customer-{line.number}"] = N_("Choose the customer.")
        else:
            found.append(Confirmed(line, line.customer, f"allocate-{line.number}" in request.form))
    if wrong:
        raise Invalid(payments.MISSING, fields=wrong)
    return found


def _page(lines: list[BankLine], sent: uploads.Received, error: DomainError | None = None) -> Response:
    owing = Customer.select(Customer.name).join(AccountBalance).where(AccountBalance.owed > 0).order_by(Customer.name).limit(MOST_NAMES)
    wrong = {name: translated(message) for name, message in getattr(error, "fields", {}).items()}
    shown: dict[str, Any] = {"lines": lines, "received": sent, "wrong": wrong, "problem": words(error) if error else ""}
    shown |= {"names": [name for (name,) in owing.tuples()], "typed": request.form, "is_shown": "shown" in request.form}
    return render("money/bank.html", status=error.status if error else 200, **shown)
