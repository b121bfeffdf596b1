"""A prepared query gives what the query itself would, on either database, for every value."""

import pytest
from peewee import JOIN

from app.core.prepared import Prepared
from app.customers.models import Customer, Site
from tests import factories

pytestmark = pytest.mark.usefixtures("database")

by_name = Prepared(lambda name: Customer.select().where(Customer.name == name))
sites = Prepared(
    lambda customer_id, most: (
        Site.select(Site, Customer).join(Customer, JOIN.LEFT_OUTER).where(Site.customer == customer_id).order_by(Site.id).limit(most)
    )
)


def test_it_works() -> None:
    one, other = factories.customer(), factories.customer()
    assert [by_name.first(customer.name) for customer in (one, other, one)] == [one, other, one]
    assert by_name.first("nobody") is None


def test_values_stand_in_their_own_places_and_joined_rows_come_along() -> None:
    customer = factories.customer()
    first, second = factories.site(customer=customer), factories.site(customer=customer)
    factories.site()
    assert sites.rows(customer.id, 9) == [first, second]
    assert sites.rows(customer.id, 1) == [first]
    assert sites.rows(customer.id, 1)[0].customer.name == customer.name


def test_a_value_is_never_read_as_sql() -> None:
    assert by_name.rows("' OR 1=1 --") == []
