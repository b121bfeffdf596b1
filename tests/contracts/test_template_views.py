"""Templates: the text a new contract begins with, edited by the manager."""

import pytest
from flask.testing import FlaskClient
from peewee import Database

from app.contracts.models import ContractTemplate
from tests import factories
from tests.contracts.desk import typed
from tests.personas import People, people, sign_in


@pytest.fixture
def database(sqlite_database: Database) -> Database:
    return sqlite_database


@pytest.fixture
def who(client: FlaskClient) -> People:
    everybody = people()
    sign_in(client, everybody.liu)
    return everybody


def sent(**values: str) -> dict[str, str]:
    return {"kind": "repair", "name": "城管局用", "text": "总价【金额】元，验收后付款。", "is_active": "y", "form_token": "one"} | values


def test_it_works(client: FlaskClient, who: People) -> None:
    assert client.get("/contract-templates").status_code == 200
    for _ in range(2):  # a double click
        assert client.post("/contract-templates/new", data=sent()).status_code == 303
    template = ContractTemplate.get()
    assert "城管局用" in client.get("/contract-templates").text
    serial = factories.machine().serial
    assert "验收后付款" in client.get(f"/contracts/new?machine={serial}").text
    page = f"/contract-templates/{template.id}"
    assert client.post(page, data=sent(version="1", text="新条款")).status_code == 303
    assert client.post(page, data=sent(version="1", text="旧窗口")).status_code == 409
    assert ContractTemplate.get().text == "新条款"


def test_two_templates_have_two_names_and_each_its_words(client: FlaskClient, who: People) -> None:
    client.post("/contract-templates/new", data=sent())
    for wrong in (sent(form_token="two"), sent(form_token="two", name=" "), sent(form_token="two", name="空", text=" ")):
        assert client.post("/contract-templates/new", data=wrong).status_code == 422
    assert client.get("/contract-templates/999").status_code == 404


def test_the_chosen_template_replaces_the_text_of_the_form(client: FlaskClient, who: People) -> None:
    client.post("/contract-templates/new", data=sent())
    client.post("/contract-templates/new", data=sent(form_token="two", name="另一份", text="另一份条款"))
    serial, second = factories.machine().serial, ContractTemplate.get(ContractTemplate.name == "另一份")
    page = client.post(f"/contracts/new?machine={serial}", data=typed(fill="1", template=str(second.id))).text
    assert "另一份条款" in page


def test_one_that_is_not_in_use_is_offered_to_nobody(client: FlaskClient, who: People) -> None:
    client.post("/contract-templates/new", data={name: text for name, text in sent().items() if name != "is_active"})
    serial = factories.machine().serial
    assert "验收后付款" not in client.get(f"/contracts/new?machine={serial}").text
