"""What people type of invoices and their delivery, checked for shape; the rules are in the operations."""

import secrets
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from flask import request
from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import DateField, HiddenField, IntegerField, SelectField
from wtforms.validators import InputRequired, Length, NumberRange, Optional
from wtforms.widgets import HiddenInput

from app.billing import invoice_numbers
from app.billing.invoice_register import CONFIRMED, OPEN, PAYMENTS, UNDERWAY, DeliveryFilter, InvoiceFilter
from app.billing.invoices import InvoiceDetails, LineDetails
from app.billing.models import DeliveryWay, InvoiceKind, InvoiceStatus
from app.core import clock
from app.core.errors import N_, Invalid
from app.core.money import line_amount, rounded
from app.customers.forms import text
from app.web import lines
from app.web.amounts import NO_AMOUNT, NO_QUANTITY, NO_SHARE, AmountField, number_in, number_text
from app.web.labels import options

LINE, NAMES = "line", ("name", "model", "unit", "quantity", "price", "amount", "rate", "tax")
_PLACES = {"quantity": (3, NO_QUANTITY), "price": (2, NO_AMOUNT), "amount": (2, NO_AMOUNT), "rate": (2, NO_SHARE), "tax": (2, NO_AMOUNT)}
_MOST = {"name": 120, "model": 60, "unit": 10}
_REFUSED = N_("The list cannot be filtered that way.")


class InvoiceForm(FlaskForm):
    """An invoice as it is printed; its lines are beside it (``lines``). ``form_token`` makes sending it twice harmless."""

    form_token = HiddenField(default=lambda: secrets.token_urlsafe(24))
    version = IntegerField(widget=HiddenInput(), validators=[Optional()])
    customer = text(_("Customer"), InputRequired(_("Please name the customer.")), Length(max=120))
    kind = SelectField(_("Kind of invoice"), choices=options("InvoiceKind"))
    code = text(_("Invoice code"), Length(max=20))
    number = text(_("Invoice number"), InputRequired(_("The number of the invoice, please.")), Length(max=40))
    issued_on = DateField(_("Date of the invoice"), validators=[InputRequired(_("The date of the invoice, please."))])
    buyer_name = text(_("Buyer"), InputRequired(_("The name of the buyer as it stands on the invoice, please.")), Length(max=120))
    buyer_tax_number = text(_("Tax number of the buyer"), Length(max=30))
    tax_number_reason = text(_("Why the tax number is missing or odd"), Length(max=200))
    seller_name = text(_("Seller"), Length(max=120))
    seller_tax_number = text(_("Tax number of the seller"), Length(max=20))
    amount = AmountField(_("Amount without tax"))
    tax = AmountField(_("Tax amount"))
    total = AmountField(_("Total with tax"))
    payment_days = IntegerField(_("Days to pay"), validators=[Optional(), NumberRange(0, 720, _("Days between 0 and 720, please."))])
    issuer = text(_("Issued by"), Length(max=60))
    remark = text(_("Remark on the invoice"), Length(max=500))

    def details(self) -> InvoiceDetails:
        """What was typed. Raises ``Invalid`` with the words beside the fields of lines."""
        plain = ("code", "number", "issued_on", "buyer_name", "buyer_tax_number", "tax_number_reason", "seller_name", "seller_tax_number")
        sums = ("amount", "tax", "total", "payment_days", "issuer", "remark")
        return InvoiceDetails(
            kind=InvoiceKind(self.kind.data), lines=self._lines(), **{name: self[name].data for name in (*plain, *sums)}
        )  # fmt: skip

    def _lines(self) -> list[LineDetails]:
        """The lines; what is wrong with the number is said at the same time."""
        try:
            return typed_lines()
        except Invalid as error:
            code, number = invoice_numbers.normal(self.code.data), invoice_numbers.normal(self.number.data)
            today = clock.today()
            error.fields |= invoice_numbers.number_mistakes(InvoiceKind(self.kind.data), code, number, self.issued_on.data, today)
            raise


def form_of(details: InvoiceDetails, customer: str, version: int | None = None) -> InvoiceForm:
    """The form, filled with ``details`` when it was not sent."""
    names = (
        "code", "number", "issued_on", "buyer_name", "buyer_tax_number", "tax_number_reason", "seller_name", "seller_tax_number", "amount",
        "tax", "total", "payment_days", "issuer", "remark",
    )  # fmt: skip
    filled = {name: getattr(details, name) for name in names}
    if details.amount == sum(line.amount for line in details.lines) and details.tax == sum(line.tax for line in details.lines):
        filled |= {"amount": None, "tax": None, "total": None}  # they follow the lines, also when these are changed
    return InvoiceForm(data=filled | {"kind": details.kind.value, "customer": customer, "version": version})


def typed_lines() -> list[LineDetails]:
    """The lines that were typed; empty taxes are worked out. Raises ``Invalid`` with the words beside each field."""
    wrong: dict[str, str] = {}
    found = [_line(number, texts, wrong) for number, texts in lines.typed(request.form, LINE, NAMES, beside=("rate", "unit"))]
    lines.refuse(wrong)
    return found


def _line(number: int, texts: Mapping[str, str], wrong: dict[str, str]) -> LineDetails:
    values: dict[str, Decimal | None] = {}
    for name, (places, words) in _PLACES.items():
        try:
            values[name] = number_in(texts[name], places)
        except ValueError:
            values[name], wrong[f"{LINE}-{number}-{name}"] = None, words
    wrong |= {f"{LINE}-{number}-{name}": N_("too long") for name, most in _MOST.items() if len(texts[name]) > most}
    if not texts["name"]:
        wrong[f"{LINE}-{number}-name"] = N_("Each line needs its name.")
    quantity, price, rate = values["quantity"], values["price"], (values["rate"] or Decimal(0)) / 100
    amount = values["amount"]
    if amount is None:
        amount = line_amount(quantity, price) if quantity is not None and price is not None else Decimal(0)
    if not 0 <= rate < 1:
        wrong[f"{LINE}-{number}-rate"], rate = NO_SHARE, Decimal(0)
    tax = values["tax"] if values["tax"] is not None else rounded(amount * rate)
    words = {name: texts[name] for name in _MOST}
    return LineDetails(**words, quantity=quantity, price=price, amount=amount, tax_rate=rate, tax=tax)


def shown_lines(found: Sequence[LineDetails]) -> list[dict[str, str]]:
    """The lines of a form that was not sent, then some empty ones."""
    return lines.shown([_texts(line) for line in found], NAMES)


def sent_lines() -> list[dict[str, str]]:
    """The lines of a form that comes back, as they were typed; more of them when that was asked for."""
    found = [texts for _number, texts in lines.typed(request.form, LINE, NAMES, beside=("rate", "unit"))]
    return lines.shown(found, NAMES, empty=8 if "more" in request.form else lines.EMPTY_LINES)


def _texts(line: LineDetails) -> dict[str, str]:
    numbers = {"quantity": number_text(line.quantity), "rate": number_text(line.tax_rate * 100)}
    is_open = line.amount == 0 and line.price is None  # of a job without a contract only the name is known
    amounts = {name: "" if (value := getattr(line, name)) is None or is_open else f"{value:.2f}" for name in ("price", "amount", "tax")}
    return {"name": line.name, "model": line.model, "unit": line.unit} | numbers | amounts


def wants_lines() -> bool:
    """Whether a button only asked for more or fewer lines."""
    return request.method == "POST" and ("more" in request.form or "drop" in request.form)


# --- filters --------------------------------------------------------------------


def invoice_filter() -> InvoiceFilter:
    """The filter of the list as it stands in the address. Raises ``Invalid`` for values that no choice offers."""
    query = request.args
    status, kind, paid = query.get("status", ""), query.get("kind", ""), query.get("paid", "")
    if status not in ("", UNDERWAY, *InvoiceStatus) or kind not in ("", *InvoiceKind) or paid not in ("", *PAYMENTS):
        raise Invalid(_REFUSED)
    return InvoiceFilter(
        q=_q(), status=status, kind=kind, paid=paid, customer=whole("customer"), from_on=day("from"), to_on=day("to")
    )  # fmt: skip


def delivery_filter() -> DeliveryFilter:
    """The filter of the list of deliveries. Raises ``Invalid``."""
    way, state = request.args.get("way", ""), request.args.get("state", "")
    if way not in ("", *DeliveryWay) or state not in ("", OPEN, CONFIRMED):
        raise Invalid(_REFUSED)
    return DeliveryFilter(q=_q(), way=way, state=state, from_on=day("from"), to_on=day("to"))


def _q() -> str:
    return request.args.get("q", "").strip()[:100]


def whole(name: str) -> int | None:
    """A whole number of the address. Raises ``Invalid``."""
    given = request.args.get(name, "")
    if given and not (given.isascii() and given.isdecimal() and len(given) < 10):
        raise Invalid(_REFUSED)
    return int(given) if given else None


def day(name: str) -> date | None:
    """A day of the address. Raises ``Invalid``."""
    given = request.args.get(name, "")
    try:
        return date.fromisoformat(given) if given else None
    except ValueError:
        raise Invalid(N_("That is not a day; write it like 2026-11-23.")) from None


def filled(form: Mapping[str, Any], names: Sequence[str]) -> dict[str, str]:
    """What was typed into the fields ``names``, without blanks around it."""
    return {name: str(form.get(name, "")).strip() for name in names}
