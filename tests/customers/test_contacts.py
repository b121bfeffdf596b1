"""Contacts: numbers are masked until somebody asks, doubles become one, what is removed can be brought back."""

import pytest
from flask.testing import FlaskClient

from app.accounts.models import Role
from app.core.history import HistoryEntry
from app.core.types import system
from app.customers import contact_operations
from app.customers.models import Contact, Customer
from app.tickets.models import Ticket
from tests import factories
from tests.personas import make_area, make_user, sign_in

HTMX = {"HX-Request": "true"}
BY = system("tests")


@pytest.fixture
def clerk(client: FlaskClient) -> FlaskClient:
    return sign_in(client, make_user(Role.CLERK))


def version(contact: Contact) -> int:
    return Customer.get_by_id(contact.customer_id).version


def act(client: FlaskClient, contact: Contact, what: str, **fields: object) -> int:
    data = {"version": version(contact)} | fields
    return client.post(f"/customers/{contact.customer_id}/contacts/{contact.id}/{what}", data=data).status_code


def test_it_works(clerk: FlaskClient) -> None:
    contact = factories.contact(name="张三", phone="13800001234")
    page = clerk.get(f"/customers/{contact.customer_id}").text
    assert "13800001234" not in page
    answer = clerk.post(f"/contacts/{contact.id}/unmasking", headers=HTMX)
    assert "<html" not in answer.text
    assert f'id="phone-{contact.id}"' in answer.text
    assert 'href="tel:13800001234"' in answer.text


def test_who_looked_at_a_number_stands_in_the_history_without_the_number(clerk: FlaskClient) -> None:
    contact = factories.contact(phone="13800001234")
    answer = clerk.post(f"/contacts/{contact.id}/unmasking")
    assert "13800001234" in answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    entry = HistoryEntry.get()
    assert (entry.action, entry.object_id) == ("customer.phone_unmasked", str(contact.customer_id))
    assert "1380000" not in entry.after


def test_a_number_of_another_area_or_for_another_role_stays_masked(client: FlaskClient) -> None:
    contact = factories.contact(customer=factories.customer(area=make_area("南")))
    sign_in(client, make_user(Role.TECHNICIAN, areas=(make_area("北"),)))
    assert client.post(f"/contacts/{contact.id}/unmasking").status_code == 404
    sign_in(client, make_user(Role.QUALITY))
    assert client.post(f"/contacts/{contact.id}/unmasking").status_code == 403
    assert not HistoryEntry.select().exists()


def test_a_number_shared_by_customers_is_shown_as_such(clerk: FlaskClient) -> None:
    one = factories.contact(phone="13800001234", customer=factories.customer(name="甲公司"))
    factories.contact(phone="13800001234", customer=factories.customer(name="乙公司"))
    factories.contact(phone="13800009999", customer=factories.customer(name="丙公司"))
    page = clerk.get(f"/customers/{one.customer_id}").text
    assert "乙公司" in page
    assert "丙公司" not in page


def test_a_contact_that_nothing_names_can_be_removed_and_brought_back(clerk: FlaskClient) -> None:
    contact = factories.contact(name="张三", phone="138", email="z@example.com", role="finance", takes_no_broadcasts=True)
    assert act(clerk, contact, "removal") == 303
    assert not Contact.select().exists()
    page = clerk.get(f"/customers/{contact.customer_id}").text
    assert "恢复 张三" in page
    entry = HistoryEntry.select().order_by(HistoryEntry.id.desc()).get()
    assert clerk.post(f"/customers/{contact.customer_id}/contacts/restoration", data={"entry": entry.id}).status_code == 303
    back = Contact.get()
    for name in ("id", "name", "phone", "email", "role", "takes_no_broadcasts"):
        assert getattr(back, name) == getattr(contact, name)
    assert clerk.post(f"/customers/{contact.customer_id}/contacts/restoration", data={"entry": entry.id}).status_code == 409
    assert Contact.select().count() == 1


def test_a_contact_that_a_ticket_names_stays(clerk: FlaskClient) -> None:
    contact = factories.contact()
    factories.ticket(contact=contact, customer=contact.customer)
    assert act(clerk, contact, "removal") == 409
    assert Contact.select().exists()


def test_two_contacts_become_one_and_tickets_follow(clerk: FlaskClient) -> None:
    gone = factories.contact(name="张三", phone="138", email="z@example.com", role="operator", takes_no_broadcasts=True)
    kept = factories.contact(name="张三丰", phone="", customer=gone.customer)
    ticket = factories.ticket(contact=gone, customer=gone.customer)
    assert act(clerk, gone, "merging", into=kept.id) == 303
    now = Contact.get()
    assert (now.id, now.name, now.phone, now.email, now.role, now.takes_no_broadcasts) == (
        kept.id, "张三丰", "138", "z@example.com", "operator", True,
    )  # fmt: skip
    assert Ticket.get_by_id(ticket.id).contact_id == kept.id


def test_a_merging_can_be_taken_back_with_what_it_moved(clerk: FlaskClient) -> None:
    gone = factories.contact(name="张三")
    kept = factories.contact(name="李四", customer=gone.customer)
    moved, later = (factories.ticket(contact=one, customer=gone.customer) for one in (gone, kept))
    act(clerk, gone, "merging", into=kept.id)
    entry = HistoryEntry.get(HistoryEntry.action == "customer.contact_merged")
    contact_operations.restore_contact(by=BY, customer=gone.customer, entry_id=entry.id)
    assert Ticket.get_by_id(moved.id).contact_id == gone.id
    assert Ticket.get_by_id(later.id).contact_id == kept.id


def test_contacts_of_two_customers_cannot_be_merged_nor_one_with_itself(clerk: FlaskClient) -> None:
    one, other = factories.contact(), factories.contact()
    assert act(clerk, one, "merging", into=other.id) == 404
    assert act(clerk, one, "merging", into=one.id) == 422
    assert Contact.select().count() == 2


def test_a_stale_merging_is_refused_and_comes_back_with_the_choice(clerk: FlaskClient) -> None:
    gone = factories.contact()
    kept = factories.contact(customer=gone.customer)
    answer = clerk.post(f"/customers/{gone.customer_id}/contacts/{gone.id}/merging", data={"version": 99, "into": kept.id})
    assert answer.status_code == 409
    assert f'<option value="{kept.id}" selected' in answer.text
    assert Contact.select().count() == 2


def test_the_likely_double_is_chosen_already(clerk: FlaskClient) -> None:
    contact = factories.contact(name="张三", phone="138001")
    factories.contact(name="阿一", customer=contact.customer)
    double = factories.contact(name="张工", phone="138001", customer=contact.customer)
    page = clerk.get(f"/customers/{contact.customer_id}/contacts/{contact.id}/merging").text
    assert f'<option value="{double.id}" selected' in page


def test_the_wish_for_no_broadcasts_is_kept(clerk: FlaskClient) -> None:
    contact = factories.contact()
    form = {"name": contact.name, "phone": "", "role": "other", "email": "", "site": "", "version": 1}
    address = f"/customers/{contact.customer_id}/contacts/{contact.id}"
    assert clerk.post(address, data=form | {"takes_no_broadcasts": "y"}).status_code == 303
    assert Contact.get().takes_no_broadcasts
    assert clerk.post(address, data=form | {"version": 2}).status_code == 303
    assert not Contact.get().takes_no_broadcasts
