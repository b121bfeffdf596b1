"""The screens of the catalogue of parts, as people use them."""

from decimal import Decimal

import pytest
from flask.testing import FlaskClient
from peewee import Database

from app.accounts.models import Role
from app.parts.models import Part, PartModel, Supplier
from tests import factories, money_factories
from tests.personas import make_user, sign_in

FORM = {
    "number": "GB/T3452-28",
    "name": "O 形圈",
    "unit": "件",
    "price": "3.50",
    "cost": "1.2",
    "supplier": "",
    "is_active": "y",
    "form_token": "t1",
}


@pytest.fixture
def database(sqlite_database: Database) -> Database:
    return sqlite_database


@pytest.fixture
def clerk(client: FlaskClient) -> FlaskClient:
    return sign_in(client, make_user(Role.CLERK))


def test_it_works(clerk: FlaskClient) -> None:
    model = factories.machine().model
    answer = clerk.post("/parts/new", data=FORM | {"models": [model.id]})
    assert answer.status_code == 303
    page = clerk.get(answer.location).text
    assert "O 形圈" in page
    assert model.name in page
    assert "¥1.20" in page
    assert "O 形圈" in clerk.get("/parts?q=3452").text
    assert Part.get().price == Decimal("3.50")


def test_a_form_sent_twice_makes_one_part(clerk: FlaskClient) -> None:
    first, second = clerk.post("/parts/new", data=FORM), clerk.post("/parts/new", data=FORM)
    assert first.location == second.location
    assert Part.select().count() == 1


@pytest.mark.parametrize(
    "wrong", [{"number": ""}, {"name": ""}, {"price": "abc"}, {"cost": "-1"}, {"number": "new"}, {"warranty_months": "999"}]
)
def test_what_is_wrong_stands_beside_its_field_and_nothing_typed_is_lost(clerk: FlaskClient, wrong: dict[str, str]) -> None:
    answer = clerk.post("/parts/new", data=FORM | wrong)
    assert answer.status_code == 422
    assert 'class="error"' in answer.text
    assert 'value="3.50"' in answer.text or "price" in wrong
    assert not Part.select().exists()


def test_a_technician_never_reads_what_a_part_costs(client: FlaskClient) -> None:
    part = money_factories.part(price=Decimal(900), cost=Decimal("456.78"))
    technician = sign_in(client, make_user(Role.TECHNICIAN))
    for address in ("/parts", f"/parts/{part.number}", "/parts.csv"):
        answer = technician.get(address)
        assert answer.status_code == 200
        assert "900" in answer.text
        assert "456.78" not in answer.text
    assert "cost" not in technician.get("/parts.csv").text.splitlines()[0]


def test_who_was_slower_sees_what_stands_there_now(clerk: FlaskClient) -> None:
    part = money_factories.part(number="A1", name="滤芯")
    form = FORM | {"number": "A1", "name": "滤芯 A", "version": "1"}
    assert clerk.post("/parts/A1/edit", data=form).status_code == 303
    answer = clerk.post("/parts/A1/edit", data=form | {"name": "滤芯 B"})
    assert answer.status_code == 409
    assert "滤芯 B" in answer.text
    assert "滤芯 A" in answer.text
    assert Part.get_by_id(part.id).name == "滤芯 A"


def test_whether_pieces_have_numbers_stays_once_they_moved(clerk: FlaskClient) -> None:
    part = money_factories.part(number="A1")
    money_factories.stock(part, 2)
    answer = clerk.post("/parts/A1/edit", data=FORM | {"number": "A1", "has_serials": "y", "version": "1"})
    assert answer.status_code == 422
    assert not Part.get_by_id(part.id).has_serials


def test_the_list_narrows_by_model_supplier_and_kind(clerk: FlaskClient) -> None:
    supplier = Supplier.create(name="长河液压")
    wear, other = money_factories.part(name="滤芯", is_wear=True, supplier=supplier), money_factories.part(name="油泵")
    model = factories.machine().model
    PartModel.create(part=other, model=model)
    for query, shown, hidden in (
        ("trait=wear", "滤芯", "油泵"),
        (f"supplier={supplier.id}", "滤芯", "油泵"),
        (f"model={model.id}", "油泵", "滤芯"),
    ):
        page = clerk.get(f"/parts?{query}").text
        assert shown in page
        assert hidden not in page
    assert wear.number in clerk.get("/parts.csv").text
    assert clerk.get("/parts.xlsx").status_code == 200


def test_suppliers_are_registered_changed_and_exported(clerk: FlaskClient) -> None:
    assert clerk.post("/suppliers/new", data={"name": "长河液压", "is_active": "y", "form_token": "s1"}).status_code == 303
    found = Supplier.get()
    assert "长河液压" in clerk.get("/suppliers").text
    assert clerk.post("/suppliers/new", data={"name": "长河液压", "form_token": "s2"}).status_code == 422
    assert clerk.post(f"/suppliers/{found.id}", data={"name": "长河液压件厂", "version": "1", "is_active": "y"}).status_code == 303
    assert clerk.post(f"/suppliers/{found.id}", data={"name": "别名", "version": "1", "is_active": "y"}).status_code == 409
    assert "长河液压件厂" in clerk.get("/suppliers.csv").text
