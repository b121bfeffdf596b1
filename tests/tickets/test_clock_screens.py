"""The card of deadlines, the panel that says why, and how a deadline reads in a list."""

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from peewee import Database

from app.core import clock, db
from app.core.types import system
from app.tickets import clock_queries, moving, operations
from app.tickets.clock_queries import ClockState
from app.tickets.clock_views import due, exact_length
from app.tickets.models import ClockKind, Priority, Ticket, TicketClock, TicketKind, TicketSource, TicketStatus
from tests.personas import make_area, make_user, sign_in

BY = system("test")
HOUR = timedelta(hours=1)


def opened(ago: timedelta, **values: Any) -> Ticket:
    words = {
        "source": TicketSource.HOTLINE,
        "kind": TicketKind.FAULT_REPORT,
        "priority": Priority.CRITICAL,
        "title": "Pump",
        "caller_name": "Wu",
    }
    return operations.open_ticket(by=BY, at=clock.now() - ago, **words | values)


def states(ticket: Ticket) -> dict[str, ClockState]:
    return {view.row.kind: view.state for view in clock_queries.of_ticket(ticket, clock.now())}


@pytest.fixture
def clerk(client: FlaskClient) -> FlaskClient:
    return sign_in(client, make_user("clerk"))


@pytest.mark.usefixtures("still_clock")
def test_it_works(clerk: FlaskClient) -> None:
    ticket = opened(HOUR)
    page = clerk.get(f"/tickets/{ticket.number}")
    assert page.status_code == 200
    assert 'id="ticket-clocks"' in page.text
    card = clerk.get(f"/tickets/{ticket.number}/clocks", headers={"HX-Request": "true"})
    assert card.text.lstrip().startswith("<section")
    again = clerk.get(f"/tickets/{ticket.number}/clocks", headers={"HX-Request": "true", "HX-PTag": card.headers["HX-PTag"]})
    assert again.status_code == 304


def test_the_panel_shows_every_interval_and_its_sums(clerk: FlaskClient) -> None:
    ticket = opened(26 * HOUR)
    moving.change_status(by=BY, ticket=ticket, to=TicketStatus.WAITING_CUSTOMER, version=ticket.version, at=clock.now() - 25 * HOUR)
    moving.change_status(by=BY, ticket=ticket, to=TicketStatus.TRIAGED, version=ticket.version, at=clock.now() - 5 * HOUR)
    row = TicketClock.get(TicketClock.ticket == ticket, TicketClock.kind == ClockKind.REPAIR)
    text = clerk.get(f"/tickets/{ticket.number}/clocks/{row.id}", headers={"Accept-Language": "en"}).text
    assert text.count("<tr") == 5
    assert "待客户" in text
    assert "20:00:0" in text


def test_a_clock_says_how_it_stands(database: Database) -> None:
    ticket = opened(timedelta(minutes=25))
    assert states(ticket) == {"answer": "late", "dispatch": "soon", "arrival": "running", "repair": "running"}
    moving.change_status(by=BY, ticket=ticket, to=TicketStatus.WAITING_CUSTOMER, version=ticket.version)
    assert states(ticket) == {"answer": "met_late", "dispatch": "paused", "arrival": "paused", "repair": "paused"}
    moving.change_status(by=BY, ticket=ticket, to=TicketStatus.RESOLVED, version=ticket.version)
    assert states(ticket)["repair"] == "met"


def test_the_clock_of_another_ticket_is_not_there(clerk: FlaskClient) -> None:
    one, other = opened(HOUR), opened(HOUR)
    row = TicketClock.get(TicketClock.ticket == other)
    assert clerk.get(f"/tickets/{one.number}/clocks/{row.id}").status_code == 404


def test_clocks_of_another_area_are_not_there(client: FlaskClient) -> None:
    ticket = opened(HOUR)
    with db.transaction():
        Ticket.update(area=make_area("South")).where(Ticket.id == ticket.id).execute()
    sign_in(client, make_user("technician", areas=(make_area("North"),)))
    assert client.get(f"/tickets/{ticket.number}/clocks").status_code == 404


def test_a_deadline_in_a_list_says_how_much_is_left_or_over(app: Flask) -> None:
    with app.test_request_context("/", headers={"Cookie": "locale=en"}):
        assert "overdue 2 h" in due(clock.now() - 2.5 * HOUR)
        assert "due-late" in due(clock.now())
        assert "in 30 min" in due(clock.now() + timedelta(minutes=30.5))
        assert "due-" not in due(clock.now() + 3 * HOUR)
        assert due(None) == ""


def test_lengths_are_exact() -> None:
    assert exact_length(timedelta(hours=26, minutes=5, seconds=9)) == "26:05:09"
    assert exact_length(timedelta(seconds=1.25)) == "0:00:01.250"
