"""Demands and what came of them (催款记录, 2E-11, F-24; visits of technicians 2C-14): who, when, result, promise, next date."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from peewee import fn

from app.billing.models import DunningAct, DunningRecord, DunningStep, Receivable
from app.core import clock, db, history, live, submissions
from app.core.errors import N_, Invalid
from app.core.files import StoredFile
from app.core.money import FEN, ZERO
from app.core.types import Actor
from app.customers.models import Customer

RECORD = "dunning.record"
LIVE = "money"
MAX_RESULT = 500
MISSING = N_("Something is missing or wrong. See the words beside the fields.")
# What can be proven later, and so interrupts the limitation (facts, Receivables): paper, or somebody who was there.
PROVABLE = (DunningAct.LETTER, DunningAct.VISIT, DunningAct.LAWYER)


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """One demand as it is written down. ``receivable`` None: everything that is overdue. ``promised`` None: all of that."""

    act: str
    result: str = ""
    step: DunningStep | None = None
    receivable: Receivable | None = None
    promised_on: date | None = None
    promised: Decimal | None = None
    next_on: date | None = None
    letter: StoredFile | None = None


def demand(*, by: Actor, customer: Customer, wanted: Demand, form_token: str | None = None, at: datetime | None = None) -> DunningRecord:
    """Write down a demand; one that can be proven sets ``Receivable.demanded_on`` of what it was about.

    The same form sent again (``form_token``) answers with its record. Raises ``Invalid`` with words beside the fields, ``NotAllowed``.
    """
    by.require(RECORD)
    done_at = at or clock.now()
    today = clock.day_of(done_at)
    with db.transaction():
        if form_token and not submissions.claim(form_token):
            return DunningRecord.get_by_id(int(submissions.result_of(form_token)))
        overdue = demanded_sum(customer, wanted.receivable, today)
        _check(wanted, customer, today, overdue)
        promised = (wanted.promised or overdue) if wanted.promised_on else None
        row: DunningRecord = DunningRecord.create(
            customer=customer, receivable=wanted.receivable, step=wanted.step, act=wanted.act, at=done_at, by=by.user_id, by_name=by.name,
            result=wanted.result.strip(), promised_on=wanted.promised_on, promised=promised, next_on=wanted.next_on, letter=wanted.letter,
        )  # fmt: skip
        if form_token:
            submissions.settle(form_token, row.id)
        if wanted.act in PROVABLE:
            _interrupt(customer, wanted.receivable, today)
        after = {"act": wanted.act, "result": row.result, "promised_on": row.promised_on, "promised": promised, "next_on": row.next_on}
        history.record(by, "dunning.recorded", "customer", customer.id, after=after)
        live.touch(LIVE)
    return row


def _demanded(customer: Customer, receivable: Receivable | None, today: date) -> Any:
    """What a demand is about: the one receivable, or everything that is overdue."""
    mine = (Receivable.customer == customer) & Receivable.is_open
    return mine & ((Receivable.id == receivable.id) if receivable else (Receivable.due_on < today))


def demanded_sum(customer: Customer, receivable: Receivable | None, today: date) -> Decimal:
    """What is still owed of that."""
    query = Receivable.select(fn.SUM(Receivable.amount - Receivable.paid).coerce(False)).where(_demanded(customer, receivable, today))
    return Decimal(int(query.scalar() or 0)) * FEN


def _interrupt(customer: Customer, receivable: Receivable | None, today: date) -> None:
    is_newer = Receivable.demanded_on.is_null() | (Receivable.demanded_on < today)
    Receivable.update(demanded_on=today).where(_demanded(customer, receivable, today), is_newer).execute()


def _check(wanted: Demand, customer: Customer, today: date, overdue: Decimal) -> None:
    wrong = {}
    if wanted.act not in list(DunningAct):
        wrong["act"] = N_("Choose what is done.")
    if len(wanted.result) > MAX_RESULT or not (wanted.result.strip() or wanted.letter):
        wrong["result"] = N_("Say what came of it, in at most 500 characters.")
    if wanted.promised_on is not None and wanted.promised_on < today:
        wrong["promised_on"] = N_("A promise is for today or a day to come.")
    if wanted.next_on is not None and wanted.next_on <= today:
        wrong["next_on"] = N_("The next step is on a day to come.")
    wrong |= _promise_problem(wanted, overdue)
    if wanted.receivable is not None and (wanted.receivable.customer_id != customer.id or not wanted.receivable.is_open):
        wrong["receivable"] = N_("This is not owed any more. Choose another, or all.")
    if wrong:
        raise Invalid(MISSING, fields=wrong)


def _promise_problem(wanted: Demand, overdue: Decimal) -> dict[str, str]:
    if wanted.promised is not None and (wanted.promised <= ZERO or wanted.promised_on is None):
        return {"promised": N_("A promised amount is more than nothing and has its day.")}
    if wanted.promised_on is not None and wanted.promised is None and overdue <= ZERO:
        return {"promised": N_("Nothing is overdue; say what amount is promised.")}
    return {}
