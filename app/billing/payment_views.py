"""Payments on screen: the list, recording one, one payment with what it pays, its receipt."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, flash, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from app.accounts.models import Role, User, UserRole
from app.billing import accounts, cash, payment_register, payments, suggestions
from app.billing.models import AccountBalance, Payment
from app.billing.payment_forms import PaymentForm, filter_from, typed_wishes, wishes_from
from app.core import clock
from app.core.errors import N_, Conflict, DomainError, Invalid, NotAllowed, NotFound
from app.core.files import Kind
from app.core.known_settings import letterhead
from app.core.money import capitals
from app.core.types import Actor
from app.customers import queries as customers
from app.customers.models import Customer
from app.web import exports, uploads
from app.web.amounts import amount_text, number_in
from app.web.auth import actor, requires
from app.web.errors import words
from app.web.forms import sent
from app.web.i18n import translated
from app.web.render import live_tag, render, see_other, tagged, unchanged

blueprint = Blueprint("payments", __name__)
PROOF = "proof"
KINDS = frozenset({Kind.PICTURE, Kind.DOCUMENT})
MOST_NAMES = 400
WORDS = {
    "received_on": N_("Received on"),
    "customer": N_("Customer"),
    "area": N_("Area"),
    "way": N_("How it came"),
    "amount": N_("Amount"),
    "allocated": N_("Allocated"),
    "left": N_("Left over"),
    "payer": N_("Payer"),
    "bank_reference": N_("Bank reference"),
    "bill_number": N_("Number of the bill"),
    "bill_due_on": N_("Bill falls due on"),
    "order": N_("Work order"),
    "technician": N_("Technician"),
    "recorded_at": N_("Recorded at"),
    "by": N_("Recorded by"),
    "confirmed_at": N_("Confirmed at"),
    "confirmed_by": N_("Confirmed by"),
    "settled_at": N_("Settled at"),
    "void_at": N_("Voided at"),
    "reason": N_("Reason"),
    "remark": N_("Remark"),
}


@blueprint.get("/payments")
@requires(payments.READ)
def index() -> Response:
    """The list; live."""
    tag = live_tag(accounts.LIVE)
    if (same := unchanged(tag)) is not None:
        return same
    wanted, sort = filter_from(request.args), _sort()
    page = payment_register.page(actor(), wanted, sort=sort, after=request.args.get("after"), before=request.args.get("before"))
    shown: dict[str, Any] = {"page": page, "wanted": wanted, "sort": sort, "tag": tag, "technicians": technicians()}
    return tagged(render("money/payments.html", fragment="money/_payments.html", **shown), tag)


@blueprint.get("/payments.csv")
@requires(payments.READ)
def export_csv() -> Response:
    """The list with the same filters as CSV."""
    rows = payment_register.exported(actor(), filter_from(request.args), _sort())
    return exports.csv_response("payments", payment_register.COLUMNS, rows)


@blueprint.get("/payments.xlsx")
@requires(payments.READ)
def export_xlsx() -> Response:
    """The list with the same filters as a workbook."""
    rows = payment_register.exported(actor(), filter_from(request.args), _sort())
    return exports.xlsx_response("payments", N_("Payments"), payment_register.COLUMNS, rows, words=WORDS, labels={"way": "PaymentWay"})


def _sort() -> str:
    return request.args.get("sort") or payment_register.DEFAULT_SORT


def technicians() -> list[tuple[int, str]]:
    """Who is or was a technician, by name."""
    held = UserRole.select(UserRole.user).where(UserRole.role == Role.TECHNICIAN)
    return [(user.id, user.name) for user in User.select(User.id, User.name).where(User.id.in_(held)).order_by(User.name)]


@blueprint.route("/payments/new", methods=["GET", "POST"])
@requires(payments.RECORD)
def new() -> Response:
    """Record a payment and what it pays; the same form sent again leads to the same payment."""
    form, proof = _form(), uploads.received(PROOF, kinds=KINDS, most=1)
    customer, made = _customer(actor(), form), list[Payment]()
    done = sent(form, lambda: made.append(_record(form, customer, proof))) if "propose" not in request.form else None
    if done is not None and done.is_done:
        flash(_("Payment %(number)s is recorded.", number=made[0].number), "message")
        return see_other(f"/payments/{made[0].number}")
    shown = _proposals(form, customer) | {"form": form, "customer": customer, "received": proof, "names": _debtors()}
    problem, status = (done.problem, done.status) if done is not None else ("", 200)
    return render("money/new_payment.html", fragment="money/_wishes.html", problem=problem, status=status, **shown)


def _form() -> PaymentForm:
    chosen = request.args.get("customer", "")
    known = customers.by_id(actor(), int(chosen)).name if chosen.isdecimal() and len(chosen) < 10 else chosen[:120]
    today = clock.today()
    try:
        amount = number_in(request.args.get("amount", ""), 2)
    except ValueError:
        amount = None
    return PaymentForm(data={"customer": known, "amount": amount, "received_on": today, "remark": request.args.get("remark", "")})


def _customer(me: Actor, form: PaymentForm) -> Customer | None:
    try:
        return customers.named(me, (form.customer.data or "").strip())
    except Invalid:
        return None


def _record(form: PaymentForm, customer: Customer | None, proof: uploads.Received) -> Payment:
    files = proof.check()
    if customer is None:
        customer = customers.named(actor(), (form.customer.data or "").strip())
    return payments.record(
        by=actor(),
        customer=customer,
        details=form.details(),
        proof=files[0] if files else None,
        wishes=wishes_from(request.form, suggestions.open_of(customer)),
        form_token=form.form_token.data,
    )


def _proposals(form: PaymentForm, customer: Customer | None) -> dict[str, Any]:
    """What the customer owes, with what the sum is likely meant for; what was typed stays unless a new proposal is asked for."""
    owed = suggestions.open_of(customer) if customer is not None else []
    typed = typed_wishes(request.form) if "propose" not in request.form else {}
    if not typed and not (form.is_submitted() and "propose" not in request.form):
        try:
            amount = number_in(request.values.get("amount", ""), 2)
        except ValueError:
            amount = None
        typed = (
            {key: amount_text(value) for key, value in suggestions.proposed(amount, owed, form.remark.data or "").items()} if amount else {}
        )
    return {"owed": owed, "wishes": typed, "today": clock.today()}


def _debtors() -> list[str]:
    owing = Customer.select(Customer.name).join(AccountBalance).where(AccountBalance.owed > 0).order_by(Customer.name).limit(MOST_NAMES)
    return [name for (name,) in owing.tuples()]


@blueprint.get("/payments/<payment_number>")
@requires(payments.READ)
def payment(payment_number: str) -> Response:
    """One payment."""
    return _page(payment_number)


@blueprint.get("/payments/<payment_number>/receipt")
@requires(payments.READ)
def receipt(payment_number: str) -> Response:
    """The receipt on paper; there is none for money that is not confirmed or void."""
    found = payments.by_number(actor(), payment_number)
    if found.confirmed_at is None or found.void_at is not None:
        raise NotFound(N_("There is a receipt once the payment is confirmed."))
    shown: dict[str, Any] = {
        "payment": found,
        "allocations": payments.allocations_of(found),
        "capitals": capitals(found.amount),
        "head": letterhead(),
    }
    return render("money/receipt.html", **shown)


@blueprint.get("/payments/<payment_number>/proof")
@requires(payments.READ)
def proof(payment_number: str) -> Response:
    """The picture of the proof; ``?preview=1`` the small one."""
    found = payments.by_number(actor(), payment_number)
    if found.proof_id is None:
        raise NotFound(N_("This payment has no proof."))
    return uploads.send(found.proof, preview="preview" in request.args)


@blueprint.post("/payments/<payment_number>/allocations")
@requires(payments.RECORD)
def allocate(payment_number: str) -> Response:
    """Let what is left pay receivables."""
    found = payments.by_number(actor(), payment_number)
    return _done(
        payment_number,
        lambda: payments.allocate(by=actor(), payment=found, wishes=wishes_from(request.form, suggestions.open_of(found.customer))),
        _("Allocated."),
    )


@blueprint.post("/payments/<payment_number>/allocations/<int:allocation_id>/release")
@requires(payments.RECORD)
def release(payment_number: str, allocation_id: int) -> Response:
    """Take an allocation back."""
    found = payments.by_number(actor(), payment_number)

    def act() -> None:
        payments.release(by=actor(), allocation=payments.allocation_of(found, allocation_id))

    return _done(payment_number, act, _("Taken back: the amount is open again."))


@blueprint.post("/payments/<payment_number>/confirmation")
@requires(cash.CONFIRM)
def confirm(payment_number: str) -> Response:
    """The clerk has the money that a technician took."""
    found = payments.by_number(actor(), payment_number)
    back = "/cash" if "from_cash" in request.form else ""
    return _done(payment_number, lambda: cash.confirm(by=actor(), payment=found), _("Confirmed. It counts from now on."), back)


@blueprint.post("/payments/<payment_number>/voiding")
@requires(payments.RECORD)
def void(payment_number: str) -> Response:
    """It did not come, or was written down wrongly."""
    found, reason = payments.by_number(actor(), payment_number), request.form.get("reason", "")
    version = request.form.get("version", 0, int)
    return _done(
        payment_number, lambda: payments.void(by=actor(), payment=found, version=version, reason=reason), _("The payment is void.")
    )


def _done(number: str, act: Callable[[], None], said: str, back: str = "") -> Response:
    try:
        act()
    except (Conflict, Invalid, NotAllowed, NotFound) as error:
        return _page(number, error=error)
    flash(said, "message")
    return see_other(back or f"/payments/{number}")


def _page(number: str, *, error: DomainError | None = None) -> Response:
    found = payments.by_number(actor(), number)
    left = found.amount - found.allocated
    counts = found.confirmed_at is not None and found.void_at is None
    owed = suggestions.open_of(found.customer) if counts and left and actor().may(payments.RECORD) else []
    proposed = {key: amount_text(value) for key, value in suggestions.proposed(left, owed, found.remark).items()}
    shown: dict[str, Any] = {"payment": found, "left": left, "counts": counts, "allocations": payments.allocations_of(found)}
    shown |= {"owed": owed, "wishes": typed_wishes(request.form) or proposed, "today": clock.today()}
    shown["may_confirm"] = actor().may(cash.CONFIRM) and cash.waits(found) and found.technician_id != actor().user_id
    shown["wrong"] = {name: translated(message) for name, message in getattr(error, "fields", {}).items()}
    shown |= {"problem": words(error) if error else "", "typed": request.form}
    return render("money/payment.html", status=error.status if error else 200, **shown)
