"""Search documents follow their rows, and what got lost is seen and built anew."""

import pytest
from peewee import Database

from app.core import db, indexing, integrity, settings, textsearch
from app.core.types import system
from app.customers import searching
from app.customers.models import Contact, Customer
from app.customers.operations import ContactDetails, CustomerDetails, add_contact, create_customer, edit_contact, enter_customers
from app.release import release
from tests import factories

ACTOR = system("tests")

pytestmark = pytest.mark.usefixtures("database")


def found(query: str, table: str = searching.CUSTOMERS) -> list[int]:
    return textsearch.keys(table, textsearch.own(query), 10)


def lose(table: str) -> None:
    with db.transaction():
        db.database.execute_sql(f"DELETE FROM {table}")


def test_it_works() -> None:
    made = create_customer(by=ACTOR, details=CustomerDetails(name="中山机械厂", tax_number=""))
    assert found("中山") == found("zsjx") == found("shanji") == [made.id]


def test_a_change_that_fails_leaves_the_documents_as_they_were() -> None:
    with pytest.raises(ZeroDivisionError), db.transaction():
        create_customer(by=ACTOR, details=CustomerDetails(name="中山机械厂"))
        raise ZeroDivisionError
    assert found("中山") == []


def test_many_entered_at_once_are_all_found() -> None:
    with db.transaction():
        enter_customers(by=ACTOR, details=[CustomerDetails(name=f"环卫{number:04d}所") for number in range(1_200)])
    assert len(textsearch.keys(searching.CUSTOMERS, textsearch.own("环卫"), 2_000)) == 1_200
    assert indexing.problems() == []


def test_a_changed_phone_is_found_and_the_old_one_no_more() -> None:
    owner = create_customer(by=ACTOR, details=CustomerDetails(name="甲公司"))
    made = add_contact(by=ACTOR, customer=owner, details=ContactDetails(name="王工", phone="13800001234"))
    owner = Customer.get_by_id(owner.id)
    edit_contact(
        by=ACTOR, contact=Contact.get_by_id(made.id), version=owner.version, details=ContactDetails(name="王工", phone="13911115678")
    )
    assert (found("1234", searching.CONTACTS), found("5678", searching.CONTACTS)) == ([], [made.id])


def test_the_document_of_a_deleted_row_goes_with_it() -> None:
    made = factories.contact(name="王工")
    with db.transaction():
        made.delete_instance()
        searching.stale(contacts=[made.id])
    assert found("王工", searching.CONTACTS) == []


@pytest.mark.parametrize("table", ["customer_search", "site_search", "contact_search", "machine_search", "ticket_search", "project_search"])
def test_lost_documents_are_seen_and_built_anew(table: str) -> None:
    machine = factories.machine(site=factories.site())
    factories.contact(customer=machine.customer)
    factories.ticket(machine=machine)
    factories.project(customer=machine.customer)
    assert integrity.problems() == []
    lose(table)
    assert [line for line in integrity.problems() if line.startswith(table)]
    done = release()
    assert any(table in line for line in done)
    assert integrity.problems() == []


def test_documents_of_rows_that_are_no_more_are_seen_and_removed(sqlite_database: Database) -> None:
    with db.transaction():
        textsearch.write(searching.CUSTOMERS, 77, {"中山"})
    assert integrity.problems() == ["customer_search: 0 rows cannot be found, 1 documents are left over; run search rebuild"]
    index = next(one for one in indexing.all_indexes() if one.table == searching.CUSTOMERS)
    list(indexing.rebuild(index))
    assert integrity.problems() == []


def test_an_older_version_s_documents_are_built_anew_once() -> None:
    made = factories.customer(name="中山机械厂")
    with db.transaction():
        textsearch.write(searching.CUSTOMERS, made.id, {"中山"})
    settings.put(by=ACTOR, name="documents.customer_search", value=indexing.VERSION - 1)
    assert any("customer_search" in line for line in release())
    assert found("zsjx") == [made.id]
    assert release() == []
