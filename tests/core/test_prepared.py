"""A prepared query gives what the query itself would, on either database, for every value."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from peewee import JOIN, IntegrityError

from app.core import clock, db
from app.core.prepared import Prepared, PreparedInsert, PreparedUpdate, PreparedWrite
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


def test_records_are_made_alike_each_time() -> None:
    """Also where the first time found nothing, and each row is a record of its own."""
    query = Prepared(lambda: Customer.select(Customer, Customer.id.alias("other_id")).order_by(Customer.id).objects())
    assert query.rows() == []
    created = [factories.customer(), factories.customer()]
    for _ in range(2):
        found = query.rows()
        assert [(one, one.other_id, one.created_at, one.dirty_fields) for one in found] == [
            (one, one.id, one.created_at, []) for one in created
        ]
        found[0].name = "changed"
        assert query.first().name == created[0].name


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


renamed = PreparedWrite(lambda name, customer_id: Customer.update(name=name).where(Customer.id == customer_id))
noted = PreparedWrite(lambda name: Customer.insert(name=name, created_at=0).returning(Customer.id))
customers = PreparedInsert(Customer)


def test_a_prepared_write_says_how_many_rows_it_wrote() -> None:
    customer = factories.customer()
    with db.transaction():
        assert (renamed.count("海宁设备", customer.id), renamed.count("谁也不是", 0)) == (1, 0)
    assert Customer.get_by_id(customer.id).name == "海宁设备"


def test_a_prepared_write_gives_what_it_returns() -> None:
    with db.transaction():
        assert Customer.get_by_id(noted.value("新客户")).name == "新客户"


def test_an_added_row_has_its_id_and_every_value_and_default() -> None:
    now = clock.now()
    with db.transaction():
        added = customers.add(Customer(name="海宁环卫", created_at=now))
    stored = Customer.get_by_id(added.id)
    assert (stored.name, stored.created_at, stored.version) == ("海宁环卫", now, 1)
    assert added.__data__.items() <= stored.__data__.items()


def test_an_added_row_that_a_constraint_refuses_is_not_there() -> None:
    customer = factories.customer()
    with pytest.raises(IntegrityError), db.transaction():
        customers.add(Customer(name=customer.name, created_at=clock.now(), area=99_999))
    assert Customer.select().count() == 1


def test_an_update_writes_the_fields_it_is_given_and_no_other_row() -> None:
    change = PreparedUpdate(Customer, lambda changes, customer_id: Customer.update(changes).where(Customer.id == customer_id))
    one, other = factories.customer(), factories.customer()
    assert change.count({"short_name": "甲"}, one.id) == 1
    assert change.count({"name": "甲公司", "short_name": "乙"}, one.id) == 1
    assert change.count({"short_name": "丙"}, 0) == 0
    assert [(row.name, row.short_name) for row in Customer.select().order_by(Customer.id)] == [
        ("甲公司", "乙"),
        (other.name, other.short_name),
    ]
