"""The orders of a ticket where the ticket is looked at: its page, the sentence to read aloud, the customer's page, the intake's card."""

from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from app.core import clock, db, live
from app.tickets.models import Ticket, TicketStatus
from app.work_orders.models import OrderKind, OrderStatus, Visit, WorkOrder
from tests import factories
from tests.personas import People, people, sign_in


@pytest.fixture
def who(client: FlaskClient) -> People:
    everybody = people()
    sign_in(client, everybody.chen)
    return everybody


def ticket_with_order(who: People, **values: Any) -> tuple[Ticket, WorkOrder]:
    machine = factories.machine(area=who.north)
    ticket = factories.ticket(machine=machine, status=TicketStatus.IN_WORK, open_orders=1, follow_token="follow-me")
    order = factories.work_order(ticket=ticket, machine=machine, **{"lead": who.li} | values)
    with db.transaction():
        Visit.update(planned_from=clock.now() + timedelta(hours=2), planned_until=clock.now() + timedelta(hours=4)).execute()
    return ticket, order


def test_it_works(client: FlaskClient, who: People) -> None:
    ticket, order = ticket_with_order(who)
    page = client.get(f"/tickets/{ticket.number}").text
    assert f'href="/work-orders/{order.number}"' in page
    assert "已派李师傅前往" in page
    assert "到场。" in page


def test_who_is_furthest_is_told_of(client: FlaskClient, who: People) -> None:
    ticket, order = ticket_with_order(who)
    other = factories.work_order(ticket=ticket, machine=order.machine, lead=who.wang, status=OrderStatus.ON_SITE)
    with db.transaction():
        Visit.update(arrived_at=clock.now()).where(Visit.order == other).execute()
    page = client.get(f"/tickets/{ticket.number}").text
    assert "王师傅 今天" in page
    assert "正在处理" in page


def test_a_ticket_without_orders_has_no_card_of_them(client: FlaskClient, who: People) -> None:
    assert "ticket-orders" not in client.get(f"/tickets/{factories.ticket().number}").text


@pytest.mark.usefixtures("still_clock")
def test_the_timeline_of_the_ticket_notices_that_its_order_moved(client: FlaskClient, who: People) -> None:
    ticket, _order = ticket_with_order(who)
    tag = client.get(f"/tickets/{ticket.number}/timeline").headers["HX-PTag"]
    assert client.get(f"/tickets/{ticket.number}/timeline", headers={"HX-PTag": tag}).status_code == 304
    with db.transaction():
        live.touch("orders")
    assert client.get(f"/tickets/{ticket.number}/timeline", headers={"HX-PTag": tag}).status_code == 200


def test_the_customer_reads_when_somebody_is_expected_and_no_name(client: FlaskClient, who: People) -> None:
    ticket, _order = ticket_with_order(who)
    page = client.get(f"/f/{ticket.follow_token}").text
    assert "预计" in page
    assert "李师傅" not in page
    with db.transaction():
        WorkOrder.update(status=OrderStatus.ON_SITE).execute()
    assert "预计" not in client.get(f"/f/{ticket.follow_token}").text


def test_the_intake_tells_of_the_open_order_of_the_machine(client: FlaskClient, who: People) -> None:
    machine = factories.machine(area=who.north)
    order = factories.work_order(machine=machine, lead=who.li, kind=OrderKind.INSPECTION)
    card = client.get(f"/tickets/new/card?machine={machine.serial}").text
    assert order.number in card
    assert "李师傅" in card


def test_the_intake_shows_finished_orders_among_the_last_jobs(client: FlaskClient, who: People) -> None:
    machine = factories.machine(area=who.north)
    done = factories.work_order(machine=machine, lead=who.li, kind=OrderKind.INSPECTION, status=OrderStatus.FINISHED, title="季度巡检")
    ticket = factories.ticket(machine=machine, status=TicketStatus.RESOLVED, title="漏油", resolved_at=clock.now())
    factories.work_order(machine=machine, ticket=ticket, lead=who.wang, status=OrderStatus.FINISHED, title="漏油")
    card = client.get(f"/tickets/new/card?machine={machine.serial}").text
    assert "季度巡检" in card
    assert done.number in card
    assert "王师傅" in card
    assert card.count("漏油") == 1, "a ticket and its order are one job"
