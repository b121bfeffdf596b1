"""The contract that comes about during a diagnosis visit: written, approved meanwhile, signed, repaired."""

from decimal import Decimal

import pytest
from flask.testing import FlaskClient
from peewee import Database

from app.accounts.models import Notice
from app.contracts.models import Contract, ContractKind, ContractStatus
from app.work_orders.models import OrderKind, WorkOrder
from tests import factories
from tests.money_factories import drawn
from tests.personas import People, people, sign_in

S = ContractStatus


@pytest.fixture
def database(sqlite_database: Database) -> Database:
    return sqlite_database


@pytest.fixture
def who(client: FlaskClient) -> People:
    everybody = people()
    sign_in(client, everybody.li)
    return everybody


@pytest.fixture
def order(who: People) -> WorkOrder:
    machine = factories.machine(area=who.north)
    return factories.work_order(machine=machine, warranty="off", kind=OrderKind.DIAGNOSIS, lead=who.li, status="on_site")


def lines(price: str, **values: str) -> dict[str, str]:
    line = {"line-0-text": "更换油封", "line-0-quantity": "1", "line-0-price": price, "line-0-tax_rate": "13"}
    return {"title": "更换油封", "form_token": "one"} | line | values


def test_it_works(client: FlaskClient, who: People, order: WorkOrder) -> None:
    job = f"/my/jobs/{order.number}"
    assert f"{job}/contract" in client.get(job).text
    assert client.post(f"{job}/repair", data={"version": str(order.version)}).status_code == 409
    assert "line-0-text" in client.get(f"{job}/contract").text
    for _ in range(2):  # a double click
        answer = client.post(f"{job}/contract", data=lines("5600"))
    assert answer.headers["Location"] == f"{job}/contract"
    made = Contract.get()
    assert (made.kind, made.status, made.total) == (ContractKind.REPAIR, S.SUBMITTED, Decimal(5600))
    assert Notice.get(Notice.user == who.liu).is_urgent
    assert "刘经理" in client.get(f"{job}/contract").text

    sign_in(client, who.liu)
    client.post(f"/approvals/{made.number}", data={"version": str(made.version), "decision": "approve"})
    sign_in(client, who.li)
    assert f"/contracts/{made.number}/signature" in client.get(f"{job}/contract").text
    drawing = drawn(Contract.get())
    client.post(f"/contracts/{made.number}/signature", data={"signer": "王站长", "strokes": drawing.strokes, "seen": drawing.seen})
    assert client.post(f"{job}/repair", data={"version": str(order.version)}).status_code == 303
    assert (WorkOrder.get().kind, Contract.get().status) == (OrderKind.REPAIR, S.IN_EXECUTION)


def test_a_small_sum_is_a_quote_for_the_deputy(client: FlaskClient, who: People, order: WorkOrder) -> None:
    client.post(f"/my/jobs/{order.number}/contract", data=lines("2999.99"))
    assert Contract.get().kind == ContractKind.QUOTE
    assert Notice.select().where(Notice.user == who.zhao).exists()


def test_a_line_that_cannot_be_read_comes_back_as_it_was_typed(client: FlaskClient, order: WorkOrder) -> None:
    answer = client.post(f"/my/jobs/{order.number}/contract", data=lines("ab"))
    assert (answer.status_code, 'value="ab"' in answer.text, Contract.select().count()) == (422, True, 0)
    assert client.post(f"/my/jobs/{order.number}/contract", data={"title": "x"}).status_code == 422
    assert client.post(f"/my/jobs/{order.number}/contract", data=lines("600", reckon="1")).status_code == 200
    assert Contract.select().count() == 0


def test_what_was_turned_down_is_put_right_and_handed_in_again(client: FlaskClient, who: People, order: WorkOrder) -> None:
    job = f"/my/jobs/{order.number}/contract"
    client.post(job, data=lines("5600"))
    made = Contract.get()
    sign_in(client, who.liu)
    client.post(f"/approvals/{made.number}", data={"version": str(made.version), "decision": "reject", "remark": "人工太贵"})
    sign_in(client, who.li)
    assert "人工太贵" in client.get(job).text
    client.post(job, data=lines("4800", version=str(Contract.get().version)))
    assert (Contract.select().count(), Contract.get().status, Contract.get().total) == (1, S.SUBMITTED, Decimal(4800))


def test_it_is_taken_back_while_nobody_has_decided(client: FlaskClient, order: WorkOrder) -> None:
    job = f"/my/jobs/{order.number}"
    client.post(f"{job}/contract", data=lines("5600"))
    assert client.post(f"{job}/contract-taking-back", data={"version": str(Contract.get().version)}).status_code == 303
    assert Contract.get().status == S.DRAFT


@pytest.mark.usefixtures("still_clock")
def test_the_page_asks_again_without_being_sent_again(client: FlaskClient, order: WorkOrder) -> None:
    job = f"/my/jobs/{order.number}/contract"
    client.post(job, data=lines("5600"))
    tag = client.get(job).headers["HX-PTag"]
    assert client.get(job, headers={"HX-PTag": tag, "HX-Request": "true"}).status_code == 304


def test_the_job_of_somebody_else_is_not_found(client: FlaskClient, who: People, order: WorkOrder) -> None:
    sign_in(client, who.wang)
    assert client.get(f"/my/jobs/{order.number}/contract").status_code == 404
    assert client.post(f"/my/jobs/{order.number}/contract", data=lines("1")).status_code == 404
