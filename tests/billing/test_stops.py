"""Service suspended for a debtor, and lifted."""

import pytest
from peewee import Database

from app.billing import stops
from app.billing.models import ServiceStop
from app.core.errors import Conflict, Invalid, NotAllowed
from app.customers.models import Customer
from tests import factories
from tests.personas import actor_of, make_user


def test_it_works(database: Database) -> None:
    manager, customer = actor_of(make_user("manager")), factories.customer()
    stops.stop(by=manager, customer=customer, reason="owes for 90 days")
    assert Customer.get_by_id(customer.id).service_stopped_at is not None
    stops.lift(by=manager, customer=customer, reason="paid")
    assert Customer.get_by_id(customer.id).service_stopped_at is None
    assert ServiceStop.get().lifted_reason == "paid"


def test_what_is_suspended_is_not_suspended_again(sqlite_database: Database) -> None:
    manager, customer = actor_of(make_user("manager")), factories.customer()
    stops.stop(by=manager, customer=customer, reason="x")
    with pytest.raises(Conflict):
        stops.stop(by=manager, customer=customer, reason="x")
    stops.lift(by=manager, customer=customer, reason="x")
    with pytest.raises(Conflict):
        stops.lift(by=manager, customer=customer, reason="x")


def test_a_reason_is_given(sqlite_database: Database) -> None:
    with pytest.raises(Invalid):
        stops.stop(by=actor_of(make_user("manager")), customer=factories.customer(), reason=" ")


@pytest.mark.parametrize("role", ["clerk", "deputy", "technician", "area_manager", "quality", "admin"])
def test_only_the_manager_suspends(sqlite_database: Database, role: str) -> None:
    with pytest.raises(NotAllowed):
        stops.stop(by=actor_of(make_user(role)), customer=factories.customer(), reason="x")
