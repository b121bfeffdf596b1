"""Taking in a bank's file: every line that somebody confirmed becomes a payment with what it pays, all of them or none (2E-13)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from app.billing import payments, suggestions
from app.billing.bank_lines import BankLine
from app.billing.models import Payment, PaymentWay
from app.billing.payments import RECORD, PaymentDetails
from app.core import clock, db
from app.core.errors import N_, Invalid
from app.core.types import Actor
from app.customers.models import Customer


@dataclass(frozen=True, slots=True)
class Confirmed:
    """A line with the customer whose money it is; ``is_allocated`` when it shall pay what is proposed."""

    line: BankLine
    customer: Customer
    is_allocated: bool


def take_in(*, by: Actor, lines: Sequence[Confirmed], at: datetime | None = None) -> list[Payment]:
    """Record the payments of ``lines``; what each pays is proposed anew from what is owed at that moment.

    Raises ``Invalid`` when there is none or one of them cannot be taken; then nothing is recorded.
    """
    by.require(RECORD)
    if not lines:
        raise Invalid(N_("Tick the lines that shall be taken in."))
    made = []
    with db.transaction():
        for one in lines:
            line = one.line
            details = PaymentDetails(
                way=PaymentWay.TRANSFER, amount=line.amount, received_on=line.on, payer_name=line.payer, bank_reference=line.reference,
                remark=line.remark,
            )  # fmt: skip
            owed = suggestions.open_of(one.customer) if one.is_allocated else []
            shares = suggestions.proposed(line.amount, owed, line.remark)
            wishes = [(receivable, shares[receivable.id]) for receivable in owed if receivable.id in shares]
            made.append(payments.record(by=by, customer=one.customer, details=details, wishes=wishes, at=at or clock.now()))
    return made
