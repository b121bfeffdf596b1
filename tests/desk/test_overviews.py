"""The first page of a customer and of a machine shows what is going on there, to whoever may see it."""

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from peewee import Database

from app.accounts.models import Role
from app.core import clock, db
from app.customers.models import Customer
from app.desk import overviews
from app.machines.models import Machine
from app.monitoring.models import Alarm, Condition, Episode
from app.tickets import searching
from app.tickets.models import Ticket, TicketStatus
from tests import factories
from tests.personas import make_area, make_user, sign_in


@pytest.fixture
def clerk(client: FlaskClient) -> FlaskClient:
    return sign_in(client, make_user(Role.CLERK))


def raise_alarm(machine: Machine, code: str, condition: Condition = Condition.ACTIVE, is_acknowledged: bool = False) -> None:
    now, facts = clock.now(), {"machine": machine, "code": code, "severity": "high"}
    with db.transaction():
        alarm = Alarm.create(**facts, condition=condition, is_acknowledged=is_acknowledged, last_event_at=now)
        Episode.create(**facts, alarm=alarm, started_at=now, last_raised_at=now)


def open_ticket(machine: Machine, **values: object) -> Ticket:
    ticket = factories.ticket(machine=machine, **values)
    with db.transaction():
        searching.index(ticket)
    return ticket


def test_it_works(clerk: FlaskClient) -> None:
    machine = factories.machine()
    ticket = open_ticket(machine)
    raise_alarm(machine, "E04")
    page = clerk.get(f"/machines/{machine.serial}").text
    assert ticket.number in page
    assert "<strong>E04</strong>" in page
    page = clerk.get(f"/customers/{machine.customer_id}").text
    assert ticket.number in page
    assert f'href="/machines/{machine.serial}"' in page


def test_a_customer_shows_open_tickets_a_machine_its_last(clerk: FlaskClient) -> None:
    machine = factories.machine()
    closed = open_ticket(machine, status=TicketStatus.CLOSED)
    assert closed.number in clerk.get(f"/machines/{machine.serial}").text
    assert closed.number not in clerk.get(f"/customers/{machine.customer_id}").text


def test_only_machines_and_tickets_of_ones_areas_are_shown(client: FlaskClient) -> None:
    north, south = make_area(), make_area()
    customer = factories.customer(area=north)
    near, far = (
        factories.machine(customer=customer, site=factories.site(customer=customer, area=area), area=area) for area in (north, south)
    )
    tickets = [open_ticket(machine) for machine in (near, far)]
    sign_in(client, make_user(Role.TECHNICIAN, areas=(north,)))
    page = client.get(f"/customers/{customer.id}").text
    assert near.serial in page
    assert far.serial not in page
    assert [ticket.number in page for ticket in tickets] == [True, False]


@pytest.fixture
def count_queries(database: Database, monkeypatch: pytest.MonkeyPatch) -> Callable[[], int]:
    asked: list[str] = []
    run = database.execute_sql

    def counted(sql: str, *arguments: object, **more: object) -> object:
        asked.append(sql)
        return run(sql, *arguments, **more)

    monkeypatch.setattr(database, "execute_sql", counted)
    return lambda: len(asked)


def test_more_machines_and_tickets_ask_no_more_queries(clerk: FlaskClient, count_queries: Callable[[], int]) -> None:
    customer: Customer = factories.customer()
    needed = []
    for _ in range(overviews.SHOWN + 2):
        machine = factories.machine(customer=customer, site=factories.site(customer=customer))
        open_ticket(machine)
        before = count_queries()
        page = clerk.get(f"/customers/{customer.id}").text
        needed.append(count_queries() - before)
    assert needed[-1] <= needed[1]
    assert page.count('id="ticket-') == page.count('id="machine-') == overviews.SHOWN
    assert f'href="/machines?customer={customer.id}"' in page


def test_a_customer_shows_how_it_was_asked_lately(clerk: FlaskClient) -> None:
    customer = factories.customer(area=make_area("North"))
    order = factories.work_order(machine=factories.machine(customer=customer), status="finished", lead=make_user(Role.TECHNICIAN))
    call_back = factories.call_back(order=order, text="很满意")
    visit = factories.return_visit(customer)
    factories.return_visit(factories.customer(area=make_area("North")))
    page = clerk.get(f"/customers/{customer.id}").text
    assert f'href="/call-backs/{call_back.id}"' in page
    assert page.count('href="/return-visits/') == 1
    assert f'href="/return-visits/{visit.id}"' in page


def test_who_lists_no_return_visits_is_shown_none(client: FlaskClient) -> None:
    customer = factories.customer(area=make_area("North"))
    factories.return_visit(customer)
    sign_in(client, make_user(Role.QUALITY))
    assert "/return-visits/" not in client.get(f"/customers/{customer.id}").text
