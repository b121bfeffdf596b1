"""A technician whom the customer phoned has ticket and job in one step; a deputy ratifies it."""

from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from app.accounts.models import Notice, User
from app.core import clock, db
from app.tickets.models import Ticket, TicketStatus
from app.work_orders import dispatching
from app.work_orders.models import OrderKind, OrderStatus, WorkOrder
from tests import factories
from tests.personas import People, actor_of, people, sign_in


@pytest.fixture
def who(client: FlaskClient) -> People:
    everybody = people()
    sign_in(client, everybody.li)
    return everybody


def said(**values: str) -> dict[str, str]:
    return {"title": "油缸漏油", "caller_name": "王站长", "caller_phone": "13800001111", "priority": "high", "form_token": "one"} | values


def test_it_works(client: FlaskClient, who: People) -> None:
    machine = factories.machine(area=who.north, accepted_on=clock.now().date())
    assert machine.serial in client.get(f"/my/jobs/new?q={machine.serial[:5]}").text
    assert "油" not in client.get(f"/my/jobs/new?machine={machine.serial}").text
    for _ in range(2):  # a double click
        answer = client.post("/my/jobs/new", data=said(machine=machine.serial))
    order = WorkOrder.get()
    assert answer.headers["Location"] == f"/my/jobs/{order.number}"
    assert (order.status, order.lead, order.kind) == (OrderStatus.ACCEPTED, who.li, OrderKind.REPAIR)
    assert (order.ticket.status, order.ticket.open_orders, order.ticket.caller_name) == (TicketStatus.IN_WORK, 1, "王站长")
    assert (order.agreed_by, order.ratified_at) == (who.zhao, None)
    assert Notice.select().where(Notice.user == who.zhao, Notice.message.contains("ratify")).count() == 1
    dispatching.ratify(by=actor_of(who.zhao), order=order)
    assert order.ratified_by_name == "赵副经理"


def test_off_warranty_it_is_a_diagnosis(client: FlaskClient, who: People) -> None:
    machine = factories.machine(area=who.north, accepted_on=clock.now().date() - timedelta(days=2000))
    client.post("/my/jobs/new", data=said(machine=machine.serial))
    assert WorkOrder.get().kind == OrderKind.DIAGNOSIS


def test_an_open_ticket_is_taken_instead_of_a_second_one(client: FlaskClient, who: People) -> None:
    ticket = factories.ticket(machine=factories.machine(area=who.north), status=TicketStatus.WAITING_DISPATCH)
    assert ticket.number in client.get(f"/my/jobs/new?machine={ticket.machine.serial}").text
    client.post("/my/jobs/new", data=said(machine=ticket.machine.serial, ticket=ticket.number, title=""))
    assert WorkOrder.get().ticket == ticket
    assert Ticket.select().count() == 1
    again = client.post("/my/jobs/new", data=said(machine=ticket.machine.serial, ticket=ticket.number, form_token="two"))
    assert again.status_code == 409
    assert WorkOrder.select().count() == 1


def test_what_is_missing_is_said_and_what_was_typed_stays(client: FlaskClient, who: People) -> None:
    machine = factories.machine(area=who.north)
    for wrong in ({"title": " "}, {"planned_from": "2020-01-01T08:00"}, {"priority": "odd"}):
        answer = client.post("/my/jobs/new", data=said(machine=machine.serial, **wrong))
        assert answer.status_code == 422
        assert "13800001111" in answer.text
    assert Ticket.select().count() == 0


def test_the_code_on_the_machine_leads_to_it(client: FlaskClient, who: People) -> None:
    machine = factories.machine(area=who.north)
    page = client.get("/my/jobs/new", query_string={"q": f"https://centre.example/m/{machine.qr_token}"})
    assert f'value="{machine.serial}"' in page.text


def test_a_machine_of_another_area_is_not_found(client: FlaskClient, who: People) -> None:
    far = factories.machine(area=who.south)
    assert "form_token" not in client.get(f"/my/jobs/new?machine={far.serial}").text
    client.post("/my/jobs/new", data=said(machine=far.serial))
    assert WorkOrder.select().count() == 0


def test_without_anybody_to_answer_for_it_nothing_begins(client: FlaskClient, who: People) -> None:
    machine = factories.machine(area=who.north)
    with db.transaction():
        User.update(is_active=False).where(User.id.in_([who.zhao.id, who.liu.id])).execute()
    assert client.post("/my/jobs/new", data=said(machine=machine.serial)).status_code == 409
    assert Ticket.select().count() == 0
