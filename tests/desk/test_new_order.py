"""Making an order by hand: for a machine, for a project, for a ticket; binding it to a machine later."""

from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from app.core import clock
from app.work_orders.models import OrderKind, OrderStatus, WorkOrder
from tests import factories
from tests.personas import People, people, sign_in


@pytest.fixture
def who(client: FlaskClient) -> People:
    everybody = people()
    sign_in(client, everybody.chen)
    return everybody


def typed(**values: str) -> dict[str, str]:
    return {"kind": "inspection", "priority": "low", "title": "季度巡检", "form_token": "one"} | values


def test_it_works(client: FlaskClient, who: People) -> None:
    machine = factories.machine(area=who.north)
    page = client.get(f"/work-orders/new?machine={machine.serial}").text
    assert f'value="{machine.serial}"' in page
    assert machine.site.name in page
    wanted = (clock.now() + timedelta(days=1)).astimezone(clock.zone())
    sent = typed(machine=machine.serial, wanted_at=f"{wanted:%Y-%m-%dT%H:%M}", bring="滤芯")
    for _ in range(2):  # a double click
        answer = client.post("/work-orders/new", data=sent)
    order = WorkOrder.get()
    assert answer.headers["Location"] == f"/work-orders/{order.number}"
    assert (order.status, order.kind, order.machine, order.area) == (OrderStatus.DRAFT, OrderKind.INSPECTION, machine, who.north)
    assert (order.bring, order.is_pit) == ("滤芯", True)
    assert abs(order.wanted_at - wanted) < timedelta(minutes=1)


def test_a_job_outside_of_the_pit_is_none_of_the_pit(client: FlaskClient, who: People) -> None:
    client.post("/work-orders/new", data=typed(machine=factories.machine().serial, is_outside="y"))
    assert not WorkOrder.get().is_pit


def test_a_project_without_a_machine_has_orders_and_they_are_bound_later(client: FlaskClient, who: People) -> None:
    project = factories.project()
    assert project.contract_number in client.get(f"/work-orders/new?project={project.contract_number}").text
    client.post("/work-orders/new", data=typed(kind="pit_guidance", project=project.contract_number, title="地坑放线"))
    order = WorkOrder.get()
    assert (order.project, order.machine, order.customer) == (project, None, project.customer)
    assert order.number in client.get(f"/projects/{project.id}").text
    refused = client.post(f"/work-orders/{order.number}/machine", data={"machine": "NO-SUCH"})
    assert refused.status_code == 422
    assert "NO-SUCH" in refused.text
    machine = factories.machine(customer=project.customer)
    assert client.post(f"/work-orders/{order.number}/machine", data={"machine": machine.serial}).status_code == 303
    assert WorkOrder.get().machine == machine
    assert order.number in client.get(f"/machines/{machine.serial}").text, "its steps went along"


def test_one_more_order_for_a_ticket_is_filled_from_it(client: FlaskClient, who: People) -> None:
    ticket = factories.ticket(machine=factories.machine(), title="油缸漏油", text="左侧油缸")
    page = client.get(f"/work-orders/new?ticket={ticket.number}").text
    assert "油缸漏油" in page
    client.post("/work-orders/new", data=typed(kind="diagnosis", ticket=ticket.number, title="油缸漏油"))
    order = WorkOrder.get()
    assert (order.ticket, order.machine) == (ticket, ticket.machine)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"machine": "NO-SUCH"}, "NO-SUCH"),
        ({"project": "NO-SUCH"}, "NO-SUCH"),
        ({}, "季度巡检"),
        ({"title": ""}, "aria-invalid"),
        ({"kind": "odd"}, "季度巡检"),
    ],
)
def test_what_is_wrong_is_said_and_what_was_typed_stays(client: FlaskClient, who: People, values: dict[str, str], words: str) -> None:
    answer = client.post("/work-orders/new", data=typed(**values))
    assert answer.status_code == 422
    assert words in answer.text
    assert "error" in answer.text
    assert WorkOrder.select().count() == 0


def test_machines_are_suggested_while_one_types(client: FlaskClient, who: People) -> None:
    machine = factories.machine(serial="PB-7781")
    assert machine.serial in client.get("/work-orders/new/machines?machine=778").text
    assert machine.site.name in client.get("/work-orders/new/machines?machine=PB-7781").text


def test_a_technician_makes_none(client: FlaskClient, who: People) -> None:
    sign_in(client, who.li)
    assert client.get("/work-orders/new").status_code == 403
    assert client.post("/work-orders/new", data=typed(machine=factories.machine().serial)).status_code == 403
