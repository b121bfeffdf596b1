"""The list, the form and the exports, as people and programs use them."""

import csv
import io
import re
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from app.accounts.models import Role
from app.core import clock, db
from app.core.types import system
from app.customers.operations import CustomerDetails, edit_customer
from app.tickets import moving, operations, searching
from app.tickets.models import Priority, Ticket, TicketKind, TicketSource
from app.tickets.reasons import AlarmReason
from tests import factories, money_factories
from tests.personas import make_area, make_user, sign_in

HTMX = {"HX-Request": "true"}


@pytest.fixture
def clerk(client: FlaskClient) -> FlaskClient:
    return sign_in(client, make_user(Role.CLERK, name="陈文员"))


def opened(**values: Any) -> Ticket:
    defaults = {"source": TicketSource.HOTLINE, "kind": TicketKind.FAULT_REPORT, "priority": Priority.HIGH, "title": "液压站漏油"}
    return operations.open_ticket(by=system("tests"), **(defaults | {"machine": factories.machine()} | values))


def test_it_works(clerk: FlaskClient) -> None:
    ticket = opened()
    answer = clerk.get("/tickets")
    assert answer.status_code == 200
    assert ticket.number in answer.text
    assert ticket.machine.serial in answer.text


def test_htmx_gets_the_list_alone(clerk: FlaskClient) -> None:
    opened()
    answer = clerk.get("/tickets", headers=HTMX)
    assert "<html" not in answer.text
    assert 'id="ticket-list"' in answer.text
    assert "HX-Request" in answer.headers["Vary"]


@pytest.mark.usefixtures("still_clock")
def test_a_poll_costs_nothing_until_a_ticket_changes(clerk: FlaskClient) -> None:
    ticket = opened()
    tag = clerk.get("/tickets", headers=HTMX).headers["HX-PTag"]
    polled = clerk.get("/tickets", headers=HTMX | {"HX-PTag": tag})
    assert (polled.status_code, polled.data) == (304, b"")
    moving.change_status(by=system("tests"), ticket=ticket, to="triaged", version=1)
    assert clerk.get("/tickets", headers=HTMX | {"HX-PTag": tag}).status_code == 200


@pytest.mark.usefixtures("still_clock")
def test_another_filter_is_never_answered_as_unchanged(clerk: FlaskClient) -> None:
    tag = clerk.get("/tickets", headers=HTMX).headers["HX-PTag"]
    assert clerk.get("/tickets?status=any", headers=HTMX | {"HX-PTag": tag}).status_code == 200


def test_a_search_looks_at_finished_tickets_too(clerk: FlaskClient) -> None:
    ticket = opened()
    moving.change_status(by=system("tests"), ticket=ticket, to="resolved", version=1)
    assert ticket.number in clerk.get("/tickets?q=漏油").text
    assert ticket.number not in clerk.get("/tickets").text


@pytest.mark.parametrize("query", ["status=broken", "kind=x", "from=yesterday", "customer=x", "after=x", "sort=title", "area=²"])
def test_a_query_that_no_choice_offers_is_refused_in_words(clerk: FlaskClient, query: str) -> None:
    answer = clerk.get(f"/tickets?{query}")
    assert answer.status_code == 422
    assert "<h1>" in answer.text


def test_an_empty_list_says_what_to_do(clerk: FlaskClient) -> None:
    assert "没有未完受理单" in clerk.get("/tickets").text
    assert "没有符合条件的受理单" in clerk.get("/tickets?q=x").text


def test_what_is_typed_appears_as_text_alone(clerk: FlaskClient) -> None:
    opened(title="<script>alert(1)</script>", text='" hx-get="/x" onload="x')
    assert "<script>alert" not in clerk.get("/tickets").text


def rows_of(answer: Any) -> list[dict[str, str]]:
    assert answer.data.startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"))))


def test_the_export_has_the_agreed_columns(clerk: FlaskClient) -> None:
    ticket = opened()
    answer = clerk.get("/tickets.csv")
    names = "number opened_at source kind status priority machine device codes customer warranty order technician"
    assert list(rows_of(answer)[0]) == [*names.split(), "resolved_at", "closed_at", "parent"]
    row = rows_of(answer)[0]
    assert (row["number"], row["machine"], row["customer"]) == (ticket.number, ticket.machine.serial, ticket.customer.name)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+08:00", row["opened_at"])


def test_the_warranty_of_the_export_runs_to_the_end_of_its_extension(clerk: FlaskClient) -> None:
    over = factories.machine(accepted_on=clock.now().date() - timedelta(days=900))
    longer = factories.machine(accepted_on=over.accepted_on)
    money_factories.extension(machine=longer, until_on=clock.now().date() + timedelta(days=30))
    expected = {opened(machine=over).number: "off", opened(machine=longer).number: "in"}
    assert {row["number"]: row["warranty"] for row in rows_of(clerk.get("/tickets.csv"))} == expected


def test_the_export_has_the_filters_of_the_list(clerk: FlaskClient) -> None:
    opened()
    assert rows_of(clerk.get("/tickets.csv?kind=complaint")) == []


def test_the_export_goes_on_beyond_one_page(clerk: FlaskClient) -> None:
    machine = factories.machine()
    for _ in range(60):
        made = factories.ticket(machine=machine)
        with db.transaction():
            searching.index(made)
    assert len({row["number"] for row in rows_of(clerk.get("/tickets.csv"))}) == 60


def test_no_cell_is_a_formula(clerk: FlaskClient) -> None:
    opened(machine=factories.machine(customer=factories.customer(name="=1+1")))
    assert rows_of(clerk.get("/tickets.csv"))[0]["customer"] == "'=1+1"


def test_the_workbook_opens(clerk: FlaskClient) -> None:
    opened()
    answer = clerk.get("/tickets.xlsx")
    assert answer.status_code == 200
    assert answer.data.startswith(b"PK")


def test_a_renamed_customer_stands_in_the_list_at_once(clerk: FlaskClient) -> None:
    customer = factories.customer(name="旧名清洁公司", short_name="旧名")
    opened(machine=factories.machine(customer=customer))
    assert "旧名" in clerk.get("/tickets").text
    details = CustomerDetails(name="新名清洁公司", short_name="新名", kind=customer.kind)
    edit_customer(by=system("tests"), customer=customer, version=customer.version, details=details)
    answer = clerk.get("/tickets").text
    assert "新名" in answer
    assert "旧名" not in answer


def test_a_kept_list_is_not_shown_to_people_of_another_area(client: FlaskClient) -> None:
    area = make_area()
    ticket = opened(machine=factories.machine(area=area))
    sign_in(client, make_user(Role.CLERK))
    assert ticket.number in client.get("/tickets").text
    sign_in(client, make_user(Role.TECHNICIAN, areas=[make_area()]))
    assert ticket.number not in client.get("/tickets").text


def test_the_title_that_an_alarm_gave_is_read_in_the_reader_s_language(client: FlaskClient) -> None:
    reason = AlarmReason(code="E04", name_zh="油温高", name_en="Oil temperature high", at=clock.now())
    opened(title="E04 油温高", reason=[reason])
    opened(title="换了说法", reason=[reason])
    sign_in(client, make_user(Role.CLERK))
    assert "E04 油温高" in client.get("/tickets").text
    client.set_cookie("locale", "en")
    answer = client.get("/tickets").text
    assert "E04 Oil temperature high" in answer
    assert "换了说法" in answer
    assert "油温高" not in answer
