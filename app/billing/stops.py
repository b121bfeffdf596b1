"""Off-warranty service suspended for a debtor, and lifted again (2A-09). Safety and in-warranty work go on: the gate sees to that."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from peewee import JOIN, ModelSelect

from app.accounts.models import Area
from app.billing.models import ServiceStop
from app.core import clock, db, history, live, paging
from app.core.errors import N_, Conflict, Invalid
from app.core.paging import Sort
from app.core.types import Actor
from app.customers.models import Customer

STOP = "service.stop"
LIVE = "money"
MAX_REASON = 300
COLUMNS = ("customer", "area", "at", "by_name", "reason", "lifted_at", "lifted_by_name", "lifted_reason")
SORTS = {"at": Sort(ServiceStop.at, lambda stop: stop.at)}
DEFAULT_SORT = "-at"
OPEN, LIFTED = "open", "lifted"


def stop(*, by: Actor, customer: Customer, reason: str, at: datetime | None = None) -> ServiceStop:
    """Suspend off-warranty service. Raises ``Invalid`` without a reason, ``Conflict`` when it is suspended already, ``NotAllowed``."""
    by.require(STOP)
    _check(reason)
    done_at = at or clock.now()
    with db.transaction():
        is_free = (Customer.id == customer.id) & Customer.service_stopped_at.is_null()
        if Customer.update(service_stopped_at=done_at).where(is_free).execute() != 1:
            raise Conflict(N_("Service for this customer is suspended already."))
        row: ServiceStop = ServiceStop.create(customer=customer, at=done_at, by=by.user_id, by_name=by.name, reason=reason.strip())
        history.record(by, "service.stopped", "customer", customer.id, after={"reason": reason.strip()})
        live.touch(LIVE)
    return row


def lift(*, by: Actor, customer: Customer, reason: str, at: datetime | None = None) -> None:
    """Serve the customer again. Raises ``Invalid`` without a reason, ``Conflict`` when service is not suspended, ``NotAllowed``."""
    by.require(STOP)
    _check(reason)
    with db.transaction():
        is_open = (ServiceStop.customer == customer) & ServiceStop.lifted_at.is_null()
        lifted = {"lifted_at": at or clock.now(), "lifted_by_name": by.name, "lifted_reason": reason.strip()}
        if ServiceStop.update(lifted).where(is_open).execute() != 1:
            raise Conflict(N_("Service for this customer is not suspended."))
        Customer.update(service_stopped_at=None).where(Customer.id == customer.id).execute()
        history.record(by, "service.stop_lifted", "customer", customer.id, after={"reason": reason.strip()})
        live.touch(LIVE)


def _check(reason: str) -> None:
    if not 0 < len(reason.strip()) <= MAX_REASON:
        raise Invalid(
            N_("Give the reason, in at most 300 characters."), fields={"reason": N_("Give the reason, in at most 300 characters.")}
        )


def of_customer(customer: Customer) -> ServiceStop | None:
    """The stop that stands now."""
    found: ServiceStop | None = ServiceStop.get_or_none(ServiceStop.customer == customer, ServiceStop.lifted_at.is_null())
    return found


def listed(actor: Actor, state: str, q: str) -> ModelSelect:
    """Stops, those that stand or those that were lifted, of the customers of ``actor``'s areas."""
    query = ServiceStop.select(ServiceStop, Customer, Area).join(Customer).join(Area, JOIN.LEFT_OUTER)
    if actor.area_ids is not None:
        query = query.where(Customer.area.in_(sorted(actor.area_ids)))
    if state:
        query = query.where(ServiceStop.lifted_at.is_null(state == OPEN))
    return query.where(Customer.name.contains(q) | ServiceStop.reason.contains(q)) if q else query


def exported(actor: Actor, state: str, q: str, sort: str) -> Iterator[list[Any]]:
    """The rows of ``COLUMNS`` for an export."""
    for row in paging.whole(listed(actor, state, q), SORTS, sort).iterator():
        area = row.customer.area.name if row.customer.area else ""
        yield [row.customer.name, area, row.at, row.by_name, row.reason, row.lifted_at, row.lifted_by_name, row.lifted_reason]
