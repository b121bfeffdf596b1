"""Contracts at the desk: written, changed, listed, exported."""

from decimal import Decimal

import pytest
from flask.testing import FlaskClient
from peewee import Database

from app.contracts.models import Contract, ContractKind, ContractLine, ContractMachine, ContractStatus
from app.core import clock
from tests import factories
from tests.contracts.desk import typed
from tests.money_factories import contract, part
from tests.personas import People, people, sign_in

S = ContractStatus


@pytest.fixture
def database(sqlite_database: Database) -> Database:
    return sqlite_database


@pytest.fixture
def who(client: FlaskClient) -> People:
    everybody = people()
    sign_in(client, everybody.chen)
    return everybody


def test_it_works(client: FlaskClient, who: People) -> None:
    order = factories.work_order(warranty="off", lead=who.li)
    assert order.title in client.get(f"/contracts/new?order={order.number}").text
    for _ in range(2):  # a double click
        answer = client.post(f"/contracts/new?order={order.number}", data=typed())
    made = Contract.get()
    assert answer.headers["Location"] == f"/contracts/{made.number}"
    assert (made.total, made.order, made.customer, made.area) == (Decimal(1200), order, order.customer, order.area)
    page = client.get(f"/contracts/{made.number}").text
    assert "¥1,200.00" in page
    assert "总价1,200.00元" in page
    assert made.number in client.get("/contracts").text


@pytest.mark.parametrize("name", ["order", "machine", "customer"])
def test_what_it_is_for_is_named_by_hand(client: FlaskClient, who: People, name: str) -> None:
    order = factories.work_order(warranty="off", lead=who.li)
    about = {"order": order.number, "machine": order.machine.serial, "customer": order.customer.name}[name]
    assert client.get("/contracts/new").status_code == 200
    assert client.get("/contracts/new?about=nothing-like-it").status_code == 404
    assert order.customer.name in client.get(f"/contracts/new?about={about}").text


def test_what_is_missing_is_said_beside_the_fields_and_nothing_typed_is_lost(client: FlaskClient, who: People) -> None:
    serial = factories.machine().serial
    answer = client.post(f"/contracts/new?machine={serial}", data=typed(title="", **{"line-0-price": "viel"}))
    assert answer.status_code == 422
    assert "viel" in answer.text
    assert "line-0-price-error" in answer.text
    assert Contract.select().count() == 0


def test_more_lines_the_sum_and_a_template_save_nothing(client: FlaskClient, who: People) -> None:
    serial = factories.machine().serial
    for button in ("more", "reckon", "fill"):
        answer = client.post(f"/contracts/new?machine={serial}", data=typed(**{button: "1"}))
        assert (answer.status_code, "¥1,200.00" in answer.text) == (200, True)
    assert Contract.select().count() == 0


def test_a_part_of_the_catalogue_brings_its_unit_price_and_cost(client: FlaskClient, who: People) -> None:
    seal = part(name="油封", unit="只", price=Decimal("80.50"), cost=Decimal(30))
    serial = factories.machine().serial
    line = {"line-0-text": f"{seal.number} 油封", "line-0-quantity": "3", "line-0-unit": "", "line-0-price": ""}
    client.post(f"/contracts/new?machine={serial}", data=typed(**line))
    stored = ContractLine.get()
    assert (stored.part, stored.text, stored.unit, stored.amount, stored.cost) == (seal, "油封", "只", Decimal("241.50"), Decimal(90))


def test_what_is_in_warranty_costs_nothing(client: FlaskClient, who: People) -> None:
    serial = factories.machine().serial
    more = {"line-1-text": "人工", "line-1-price": "300", "line-1-tax_rate": "6"}
    client.post(f"/contracts/new?machine={serial}", data=typed(**{"line-0-is_in_warranty": "1"}, **more))
    assert [line.amount for line in ContractLine.select().order_by(ContractLine.position)] == [Decimal(0), Decimal(300)]
    assert Contract.get().total == Decimal(300)


def test_an_agreement_names_its_term_and_machines(client: FlaskClient, who: People) -> None:
    machine = factories.machine()
    sent = typed(kind="agreement", machines=f"{machine.serial}\nUNKNOWN")
    assert client.post(f"/contracts/new?machine={machine.serial}", data=sent).status_code == 422
    sent |= {"machines": machine.serial, "valid_from": "2026-01-01", "valid_until": "2025-01-01"}
    assert client.post(f"/contracts/new?machine={machine.serial}", data=sent).status_code == 422
    sent["valid_until"] = "2026-12-31"
    assert client.post(f"/contracts/new?machine={machine.serial}", data=sent).status_code == 303
    assert ContractMachine.get().machine == machine


def test_a_draft_is_changed_and_the_second_of_two_sees_what_stands_there_now(client: FlaskClient, who: People) -> None:
    made = contract()
    page = f"/contracts/{made.number}/edit"
    assert "1200" in client.get(page).text
    assert client.post(page, data=typed(version=str(made.version), title="先改")).status_code == 303
    answer = client.post(page, data=typed(version=str(made.version), title="后改"))
    assert answer.status_code == 409
    assert "先改" in answer.text
    assert "后改" in answer.text
    assert Contract.get().title == "先改"


def test_what_was_handed_in_is_not_changed(client: FlaskClient, who: People) -> None:
    made = contract(S.SUBMITTED)
    assert client.post(f"/contracts/{made.number}/edit", data=typed(version=str(made.version))).status_code == 409


def test_only_who_may_see_costs_sees_and_sets_them(client: FlaskClient, who: People) -> None:
    made = contract(order=factories.work_order(warranty="off", lead=who.li), cost=Decimal(777))
    assert "777" in client.get(f"/contracts/{made.number}").text
    assert "毛利" not in client.get(f"/contracts/{made.number}").text
    sign_in(client, who.liu)
    assert "毛利" in client.get(f"/contracts/{made.number}").text
    sign_in(client, who.li)
    assert "777" not in client.get(f"/contracts/{made.number}").text
    assert "777" not in client.get("/contracts.csv").text


def test_contracts_of_another_area_are_not_to_be_seen(client: FlaskClient, who: People) -> None:
    far = contract(machine=factories.machine(area=who.south))
    near = contract(machine=factories.machine(area=who.north))
    for person in (who.li, who.area_manager):
        sign_in(client, person)
        for address in ("", "/print", ".pdf", "/scan"):
            assert client.get(f"/contracts/{far.number}{address}").status_code == 404
        listed = client.get("/contracts").text
        assert (far.number in listed, near.number in listed) == (False, True)
        assert far.number not in client.get("/contracts.csv").text


def test_the_list_is_filtered_sorted_and_exported(client: FlaskClient, who: People) -> None:
    repair, quote = contract(S.SIGNED), contract(kind=ContractKind.QUOTE)
    today = clock.today()
    shown = {"status=signed": repair, "kind=quote": quote, f"q={repair.number}": repair, f"machine={quote.machine.serial}": quote}
    shown |= {f"customer={quote.customer_id}": quote}
    for query, wanted in shown.items():
        page = client.get(f"/contracts?{query}").text
        assert {one.number for one in (repair, quote) if one.number in page} == {wanted.number}
    assert repair.number in client.get(f"/contracts?from={today}&to={today}&sort=number").text
    assert "1200" in client.get("/contracts.csv").text
    assert client.get("/contracts.xlsx").status_code == 200


@pytest.mark.parametrize("query", ["status=odd", "kind=odd", "customer=x", "sort=odd", "from=odd"])
def test_a_filter_that_no_choice_offers_is_refused(client: FlaskClient, who: People, query: str) -> None:
    assert client.get(f"/contracts?{query}").status_code == 422
