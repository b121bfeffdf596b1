"""The screens of customers, as people use them."""

import csv
import io

import pytest
from flask.testing import FlaskClient

from app.accounts.models import Role
from app.customers.models import Contact, Customer
from tests import factories
from tests.personas import make_area, make_user, sign_in

HTMX = {"HX-Request": "true"}
FORM = {"name": "青禾物业", "short_name": "青禾", "kind": "company", "tax_number": "", "area": "", "form_token": "t1"}


@pytest.fixture
def clerk(client: FlaskClient) -> FlaskClient:
    return sign_in(client, make_user(Role.CLERK))


def test_it_works(clerk: FlaskClient) -> None:
    customer = factories.customer(name="云岭环卫")
    factories.contact(customer=customer, name="张三", phone="13800001234")
    assert "云岭环卫" in clerk.get("/customers").text
    page = clerk.get(f"/customers/{customer.id}").text
    assert "张三" in page


def test_htmx_gets_the_list_alone(clerk: FlaskClient) -> None:
    answer = clerk.get("/customers", headers=HTMX)
    assert "<html" not in answer.text
    assert 'id="customer-list"' in answer.text
    assert "HX-Request" in answer.headers["Vary"]


def test_phone_numbers_are_masked(clerk: FlaskClient) -> None:
    contact = factories.contact(phone="13800001234")
    for address in (f"/customers/{contact.customer_id}", f"/customers/{contact.customer_id}/contacts/{contact.id}"):
        page = clerk.get(address).text
        assert "138****1234" in page
        assert "13800001234" not in page


def test_a_masked_number_left_as_it_is_stays_whole(clerk: FlaskClient) -> None:
    contact = factories.contact(name="张三", phone="13800001234")
    form = {"name": "张三丰", "phone": "138****1234", "role": "operator", "email": "", "site": "", "version": 1}
    answer = clerk.post(f"/customers/{contact.customer_id}/contacts/{contact.id}", data=form)
    assert answer.status_code == 303
    changed = Contact.get_by_id(contact.id)
    assert (changed.name, changed.phone) == ("张三丰", "13800001234")


def test_a_good_form_leads_to_the_customer(clerk: FlaskClient) -> None:
    answer = clerk.post("/customers/new", data=FORM)
    assert answer.status_code == 303
    assert answer.location == f"/customers/{Customer.get().id}"


def test_a_form_sent_twice_makes_one_customer(clerk: FlaskClient) -> None:
    first, second = clerk.post("/customers/new", data=FORM), clerk.post("/customers/new", data=FORM)
    assert first.location == second.location
    assert Customer.select().count() == 1


@pytest.mark.parametrize(
    ("field", "value"), [("name", ""), ("tax_number", "12"), ("tax_number", "914403001922038217"), ("kind", "shop"), ("area", "99")]
)
def test_a_bad_form_comes_back_with_all_that_was_typed(clerk: FlaskClient, field: str, value: str) -> None:
    answer = clerk.post("/customers/new", data=FORM | {field: value})
    assert answer.status_code == 422
    assert "青禾" in answer.text
    assert 'class="error"' in answer.text
    assert not Customer.select().exists()


def test_a_stale_form_shows_the_present_state_and_can_be_sent_again(clerk: FlaskClient) -> None:
    customer = factories.customer(name="云岭环卫")
    edit = f"/customers/{customer.id}/edit"
    assert clerk.post(edit, data=FORM | {"name": "云岭环卫中心", "version": 1}).status_code == 303
    answer = clerk.post(edit, data=FORM | {"name": "云岭清洁", "version": 1})
    assert answer.status_code == 409
    assert "云岭环卫中心" in answer.text
    assert "云岭清洁" in answer.text
    assert Customer.get().name == "云岭环卫中心"
    assert clerk.post(edit, data=FORM | {"name": "云岭清洁", "version": 2}).status_code == 303


def test_a_site_is_added_and_changed(clerk: FlaskClient) -> None:
    customer = factories.customer()
    assert clerk.post(f"/customers/{customer.id}/sites/new", data={"name": "东门", "address": "东路 1 号", "area": ""}).status_code == 303
    site = customer.sites.get()
    answer = clerk.post(f"/customers/{customer.id}/sites/{site.id}", data={"name": "东门站", "address": "", "area": "", "version": 2})
    assert answer.status_code == 303
    assert customer.sites.get().name == "东门站"
    stale = clerk.post(f"/customers/{customer.id}/sites/{site.id}", data={"name": "西门站", "address": "", "area": "", "version": 2})
    assert stale.status_code == 409


def test_a_site_of_another_customer_is_not_found(clerk: FlaskClient) -> None:
    site, other = factories.site(), factories.customer()
    assert clerk.get(f"/customers/{other.id}/sites/{site.id}").status_code == 404


def test_a_technician_sees_own_areas_only_in_list_page_and_export(client: FlaskClient) -> None:
    north, south = make_area("北"), make_area("南")
    own, foreign = factories.customer(name="看得见", area=north), factories.customer(name="看不见", area=south)
    sign_in(client, make_user(Role.TECHNICIAN, areas=(north,)))
    for address in ("/customers", "/customers?q=看", "/customers.csv"):
        assert own.name in client.get(address).text
        assert foreign.name not in client.get(address).text
    assert client.get(f"/customers/{foreign.id}").status_code == 404
    assert client.post("/customers/new", data=FORM).status_code == 403


@pytest.mark.parametrize("q", ["云岭", "张三", "1234", "东门", "914403001922038216"])
def test_the_search_finds_names_people_numbers_and_places(clerk: FlaskClient, q: str) -> None:
    customer = factories.customer(name="云岭环卫", tax_number="914403001922038216")
    factories.site(customer=customer, name="东门压缩站")
    factories.contact(customer=customer, name="张三", phone="13800001234")
    factories.customer(name="别家")
    page = clerk.get(f"/customers?q={q}").text
    assert "云岭环卫" in page
    assert "别家" not in page


def test_pages_of_a_long_list_hold_each_customer_once(clerk: FlaskClient) -> None:
    names = {factories.customer(name=f"客户{number:03d}").name for number in range(120)}
    seen, address = [], "/customers?sort=-name"
    while address:
        page = clerk.get(address).text
        seen += [name for name in sorted(names, reverse=True) if name in page]
        address = page.partition('rel="next" href="')[2].partition('"')[0].replace("&amp;", "&")
    assert seen == sorted(names, reverse=True)


def test_an_unknown_sort_is_refused_in_words(clerk: FlaskClient) -> None:
    assert clerk.get("/customers?sort=password").status_code == 422
    assert clerk.get("/customers?after=zzz").status_code == 422


def test_the_export_carries_the_filter_and_no_formula(clerk: FlaskClient) -> None:
    factories.customer(name="=HYPERLINK(1)")
    factories.customer(name="别家")
    answer = clerk.get("/customers.csv?q=HYPER")
    assert answer.data.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"))))
    assert [row["name"] for row in rows] == ["'=HYPERLINK(1)"]
    assert clerk.get("/customers.xlsx").data[:2] == b"PK"
