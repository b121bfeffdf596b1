"""Approvals on a phone: one contract a screen with all one needs to know, decided in two taps, the next follows."""

from datetime import timedelta
from decimal import Decimal

import pytest
from flask.testing import FlaskClient
from peewee import Database

from app.billing import accounts
from app.billing.models import ReceivableKind
from app.contracts.models import Contract, ContractKind, ContractStatus
from app.contracts.operations import Line
from app.core import clock, db
from app.customers.models import Customer
from tests import factories
from tests.money_factories import contract, extension
from tests.personas import People, actor_of, people, sign_in

S = ContractStatus


@pytest.fixture
def database(sqlite_database: Database) -> Database:
    return sqlite_database


@pytest.fixture
def who(client: FlaskClient) -> People:
    everybody = people()
    sign_in(client, everybody.liu)
    return everybody


def decide(client: FlaskClient, made: Contract, decision: str = "approve", **values: str) -> tuple[int, str]:
    answer = client.post(f"/approvals/{made.number}", data={"version": str(made.version), "decision": decision} | values)
    return answer.status_code, answer.headers.get("Location", "")


def test_it_works(client: FlaskClient, who: People) -> None:
    machine = factories.machine(accepted_on=clock.now().date() - timedelta(days=900))
    earlier = factories.work_order(machine=machine, lead=who.li, status="finished", title="上次换过油封")
    order = factories.work_order(machine=machine, warranty="off", warranty_reason="过保半年", lead=who.li, status="on_site")
    made, second = contract(S.SUBMITTED, order=order, cost=Decimal(400)), contract(S.SUBMITTED)
    today = clock.now().date()
    with db.transaction():
        accounts.owe(
            kind=ReceivableKind.OPENING, customer=machine.customer, amount=Decimal(8800), since_on=today - timedelta(days=60),
            due_on=today - timedelta(days=30), at=clock.now(),
        )  # fmt: skip
    page = client.get("/approvals").text
    for words in (
        machine.customer.name,
        machine.serial,
        "保外",
        "过保半年",
        "¥1,200.00",
        "毛利",
        "¥8,800.00",
        "逾期",
        earlier.title,
        "1 / 2",
    ):
        assert words in page
    assert decide(client, made) == (303, f"/approvals?contract={second.number}")
    assert decide(client, second, "reject", remark="太贵") == (303, "/approvals")
    assert [one.status for one in Contract.select().order_by(Contract.id)] == [S.APPROVED, S.REJECTED]
    assert "没有待您批复的合同" in client.get("/approvals").text


def test_the_proof_of_the_warranty_is_folded_into_the_screen(client: FlaskClient, who: People) -> None:
    today = clock.now().date()
    machine = factories.machine(accepted_on=today - timedelta(days=900))
    extension(machine=machine, until_on=today - timedelta(days=30), reason="合同外延长")
    order = factories.work_order(machine=machine, warranty="off", lead=who.li, status="on_site")
    at_the_fault, now = contract(S.SUBMITTED, order=order), contract(S.SUBMITTED, machine=machine)
    for made, said in ((at_the_fault, "故障日期"), (now, "判定日期")):
        page = client.get(f"/approvals?contract={made.number}").text
        folded = page[page.index("<summary>质保依据") :]
        proof = folded[: folded.index("</details>")]
        assert "延保至" in proof
        assert "合同外延长" in proof
        assert said in proof


def test_turning_down_without_a_remark_asks_for_it(client: FlaskClient, who: People) -> None:
    made = contract(S.SUBMITTED)
    answer = client.post(f"/approvals/{made.number}", data={"version": str(made.version), "decision": "reject", "remark": ""})
    assert (answer.status_code, "f-remark-error" in answer.text) == (422, True)
    assert decide(client, made, "odd")[0] == 422


def test_opened_in_two_windows_the_second_is_told(client: FlaskClient, who: People) -> None:
    made = contract(S.SUBMITTED)
    assert decide(client, made)[0] == 303
    answer = client.post(f"/approvals/{made.number}", data={"version": str(made.version), "decision": "reject", "remark": "太贵"})
    assert answer.status_code == 409
    assert "刘经理" in answer.text
    assert "太贵" not in [one.remark for one in Contract.select()]


def test_a_large_discount_asks_for_its_reason(client: FlaskClient, who: People) -> None:
    made = contract(S.SUBMITTED, lines=[Line(text="人工", quantity=Decimal(1), price=Decimal(100), discount=Decimal("0.5"))])
    assert "discount_reason" in client.get("/approvals").text
    assert decide(client, made)[0] == 422
    assert decide(client, made, discount_reason="老客户")[0] == 303


def test_ones_own_contract_has_no_button(client: FlaskClient, who: People) -> None:
    made = contract(S.SUBMITTED, by=actor_of(who.liu))
    page = client.get("/approvals").text
    assert 'value="approve"' not in page
    assert decide(client, made)[0] == 409


def test_the_deputy_decides_quotes_alone(client: FlaskClient, who: People) -> None:
    sign_in(client, who.zhao)
    repair, quote = contract(S.SUBMITTED), contract(S.SUBMITTED, kind=ContractKind.QUOTE)
    page = client.get("/approvals").text
    assert (repair.number in page, quote.number in page, "毛利" in page) == (False, True, False)
    assert decide(client, repair)[0] == 403
    assert decide(client, quote)[0] == 303


def test_who_stands_in_decides_and_signs_so(client: FlaskClient, who: People) -> None:
    factories.authority(who.liu, who.zhao, "contracts.approve")
    sign_in(client, who.zhao)
    made = contract(S.SUBMITTED)
    assert made.number in client.get("/approvals").text
    assert decide(client, made)[0] == 303
    assert "赵副经理 (代刘经理)" in client.get(f"/contracts/{made.number}").text


def test_nobody_else_gets_in(client: FlaskClient, who: People) -> None:
    made = contract(S.SUBMITTED)
    for person in (who.chen, who.li, who.area_manager):
        sign_in(client, person)
        assert client.get("/approvals").status_code == 403
        assert decide(client, made)[0] in {403, 404}


def test_a_suspended_service_is_said(client: FlaskClient, who: People) -> None:
    made = contract(S.SUBMITTED)
    with db.transaction():
        Customer.update(service_stopped_at=clock.now()).where(Customer.id == made.customer_id).execute()
    assert "暂停保外服务" in client.get("/approvals").text


def test_it_waits_on_the_start_page_and_comes_back_to_its_author(client: FlaskClient, who: People) -> None:
    made = contract(S.SUBMITTED, by=actor_of(who.chen))
    assert f"/approvals?contract={made.number}" in client.get("/").text
    decide(client, made)
    client.get("/approvals")  # says that it was done
    assert made.number not in client.get("/").text
    sign_in(client, who.chen)
    assert made.number in client.get("/").text


def test_the_machine_file_and_the_order_tell_of_it(client: FlaskClient, who: People) -> None:
    order = factories.work_order(warranty="off", lead=who.li)
    made = contract(S.SIGNED, order=order)
    assert made.number in client.get(f"/machines/{order.machine.serial}").text
    assert made.number in client.get(f"/work-orders/{order.number}").text
