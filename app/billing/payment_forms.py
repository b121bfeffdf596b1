"""What people type about payments and in the filters of money, checked for shape; the rules are in the operations."""

import secrets
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import DateField, HiddenField, SelectField, StringField, TextAreaField
from wtforms.validators import Length, Optional

from app.billing import cash
from app.billing.models import PaymentWay, Receivable
from app.billing.payment_register import STATES, PaymentFilter
from app.billing.payments import MISSING, PaymentDetails
from app.core.errors import N_, Invalid
from app.web.amounts import NO_AMOUNT, AmountField, number_in
from app.web.labels import options

NO_SUCH_FILTER = N_("The list cannot be filtered that way.")
WISH = "wish-"


class PaymentForm(FlaskForm):
    """Money that came. ``form_token`` makes sending it twice harmless."""

    form_token = HiddenField(default=lambda: secrets.token_urlsafe(24))
    customer = StringField(_("Customer"), validators=[Length(max=120)])
    way = SelectField(_("How it came"), choices=options("PaymentWay"))
    amount = AmountField(_("Amount (¥)"))
    received_on = DateField(_("Received on"), validators=[Optional()])
    payer_name = StringField(_("Payer"), validators=[Length(max=120)])
    bank_reference = StringField(_("Bank reference"), validators=[Length(max=80)])
    bill_number = StringField(_("Number of the bill"), validators=[Length(max=40)])
    bill_due_on = DateField(_("Bill falls due on"), validators=[Optional()])
    remark = TextAreaField(_("Remark"), validators=[Length(max=300)])

    def details(self) -> PaymentDetails:
        """What was typed."""
        return PaymentDetails(
            way=self.way.data or "",
            amount=self.amount.data,
            received_on=self.received_on.data,
            payer_name=(self.payer_name.data or "").strip(),
            bank_reference=(self.bank_reference.data or "").strip(),
            bill_number=(self.bill_number.data or "").strip(),
            bill_due_on=self.bill_due_on.data,
            remark=(self.remark.data or "").strip(),
        )


class TakenForm(FlaskForm):
    """What a technician was given on the job. ``form_token`` makes sending it twice harmless."""

    form_token = HiddenField(default=lambda: secrets.token_urlsafe(24))
    amount = AmountField(_("Amount (¥)"))
    way = SelectField(_("How it came"), choices=[pair for pair in options("PaymentWay") if pair[0] in cash.WAYS], default=PaymentWay.CASH)
    payer_name = StringField(_("Payer"), validators=[Length(max=120)])
    bill_number = StringField(_("Number of the bill"), validators=[Length(max=40)])
    bill_due_on = DateField(_("Bill falls due on"), validators=[Optional()])
    remark = StringField(_("Remark"), validators=[Length(max=300)])

    def details(self, today: date) -> PaymentDetails:
        """What was typed; it was given ``today``."""
        return PaymentDetails(
            way=self.way.data or "",
            amount=self.amount.data,
            received_on=today,
            payer_name=(self.payer_name.data or "").strip(),
            bill_number=(self.bill_number.data or "").strip(),
            bill_due_on=self.bill_due_on.data,
            remark=(self.remark.data or "").strip(),
        )


def wishes_from(form: Mapping[str, str], owed: Sequence[Receivable]) -> list[tuple[Receivable, Decimal]]:
    """How much of each of ``owed`` is to be paid, as typed. Raises ``Invalid`` for what is no amount."""
    found, wrong = [], {}
    for receivable in owed:
        typed = form.get(f"{WISH}{receivable.id}", "")
        try:
            amount = number_in(typed, 2)
        except ValueError:
            wrong[f"{WISH}{receivable.id}"] = NO_AMOUNT
            continue
        if amount:
            found.append((receivable, amount))
    if wrong:
        raise Invalid(MISSING, fields=wrong | {"wishes": NO_AMOUNT})
    return found


def typed_wishes(form: Mapping[str, str]) -> dict[int, str]:
    """What stands in the fields of ``wishes_from``, by the receivable."""
    return {int(name.removeprefix(WISH)): text for name, text in form.items() if name.startswith(WISH) and name[len(WISH) :].isdecimal()}


def filter_from(query: Mapping[str, str]) -> PaymentFilter:
    """The filter of the list as it stands in the address. Raises ``Invalid`` for values that no choice offers."""
    state, way = one_of(query, "state", STATES), one_of(query, "way", list(PaymentWay))
    return PaymentFilter(
        q=query.get("q", "").strip()[:100],
        state=state,
        way=way,
        customer=number_of(query, "customer"),
        technician=number_of(query, "technician"),
        from_on=day_of(query, "from"),
        to_on=day_of(query, "to"),
    )


def one_of(query: Mapping[str, str], name: str, allowed: Any, default: str = "") -> str:
    """A value of a choice, ``default`` when none is given. Raises ``Invalid``."""
    value = query.get(name, default)
    if value and value not in allowed:
        raise Invalid(NO_SUCH_FILTER)
    return value


def number_of(query: Mapping[str, str], name: str) -> int | None:
    """The id in a filter, None when none is given. Raises ``Invalid``."""
    text = query.get(name, "")
    if text and not (text.isascii() and text.isdecimal() and len(text) < 10):
        raise Invalid(NO_SUCH_FILTER)
    return int(text) if text else None


def day_of(query: Mapping[str, str], name: str) -> date | None:
    """The day in a filter, None when none is given. Raises ``Invalid``."""
    text = query.get(name, "")
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise Invalid(N_("That is not a day; write it like 2026-11-23.")) from None
