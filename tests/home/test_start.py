"""The start page shows what waits for the person who looks, oldest first."""

from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from app.accounts.models import Role
from app.core import clock
from app.core.types import system
from app.monitoring.models import Alarm, Condition, Episode
from app.tickets import operations
from app.tickets.models import TicketStatus
from tests import factories
from tests.personas import make_area, make_user, sign_in

HTMX = {"HX-Request": "true"}


@pytest.fixture
def clerk(client: FlaskClient) -> FlaskClient:
    return sign_in(client, make_user(Role.CLERK))


def test_it_works(clerk: FlaskClient) -> None:
    ticket = factories.ticket()
    text = clerk.get("/").text
    assert ticket.number in text
    assert f"/tickets/{ticket.number}/state" in text


def test_what_waits_longest_stands_first(clerk: FlaskClient) -> None:
    young = factories.ticket()
    old = factories.ticket(opened_at=clock.now() - timedelta(hours=3), status=TicketStatus.TO_VERIFY)
    text = clerk.get("/").text
    assert text.index(old.number) < text.index(young.number)


def test_what_is_overdue_stands_before_what_is_older(clerk: FlaskClient) -> None:
    old = factories.ticket(opened_at=clock.now() - timedelta(hours=3), due_at=clock.now() + timedelta(hours=1))
    late = factories.ticket(due_at=clock.now() - timedelta(minutes=5))
    text = clerk.get("/").text
    assert text.index(late.number) < text.index(old.number)
    assert 'href="/tickets?due=overdue"' in text


def test_what_somebody_else_must_do_does_not_wait_for_me(clerk: FlaskClient) -> None:
    ticket = factories.ticket(status=TicketStatus.WAITING_DISPATCH)
    assert ticket.number not in clerk.get("/").text
    sign_in(clerk, make_user(Role.DEPUTY))
    assert ticket.number in clerk.get("/").text


def test_an_unacknowledged_alarm_waits_until_its_ticket_speaks_for_it(clerk: FlaskClient) -> None:
    machine, at = factories.machine(), clock.now()
    alarm = Alarm.create(machine=machine, code="E04", condition=Condition.ACTIVE, severity="high", last_event_at=at, is_acknowledged=False)
    episode = Episode.create(alarm=alarm, machine=machine, code="E04", severity="high", started_at=at, last_raised_at=at)
    assert f'id="alarm-{alarm.id}"' in clerk.get("/").text
    episode.ticket = factories.ticket(machine=machine)
    episode.save()
    assert f'id="alarm-{alarm.id}"' not in clerk.get("/").text


@pytest.mark.usefixtures("still_clock")
def test_a_new_ticket_shows_at_the_next_poll(clerk: FlaskClient) -> None:
    tag = clerk.get("/", headers=HTMX).headers["HX-PTag"]
    assert clerk.get("/", headers=HTMX | {"HX-PTag": tag}).status_code == 304
    ticket = operations.open_ticket(
        by=system("monitoring"), source="monitoring", kind="fault_report", priority="high", title="E04", machine=factories.machine()
    )
    assert ticket.number in clerk.get("/", headers=HTMX | {"HX-PTag": tag}).text


def test_an_empty_desk_says_so(clerk: FlaskClient) -> None:
    assert "没有待办事项" in clerk.get("/").text


def test_a_technician_sees_the_open_tickets_of_the_own_area(client: FlaskClient) -> None:
    north = make_area()
    mine, foreign = factories.ticket(area=north), factories.ticket(area=make_area())
    sign_in(client, make_user(Role.TECHNICIAN, areas=(north,)))
    text = client.get("/").text
    assert mine.number in text
    assert foreign.number not in text


def test_an_administrator_sees_no_tickets(client: FlaskClient) -> None:
    ticket = factories.ticket()
    sign_in(client, make_user(Role.ADMIN))
    text = client.get("/").text
    assert ticket.number not in text
    assert "/users" in text


def test_it_counts_the_complaints_and_mails_that_wait(clerk: FlaskClient) -> None:
    assert "/complaints?responsible" not in clerk.get("/").text
    me = make_user(Role.CLERK)
    sign_in(clerk, me)
    factories.complaint(responsible=me)
    factories.complaint(responsible=make_user(Role.DEPUTY))
    factories.inbound_mail()
    text = clerk.get("/").text
    assert f'href="/complaints?responsible={me.id}"' in text
    assert 'href="/mail"' in text
