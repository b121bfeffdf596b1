"""Work slips on screen: sent from a ticket, listed, answered, withdrawn."""

from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from app.accounts.models import Department
from app.core import clock
from app.tickets.models import Ticket, WorkSlip
from tests import factories
from tests.personas import People, people, sign_in


@pytest.fixture
def who(client: FlaskClient) -> People:
    everybody = people()
    sign_in(client, everybody.chen)
    return everybody


def sent(department: Department, **values: str) -> dict[str, str]:
    due = (clock.now() + timedelta(days=1)).astimezone(clock.zone())
    return {"department": str(department.id), "text": "请核对油封型号", "due_at": f"{due:%Y-%m-%dT%H:%M}", "form_token": "one"} | values


def test_it_works(client: FlaskClient, who: People) -> None:
    ticket, department = factories.ticket(), factories.department(name="技术中心")
    assert "技术中心" in client.get(f"/tickets/{ticket.number}/work-slips/new").text
    for _ in range(2):  # a double click
        answer = client.post(f"/tickets/{ticket.number}/work-slips/new", data=sent(department))
    slip = WorkSlip.get()
    assert answer.headers["Location"] == f"/work-slips/{slip.number}"
    assert "请核对油封型号" in client.get("/work-slips").text
    client.post(f"/work-slips/{slip.number}/answer", data={"answer": "用B型"})
    assert "用B型" in client.get(f"/work-slips/{slip.number}").text
    assert slip.number not in client.get("/work-slips").text
    assert slip.number in client.get("/work-slips?state=done").text


def test_what_is_missing_is_said_and_what_was_typed_stays(client: FlaskClient, who: People) -> None:
    ticket, department = factories.ticket(), factories.department()
    answer = client.post(f"/tickets/{ticket.number}/work-slips/new", data=sent(department, due_at="2020-01-01T00:00"))
    assert answer.status_code == 422
    assert "请核对油封型号" in answer.text
    assert WorkSlip.select().count() == 0


def test_an_answered_slip_is_not_withdrawn(client: FlaskClient, who: People) -> None:
    slip = factories.work_slip()
    assert client.post(f"/work-slips/{slip.number}/withdrawal").status_code == 303
    assert client.post(f"/work-slips/{slip.number}/answer", data={"answer": "x"}).status_code == 409


def test_slips_of_another_area_are_not_to_be_seen(client: FlaskClient, who: People) -> None:
    far = factories.work_slip(ticket=factories.ticket(area=who.south))
    sign_in(client, who.li)
    assert client.get(f"/work-slips/{far.number}").status_code == 404
    assert far.number not in client.get("/work-slips").text
    assert far.number not in client.get("/work-slips.csv").text


def test_it_prints_and_exports(client: FlaskClient, who: People) -> None:
    slip = factories.work_slip()
    assert slip.number in client.get(f"/work-slips/{slip.number}/print").text
    assert slip.number in client.get("/work-slips.csv").text
    assert client.get("/work-slips.xlsx").status_code == 200
    assert Ticket.select().count() == 1


@pytest.mark.parametrize("query", ["state=odd", "department=x", "sort=odd"])
def test_a_filter_that_no_choice_offers_is_refused(client: FlaskClient, who: People, query: str) -> None:
    assert client.get(f"/work-slips?{query}").status_code == 422
