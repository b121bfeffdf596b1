"""A prepared query gives what the query itself would, on either database, for every value."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from peewee import JOIN

from app.core import db
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


def test_threads_that_share_a_query_get_their_own_rows() -> None:
    customers = [factories.customer() for _ in range(8)]

    def ask(customer: Customer) -> bool:
        db.connect()
        try:
            return all(by_name.rows(customer.name) == [customer] for _ in range(50))
        finally:
            db.drop_connection()

    with ThreadPoolExecutor(8) as threads:
        assert all(threads.map(ask, customers))
