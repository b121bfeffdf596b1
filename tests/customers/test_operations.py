"""What may be done to customers, sites and contacts."""

import pytest
from peewee import Database

from app.accounts.models import Role
from app.core import history
from app.core.errors import Conflict, Invalid, NotAllowed
from app.core.history import HistoryEntry, HistoryPersonal
from app.core.types import system
from app.customers import operations, queries
from app.customers.models import Contact, Customer, CustomerKind
from app.customers.operations import ContactDetails, CustomerDetails, SiteDetails
from tests import factories
from tests.personas import actor_of, make_area, make_user

BY = system("tests")
pytestmark = pytest.mark.usefixtures("database")


def create(name: str = "云岭环卫", **details: object) -> Customer:
    return operations.create_customer(by=BY, details=CustomerDetails(name=name, **details))


def test_it_works() -> None:
    customer = create(short_name="云岭", kind=CustomerKind.PUBLIC_BODY)
    assert queries.by_id(BY, customer.id).short_name == "云岭"
    assert HistoryEntry.get().action == "customer.created"
    assert history.verify().problem is None


def test_two_customers_cannot_have_one_name() -> None:
    create()
    with pytest.raises(Invalid) as refused:
        create()
    assert "name" in refused.value.fields
    assert Customer.select().count() == 1


def test_a_form_sent_twice_makes_one_customer() -> None:
    details = CustomerDetails(name="甲")
    first = operations.create_customer(by=BY, details=details, form_token="once")
    assert operations.create_customer(by=BY, details=details, form_token="once") == first


def test_a_tax_number_with_a_wrong_check_character_needs_a_confirmation() -> None:
    with pytest.raises(Invalid):
        create(tax_number="914403001922038217")
    assert create(tax_number="914403001922038217", is_tax_number_confirmed=True).tax_number == "914403001922038217"


def test_a_change_made_for_an_older_state_is_refused() -> None:
    customer = create()
    operations.edit_customer(by=BY, customer=customer, version=1, details=CustomerDetails(name="乙"))
    with pytest.raises(Conflict):
        operations.edit_customer(by=BY, customer=customer, version=1, details=CustomerDetails(name="丙"))
    assert Customer.get().name == "乙"


def test_a_change_that_changes_nothing_leaves_no_history() -> None:
    customer = create()
    assert not operations.edit_customer(by=BY, customer=customer, version=1, details=CustomerDetails(name="云岭环卫"))
    assert HistoryEntry.select().count() == 1


def test_technicians_do_not_keep_customers() -> None:
    technician = actor_of(make_user(Role.TECHNICIAN))
    with pytest.raises(NotAllowed):
        operations.create_customer(by=technician, details=CustomerDetails(name="甲"))


def test_a_site_lies_in_the_area_of_its_customer_unless_told_otherwise(database: Database) -> None:
    north, south = make_area("北"), make_area("南")
    customer = create(area=north)
    assert operations.add_site(by=BY, customer=customer, details=SiteDetails(name="东门")).area == north
    assert operations.add_site(by=BY, customer=customer, details=SiteDetails(name="西门", area=south)).area == south


def test_a_customer_has_no_two_sites_of_one_name() -> None:
    customer = create()
    operations.add_site(by=BY, customer=customer, details=SiteDetails(name="东门"))
    with pytest.raises(Invalid):
        operations.add_site(by=BY, customer=customer, details=SiteDetails(name="东门"))


def test_changing_a_site_makes_an_open_form_of_the_customer_stale() -> None:
    customer = create()
    site = operations.add_site(by=BY, customer=customer, details=SiteDetails(name="东门"))
    operations.edit_site(by=BY, site=site, version=customer.version, details=SiteDetails(name="东门站"))
    with pytest.raises(Conflict):
        operations.edit_customer(by=BY, customer=customer, version=1, details=CustomerDetails(name="乙"))


def test_the_same_person_is_entered_once() -> None:
    customer = create()
    person = ContactDetails(name="张三", phone="13800001234")
    first = operations.add_contact(by=BY, customer=customer, details=person)
    assert operations.add_contact(by=BY, customer=customer, details=person) == first
    assert Contact.select().count() == 1


def test_a_contact_cannot_be_placed_at_a_foreign_site() -> None:
    with pytest.raises(Invalid) as refused:
        operations.add_contact(by=BY, customer=create(), details=ContactDetails(name="张三", site=factories.site()))
    assert "site" in refused.value.fields


def test_names_and_numbers_of_people_stand_in_the_history_only_as_digests() -> None:
    operations.add_contact(by=BY, customer=create(), details=ContactDetails(name="张三", phone="13800001234"))
    entry = HistoryEntry.get(HistoryEntry.action == "customer.contact_added")
    assert "张三" not in entry.after
    assert "13800001234" not in entry.after
    assert {row.value for row in HistoryPersonal.select().where(HistoryPersonal.entry == entry)} == {"张三", "13800001234"}


def test_an_area_bound_person_sees_customers_with_a_site_or_machine_there() -> None:
    north, south = make_area("北"), make_area("南")
    own, by_site, by_machine, foreign = (
        create(name, area=area) for name, area in (("甲", north), ("乙", south), ("丙", None), ("丁", south))
    )
    factories.site(customer=by_site, area=north)
    factories.machine(customer=by_machine, area=north)
    li = actor_of(make_user(Role.TECHNICIAN, areas=(north,)))
    assert {customer.name for customer in queries.visible(li)} == {own.name, by_site.name, by_machine.name}
    assert foreign in queries.visible(actor_of(make_user(Role.TECHNICIAN, Role.CLERK, areas=(north,))))
