"""Money that waits: taken on jobs and not confirmed, cash not settled, payments not allocated, claims about to lapse."""

from collections.abc import Iterator
from datetime import date, datetime, time
from typing import Any

from peewee import fn

from app.billing import cash, payments, receivables, unpaid
from app.billing.models import AccountBalance, Payment, Receivable
from app.billing.payment_register import STATES, UNCONFIRMED
from app.billing.receivables import ReceivableFilter
from app.core import clock
from app.core.errors import N_
from app.core.types import Actor
from app.home.items import LATE, USUAL, Item, Step


def of_payments(actor: Actor, now: datetime) -> list[Item]:
    """Everything of payments that waits for ``actor``."""
    today = clock.day_of(now)
    return [*_unconfirmed(actor), *_unsettled(actor, today), *_left_over(actor, today), *_to_check(actor, now), *_lapsing(actor, today)]


def _unconfirmed(actor: Actor) -> Iterator[Item]:
    if actor.may(cash.CONFIRM):
        found = _payments(actor, STATES[UNCONFIRMED])
        yield from _counted(found, "payments-unconfirmed", "/cash", N_("Taken on jobs, to be confirmed: %(count)s"))


def _unsettled(actor: Actor, today: date) -> Iterator[Item]:
    """Cash of earlier days: of everybody for who settles it, one's own for who took it."""
    if actor.may(cash.SETTLE):
        days = [day for day in cash.days() if day.on < today]
    elif actor.may(cash.TAKE):
        days = [day for day in cash.days(actor.user_id) if day.on < today]
    else:
        return
    found = (len(days), days[0].on if days else None)
    yield from _counted(found, "cash-unsettled", "/cash", N_("Days with cash not settled: %(count)s"), LATE)


def _left_over(actor: Actor, today: date) -> Iterator[Item]:
    """Customers who owe and have paid ahead: something of it can be allocated."""
    if actor.may(payments.RECORD):
        number = AccountBalance.select().where(AccountBalance.owed > 0, AccountBalance.ahead > 0).count()
        address, words = "/payments?state=left&sort=received_on", N_("Customers who owe and have money to allocate: %(count)s")
        yield from _counted((number, today), "payments-left", address, words)


def _to_check(actor: Actor, now: datetime) -> Iterator[Item]:
    if actor.may(unpaid.NOTE) and actor.may(cash.CONFIRM):
        found = (unpaid.waiting(actor), clock.day_of(now))
        yield from _counted(found, "jobs-unpaid", "/cash/unpaid", N_("Unpaid amounts to check: %(count)s"))


def _lapsing(actor: Actor, today: date) -> Iterator[Item]:
    if actor.may(receivables.WRITE_OFF):
        query = receivables.narrowed(actor, ReceivableFilter(is_lapsing=True), today)
        found = query.select(fn.COUNT(Receivable.id), fn.MIN(Receivable.due_on)).tuples().get()
        yield from _counted(found, "receivables-lapsing", "/receivables?lapsing=1", N_("Claims about to lapse: %(count)s"), LATE)


def _payments(actor: Actor, state: Any) -> tuple[int, Any]:
    query = payments.visible(actor).where(state).select(fn.COUNT(Payment.id), fn.MIN(Payment.received_on))
    found: tuple[int, Any] = query.tuples().get()
    return found


def _counted(found: tuple[int, Any], key: str, address: str, words: str, rank: int = USUAL) -> Iterator[Item]:
    number, oldest = found
    if number:
        day = oldest if isinstance(oldest, date) else date.fromisoformat(oldest)
        since = datetime.combine(day, time.min, tzinfo=clock.zone())
        step = Step(label=N_("Open the list"), href=address, icon="file-text")
        yield Item(key=key, rank=rank, since=since, href=address, label=words, label_count=number, step=step, state_text=N_("Money"))
