"""The people and finished orders that the tests of call-backs begin with."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from app.accounts.models import Authority, User
from app.callbacks.models import CallBack, CallBackOutcome
from app.callbacks.operations import About, Call, save
from app.callbacks.scores import Scores
from app.core import clock, db
from app.core.types import Actor
from app.customers.models import Customer
from app.work_orders.models import OrderStatus, WorkOrder
from tests import factories
from tests.personas import People, actor_of, people

GOOD, POOR = Scores(5, 4, 5), Scores(5, 2, 5)


@dataclass(frozen=True, slots=True)
class Desk:
    """Everybody, and who records, signs and reads as actors."""

    who: People
    clerk: Actor
    deputy: Actor
    manager: Actor


def desk() -> Desk:
    everybody = people()
    return Desk(everybody, actor_of(everybody.chen), actor_of(everybody.zhao), actor_of(everybody.liu))


def finished(lead: User, customer: Customer | None = None, **values: Any) -> WorkOrder:
    """A finished order whose call-back is due."""
    machine = factories.machine(customer=customer) if customer else factories.machine(area=values.pop("area", None))
    return factories.work_order(lead=lead, machine=machine, status=values.pop("status", OrderStatus.FINISHED), **values)


def recorded(centre: Desk, scores: Scores = GOOD, order: WorkOrder | None = None) -> CallBack:
    """A record by the clerk, as it is read from the database."""
    about = About(order or finished(centre.who.li))
    (made,) = save(by=centre.clerk, abouts=[about], call=Call(outcome=CallBackOutcome.REACHED, scores=scores))
    return CallBack.get_by_id(made.id)


def lend(giver: User, holder: User, permission: str) -> None:
    """``holder`` may do ``permission`` in the place of ``giver``."""
    now = clock.now()
    with db.transaction():
        Authority.create(
            giver=giver, holder=holder, permission=permission, from_at=now - timedelta(days=1), until_at=now + timedelta(days=1),
            given_at=now,
        )  # fmt: skip
