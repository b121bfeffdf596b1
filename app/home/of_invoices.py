"""Invoices that wait for the clerk: what was done or shipped off warranty and not invoiced, what was issued and not received."""

from collections.abc import Iterator
from datetime import datetime, time, timedelta
from typing import Any

from peewee import fn

from app.billing import uninvoiced
from app.billing.deliveries import to_hand_over
from app.billing.invoices import EDIT
from app.billing.models import Invoice
from app.billing.uninvoiced import UninvoicedFilter
from app.core import clock
from app.core.errors import N_
from app.core.types import Actor
from app.home.items import LATE, USUAL, Item, Step
from app.supply.models import Shipment
from app.work_orders.models import WorkOrder

# An invoice that nobody has received after so many days is late.
LATE_AFTER = timedelta(days=15)


def of_invoices(actor: Actor, now: datetime) -> list[Item]:
    """Everything of invoices that waits for ``actor``."""
    return [*_uninvoiced(actor), *_underway(now)] if actor.may(EDIT) else []


def _uninvoiced(actor: Actor) -> Iterator[Item]:
    nothing = UninvoicedFilter()
    done = uninvoiced.jobs(actor, nothing).select(fn.COUNT(WorkOrder.id), fn.MIN(WorkOrder.finished_at)).scalar(as_tuple=True)
    yield from _counted(done, "jobs-uninvoiced", "/invoices/uninvoiced-orders", N_("Done, not invoiced: %(count)s"))
    sent = uninvoiced.shipments(actor, nothing).select(fn.COUNT(Shipment.id), fn.MIN(Shipment.sent_at)).scalar(as_tuple=True)
    yield from _counted(sent, "shipments-uninvoiced", "/invoices/uninvoiced-shipments", N_("Shipped, not invoiced: %(count)s"))


def _underway(now: datetime) -> Iterator[Item]:
    """Only what is late: that an invoice is on its way is no work."""
    day = clock.day_of(now - LATE_AFTER)
    late = Invoice.select(fn.COUNT(Invoice.id), fn.MIN(Invoice.issued_on)).where(to_hand_over(), Invoice.issued_on <= day)
    number, oldest = late.scalar(as_tuple=True)
    if number:
        address = f"/invoices?status=underway&to={day.isoformat()}"
        since = datetime.combine(oldest if not isinstance(oldest, str) else datetime.fromisoformat(oldest), time.min, tzinfo=clock.zone())
        yield _item("invoices-underway", address, N_("Issued, not received: %(count)s"), number=number, since=since, rank=LATE)


def _counted(found: tuple[int, Any], key: str, address: str, words: str) -> Iterator[Item]:
    number, oldest = found
    if number:
        since = oldest if isinstance(oldest, datetime) else clock.from_ms(oldest)
        yield _item(key, address, words, number=number, since=since, rank=USUAL)


def _item(key: str, address: str, words: str, *, number: int, since: datetime, rank: int) -> Item:
    step = Step(label=N_("Open the list"), href=address, icon="file-text")
    text = N_("To invoice") if rank == USUAL else N_("Not received")
    return Item(key=key, rank=rank, since=since, href=address, label=words, label_count=number, step=step, state_text=text)
