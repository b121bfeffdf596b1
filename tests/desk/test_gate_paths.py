"""No path leads around the warranty gate: what a contract opens stays shut without it, on every screen and in every operation."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest
from flask.testing import FlaskClient
from peewee import Database

from app.contracts.models import ContractStatus
from app.core import clock, db
from app.core.errors import Conflict
from app.customers.models import Customer
from app.service_reports import writing
from app.service_reports.writing import Page, PartLine
from app.supply import shipments
from app.supply.writing import Wanted
from app.tickets.models import TicketStatus
from app.work_orders.models import OrderKind, OrderStatus, WorkOrder
from tests import factories, money_factories, supply_factories
from tests.money_factories import contract
from tests.personas import People, actor_of, people, sign_in


@pytest.fixture
def database(sqlite_database: Database) -> Database:
    return sqlite_database


@pytest.fixture
def who(client: FlaskClient) -> People:
    everybody = people()
    sign_in(client, everybody.zhao)
    return everybody


@pytest.fixture
def order(who: People) -> WorkOrder:
    machine = factories.machine(area=who.north, accepted_on=clock.now().date() - timedelta(days=2000))
    return factories.work_order(machine=machine, warranty="off", kind=OrderKind.DIAGNOSIS, lead=who.li, status=OrderStatus.ON_SITE)


def refused(act: Callable[[], object]) -> bool:
    try:
        act()
    except Conflict:
        return True
    return False


def test_it_works(client: FlaskClient, who: People, order: WorkOrder) -> None:
    """Parts on the report."""

    def put_on() -> None:
        parts = [PartLine(name="油封", serial_on="B2")]
        writing.save_parts(by=actor_of(who.li), order=order, page=Page("made-on-the-page", 0), parts=parts)

    assert refused(put_on)
    contract(ContractStatus.SIGNED, order=order)
    assert not refused(put_on)


def test_the_dispatch_form(client: FlaskClient, who: People) -> None:
    machine = factories.machine(area=who.north, accepted_on=clock.now().date() - timedelta(days=2000))
    ticket = factories.ticket(machine=machine, status=TicketStatus.WAITING_DISPATCH)
    start = (clock.now() + timedelta(hours=3)).astimezone(clock.zone())
    sent = {
        "version": ticket.version, "form_token": "one", "lead": who.li.id, "planned_from": f"{start:%Y-%m-%dT%H:%M}",
        "planned_until": f"{start + timedelta(hours=2):%Y-%m-%dT%H:%M}", "kind": "repair", "title": ticket.title,
    }  # fmt: skip
    assert client.post(f"/dispatch/tickets/{ticket.number}", data=sent).status_code == 409
    assert WorkOrder.select().count() == 0
    contract(ContractStatus.SIGNED, machine=machine)
    assert client.post(f"/dispatch/tickets/{ticket.number}", data=sent).status_code == 303
    assert WorkOrder.get().lead == who.li


def test_a_technicians_own_job_begins_with_the_diagnosis(client: FlaskClient, who: People) -> None:
    sign_in(client, who.li)
    machine = factories.machine(area=who.north, accepted_on=clock.now().date() - timedelta(days=2000))
    client.post("/my/jobs/new", data={"title": "油缸漏油", "machine": machine.serial, "priority": "high", "form_token": "one"})
    made = WorkOrder.get()
    assert made.kind == OrderKind.DIAGNOSIS
    assert client.post(f"/my/jobs/{made.number}/repair", data={"version": str(made.version)}).status_code == 409


def test_a_shipment_to_the_customer(client: FlaskClient, who: People, order: WorkOrder) -> None:
    seal = money_factories.stocked()
    wanted = supply_factories.sending(Wanted(seal, Decimal(1)), order=order)
    assert refused(lambda: shipments.send(by=actor_of(who.chen), wanted=wanted))
    made = contract(ContractStatus.SIGNED, order=order)
    shipped = shipments.send(by=actor_of(who.chen), wanted=supply_factories.sending(Wanted(seal, Decimal(1)), order=order))
    assert (shipped.gate_way, shipped.gate_proof) == ("contract", made.number)


def test_a_suspended_customer_on_every_screen(client: FlaskClient, who: People, order: WorkOrder) -> None:
    contract(ContractStatus.SIGNED, order=order)
    with db.transaction():
        Customer.update(service_stopped_at=clock.now()).where(Customer.id == order.customer_id).execute()
    sign_in(client, who.li)
    answer = client.post(f"/my/jobs/{order.number}/repair", data={"version": str(order.version)})
    assert answer.status_code == 409
    assert "暂停保外服务" in answer.text
